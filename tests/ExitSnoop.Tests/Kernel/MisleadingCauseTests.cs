namespace ExitSnoop.Tests.Kernel;

/// <summary>Exits whose cause is easily misreported: which sender and cause are reported, and in which words.</summary>
[Collection(KernelTests.Name)]
public sealed class MisleadingCauseTests(MisleadingCauseTests.WithLateRaiser children) : IClassFixture<MisleadingCauseTests.WithLateRaiser>
{
    private static readonly string Own = Proc.CommOf(Environment.ProcessId)!;

    private static string KilledByUs => $"killed by {Own} ({Environment.ProcessId})";

    /// <summary>The reason without the place of a crash, which other tests check.</summary>
    private static string? ReasonOf(ExitEvent exit) => exit.Reason?.Split(" in ")[0];

    // ---- a signal that repeats the first ----

    [Fact]
    public void A_handler_that_raises_the_fault_anew_does_not_hide_where_it_struck()
    {
        ExitEvent exit = Run("reraise-fault", "0x18");
        Assert.Equal(("segfault (MAPERR) at 0x18", "MAPERR", 0x18UL), (ReasonOf(exit), exit.SignalCode, exit.FaultAddress));
        Sender.AssertNone(exit);
    }

    [Fact]
    public void A_process_that_handles_TERM_and_then_raises_it_was_killed_by_who_sent_it()
    {
        using Child victim = Start("reraise", "TERM");
        victim.Kill(Signal.TERM);
        victim.Wait();
        ExitEvent exit = children.Of(victim);
        Assert.Equal((KilledByUs, "USER"), (ReasonOf(exit), exit.SignalCode));
        Assert.Equal((Environment.ProcessId, Own), (exit.SenderId, exit.SenderName));
    }

    [Fact]
    public void A_shell_that_traps_TERM_and_then_kills_itself_was_killed_by_who_sent_it()
    {
        using Child shell = Child.Start("bash", "-c", "trap 'trap - TERM; kill -TERM $$' TERM; echo ready; while :; do read -t 0.1 x <> <(:); done");
        Assert.Equal("ready", shell.ReadLine());
        shell.Kill(Signal.TERM);
        Assert.Equal((int)Signal.TERM, shell.Wait().Status);
        Assert.Equal(KilledByUs, ReasonOf(children.Of(shell)));
    }

    [Fact]
    public void A_process_that_raises_a_signal_long_after_it_handled_it_was_probably_killed_by_who_sent_it()
    {
        children.LateRaiser.Wait();
        Assert.Equal("probably " + KilledByUs, ReasonOf(children.Of(children.LateRaiser)));
    }

    [Fact]
    public void A_second_sender_of_a_signal_that_was_handled_is_the_one_that_is_named()
    {
        using Child victim = Start("handle", "TERM");
        victim.Kill(Signal.TERM);
        Assert.Equal("handled", victim.ReadLine());
        using Child murder = Child.Run(TestProgram.Murder, "--comm", "second", "kill", "TERM", $"{victim.Id}");
        victim.Wait();
        Assert.Equal($"killed by second ({murder.Id})", ReasonOf(children.Of(victim)));
    }

    [Theory]
    [InlineData("TERM", "killed itself")]
    [InlineData("ABRT", "aborted")]
    [InlineData("PIPE", "killed itself")]
    [InlineData("XFSZ", "killed itself")]
    public void A_signal_that_a_process_sends_to_itself_is_its_own(string signal, string reason)
    {
        using Child victim = Child.Run(TestProgram.Causes, "raise", signal);
        ExitEvent exit = children.Of(victim);
        Assert.Equal((reason, victim.Id), (ReasonOf(exit), exit.SenderId));
    }

    // ---- what the kernel sends ----

    [Theory]
    [InlineData("fsize", Signal.XFSZ, "file size limit (RLIMIT_FSIZE)")]
    [InlineData("cpu-soft", Signal.XCPU, "CPU limit (RLIMIT_CPU)")]
    [InlineData("cpu-hard", Signal.KILL, "CPU limit (RLIMIT_CPU)")]
    public void A_limit_is_called_by_its_name_and_has_no_sender(string mode, Signal signal, string reason)
    {
        ExitEvent exit = Run(mode);
        Assert.Equal((signal, reason), (exit.Signal, ReasonOf(exit)));
        Sender.AssertNone(exit);
    }

    [Fact]
    public void A_signal_from_another_that_the_kernel_sends_too_has_its_sender()
    {
        using Child victim = Child.Start(TestProgram.Victim, "sleep", "30");
        victim.ReadId();
        victim.Kill(Signal.PIPE);
        victim.Wait();
        Assert.Equal(KilledByUs, ReasonOf(children.Of(victim)));
    }

