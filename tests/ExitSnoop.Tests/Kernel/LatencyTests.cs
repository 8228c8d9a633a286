namespace ExitSnoop.Tests.Kernel;

/// <summary>How soon after an exit its event can be read.</summary>
[Collection(KernelTests.Name)]
[Trait("measures", "time")]
public sealed class LatencyTests
{
    private static readonly TimeSpan Promised = TimeSpan.FromMilliseconds(1);

    /// <summary>Twice the delay of this machine, because two threads are woken one after the other, and once more as a margin.</summary>
    private const int Slack = 3;

    [Fact]
    public void At_200_exits_a_second_99_in_100_events_are_there_within_a_millisecond()
    {
        LoadableBpf.Require();
        List<string> tried = [];
        while (tried.Count < 3)
        {
            (TimeSpan latency, TimeSpan late) = Measure();
            tried.Add($"{latency.TotalMilliseconds:f2} ms where a sleep of 10 ms comes {late.TotalMilliseconds:f2} ms late");
            TestContext.Current.TestOutputHelper?.WriteLine(tried[^1]);
            if (latency <= Promised + (Slack * late))
                return;
        }
        Assert.Fail(string.Join("; ", tried));
    }

    private static (TimeSpan Latency, TimeSpan Late) Measure()
    {
        using TestFolder folder = new();
        using TestCgroup cgroup = TestCgroup.Create();
        string file = Path.Join(folder.FullName, "latency");
        using ExitTrace trace = ExitTrace.Start(new() { Cgroup = cgroup.CgroupPath });
        using Child storm = cgroup.Start(
            TestProgram.Storm, "--kind", "fork", "--workers", "1", "--rate", "200", "--seconds", "2", "--latency", file);

        // A thread of the same kind sleeps for 10 ms and measures its delay, which is what this machine adds now.
        List<TimeSpan> overslept = [];
        bool done = false;
        Thread control = new(() =>
        {
            while (!Volatile.Read(ref done))
                overslept.Add(Oversleep());
        });
        control.Start();

        Dictionary<int, ulong> arrivals = [];
        while (!arrivals.ContainsKey(storm.Id) && trace.WaitForEvents(TimeSpan.FromSeconds(20)))
            while (trace.TryRead(out ExitEvent? exit))
                arrivals.TryAdd(exit.Id, BootClock.Now);
        Volatile.Write(ref done, true);
        control.Join();
        Assert.True(storm.Wait().Status == 0, storm.Errors.ReadToEnd());

        // "PID START EXIT": the exit time is read by the child just before its _exit.
        List<TimeSpan> latencies = [];
        foreach (string line in File.ReadLines(file))
        {
            ulong[] fields = [.. line.Split(' ').Select(field => ulong.Parse(field, CultureInfo.InvariantCulture))];
            latencies.Add(TimeSpan.FromMicroseconds((arrivals[(int)fields[0]] - fields[2]) / 1000));
        }
        Assert.InRange(latencies.Count, 380, 420);
        return (Percentile99(latencies), Percentile99(overslept));
    }

    private static unsafe TimeSpan Oversleep()
    {
        ulong start = BootClock.Now;
        _ = LibC.poll(null, 0, 10);
        return BootClock.Since(start) - TimeSpan.FromMilliseconds(10);
    }

    private static TimeSpan Percentile99(List<TimeSpan> times) => times.Order().ElementAt(times.Count * 99 / 100);
}
