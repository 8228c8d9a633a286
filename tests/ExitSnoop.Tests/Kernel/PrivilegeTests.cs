namespace ExitSnoop.Tests.Kernel;

/// <summary>Which privileges a trace needs, and the error without them.</summary>
[Collection(KernelTests.Name)]
public sealed class PrivilegeTests
{
    private static readonly string[] Sufficient = ["bpf", "perfmon"];

    [Fact]
    public void CAP_BPF_and_CAP_PERFMON_are_enough()
    {
        if (Environment.OSVersion.Version < new Version(5, 11))
            Assert.Skip("Before Linux 5.11 it also takes locked memory.");
        using Tracer tracer = new(StartWith(Sufficient));
        tracer.AwaitAttached();
        using Child child = Child.Run(TestProgram.Victim, "exit", "77");
        Assert.Contains(tracer.Finish(), line => (line.Id, line.Status) == (child.Id, "code 77"));
    }

    [Theory]
    [InlineData("bpf", "CAP_PERFMON is missing")]
    [InlineData("perfmon", "CAP_BPF is missing")]
    [InlineData("", "CAP_BPF and CAP_PERFMON are missing")]
    public void What_is_missing_is_named_with_the_remedy(string held, string missing)
    {
        using Child tracer = StartWith(held.Split(',', StringSplitOptions.RemoveEmptyEntries));
        string error = tracer.ReadLine();
        Assert.StartsWith("error NoPrivilege", error, StringComparison.Ordinal);
        Assert.Contains(missing, error, StringComparison.Ordinal);
        Assert.Contains("setcap cap_bpf,cap_perfmon+ep", error, StringComparison.Ordinal);
    }

    /// <summary>root with only these capabilities.</summary>
    private static Child StartWith(string[] capabilities)
    {
        LoadableBpf.Require();
        if (Environment.UserName != "root")
            Assert.Skip("Only root can give and take capabilities.");
        using Child list = Child.Run("setpriv", "--list-caps");
        IEnumerable<string> dropped = list.Output.ReadToEnd().Split('\n', StringSplitOptions.RemoveEmptyEntries).Except(capabilities);
        return Child.Start(
            "setpriv", ["--bounding-set", string.Join(',', dropped.Select(name => "-" + name)), "--inh-caps", "-all", .. Tracer.Command, "--parent", $"{Environment.ProcessId}"]);
    }
}
