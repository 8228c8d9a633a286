namespace ExitSnoop.Tests.Kernel;

/// <summary>The hooks of other kernels, as theory data.</summary>
public static class Fallback
{
    public static TheoryData<string> All { get; } =
        ["None", "RawTracepoint", "NoGroupDead", "SecondHook"];

    internal static ExitProgramFallbacks Parse(string name) => Enum.Parse<ExitProgramFallbacks>(name);

    internal static IReadOnlyDictionary<string, T> ForAll<T>(Func<ExitProgramFallbacks, T> make) =>
        All.ToDictionary(row => row.Data, row => make(Parse(row.Data)));
}
