using System.Text.RegularExpressions;

namespace ExitSnoop.Tests.Kernel;

/// <summary>The cause of an exit, compared with what the sender of the signal or the process itself knows.</summary>
[Collection(KernelTests.Name)]
public sealed partial class CauseOfDeathTests(WatchedChildren children) : IClassFixture<WatchedChildren>
{
    [Fact]
    public void Timeout_is_named_as_the_sender_of_TERM()
    {
        using Child timeout = Child.StartHeld("timeout", "0.2", TestProgram.Victim, "sleep", "30");
        using Recording recording = Recording.OfChildren(timeout.Id);
        timeout.WriteLine();
        timeout.Wait();
        ExitEvent exit = Assert.Single(recording.Stop());
        AssertSentBy(exit, Signal.TERM, "USER", timeout.Id, "timeout");
    }

    [Fact]
    public void A_killer_with_threads_is_named_by_its_process()
    {
        using Child victim = Child.Start(TestProgram.Victim, "sleep", "30");
        victim.ReadId();
        Thread killer = new(() => victim.Kill(Signal.INT)) { Name = "not this" };
        killer.Start();
        killer.Join();
        victim.Wait();
        AssertSentBy(children.Of(victim), Signal.INT, "USER", Environment.ProcessId, Proc.CommOf(Environment.ProcessId)!);
    }

    [Theory]
    [InlineData("sigqueue", "QUEUE")]
    [InlineData("tgkill", "TKILL")]
    [InlineData("kill", "USER")]
    public void The_way_it_was_sent_is_told_with_the_senders_name_and_real_user(string way, string code)
    {
        using Child victim = Child.Start(TestProgram.Victim, "sleep", "30");
        victim.ReadId();
        using Child murder = Child.Run(TestProgram.Murder, "--comm", "odd \u001b name", "--uid", "4242", way, "XCPU", $"{victim.Id}");
        Assert.Equal(0, murder.Wait().Status);
        victim.Wait();
        AssertSentBy(children.Of(victim), Signal.XCPU, code, murder.Id, "odd \u001b name", user: 4242);
    }

    [Fact]
    public void Of_two_killers_the_first_is_named_though_the_victim_takes_long_to_die()
    {
        using Child victim = Child.Start(TestProgram.Victim, "memory", "600", "30");
        victim.ReadId();
        Assert.Equal("ready", victim.ReadLine());
        using Child murder = Child.Run(TestProgram.Murder, "--twice", $"{victim.Id}");
        string[] first = murder.ReadLine().Split('\t'), second = murder.ReadLine().Split('\t');
        victim.Wait();
        // kill(2) succeeded for both, although the process was already exiting at the second.
        Assert.Equal(["first", "0"], [first[0], first[2]]);
        Assert.Equal(["second", "0"], [second[0], second[2]]);
        AssertSentBy(children.Of(victim), Signal.KILL, "USER", int.Parse(first[1], CultureInfo.InvariantCulture), "killer_a");
    }

    [Fact]
    public void Of_two_killers_the_first_is_named_though_the_victim_has_not_yet_run_again()
    {
        // All run on one processor. The senders have a priority with which the victim runs only after both.
        if (Environment.UserName != "root")
            Assert.Skip("Only root can give real-time priorities.");
        for (int attempt = 0; attempt < 5; attempt++)
        {
            using Child victim = Child.Start("taskset", "-c", "0", TestProgram.Victim, "sleep", "30");
            victim.ReadId();
            using Child murder = Child.Run("chrt", "-f", "50", "taskset", "-c", "0", TestProgram.Murder, "--twice", $"{victim.Id}");
            string[] first = murder.ReadLine().Split('\t');
            victim.Wait();
            AssertSentBy(children.Of(victim), Signal.KILL, "USER", int.Parse(first[1], CultureInfo.InvariantCulture), "killer_a");
        }
    }

