namespace ExitSnoop.Bpf;

/// <summary>enum crash_hook of bpf/config.h: where the state of a thread that crashes is captured.</summary>
internal enum CrashHook : byte
{
    /// <summary>Nowhere.</summary>
    None = 0,

    /// <summary>At the kernel function that dumps cores, which only crashes reach. It needs fentry.</summary>
    AtCoreDump = 1,

    /// <summary>At the exit, by a program that tests the exit code of every thread.</summary>
    AtExit = 2,
}

/// <summary>The programs of a <see cref="CrashHook"/>.</summary>
internal static class CrashHooks
{
    /// <summary>The hooks to try on the running kernel together with a hook for exits, the best first; the last is none.</summary>
    internal static IEnumerable<CrashHook> Candidates(ExitHook exitHook)
    {
        Version release = Environment.OSVersion.Version;
        // Before 6.1 the mappings are not in a maple tree, which bpf/mappings.h walks.
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

    /// <summary>The program of <see cref="CrashHook.AtCoreDump"/>. From 6.17 on the kernel function has another name.</summary>
    internal static string CoreDumpProgram => Environment.OSVersion.Version >= new Version(6, 17) ? "vfs_core_dump" : "core_dump";
}
