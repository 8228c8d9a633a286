namespace ExitSnoop.Bpf;

/// <summary>enum crash_hook of bpf/config.h: where the state of a thread that crashes is taken.</summary>
internal enum CrashHook : byte
{
    /// <summary>Nowhere.</summary>
    None = 0,

    /// <summary>Where a core would be dumped, a function that only crashes reach. It needs fentry.</summary>
    AtCoreDump = 1,

    /// <summary>At the exit, by a program that compares the exit code of every thread.</summary>
    AtExit = 2,
}

/// <summary>The programs of a <see cref="CrashHook"/>.</summary>
internal static class CrashHooks
{
    /// <summary>The hooks to try on the running kernel beside one for exits, the best first. Exits can be traced without any.</summary>
    internal static IEnumerable<CrashHook> Candidates(ExitHook exitHook)
    {
        Version release = Environment.OSVersion.Version;
        // Before 6.1 the mappings are in no tree that bpf/mappings.h walks.
        bool coreDump = release >= new Version(6, 1) && ExitHook.HasFunctionTracing;
        bool atExit = exitHook is { AttachType: "tp_btf", TracepointHasGroupDead: true };
        // A kernel without kprobes has no fentry either.
        bool first = Directory.Exists("/sys/bus/event_source/devices/kprobe");
        if (coreDump && first)
            yield return CrashHook.AtCoreDump;
        if (atExit)
            yield return CrashHook.AtExit;
        if (coreDump && !first)
            yield return CrashHook.AtCoreDump;
        yield return CrashHook.None;
    }

    /// <summary>The program of <see cref="CrashHook.AtCoreDump"/>: the function has another name from 6.17 on.</summary>
    internal static string CoreDumpProgram => Environment.OSVersion.Version >= new Version(6, 17) ? "vfs_core_dump" : "core_dump";
}
