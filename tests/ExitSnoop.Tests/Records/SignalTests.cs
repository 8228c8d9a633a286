namespace ExitSnoop.Tests.Records;

/// <summary>Signals by number and by all accepted names.</summary>
public sealed class SignalTests
{
    public static TheoryData<int> All { get; } = [.. Enumerable.Range(1, 64)];

    [Fact]
    public void There_is_a_member_for_each_of_the_64_and_for_none() =>
        Assert.Equal(Enumerable.Range(0, 65), Enum.GetValues<Signal>().Select(signal => (int)signal));

    [Theory]
    [MemberData(nameof(All))]
    public void Each_has_the_name_that_bash_gives_it(int number) => Assert.Equal(DeathOfScenario.SignalName(number), SignalNames.GetName((Signal)number));

    [Fact]
    public void Bash_agrees()
    {
        // Bash calls 29 IO, and has no names for the two that libc reserves.
        int[] named = [.. Enumerable.Range(1, 64).Except([29, 32, 33])];
        using Child bash = Child.Run("bash", "-c", $"for s in {string.Join(' ', named)}; do kill -l $s; done");
        Assert.Equal(bash.Output.ReadToEnd().Split('\n', StringSplitOptions.RemoveEmptyEntries), named.Select(number => SignalNames.GetName((Signal)number)));
    }

    [Theory]
    [MemberData(nameof(All))]
    public void Each_is_read_back_by_name_number_and_member_with_and_without_SIG_in_any_case(int number)
    {
        Signal signal = (Signal)number;
        string name = SignalNames.GetName(signal), member = signal.ToString();
        foreach (string text in new[] { name, member, number.ToString(CultureInfo.InvariantCulture) }.Concat(number is 32 or 33 ? [] : new[] { "SIG" + name, "SIG" + member }))
        {
            foreach (string written in new[] { text, text.ToLowerInvariant(), $" {text} " })
            {
                Assert.True(SignalNames.TryParse(written, out Signal read), written);
                Assert.Equal(signal, read);
            }
        }
    }

    [Theory]
    [InlineData("IO", Signal.POLL)]
    [InlineData("SIGIOT", Signal.ABRT)]
    [InlineData("cld", Signal.CHLD)]
    [InlineData("RTMIN+16", Signal.RTMAX_14)]
    [InlineData("RTMAX-15", Signal.RTMIN_15)]
    [InlineData("RTMIN+30", Signal.RTMAX)]
    [InlineData("RTMAX-30", Signal.RTMIN)]
    [InlineData("sigrtmin+1", Signal.RTMIN_1)]
    [InlineData("None", Signal.None)]
    public void Other_names_are_understood(string text, Signal signal)
    {
        Assert.True(SignalNames.TryParse(text, out Signal read));
        Assert.Equal(signal, read);
    }

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("  ")]
    [InlineData("0")]
    [InlineData("65")]
    [InlineData("-1")]
    [InlineData("1.5")]
    [InlineData("99999999999999")]
    [InlineData("SIG")]
    [InlineData("SEGV1")]
    [InlineData("SIGSIGSEGV")]
    [InlineData("RTMIN-1")]
    [InlineData("RTMAX+1")]
    [InlineData("RTMIN+31")]
    [InlineData("RTMAX-31")]
    [InlineData("RTMIN+")]
    [InlineData("RTMIN+ 1")]
    [InlineData("RTM")]
    [InlineData("SEGV,TERM")]
    public void What_is_no_signal_is_refused(string? text) => Assert.False(SignalNames.TryParse(text, out _));

    [Fact]
    public void Any_text_is_refused_or_names_a_signal_that_has_a_name() =>
        Property.Holds<string>(text => Assert.True(!SignalNames.TryParse(text, out Signal signal) || Enum.IsDefined(signal)));

    [Fact]
    public void Any_number_has_a_text() =>
        Property.Holds<int>(number => Assert.Equal(number == 0, SignalNames.GetName((Signal)number).Length == 0));

    [Theory]
    [InlineData(Signal.TERM, 0, "USER")]
    [InlineData(Signal.KILL, 0x80, "KERNEL")]
    [InlineData(Signal.TERM, -1, "QUEUE")]
    [InlineData(Signal.ALRM, -2, "TIMER")]
    [InlineData(Signal.ABRT, -6, "TKILL")]
    [InlineData(Signal.SEGV, 1, "MAPERR")]
    [InlineData(Signal.SEGV, 2, "ACCERR")]
    [InlineData(Signal.BUS, 2, "ADRERR")]
    [InlineData(Signal.FPE, 1, "INTDIV")]
    [InlineData(Signal.ILL, 2, "ILLOPN")]
    [InlineData(Signal.TRAP, 1, "BRKPT")]
    [InlineData(Signal.SYS, 1, "SECCOMP")]
    [InlineData(Signal.SEGV, 99, "99")]
    [InlineData(Signal.TERM, 1, "1")]
    [InlineData(Signal.TERM, -99, "-99")]
    [InlineData(Signal.TERM, int.MinValue, "-2147483648")]
    public void The_code_of_a_signal_has_the_name_of_sigaction(Signal signal, int code, string name)
    {
        ExitRecord record = new() { WaitStatus = (uint)signal, Flags = RecordFlags.Sender };
        Assert.Equal(name, RecordBytes.Event(RecordBytes.Of(record, new ExitDetail { SignalCode = code })).SignalCode);
    }
    [Fact]
    public void A_kill_by_the_kernel_of_which_no_more_is_known_is_called_that() => Assert.Equal(
        "killed by the kernel",
        RecordBytes.Event(RecordBytes.Of(new ExitRecord { WaitStatus = (uint)Signal.KILL, Flags = RecordFlags.Sender }, new ExitDetail { SignalCode = 0x80 })).Reason);
}
