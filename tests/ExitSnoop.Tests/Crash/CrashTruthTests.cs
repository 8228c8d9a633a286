using ExitSnoop.Tests.Kernel;

namespace ExitSnoop.Tests.Crash;

/// <summary>The place of crashes, compared with the source of the programs and with eu-stack on a core of the same crash.</summary>
[Collection(KernelTests.Name)]
public sealed class CrashTruthTests(WatchedCrashes children) : IClassFixture<WatchedCrashes>
{
    [Theory]
    [InlineData("null-read", "crash!read_null+", Signal.SEGV)]
    [InlineData("wild-write", "crash!write_wild+", Signal.SEGV)]
    [InlineData("noncanonical-read", "crash!read_noncanonical+", Signal.SEGV)]
    [InlineData("bus", "crash!read_cut_off+", Signal.BUS)]
    [InlineData("abort", "crash!call_abort+", Signal.ABRT)]
    [InlineData("assert", "crash!fail_assertion+", Signal.ABRT)]
    [InlineData("heap", "crash!corrupt_heap+", Signal.ABRT)]
    [InlineData("fortify", "crash!smash_fortified+", Signal.ABRT)]
    [InlineData("divide", "crash!divide+", Signal.FPE)]
    [InlineData("undefined", "crash!undefined_instruction+", Signal.ILL)]
    [InlineData("breakpoint", "crash!breakpoint+", Signal.TRAP)]
    [InlineData("quit", "crash!raise_quit+", Signal.QUIT)]
    [InlineData("thread", "crash!read_null+", Signal.SEGV)]
    [InlineData("library", "crash-library.so+0x", Signal.SEGV)]
    [InlineData("generated", "<anonymous>+0x", Signal.SEGV)]
    [InlineData("handled", "crash!read_null+", Signal.SEGV)]
    [InlineData("handled-raise", "crash!raise_segv+", Signal.SEGV)]
    [InlineData("recovered", "crash!write_wild+", Signal.SEGV)]
    [InlineData("recovered-alternate", "crash!write_wild+", Signal.SEGV)]
    [InlineData("returned", "crash!pass_breakpoint_and_die+", Signal.TRAP)]
    [InlineData("seccomp", "libc.so.6!getppid+", Signal.SYS)]
    public void The_place_is_the_one_in_the_source_and_the_calls_are_those_of_the_core(string way, string site, Signal signal) =>
        AssertTrue(CrashingProgram.Plain, way, site, signal);

    [Theory]
    [InlineData("null-read", "crash-frame-pointers!read_null+", Signal.SEGV)]
    [InlineData("abort", "crash-frame-pointers!call_abort+", Signal.ABRT)]
    [InlineData("assert", "crash-frame-pointers!fail_assertion+", Signal.ABRT)]
    public void With_frame_pointers_it_is_the_same(string way, string site, Signal signal) =>
        AssertTrue(CrashingProgram.WithFramePointers, way, site, signal);

    [Theory]
    [InlineData("null-read", Signal.SEGV)]
    [InlineData("abort", Signal.ABRT)]
    public void Without_symbols_the_place_is_an_offset_in_the_program(string way, Signal signal) =>
        AssertTrue(CrashingProgram.Stripped, way, "crash-stripped+0x", signal);

    [Fact]
    public void An_exception_that_nobody_catches_is_named_after_the_function_that_threw_it() =>
        AssertTrue(CrashingProgram.Throw, "", "crash-throw!shop::Till<", Signal.ABRT);

    /// <summary>eu-stack stops at an address where nothing is mapped. gdb and ExitSnoop continue with the caller.</summary>
    [Theory]
    [InlineData("null-call", 0, "call_null")]
    [InlineData("bad-call", 0x123456789000, "call_bad")]
    public void A_call_to_an_address_without_code_shows_the_address_and_who_called_it(string way, ulong address, string caller)
    {
        ExitEvent exit = Crash(CrashingProgram.Plain, [way], out TestFolder folder, out string core);
        using (folder)
        {
            Assert.Equal($"0x{address:x}", exit.CrashSite);
            Assert.Equal(address, exit.InstructionPointer);
            Assert.Null(exit.CrashModule);
            Assert.Equal([null, caller, "descend", "start", "main"], exit.StackTrace!.Take(5).Select(frame => frame.Symbol));
            Gdb.AssertAgrees(core, exit);
        }
    }

    [Theory]
    [InlineData("overflow")]
    [InlineData("overflow-alternate")]
    public void Of_an_overflowed_stack_the_innermost_calls_are_shown_and_that_there_are_more(string way)
    {
        ExitEvent exit = Crash(CrashingProgram.Plain, [way], out TestFolder folder, out string core);
        using (folder)
        {
            Assert.StartsWith("crash!recurse+", exit.CrashSite, StringComparison.Ordinal);
            StackFrame[] calls = [.. exit.StackTrace!.SkipWhile(frame => frame.Symbol != "recurse")];
            Assert.True(calls.Length > 20, $"{calls.Length} calls");
            Assert.All(calls, frame => Assert.Equal("recurse", frame.Symbol));
            Assert.Contains("16 KiB", exit.CrashNote, StringComparison.Ordinal);
            Gdb.AssertAgrees(core, exit);
        }
    }

