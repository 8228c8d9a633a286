namespace ExitSnoop.Testing;

/// <summary>Whether this user can trace on this machine. This is tried once.</summary>
internal static class LoadableBpf
{
    private static readonly Lazy<string?> Reason = new(Try);

    /// <summary>Why BPF cannot be loaded; null where it can.</summary>
    internal static string? WhyNot => Reason.Value;

    /// <summary>Skips the test, with the reason, where BPF cannot be loaded.</summary>
    internal static void Require() => Need.Unless(WhyNot);

    private static string? Try()
    {
        try
        {
            ExitTrace.Start(new ExitTraceOptions { BufferSize = 1 }).Dispose();
            return null;
        }
        catch (ExitTraceException refused)
        {
            return $"BPF cannot be loaded here ({refused.Error}): {refused.Message}";
        }
    }
}
