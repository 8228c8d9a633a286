namespace ExitSnoop.Tests.Kernel;

/// <summary>A tracer in a time namespace, whose clocks are ahead of the machine's. The times of its events must still be right.</summary>
[Collection(KernelTests.Name)]
public sealed class TimeNamespaceTests
{
    [Fact]
    public void Times_are_those_of_the_wall_clock()
    {
        LoadableBpf.Require();
        if (!File.Exists("/proc/self/ns/time"))
            Assert.Skip("time namespaces came with 5.6");
        using Tracer tracer = new(Child.Start(
            "unshare",
            ["--time", "--boottime", "100000", "--monotonic", "200000", "--fork", .. Tracer.Command, "--parent", $"{Environment.ProcessId}"]));
        tracer.AwaitAttached();
        DateTime before = DateTime.Now;
        using Child child = Child.Run(TestProgram.Victim, "exit", "3");
        child.Wait();
        DateTime after = DateTime.Now;

        TraceProgram.Line seen = tracer.Finish().Single(line => line.Id == child.Id);
        TimeSpan slack = TimeSpan.FromMilliseconds(50);
        Assert.InRange(seen.StartTime, before - slack, after);
        Assert.InRange(seen.ExitTime, seen.StartTime, after + slack);
    }
}