    /// <summary>eu-stack stops in the signal handler. gdb continues.</summary>
    [Fact]
    public void A_handler_on_a_stack_of_its_own_does_not_hide_the_place_of_the_fault()
    {
        ExitEvent exit = Crash(CrashingProgram.Plain, ["handled-alternate"], out TestFolder folder, out string core);
        using (folder)
        {
            Assert.StartsWith("crash!read_null+", exit.CrashSite, StringComparison.Ordinal);
            Assert.Equal(["raise_again", "read_null", "descend", "start", "main"], Gdb.AssertAgrees(core, exit));
        }
    }

    [Fact]
    public void Timeout_dies_of_its_childs_signal_and_each_has_a_place_of_its_own()
    {
        using Recording recording = Recording.Start(UnwinderTests.Options with { Failed = true });
        using TestFolder folder = new();
        using Child timeout = CrashingProgram.Run(folder.FullName, Need.Program("timeout"), "20", CrashingProgram.Plain, "null-read");
        ExitEvent own = recording.Of(timeout), childs = recording.WaitFor(exit => exit.ParentId == timeout.Id);
        Assert.Equal((Signal.SEGV, Signal.SEGV), (own.Signal, childs.Signal));
        Assert.StartsWith("crash!read_null+", childs.CrashSite, StringComparison.Ordinal);
        Assert.Equal("timeout", Path.GetFileName(own.CrashModule));
    }

    [Fact]
    public void The_thread_that_crashed_is_named_though_it_is_not_the_main_one()
    {
        ExitEvent exit = Crash(CrashingProgram.Plain, ["thread"], out TestFolder folder, out _);
        folder.Dispose();
        Assert.Equal("crasher", exit.CrashThreadName);
        Assert.NotEqual(exit.Id, exit.CrashThreadId);
    }

    [Fact]
    public void Python_that_crashes_in_libc_names_libc_and_the_modules_that_led_there()
    {
        ExitEvent exit = Crash(Need.Program("python3"), ["-c", "import ctypes; ctypes.string_at(0)"], out TestFolder folder, out string core);
        using (folder)
        {
            Assert.StartsWith("libc", Path.GetFileName(exit.CrashModule), StringComparison.Ordinal);
            Assert.Contains("_ctypes", string.Join(' ', exit.StackTrace!.Select(frame => frame.Module)), StringComparison.Ordinal);
            Assert.Equal(EuStack.FramesOf(core, exit.Path!, exit.CrashThreadId!.Value), EuStack.ToLines(exit.StackTrace!));
        }
    }

    [Fact]
    public void Node_that_aborts_names_node_and_the_functions_that_led_there()
    {
        Assert.SkipWhen(Need.Find("node") is null, "there is no node on PATH");
        using Child child = Child.Run("sh", "-c", "ulimit -c 0; exec node -e 'process.abort()'");
        ExitEvent exit = children.Of(child);
        Assert.Equal((Signal.ABRT, "node"), (exit.Signal, Path.GetFileName(exit.CrashModule)));
        Assert.Contains(exit.StackTrace!, frame => frame.Symbol is "abort");
    }

    [Fact]
    public void A_program_of_NET_that_calls_into_libc_with_a_null_pointer_names_libc()
    {
        using Child child = Child.Run("sh", ["-c", "ulimit -c 0; exec \"$@\"", "sh", .. Tracer.Command[..^1], CrashProgram.Name]);
        ExitEvent exit = children.Of(child);
        Assert.Equal(Signal.SEGV, exit.Signal);
        Assert.StartsWith("libc.so.", Path.GetFileName(exit.CrashModule), StringComparison.Ordinal);
    }

    private void AssertTrue(string program, string way, string site, Signal signal)
    {
        ExitEvent exit = Crash(program, [way], out TestFolder folder, out string core);
        using (folder)
        {
            Assert.Equal(signal, exit.Signal);
            Assert.StartsWith(site, exit.CrashSite, StringComparison.Ordinal);
            Assert.Null(exit.CrashNote);
            Assert.Equal(EuStack.FramesOf(core, program, exit.CrashThreadId!.Value), EuStack.ToLines(exit.StackTrace!));
        }
    }

    private ExitEvent Crash(string program, string[] arguments, out TestFolder folder, out string core)
    {
        Need.Program("eu-stack");
        string pattern = File.ReadAllText("/proc/sys/kernel/core_pattern").Trim();
        Need.Unless(pattern.Contains('/', StringComparison.Ordinal) || pattern.StartsWith('|') ? $"core_pattern is {pattern}: cores are not written where the process is" : null);
        folder = new TestFolder();
        using Child child = CrashingProgram.Run(folder.FullName, program, arguments);
        ExitEvent exit = children.Of(child);
        core = Directory.GetFiles(folder.FullName, "core*").Single();
        return exit;
    }
}
