using System.Reflection;
using ExitSnoop.Crash;
using ExitSnoop.Crash.Unwinding;
using ExitSnoop.Tests.Kernel;

namespace ExitSnoop.Tests.Crash;

/// <summary>What the event of a crash contains, for which users, and what it must not contain.</summary>
[Collection(KernelTests.Name)]
public sealed class CrashTests(WatchedCrashes children) : IClassFixture<WatchedCrashes>
{
    private static readonly ExitTraceOptions Options = UnwinderTests.Options;

    [Fact]
    public void The_place_is_told_in_parts_too()
    {
        using Child child = Child.Run(CrashingProgram.Plain, "null-read");
        ExitEvent exit = children.Of(child);
        StackFrame first = exit.StackTrace![0];
        Assert.Equal(CrashingProgram.Plain, exit.CrashModule);
        Assert.Equal("read_null", exit.CrashSymbol);
        Assert.Equal(first.InstructionPointer, exit.InstructionPointer);
        Assert.Equal((child.Id, "crash"), (exit.CrashThreadId, exit.CrashThreadName));
        using Child symbolizer = Child.Run(Need.Program("addr2line"), "-f", "-e", CrashingProgram.Plain, $"0x{exit.CrashOffset:x}");
        Assert.Equal("read_null", symbolizer.ReadLine());
        using Child notes = Child.Run(Need.Program("readelf"), "-n", CrashingProgram.Plain);
        Assert.Contains($"Build ID: {exit.CrashBuildId}", notes.Output.ReadToEnd(), StringComparison.Ordinal);
        Assert.Equal($"#0  0x{first.InstructionPointer:x16} in read_null+0x{first.SymbolOffset:x} from {CrashingProgram.Plain}", first.ToString());
    }

    [Fact]
    public void Calls_are_shown_only_where_they_are_asked_for_and_the_place_always()
    {
        using Recording recording = Recording.OfChildren(options: Options with { StackTrace = false });
        using Child child = Child.Run(CrashingProgram.Plain, "assert");
        ExitEvent exit = recording.Of(child);
        Assert.StartsWith("crash!fail_assertion+", exit.CrashSite, StringComparison.Ordinal);
        Assert.Null(exit.StackTrace);
    }

    [Theory]
    [InlineData("exit 3")]
    [InlineData("kill -TERM $$")]
    [InlineData("kill -KILL $$")]
    public void Who_did_not_crash_has_no_place(string script)
    {
        using Child child = Child.Run("sh", "-c", script);
        ExitEvent exit = children.Of(child);
        Assert.Null(exit.CrashSite);
        Assert.Null(exit.CrashNote);
        Assert.Null(exit.InstructionPointer);
    }

    [Fact]
    public void A_basic_trace_has_no_place()
    {
        using Recording recording = Recording.OfChildren(options: Options with { Basic = true });
        using Child child = Child.Run(CrashingProgram.Plain, "null-read");
        Assert.Null(recording.Of(child).CrashSite);
    }

    [Fact]
    public void Of_threads_only_the_one_that_crashed_has_a_place()
    {
        using Recording recording = Recording.OfChildren(options: Options with { PerThread = true });
        using Child child = Child.Run(CrashingProgram.Plain, "thread");
        ExitEvent crashed = recording.WaitFor(exit => exit.Id == child.Id && exit.Name == "crasher");
        Assert.StartsWith("crash!read_null+", crashed.CrashSite, StringComparison.Ordinal);
        _ = recording.WaitFor(exit => exit.Id == child.Id && exit.ThreadId == child.Id);
        Assert.All(recording.Stop().Where(exit => exit.Id == child.Id && exit.Name != "crasher"), exit => Assert.Null(exit.CrashSite));
    }

    /// <summary>No core is written, and the handler of core_pattern is not called.</summary>
    [Fact]
    public void A_process_that_may_write_no_core_has_a_place_all_the_same()
    {
        using Child child = Child.Run("sh", "-c", "ulimit -c 0; exec \"$0\" null-read", CrashingProgram.Plain);
        ExitEvent exit = children.Of(child);
        Assert.False(exit.CoreDumped);
        Assert.StartsWith("crash!read_null+", exit.CrashSite, StringComparison.Ordinal);
    }

