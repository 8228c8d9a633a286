namespace ExitSnoop.Tests.Kernel;

/// <summary>A trace without exits uses no CPU time.</summary>
[Collection(KernelTests.Name)]
[Trait("measures", "time")]
public sealed class IdleTests
{
    private static readonly TimeSpan Watched = TimeSpan.FromSeconds(2);

    [Fact]
    public void An_idle_reader_is_not_woken_and_uses_no_CPU()
    {
        using Child sleeping = Child.Start(TestProgram.Victim, "sleep", "60");
        // The kernel drops the exits of other processes.
        using Recording byId = Recording.Start(new() { Ids = [sleeping.Id], IncludeChildren = true });
        using Recording byUser = Recording.Start(new() { Users = [4_000_000_001] });
        using Recording byParent = Recording.OfChildren(sleeping.Id);

        // The test checks that nothing happens for a time, after the threads that were just started have blocked.
        Thread.Sleep(200);
        ThreadActivity before = ThreadActivity.Of(ThreadActivity.Readers), consumersBefore = ThreadActivity.Of("recording");
        Thread.Sleep(Watched);
        ThreadActivity used = ThreadActivity.Of(ThreadActivity.Readers) - before, consumers = ThreadActivity.Of("recording") - consumersBefore;

        Assert.InRange(used.Cpu, TimeSpan.Zero, TimeSpan.FromMilliseconds(20));
        Assert.InRange(used.WakeUps, 0, 3);
        Assert.InRange(consumers.Cpu, TimeSpan.Zero, TimeSpan.FromMilliseconds(20));
        // The reader must only be blocked and not have ended.
        sleeping.Kill(Signal.TERM);
        sleeping.Wait();
        Assert.Equal(sleeping.Id, byId.Of(sleeping).Id);
    }

    [Fact]
    public void Under_load_it_looks_some_hundred_times_a_second_and_few_exits_wake_it()
    {
        const int exits = 4000;
        List<string> tried = [];
        // Other processes may cause interrupts, so the lowest of five counts is used.
        while (tried.Count < 5)
        {
            using Child storm = Child.StartHeld(TestProgram.Threads, "-j", "2", $"{exits}", "1");
            using Recording recording = Recording.OfChildren(storm.Id);
            ThreadActivity before = ThreadActivity.Of(ThreadActivity.Readers);
            long interruptsBefore = WakeUpInterrupts();
            ulong started = BootClock.Now;
            storm.WriteLine();
            _ = storm.Output.ReadToEnd();
            storm.Wait();
            TimeSpan elapsed = BootClock.Since(started);
            long interrupts = WakeUpInterrupts() - interruptsBefore;
            ThreadActivity used = ThreadActivity.Of(ThreadActivity.Readers) - before;
            Assert.Equal(exits, recording.Stop().Count);
            tried.Add($"{used.WakeUps} looks in {elapsed.TotalMilliseconds:f0} ms, {interrupts} interrupts");
            // 300 wake-ups a second after a burst of 100, and a look every 5 ms, at the beginning and the end every 2 ms; some interrupts are others'.
            if (used.WakeUps <= 150 + (0.6 * elapsed.TotalMilliseconds) && interrupts <= 150 + (0.4 * elapsed.TotalMilliseconds))
                return;
        }
        Assert.Fail(string.Join("; ", tried));
    }

    /// <summary>The kernel wakes the reader of a ring buffer with irq_work, which is one interrupt each in /proc/interrupts.</summary>
    private static long WakeUpInterrupts() => File.ReadLines("/proc/interrupts")
        .Where(line => line.TrimEnd().EndsWith("IRQ work interrupts", StringComparison.Ordinal))
        .SelectMany(line => line.Split(' ', StringSplitOptions.RemoveEmptyEntries).Skip(1).TakeWhile(field => char.IsAsciiDigit(field[0])))
        .Sum(long.Parse!);
}
