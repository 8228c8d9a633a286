using ExitSnoop.Linux;

namespace ExitSnoop.Bpf;

/// <summary>
/// Where the programs of bpf/exitsnoop.bpf.c are attached in do_exit() (kernel/exit.c), and why. The candidates are
/// ordered so that the first one that the kernel accepts reports every exit once at the least cost.
/// </summary>
/// <remarks>
/// The kernel does not start a BPF program on a CPU where the same program is already running. If that program is
/// preempted, the exits that happen meanwhile on that CPU are skipped. This is possible at tracepoints from 7.0 on and
/// at fentry from 5.12 on, if the kernel is preemptible. A kprobe program runs with preemption disabled, but the
/// kernel skips it while a system call on a BPF map is preempted on its CPU. For such cases there is a second hook.
/// </remarks>
/// <param name="AttachType">How the program is attached, by libbpf's section names.</param>
/// <param name="Point">The tracepoint or the kernel function.</param>
/// <param name="TracepointHasGroupDead">Whether the tracepoint says which thread is the last of its process (6.16).</param>
/// <param name="HasSecond">Whether raw_tp on sched_process_exit reports the exits for which the first hook was skipped.</param>
/// <param name="Reason">Why this hook was chosen, as a sentence.</param>
internal sealed record ExitHook(string AttachType, string Point, bool TracepointHasGroupDead, bool HasSecond, string Reason)
{
    private const string Tracepoint = "sched_process_exit", Function = "taskstats_exit";
    private const string FunctionTracing = "/proc/sys/kernel/ftrace_enabled";
    private const string NoFunctionTracing = "The sysctl kernel.ftrace_enabled is 0, so the kernel does not run BPF programs that are attached to functions";

    /// <summary>Whether the hook comes after exit_mm(). The command cannot be read there, so it is recorded at exec.</summary>
    internal bool IsAfterMemory => AttachType == "raw_tp" && !TracepointHasGroupDead;

    /// <summary>Whether exits are claimed in a map, because a hook does not say which thread is the last; see bpf/claim.h.</summary>
    internal bool Claims => !TracepointHasGroupDead && (HasSecond || AttachType == "raw_tp");

    /// <summary>Whether forks are traced at two places, because the kernel can skip a program at either of them.</summary>
    internal bool MaySkipForks => AttachType == "kprobe.multi" && TracepointHasGroupDead;

    /// <summary>Whether the kernel may, in rare cases, run no program at all for an exit or a fork.</summary>
    internal bool MaySkip => HasSecond || Environment.OSVersion.Version >= new Version(7, 0);

    /// <summary>What is attached where, as text: "kprobe.multi on taskstats_exit and raw_tp on sched_process_exit".</summary>
    internal string Description => $"{AttachType} on {Point}" + (HasSecond ? $" and raw_tp on {Tracepoint}" : "");

    /// <summary>The name of the program for exits.</summary>
    /// <param name="basic">Whether only basic events are wanted.</param>
    /// <param name="nonzero">Whether only exits with a status other than 0 are wanted.</param>
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

    /// <summary>
    /// Whether the kernel runs programs that are attached to functions (sysctl kernel.ftrace_enabled). If it does not, it still accepts
    /// the attachment, so this must be known before.
    /// </summary>
    internal static bool HasFunctionTracing => !File.Exists(FunctionTracing) || File.ReadAllText(FunctionTracing).Trim() != "0";

    /// <summary>The hooks to try on the running kernel, the best first.</summary>
    internal static IEnumerable<ExitHook> Candidates(ExitProgramFallbacks without) => Candidates(
        without,
        Environment.OSVersion.Version,
        File.ReadAllText("/proc/sys/kernel/version").Contains("PREEMPT", StringComparison.Ordinal),
        KernelTypeInfo.InKernel ? KernelTypeInfo.Names : null,
        HasFunctionTracing);

    /// <param name="without">What is ruled out.</param>
    /// <param name="release">The kernel's release. A backport can make it misleading; then the kernel refuses the load and the next hook is tried.</param>
    /// <param name="preemptible">Whether the kernel may preempt itself (CONFIG_PREEMPT, CONFIG_PREEMPT_DYNAMIC).</param>
    /// <param name="names">Whether the kernel's own type information contains a name; null if the kernel has no type information.</param>
    /// <param name="functionTracing">Whether the kernel runs programs that are attached to functions; see <see cref="HasFunctionTracing"/>.</param>
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
