namespace ExitSnoop.Tests.Records;

/// <summary>The texts and times of an event, from the bytes of its record.</summary>
public sealed class DecodingTests
{
    private const long Second = 1_000_000_000;

    public static TheoryData<byte[], string> Names { get; } = new()
    {
        { "bash"u8.ToArray(), "bash" },
        { "ünïcödé"u8.ToArray(), "ünïcödé" },
        { "процессы"u8[..15].ToArray(), "процесс\ufffd" },
        { [0xff, 0xfe, (byte)' ', (byte)'b'], "\ufffd\ufffd b" },
        { [(byte)'o', (byte)'k', 0xc3], "ok\ufffd" },
        { "\u001b[31mred\u001b[0m"u8.ToArray(), "\u001b[31mred\u001b[0m" },
        { "new\nline"u8.ToArray(), "new\nline" },
        { [], "" },
        { "a\0rest"u8.ToArray(), "a" },
        { "123456789012345"u8.ToArray(), "123456789012345" },
        { "0123456789abcdef"u8.ToArray(), "0123456789abcdef" },
    };

    [Theory]
    [MemberData(nameof(Names))]
    public void A_name_is_UTF_8_and_bad_bytes_are_replaced(byte[] comm, string name) =>
        Assert.Equal(name, RecordBytes.Event(RecordBytes.Of(new ExitRecord { Comm = RecordBytes.CommOf(comm) })).Name);

    public static TheoryData<byte[], string[]> ArgumentLists { get; } = new()
    {
        { "program\0"u8.ToArray(), ["program"] },
        { "program"u8.ToArray(), ["program"] },
        { "sh\0-c\0echo a  b\0"u8.ToArray(), ["sh", "-c", "echo a  b"] },
        { "program\0\0\0"u8.ToArray(), ["program", "", ""] },
        { "\0"u8.ToArray(), [""] },
        { "cut\0in the mid"u8.ToArray(), ["cut", "in the mid"] },
        { [.. "nginx: worker"u8, .. new byte[40]], ["nginx: worker"] },
        { [0xff, 0, 0xc3, 0x28, 0], ["\ufffd", "\ufffd("] },
    };

    [Theory]
    [MemberData(nameof(ArgumentLists))]
    public void Arguments_end_at_their_NULs(byte[] bytes, string[] arguments) =>
        Assert.Equal(arguments, RecordBytes.Event(RecordBytes.Of(new ExitRecord(), new ExitDetail(), arguments: bytes)).Arguments!);

    [Fact]
    public void What_was_not_captured_is_null()
    {
        ExitEvent exit = RecordBytes.Event(RecordBytes.Of(new ExitRecord(), new ExitDetail()));
        Assert.Null(exit.CommandLine);
        Assert.Null(exit.Arguments);
        Assert.Null(exit.Path);
        Assert.Null(exit.SenderId);
        Assert.Null(exit.SignalCode);
        Assert.Null(exit.FaultAddress);
        Assert.Equal("/", exit.CgroupPath);
        Assert.Null(exit.ContainerId);
    }

    [Fact]
    public void Paths_come_from_the_last_component_to_the_first()
    {
        ExitEvent exit = RecordBytes.Event(RecordBytes.Of(new ExitRecord(), new ExitDetail(), "/usr/lib/a b/program", "/system.slice/x.service"));
        Assert.Equal(("/usr/lib/a b/program", "/system.slice/x.service"), (exit.Path, exit.CgroupPath));
    }

    [Fact]
    public void A_path_that_was_cut_says_so()
    {
        ExitEvent exit = RecordBytes.Event(RecordBytes.Of(new ExitRecord { Flags = RecordFlags.PathCut }, new ExitDetail(), "/deep/program"));
        Assert.Equal(".../deep/program", exit.Path);
    }

    [Fact]
    public void Times_are_those_of_the_wall_clock()
    {
        ExitEvent exit = RecordBytes.Event(RecordBytes.Of(new ExitRecord { StartTime = 3 * Second, ExitTime = (5 * Second) + 250_000_000 }), 1_700_000_000 * Second);
        Assert.Equal(DateTimeOffset.FromUnixTimeMilliseconds(1_700_000_005_250).UtcDateTime, exit.ExitTime);
        Assert.Equal(DateTimeOffset.FromUnixTimeMilliseconds(1_700_000_003_000).UtcDateTime, exit.StartTime);
        Assert.Equal(TimeSpan.FromMilliseconds(2250), exit.Age);
    }

    [Fact]
    public void After_a_step_of_the_wall_clock_an_event_has_the_new_time_and_the_same_age()
    {
        byte[] record = RecordBytes.Of(new ExitRecord { StartTime = 3 * Second, ExitTime = 5 * Second });
        ExitEvent before = RecordBytes.Event(record, 1_700_000_000 * Second), after = RecordBytes.Event(record, 1_700_003_600 * Second);
        Assert.Equal(TimeSpan.FromHours(1), after.ExitTime - before.ExitTime);
        Assert.Equal(before.Age, after.Age);
    }

    [Fact]
    public void CPU_time_is_divided_as_its_ticks_were()
    {
        ExitEvent Used(ulong user, ulong system, ulong total) =>
            RecordBytes.Event(RecordBytes.Of(new ExitRecord(), new ExitDetail { UserTime = user, SystemTime = system, CpuTime = total }));
        Assert.Equal(TimeSpan.FromMilliseconds(30), Used(30_000_000, 10_000_000, 40_000_000).UserProcessorTime);
        Assert.Equal(TimeSpan.FromMilliseconds(2), Used(10_000_000, 10_000_000, 4_000_000).PrivilegedProcessorTime);
        // Shorter than a tick, so all of it counts as user time, as in wait4.
        Assert.Equal(TimeSpan.FromTicks(12_345), Used(0, 0, 1_234_567).UserProcessorTime);
        Assert.Equal(TimeSpan.Zero, Used(0, 0, 1_234_567).PrivilegedProcessorTime);
        Assert.Equal(TimeSpan.FromTicks(12_345), Used(0, 10_000_000, 1_234_567).PrivilegedProcessorTime);
        // Neither part is a whole number of 100 ns, but their sum is the total.
        ExitEvent odd = Used(10_000_000, 10_000_000, 1_234_500);
        Assert.Equal(odd.TotalProcessorTime, odd.UserProcessorTime + odd.PrivilegedProcessorTime);
        // No kernel sends this.
        Assert.Equal(TimeSpan.Zero, Used(ulong.MaxValue, 1, 1_234_567).PrivilegedProcessorTime);
    }

    [Fact]
    public void A_line_for_people_is_escaped()
    {
        ExitRecord record = new() { Pid = 7, WaitStatus = 0x0100, Comm = RecordBytes.CommOf("a\nb\u001b"u8) };
        Assert.Equal("a\\nb\\e (7): code 1", RecordBytes.Event(RecordBytes.Of(record)).ToString());
    }
}