    [Fact]
    public void Of_two_senders_of_a_signal_that_was_blocked_the_first_is_named()
    {
        if (!File.Exists("/usr/bin/perl"))
            Assert.Skip("There is no perl, which can block a signal.");
        const string script =
            "use POSIX; my $s = POSIX::SigSet->new(SIGTERM); sigprocmask(SIG_BLOCK, $s); $| = 1; print qq(ready\n); <STDIN>; sigprocmask(SIG_UNBLOCK, $s); sleep 30;";
        using Child victim = Child.Start("/usr/bin/perl", "-e", script);
        Assert.Equal("ready", victim.ReadLine());
        using Child first = Child.Run(TestProgram.Murder, "--comm", "first", "kill", "TERM", $"{victim.Id}");
        using Child second = Child.Run(TestProgram.Murder, "--comm", "second", "kill", "TERM", $"{victim.Id}");
        victim.WriteLine();
        victim.Wait();
        AssertSentBy(children.Of(victim), Signal.TERM, "USER", first.Id, "first");
    }

    [Fact]
    public void A_signal_that_was_ignored_killed_nobody()
    {
        using Child victim = Child.Start(TestProgram.Victim, "ignore-term", "30");
        victim.ReadId();
        Assert.Equal("ready", victim.ReadLine());
        victim.Kill(Signal.TERM);
        using Child murder = Child.Run(TestProgram.Murder, "kill", "KILL", $"{victim.Id}");
        victim.Wait();
        AssertSentBy(children.Of(victim), Signal.KILL, "USER", murder.Id, "murder");
    }

    /// <summary>The handler of the victim prints its siginfo: "signal NUMBER code CODE address ADDRESS".</summary>
    [Theory]
    [InlineData("null-deref")]
    [InlineData("fault", "0x1234")]
    [InlineData("fault", "0xffff800000001000")]
    [InlineData("fault", "0x8000000000000000")]
    [InlineData("bus")]
    [InlineData("ill")]
    [InlineData("fpe")]
    [InlineData("trap")]
    [InlineData("stack")]
    public void A_fault_tells_why_and_where(params string[] mode)
    {
        using Child victim = Child.Run(TestProgram.Victim, ["-i", .. mode]);
        victim.ReadId();
        (Signal signal, int code, ulong address) = ReadSignalInfo(victim);
        ExitEvent exit = children.Of(victim);
        Assert.Equal(signal, exit.Signal);
        Assert.Equal(NameOf(signal, code), exit.SignalCode);
        // SI_KERNEL comes without an address, which the handler sees as 0.
        Assert.Equal(code == 128 ? null : address, exit.FaultAddress);
        Sender.AssertNone(exit);
    }

    [Theory]
    [InlineData("abort", true)]
    [InlineData("sigpipe", false)]
    [InlineData("sigalrm", false)]
    public void An_abort_is_ones_own_doing_and_SIGPIPE_and_SIGALRM_are_the_kernels(string mode, bool own)
    {
        ExitEvent exit;
        Signal signal;
        int id, code, tries = 0;
        // A timer expires in an interrupt. If the BPF program for the signal is already running on that CPU for
        // another process, the kernel does not start it again, and the cause is unknown.
        do
        {
            using Child victim = Child.Run(TestProgram.Victim, "-i", mode);
            victim.ReadId();
            (signal, code, _) = ReadSignalInfo(victim);
            exit = children.Of(victim);
            id = victim.Id;
        }
        while (mode == "sigalrm" && exit.SignalCode is null && ++tries < 5);
        if (own)
            AssertSentBy(exit, signal, NameOf(signal, code), id, "victim");
        else
            Sender.AssertNone(exit);
        Assert.Equal((signal, NameOf(signal, code)), (exit.Signal, exit.SignalCode));
        Assert.Null(exit.FaultAddress);
    }

