namespace ExitSnoop.Tests.Kernel;

/// <summary>Who sent the signal that killed it.</summary>
internal static class Sender
{
    internal static void AssertNone(ExitEvent exit)
    {
        Assert.Null(exit.SenderId);
        Assert.Null(exit.SenderName);
        Assert.Null(exit.SenderUserId);
    }
}