    [Fact]
    public void Nobody_with_the_two_capabilities_sees_the_place_and_the_calls()
    {
        Need.Root();
        string[] command =
        [
            "--reuid", "65534", "--regid", "65534", "--clear-groups", "--inh-caps", "-all,+bpf,+perfmon", "--ambient-caps", "-all,+bpf,+perfmon",
            .. Tracer.Command, "--parent", $"{Environment.ProcessId}", "--unwinder", Paths.Console,
        ];
        using Tracer tracer = new(Child.Start("setpriv", command));
        tracer.AwaitAttached();
        using Child child = Child.Run(CrashingProgram.Plain, "null-read");
        TraceProgram.Line line = tracer.Finish().Single(line => line.Id == child.Id);
        Assert.StartsWith("crash!read_null+", line.CrashSite, StringComparison.Ordinal);
        Assert.Contains(" in descend+", line.StackTrace![1], StringComparison.Ordinal);
    }

    [Fact]
    public void A_storm_of_crashes_loses_no_exit_and_each_without_a_place_says_why()
    {
        const int crashes = 2000;
        using Recording recording = Recording.Start(Options);
        using Child storm = Child.Run(CrashingProgram.Plain, "many", $"{crashes}");
        _ = recording.Of(storm);
        ExitEvent[] exits = [.. recording.Stop().Where(exit => exit.ParentId == storm.Id)];
        Assert.Equal(crashes, exits.Length);
        Assert.Equal(0, recording.Trace.LostCount);
        Assert.All(exits, exit => Assert.True(exit.CrashNote is not null || exit.CrashSite!.StartsWith("crash!read_null+", StringComparison.Ordinal), exit.CrashSite));
        Assert.Contains(exits, exit => exit is { CrashNote: null, StackTrace.Count: > 4 });
    }

    [Fact]
    public void Of_a_process_in_another_mount_namespace_the_file_there_is_read_and_never_the_one_of_that_name_here()
    {
        Need.Root();
        using TestFolder folder = new();
        // At the same path there is a program without symbols in this mount namespace and one with symbols in the other.
        string program = folder.Copy(CrashingProgram.Stripped, "app");
        using Recording recording = Recording.Start(Options);
        const string script = "mount --bind \"$0\" \"$1\" && (\"$1\" null-read; \"$1\" quit-later)";
        using Child inside = Child.Start("unshare", "--mount", "sh", "-c", script, CrashingProgram.Plain, program);
        ExitEvent first = recording.WaitFor(exit => exit.Path == program && exit.Signal == Signal.SEGV);
        Assert.Equal((program, "read_null"), (first.CrashModule, first.CrashSymbol));

        // After the last process of the namespace has exited, its files cannot be reached any more. Files that are the
        // same here, by inode and change time, are read all the same, such as libc.
        inside.Kill(Signal.KILL);
        inside.Wait();
        inside.WriteLine();
        ExitEvent last = recording.WaitFor(exit => exit.Path == program && exit.Signal == Signal.QUIT);
        if (last.CrashNote is null)
            Assert.Equal("raise_quit", last.CrashSymbol);
        else
            Assert.All(last.StackTrace!.Where(frame => frame.Module == program), frame => Assert.Null(frame.Symbol));
    }

    [Fact]
    public void What_stood_on_the_stack_is_in_the_record_and_in_nothing_that_is_shown()
    {
        CrashCapture capture = Capture(CrashingProgram.Plain, CrashingProgram.WithSecret);
        using Unwinder unwinder = new(Paths.Console, withStackTrace: true);
        Memory<byte> bytes = capture.Stack.Part!.Bytes;
        Assert.True(bytes.Span.IndexOf(Encoding.UTF8.GetBytes(CrashingProgram.Secret)) >= 0, "The secret was not on the stack.");

        CrashReport report = unwinder.Unwind(capture);
        Assert.Equal("read_null", report.Site!.Symbol);
        Assert.DoesNotContain("hunter2", Everything(report), StringComparison.Ordinal);
        capture.Wipe();
        Assert.Equal(-1, bytes.Span.IndexOfAnyExcept((byte)0));
    }