    [Fact]
    public void When_a_container_is_killed_its_first_process_has_a_sender_and_the_rest_died_by_the_kernel()
    {
        using Child pidns = Child.StartHeld(TestProgram.Pidns, "sh", "-c", $"{TestProgram.Victim} sleep 30; exit 1");
        using Recording container = Recording.Start(new() { Ids = [pidns.Id], IncludeChildren = true });
        pidns.WriteLine();
        pidns.ReadId();
        int init = Proc.ChildrenOf(pidns.Id).Single();
        using Child murder = Child.Run(TestProgram.Murder, "kill", "KILL", $"{init}");
        Assert.True(container.Ends(TimeSpan.FromSeconds(5)));
        AssertSentBy(container.Events.Single(exit => exit.Id == init), Signal.KILL, "USER", murder.Id, "murder");
        ExitEvent rest = container.Events.Single(exit => exit.Name == "victim");
        Assert.Equal((Signal.KILL, "KERNEL", "PID namespace ended"), (rest.Signal, rest.SignalCode, rest.Reason));
        Sender.AssertNone(rest);
    }

    [Fact]
    public void Nobody_killed_one_that_exits_by_itself()
    {
        using Child victim = Child.Run(TestProgram.Victim, "exit", "9");
        ExitEvent exit = children.Of(victim);
        Assert.Equal((null, null, null, false), (exit.Reason, exit.SignalCode, exit.FaultAddress, exit.OomKilled));
        Sender.AssertNone(exit);
    }

    [Fact]
    public void A_victim_of_the_OOM_killer_is_called_that_and_has_no_sender()
    {
        LoadableBpf.Require();
        using TestCgroup cgroup = TestCgroup.Create();
        cgroup.LimitMemory(mebibytes: 40);
        using Child victim = cgroup.Start(TestProgram.Victim, "memory", "200");
        Assert.Equal((int)Signal.KILL, victim.Wait().Status);
        Assert.Equal(1, cgroup.OomKills);
        ExitEvent exit = children.Of(victim);
        Assert.Equal((Signal.KILL, true, "KERNEL"), (exit.Signal, exit.OomKilled, exit.SignalCode));
        Sender.AssertNone(exit);
    }

    private static void AssertSentBy(ExitEvent exit, Signal signal, string code, int sender, string comm, uint user = 0)
    {
        Assert.Equal((signal, code), (exit.Signal, exit.SignalCode));
        Assert.Equal((sender, comm, user), (exit.SenderId, exit.SenderName, exit.SenderUserId));
        Assert.False(exit.OomKilled);
    }

    private static (Signal Signal, int Code, ulong Address) ReadSignalInfo(Child victim)
    {
        Match info = SignalInfo().Match(victim.ReadLine());
        return (
            (Signal)int.Parse(info.Groups[1].Value, CultureInfo.InvariantCulture),
            int.Parse(info.Groups[2].Value, CultureInfo.InvariantCulture),
            ulong.Parse(info.Groups[3].Value, NumberStyles.HexNumber, CultureInfo.InvariantCulture));
    }

    /// <summary>The codes of sigaction(2) that occur in these tests.</summary>
    private static string NameOf(Signal signal, int code) => (signal, code) switch
    {
        (_, 0) => "USER",
        (_, 128) => "KERNEL",
        (_, -6) => "TKILL",
        (Signal.SEGV, 1) => "MAPERR",
        (Signal.SEGV, 2) => "ACCERR",
        (Signal.BUS, 2) => "ADRERR",
        (Signal.ILL, 1) => "ILLOPC",
        (Signal.ILL, 2) => "ILLOPN",
        (Signal.FPE, 1) => "INTDIV",
        (Signal.TRAP, 1) => "BRKPT",
        _ => throw new ArgumentException($"{signal} {code}"),
    };

    [GeneratedRegex("^signal ([0-9]+) code (-?[0-9]+) address 0x([0-9a-f]+)$")]
    private static partial Regex SignalInfo();
}
