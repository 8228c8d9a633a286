namespace ExitSnoop.Tests.Kernel;

/// <summary>The ways to trace, as theory data: what older kernels lack, alone and together.</summary>
public static class Fallback
{
    public static TheoryData<string> All { get; } =
        ["None", "RawTracepoint", "NoGroupDead", "PerfBuffer", "RawTracepoint, NoGroupDead", "RawTracepoint, NoGroupDead, PerfBuffer"];

    internal static ExitProgramFallbacks Parse(string name) => Enum.Parse<ExitProgramFallbacks>(name);

    internal static IReadOnlyDictionary<string, T> ForAll<T>(Func<ExitProgramFallbacks, T> make) =>
        All.ToDictionary(row => row.Data, row => make(Parse(row.Data)));
}
