using System.ComponentModel;
using System.Diagnostics;
using ExitSnoop.Crash;
using ExitSnoop.Tests.Kernel;
using Microsoft.Win32.SafeHandles;

namespace ExitSnoop.Tests.Crash;

/// <summary>The unwinder's process: what it may do, and what happens if it fails.</summary>
[Collection(KernelTests.Name)]
public sealed class UnwinderTests
{
    internal static readonly ExitTraceOptions Options = new() { StackTrace = true, UnwinderProgram = Paths.Console };

    [Fact]
    public void It_has_no_privileges_no_capabilities_a_filter_of_system_calls_and_limits()
    {
        using Recording recording = Recording.OfChildren(options: Options);
        _ = Crash(recording);
        int pid = Unwinder();
        Dictionary<string, string> status = File.ReadAllLines($"/proc/{pid}/status")
            .Select(line => line.Split(":\t")).ToDictionary(pair => pair[0], pair => pair[^1]);
        Assert.All(["CapInh", "CapPrm", "CapEff", "CapAmb"], set => Assert.Equal("0000000000000000", status[set]));
        Assert.Equal("1", status["NoNewPrivs"]);
        Assert.Equal("2", status["Seccomp"]);
        if (Environment.UserName == "root")
        {
            Assert.Equal(["65534", "65534", "65534", "65534"], status["Uid"].Split('\t'));
            // What a library writes there is not shown.
            Assert.All([1, 2], fd => Assert.Equal("/dev/null", new FileInfo($"/proc/{pid}/fd/{fd}").LinkTarget));
        }
        string limits = File.ReadAllText($"/proc/{pid}/limits");
        Assert.Matches(@"Max address space\s+\d+", limits);
        Assert.Matches(@"Max cpu time\s+\d+", limits);
        Assert.Matches(@"Max core file size\s+0", limits);
        Assert.Matches(@"Max file size\s+0", limits);
    }

    [Fact]
    public void Where_it_was_killed_the_next_crash_is_unwound_by_another()
    {
        using Recording recording = Recording.OfChildren(options: Options);
        _ = Crash(recording);
        int first = Unwinder();
        using Child kill = Child.Run("kill", "-KILL", $"{first}");
        Proc.AwaitExit(first);
        ExitEvent exit = Crash(recording);
        Assert.StartsWith("crash!read_null+", exit.CrashSite, StringComparison.Ordinal);
        Assert.NotEqual(first, Unwinder());
    }

    [Fact]
    public void Where_it_hangs_one_stack_is_lost_and_says_so_and_the_next_is_not()
    {
        using Recording recording = Recording.OfChildren(options: Options);
        _ = Crash(recording);
        using Child stop = Child.Run("kill", "-STOP", $"{Unwinder()}");
        ExitEvent lost = Crash(recording);
        Assert.StartsWith("crash+0x", lost.CrashSite, StringComparison.Ordinal);
        Assert.Single(lost.StackTrace!);
        Assert.Contains("failed", lost.CrashNote, StringComparison.Ordinal);
        Assert.StartsWith("crash!read_null+", Crash(recording).CrashSite, StringComparison.Ordinal);
    }

    [Fact]
    public void Without_the_program_the_place_has_no_symbols_and_says_why()
    {
        using Recording recording = Recording.OfChildren(options: Options with { UnwinderProgram = "/nonexistent/exitsnoop" });
        ExitEvent exit = Crash(recording);
        Assert.StartsWith("crash+0x", exit.CrashSite, StringComparison.Ordinal);
        Assert.StartsWith("the process that finds the calls cannot be started", exit.CrashNote, StringComparison.Ordinal);
    }

    /// <summary>The program without execute permission, as Install-PSResource unpacks it from a zip archive.</summary>
    [Fact]
    public void A_program_that_nobody_may_execute_unwinds_as_well()
    {
        using TestFolder folder = new();
        string program = folder.Copy(Paths.Console, "exitsnoop");
        File.SetUnixFileMode(program, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead | UnixFileMode.OtherRead);
        using Recording recording = Recording.OfChildren(options: Options with { UnwinderProgram = program });
        Assert.StartsWith("crash!read_null+", Crash(recording).CrashSite, StringComparison.Ordinal);
    }

    [Fact]
    public void It_ends_with_the_trace()
    {
        int pid;
        using (Recording recording = Recording.OfChildren(options: Options))
        {
            _ = Crash(recording);
            pid = Unwinder();
        }
        Assert.False(Directory.Exists($"/proc/{pid}"));
    }

    /// <summary>The build ID and the file must be those that were mapped: another file of the same name gives no symbols.</summary>
    [Theory]
    [InlineData("cp \"$1\" \"$0\"")]
    [InlineData("mkfifo \"$0\"")]
    [InlineData("mkdir \"$0\"")]
    [InlineData("truncate -s 1T \"$0\"")]
    [InlineData("ln -s /dev/zero \"$0\"")]
    [InlineData("mknod \"$0\" c 1 5")]
    public void A_program_that_was_replaced_while_it_ran_gives_no_symbols(string replace)
    {
        if (replace.StartsWith("mknod", StringComparison.Ordinal))
            Need.Root();
        using TestFolder folder = new();
        string program = folder.Copy(CrashingProgram.Plain, "replaced");
        using Recording recording = Recording.OfChildren(options: Options);
        using Child child = Child.Start("sh", "-c", "exec \"$0\" quit-later", program);
        Assert.Equal("ready", child.ReadLine());
        File.Delete(program);
        using (Child other = Child.Run("sh", "-c", replace, program, CrashingProgram.Stripped))
            Assert.Equal(0, other.Wait().Status);
        child.WriteLine();
        child.Wait();
        ExitEvent exit = recording.Of(child);
        Assert.Equal(program, exit.Path);
        Assert.Equal($"{program} cannot be read or was replaced: no symbols", exit.CrashNote);
        Assert.DoesNotContain(exit.StackTrace!, frame => frame.Module == program && (frame.Symbol is not null || frame.BuildId is not null));
    }

