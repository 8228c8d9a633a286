using ExitSnoop.Linux;

namespace ExitSnoop.Bpf;

/// <summary>
/// Where the programs of bpf/exitsnoop.bpf.c are attached in do_exit (kernel/exit.c), and why there. The
/// first hook that the kernel accepts is used; it is the one that neither misses nor repeats an exit at
/// the least cost.
/// </summary>
/// <remarks>
/// BPF does not run a program within itself on one CPU: where the program can be preempted, the exits
/// that come meanwhile are skipped. At tracepoints that can happen from 7.0 on, at fentry from 5.12 on,
/// where the kernel preempts itself. A kprobe runs with preemption disabled, but not while a system call
/// on a BPF map is preempted on its CPU. Hence the second hook.
/// </remarks>
/// <param name="AttachType">How it is attached, by libbpf's names.</param>
/// <param name="Point">The tracepoint or the function.</param>
/// <param name="TracepointHasGroupDead">Whether the tracepoint says which thread is the last of its process (6.16).</param>
/// <param name="HasSecond">Whether raw_tp on sched_process_exit reports what the first hook was not run for.</param>
/// <param name="Reason">Why it was chosen: a sentence.</param>
internal sealed record ExitHook(string AttachType, string Point, bool TracepointHasGroupDead, bool HasSecond, string Reason)
{
    private const string Tracepoint = "sched_process_exit", Function = "taskstats_exit";
    private const string FunctionTracing = "/proc/sys/kernel/ftrace_enabled";
    private const string NoFunctionTracing = "The sysctl kernel.ftrace_enabled is 0, so the kernel does not run BPF programs that are attached to functions";

    /// <summary>Whether the process has given up its memory by then, and with it its command, so that execs are recorded.</summary>
    internal bool IsAfterMemory => AttachType == "raw_tp" && !TracepointHasGroupDead;

    /// <summary>Whether exits are claimed in a map, because a hook does not say which thread is the last.</summary>
    internal bool Claims => !TracepointHasGroupDead && (HasSecond || AttachType == "raw_tp");

    /// <summary>Whether forks, too, are traced at two places, because one of them can be skipped.</summary>
    internal bool MaySkipForks => AttachType == "kprobe.multi" && TracepointHasGroupDead;

    /// <summary>Whether, though rarely, the kernel may run no program at all for an exit or a fork.</summary>
    internal bool MaySkip => HasSecond || Environment.OSVersion.Version >= new Version(7, 0);

    /// <summary>What is attached where, as text.</summary>
    internal string Description => $"{AttachType} on {Point}" + (HasSecond ? $" and raw_tp on {Tracepoint}" : "");

    /// <summary>The name of the program for exits, of the variants for basic events and for failures alone.</summary>
    internal string Program(bool basic, bool nonzero)
    {
        bool onlyNonzero = nonzero && !HasSecond;
        return AttachType switch
        {
            "raw_tp" => "process_exit_raw",
            "kprobe.multi" => onlyNonzero ? "process_exit_nonzero_kprobe" : "process_exit_kprobe",
            _ => (basic ? "basic_exit" : "process_exit") + (onlyNonzero ? "_nonzero" : ""),
        };
    }

    /// <summary>Whether programs run at functions. Where not, the kernel attaches them nevertheless.</summary>
    internal static bool HasFunctionTracing => !File.Exists(FunctionTracing) || File.ReadAllText(FunctionTracing).Trim() != "0";

    /// <summary>The hooks to try on the running kernel, the best first.</summary>
    internal static IEnumerable<ExitHook> Candidates(ExitProgramFallbacks without) => Candidates(
        without,
        Environment.OSVersion.Version,
        File.ReadAllText("/proc/sys/kernel/version").Contains("PREEMPT", StringComparison.Ordinal),
        KernelTypeInfo.InKernel ? KernelTypeInfo.Names : null,
        HasFunctionTracing);

    /// <param name="without">What is ruled out.</param>
    /// <param name="release">Only a guess at what the kernel has: where it is wrong, the kernel refuses the load.</param>
    /// <param name="preemptible">Whether the kernel may preempt itself, as CONFIG_PREEMPT and PREEMPT_DYNAMIC let it.</param>
    /// <param name="names">Whether the kernel's own type information has a name; null where it has none.</param>
    /// <param name="functionTracing">Whether programs run at functions. Where not, the kernel attaches them nevertheless.</param>
    internal static IEnumerable<ExitHook> Candidates(
        ExitProgramFallbacks without, Version release, bool preemptible, Func<string, bool>? names, bool functionTracing = true)
    {
        bool groupDead = release >= new Version(6, 16);
        bool steadyTracepoint = groupDead && release < new Version(7, 0);
        bool typed = names is not null && without is ExitProgramFallbacks.None or ExitProgramFallbacks.SecondHook;

        if (typed && steadyTracepoint)
        {
            yield return new ExitHook(
                "tp_btf", Tracepoint, groupDead, without == ExitProgramFallbacks.SecondHook,
                "From Linux 6.16 to 6.19 the tracepoint misses no exit and costs least.");
        }
        else if (typed && functionTracing && names!(Function))
        {
            string because = groupDead ? "From Linux 7.0 on exits may be skipped at the tracepoint" : "Before Linux 6.16 the tracepoint runs after the process has released its memory";
            if (names("bpf_kprobe_multi_link"))
                yield return new ExitHook("kprobe.multi", Function, groupDead, preemptible, because + ".");
            if (!groupDead)
            {
                yield return new ExitHook(
                    "fentry", Function, groupDead, preemptible && release >= new Version(5, 12),
                    because + ", and this kernel has no kprobe.multi (CONFIG_FPROBE).");
            }
        }
        if (typed && groupDead && !steadyTracepoint)
        {
            yield return new ExitHook(
                "tp_btf", Tracepoint, groupDead, HasSecond: false,
                (functionTracing ? "This kernel has no kprobe.multi (CONFIG_FPROBE)" : NoFunctionTracing)
                    + ": an exit may be skipped if it happens while the program runs for another exit.");
        }
        string last = functionTracing ? "This kernel has no better hook." : NoFunctionTracing + ".";
        if (groupDead && without != ExitProgramFallbacks.NoGroupDead)
            yield return new ExitHook("raw_tp", Tracepoint, TracepointHasGroupDead: true, HasSecond: false, last);
        yield return new ExitHook("raw_tp", Tracepoint, TracepointHasGroupDead: false, HasSecond: false, last);
    }
}