    // ---- faults ----

    [Theory]
    [InlineData("stack-handler")]
    [InlineData("stack-thread")]
    [InlineData("stack-frames")]
    public void A_stack_that_overflows_is_called_that_with_the_address(string mode)
    {
        ExitEvent exit = Run(mode);
        Assert.Equal(Signal.SEGV, exit.Signal);
        Assert.NotNull(exit.FaultAddress);
        Assert.Equal($"stack overflow at 0x{exit.FaultAddress:x}", ReasonOf(exit));
        Sender.AssertNone(exit);
    }

    [Theory]
    [InlineData("null-deref", "segfault (MAPERR) at 0x0")]
    [InlineData("fault 0x1234", "segfault (MAPERR) at 0x1234")]
    [InlineData("fault 0x8000000000000000", "general protection fault")]
    [InlineData("trap", "breakpoint")]
    [InlineData("bus", "bus error (ADRERR) at 0x*")]
    [InlineData("ill", "illegal instruction (ILLOPN) at 0x*")]
    [InlineData("fpe", "division by zero at 0x*")]
    [InlineData("stack", "stack overflow at 0x*")]
    [InlineData("abort", "aborted")]
    [InlineData("sigalrm", "timer expired")]
    [InlineData("sigpipe", "broken pipe")]
    public void A_fault_is_named_for_what_it_is(string mode, string reason)
    {
        if (!OperatingSystem.IsLinux() || System.Runtime.InteropServices.RuntimeInformation.OSArchitecture != System.Runtime.InteropServices.Architecture.X64)
            Assert.Skip("The names are those of x86-64.");
        using Child victim = Child.Run(TestProgram.Victim, mode.Split(' '));
        string? seen = ReasonOf(children.Of(victim));
        if (reason.EndsWith('*'))
            Assert.StartsWith(reason[..^1], seen, StringComparison.Ordinal);
        else
            Assert.Equal(reason, seen);
    }

    // ---- out of memory ----

    [Fact]
    public void Processes_that_we_kill_while_a_neighbour_is_out_of_memory_are_ours()
    {
        LoadableBpf.Require();
        using TestCgroup cgroup = TestCgroup.Create();
        cgroup.LimitMemory(mebibytes: 40);
        int ours = 0;
        using Recording recording = Recording.Start(new() { Cgroup = cgroup.CgroupPath });
        using Child hog = cgroup.Start("sh", "-c", $"while :; do {TestProgram.Victim} memory 200 >/dev/null; done");
        for (int round = 0; round < 8; round++)
        {
            List<Child> victims = [];
            for (int i = 0; i < 10; i++)
                victims.Add(cgroup.Start(TestProgram.Victim, "memory", "2", "30"));
            // So that the OOM killer is active while the test sends signals.
            Thread.Sleep(100);
            foreach (Child victim in victims)
                victim.Kill(Signal.KILL);
            foreach (Child victim in victims)
            {
                victim.Wait();
                ExitEvent exit = recording.Of(victim);
                if (ReasonOf(exit) == KilledByUs)
                {
                    Assert.False(exit.OomKilled);
                    ours++;
                }
                else
                {
                    // The OOM killer came first.
                    Assert.Equal(("out of memory", true), (ReasonOf(exit), exit.OomKilled));
                }
                victim.Dispose();
            }
        }
        hog.Kill(Signal.KILL);
        hog.Wait();
        // The process that was started last soon runs out of memory.
        Eventually.True(() => File.ReadAllText(Path.Join(cgroup.Folder, "cgroup.procs")).Length == 0, "It does not end.");
        Assert.Equal(cgroup.OomKills, recording.Stop().Count(exit => exit.OomKilled == true));
        Assert.True(ours > 0, "The OOM killer was always first.");
    }

    [Theory]
    [InlineData("clone")]
    [InlineData("vfork")]
    public void One_that_shares_the_memory_of_the_OOM_killers_victim_died_of_that_too(string how)
    {
        using TestCgroup cgroup = TestCgroup.Create();
        cgroup.LimitMemory(mebibytes: 40);
        using Recording recording = Recording.Start(new());
        using Child first = cgroup.Start(TestProgram.Causes, "share-memory", "200", how);
        first.ReadId();
        int second = first.ReadId();
        Assert.Equal((int)Signal.KILL, first.Wait().Status);
        foreach (ExitEvent exit in new[] { recording.Of(first), recording.WaitFor(exit => exit.Id == second && exit.StartTimestamp >= first.StartedAfter) })
        {
            Assert.Equal(("out of memory", true), (ReasonOf(exit), exit.OomKilled));
            Sender.AssertNone(exit);
        }
    }