    [Fact]
    public void Without_libdw_a_program_that_keeps_frame_pointers_shows_the_same_calls_but_the_caller_of_a_function_that_calls_none()
    {
        CrashCapture capture = Capture(CrashingProgram.WithFramePointers);
        using Modules modules = new(capture, "");
        modules.OpenAll();
        UnwindRequest request = new(capture.Stack.Registers, [capture.Stack.Part!], modules.ForUnwinder().Modules);
        UnwindResponse byPointers = FramePointerUnwinder.Unwind(request);
        using Unwinder unwinder = new(Paths.Console, withStackTrace: true);
        StackFrame[] frames = unwinder.Unwind(capture).StackTrace!;
        int main = Array.FindIndex(frames, frame => frame.Symbol == "main");
        Assert.InRange(main, 3, 5);
        // read_null() calls no function, so compilers give it no frame.
        Assert.Equal(
            [frames[0].InstructionPointer, .. frames[2..(main + 1)].Select(frame => frame.InstructionPointer)],
            byPointers.Frames.Take(main).Select(frame => frame.InstructionPointer));
    }

    /// <summary>Programs that others can write to are read from a copy of the needed parts, because the files can be truncated meanwhile.</summary>
    [Fact]
    public void A_program_that_its_owner_cuts_off_while_it_is_read_is_read_all_the_same()
    {
        Need.Root();
        using TestFolder folder = new();
        string program = folder.Copy(CrashingProgram.Plain, "others");
        using (Child owner = Child.Run("chown", "nobody", program))
            Assert.Equal(0, owner.Wait().Status);
        CrashCapture capture = Capture(program);
        using Modules modules = new(capture, "");
        modules.OpenAll();
        using (FileStream file = File.OpenWrite(program))
            file.SetLength(0);
        (IReadOnlyList<UnwindModule> mapped, int[] files) = modules.ForUnwinder();
        using UnwinderProcess unwinder = new(Paths.Console);
        UnwindResponse answer = unwinder.Unwind(new UnwindRequest(capture.Stack.Registers, [capture.Stack.Part!], mapped), files)!;
        Assert.Equal(["read_null", "descend", "start", "main"], answer.Frames.Take(4).Select(frame => frame.Symbol));
    }

    private static string Everything(CrashReport report) =>
        string.Join('\n', typeof(CrashReport).GetProperties(BindingFlags.Instance | BindingFlags.NonPublic).Select(property => property.GetValue(report)))
        + string.Join('\n', report.StackTrace!.Select(frame => $"{frame} {frame.Module} {frame.Symbol} {frame.BuildId}"));

    /// <summary>The record of a crash by a read of address 0.</summary>
    private static CrashCapture Capture(string crashing, IReadOnlyDictionary<string, string?>? environment = null)
    {
        LoadableBpf.Require();
        using ExitProgram program = ExitProgram.Start(Options.ForProgram(), CgroupHierarchy.Find());
        using RingBuffer ring = new(program.CrashRingFd!.Value, CrashTrace.RingSize);
        using Child child = Child.Start(crashing, ["null-read"u8.ToArray()], environment);
        child.Wait();
        return CaptureOf(ring, child.Id);
    }

    private static CrashCapture CaptureOf(RingBuffer ring, int id)
    {
        CrashCapture? capture = null;
        Eventually.True(
            () =>
            {
                while (capture is null && ring.TryPeek(ring.End, out ReadOnlySpan<byte> record))
                {
                    if (CrashRecordView.TryParse(record, out CrashRecordView view) && view.Record.Tid == id)
                        capture = new CrashCapture(view, withStack: true);
                    ring.Advance(record.Length);
                }
                return capture is not null;
            },
            string.Create(CultureInfo.InvariantCulture, $"Process {id} was not captured."));
        return capture!;
    }
}
