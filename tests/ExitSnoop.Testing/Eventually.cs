using System.Diagnostics;

namespace ExitSnoop.Testing;

/// <summary>Waits until a condition is true.</summary>
internal static class Eventually
{
    internal static void True(Func<bool> condition, Func<string> otherwise, TimeSpan? limit = null)
    {
        long start = Stopwatch.GetTimestamp();
        while (!condition())
        {
            if (Stopwatch.GetElapsedTime(start) > (limit ?? TimeSpan.FromSeconds(60)))
                Assert.Fail(otherwise());
            Thread.Sleep(5);
        }
    }

    internal static void True(Func<bool> condition, string otherwise) => True(condition, () => otherwise);
}
