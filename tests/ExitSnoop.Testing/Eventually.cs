using System.Diagnostics;

namespace ExitSnoop.Testing;

/// <summary>Waiting for what comes soon, without saying exactly when.</summary>
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