    [Theory]
    [InlineData(900L << 20, "crash!read_null+")]
    [InlineData(8L << 30, "crash+0x")]
    public void Of_a_huge_program_only_what_is_needed_is_read_and_beyond_a_GiB_nothing(long size, string site)
    {
        Need.Root();
        using TestFolder folder = new();
        // Of another owner, so that it is copied.
        string program = folder.Copy(CrashingProgram.Plain, "crash");
        using (Child huge = Child.Run("sh", "-c", "truncate -s \"$1\" \"$0\" && chown nobody \"$0\"", program, $"{size}"))
            Assert.Equal(0, huge.Wait().Status);
        using Recording recording = Recording.OfChildren(options: Options);
        using Child child = Child.Run(program, "null-read");
        Assert.StartsWith(site, recording.Of(child).CrashSite, StringComparison.Ordinal);
    }

    [Fact]
    public void Without_libdw_it_is_told_at_the_start_and_in_each_event()
    {
        Need.Root();
        LoadableBpf.Require();
        const string script = "mount --bind /dev/null \"$0\" && exec \"$@\"";
        string library = SharedLibrary.File("libdw.so.1");
        using Command trace = Command.Start(
            "unshare", ["--mount", "sh", "-c", script, library, Paths.Console, "-v", "--why", "--stack-trace", "--crashed", "--parent", $"{Environment.ProcessId}"]);
        trace.WaitForError("libdw is not installed (libdw1, elfutils-libs): only programs that keep frame pointers show the calls of a crash, and functions have no names.");
        using Child child = Child.Run(CrashingProgram.Plain, "null-read");
        trace.WaitForOutput("(libdw is not installed (libdw1, elfutils-libs): calls by frame pointers only, no symbols)");
        Assert.Contains(" in crash+0x", trace.Output, StringComparison.Ordinal);
    }

    /// <summary>Files are changed at random places. The unwinder must still answer the next request.</summary>
    [Fact]
    public void Damaged_files_cost_at_most_the_symbols()
    {
        using TestFolder folder = new();
        byte[] whole = File.ReadAllBytes(CrashingProgram.Plain);
        string program = folder.Path("damaged");
        Random random = new(20260101);
        using UnwinderProcess unwinder = new(Paths.Console);
        Registers registers = new([.. Enumerable.Range(0, 21).Select(i => i == 16 ? 0x555555555400UL : i == 19 ? 0x7ffffffde100UL : (ulong)i)]);
        byte[] stack = new byte[StackMemory.PartSize];
        for (int i = 0; i < stack.Length; i += 8)
            BitConverter.TryWriteBytes(stack.AsSpan(i), 0x555555555000UL + (ulong)random.Next(0x1000));
        int answers = 0, failures = 0;
        for (int i = 0; i < 300; i++)
        {
            byte[] damaged = [.. whole];
            for (int changes = random.Next(1, 200); changes > 0; changes--)
                damaged[random.Next(3) == 0 ? random.Next(1024) : random.Next(damaged.Length)] = (byte)random.Next(256);
            // The first bytes are kept, so that it is still an ELF file of this architecture.
            whole.AsSpan(0, 20).CopyTo(damaged);
            File.WriteAllBytes(program, damaged);
            using FileStream file = File.OpenRead(program);
            int fd = (int)file.SafeFileHandle.DangerousGetHandle();
            if (ElfHeaders.TryRead(fd) is { } headers && SealedCopy.TryMake(fd, damaged.Length, headers.UnwindingParts(fd, damaged.Length), 1 << 20) is >= 0 and int copy)
                using (SafeFileHandle copied = new(copy, ownsHandle: true))
                    Assert.Equal(damaged.Length, RandomAccess.GetLength(copied));
            UnwindRequest request = new(registers, [new StackPart(registers.StackPointer, 0x1f, stack)], [new UnwindModule(0x555555555000, 0x555555556000, 0x555555554000, true, false)]);
            if (unwinder.Unwind(request, [fd]) is { Frames.Count: > 0 })
                answers++;
            else
                failures++;
        }
        Assert.Equal(300, answers + failures);
        Assert.True(answers > 250, $"{failures} of 300 damaged files stopped the unwinder.");
    }

    [Fact]
    public void Nobody_waits_for_an_unwinder_that_ends_at_its_start()
    {
        using UnwinderProcess unwinder = new("/bin/false");
        long start = Stopwatch.GetTimestamp();
        Assert.Throws<Win32Exception>(() => unwinder.Unwind(new UnwindRequest(new(new ulong[21]), [], []), []));
        Assert.InRange(Stopwatch.GetElapsedTime(start).TotalSeconds, 0, 10);
    }

    private static ExitEvent Crash(Recording recording)
    {
        using Child child = Child.Run(CrashingProgram.Plain, "null-read");
        return recording.Of(child);
    }

    private static int Unwinder() => Proc.All.Single(IsOurs);

    private static bool IsOurs(int pid) =>
        Proc.ParentOf(pid) == Environment.ProcessId && Proc.CommandLineOf(pid)?.Contains("--unwinder", StringComparison.Ordinal) == true;
}