    // ---- senders that hide ----

    [Theory]
    [InlineData(-1)]
    [InlineData(-2)]
    [InlineData(-4)]
    [InlineData(-7)]
    [InlineData(-60)]
    [InlineData(-12345)]
    public void A_killer_that_sends_a_code_of_its_choice_is_named(int code)
    {
        using Child victim = Child.Start(TestProgram.Victim, "sleep", "30");
        victim.ReadId();
        using Child murder = Child.Run(TestProgram.Murder, "forge", "TERM", $"{victim.Id}", code.ToString(CultureInfo.InvariantCulture));
        Assert.Equal(0, murder.Wait().Status);
        victim.Wait();
        Assert.Equal($"killed by murder ({murder.Id})", ReasonOf(children.Of(victim)));
    }

    [Fact]
    public void A_timer_of_the_kernels_has_no_sender()
    {
        using Child victim = Child.Run(TestProgram.Murder, "timer", "TERM");
        ExitEvent exit = children.Of(victim);
        Assert.Equal(("timer expired", "TIMER"), (ReasonOf(exit), exit.SignalCode));
        Sender.AssertNone(exit);
    }

    [Fact]
    public void The_death_of_a_parent_is_called_that_and_names_nobody()
    {
        using Child parent = Child.Start(TestProgram.Causes, "pdeathsig", "TERM");
        int orphan = parent.ReadId();
        using Recording recording = Recording.Start(new() { Ids = [orphan] });
        parent.WriteLine();
        ExitEvent exit = recording.WaitFor(exit => exit.Id == orphan);
        parent.Wait();
        Assert.Equal((Signal.TERM, "parent died (PDEATHSIG)"), (exit.Signal, ReasonOf(exit)));
        Sender.AssertNone(exit);
    }

    [Fact]
    public void A_signal_that_a_debugger_injects_is_not_that_of_one_who_sent_it_before()
    {
        using Child debugger = Child.Start(TestProgram.Causes, "inject", "TERM");
        int debugged = debugger.ReadId();
        Assert.Equal("ready", debugger.ReadLine());
        using Recording recording = Recording.Start(new() { Ids = [debugged] });
        using Child innocent = Child.Run(TestProgram.Murder, "--comm", "innocent", "kill", "TERM", $"{debugged}");
        ExitEvent exit = recording.WaitFor(exit => exit.Id == debugged);
        debugger.Wait();
        Assert.Equal((Signal.TERM, $"killed by debugger ({debugger.Id})"), (exit.Signal, ReasonOf(exit)));
    }

    // ---- seccomp ----

    [Theory]
    [InlineData(101, "seccomp: ptrace (101)")]
    [InlineData(101, "seccomp: ptrace (101)", "trap")]
    [InlineData(101, "seccomp: ptrace (101)", "threads")]
    [InlineData(999, "seccomp: system call 999")]
    public void The_system_call_that_seccomp_killed_for_is_named(int number, string reason, params string[] how)
    {
        if (System.Runtime.InteropServices.RuntimeInformation.OSArchitecture != System.Runtime.InteropServices.Architecture.X64)
            Assert.Skip("The numbers are those of x86-64.");
        ExitEvent exit = Run(["seccomp", number.ToString(CultureInfo.InvariantCulture), .. how]);
        Assert.Equal((Signal.SYS, reason, "SECCOMP"), (exit.Signal, ReasonOf(exit), exit.SignalCode));
        Sender.AssertNone(exit);
    }

    private ExitEvent Run(params string[] mode)
    {
        using Child victim = Child.Run(TestProgram.Causes, mode);
        return children.Of(victim);
    }

    private static Child Start(params string[] mode)
    {
        Child victim = Child.Start(TestProgram.Causes, mode);
        victim.ReadId();
        Assert.Equal("ready", victim.ReadLine());
        return victim;
    }

    /// <summary>And a process that raises TERM ten seconds after it handled ours, while the other tests run.</summary>
    public sealed class WithLateRaiser : WatchedChildren
    {
        public WithLateRaiser()
        {
            LateRaiser = Start("reraise", "TERM", "10500");
            LateRaiser.Kill(Signal.TERM);
        }

        internal Child LateRaiser { get; }

        protected override void Dispose(bool disposing)
        {
            LateRaiser.Dispose();
            base.Dispose(disposing);
        }
    }
}
