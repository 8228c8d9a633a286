namespace ExitSnoop.Tests.Records;

/// <summary>The filters by names in the cgroup, which are applied outside of the kernel.</summary>
public sealed class CgroupFilterTests
{
    private const string Hex = "3f2a5b6c7d8e9f00112233445566778899aabbccddeeff00112233445566aabb";

    [Theory]
    [InlineData("/system.slice/nginx.service", "nginx", true)]
    [InlineData("/system.slice/nginx.service", "nginx.service", true)]
    [InlineData("/system.slice/nginx.service/worker", "nginx", true)]
    [InlineData("/system.slice/nginx.service", "ngin", false)]
    [InlineData("/system.slice/cron.service", "nginx", false)]
    [InlineData("/user.slice/user-1000.slice/session-4.scope", "session-4", false)]
    [InlineData("/", "", false)]
    public void A_service_is_asked_for_with_its_suffix_or_without(string cgroup, string service, bool wanted) =>
        Assert.Equal(wanted, Wants(cgroup, new() { ServiceFilter = name => name == service }));

    [Theory]
    [InlineData($"/docker/{Hex}", Hex, true)]
    [InlineData($"/docker/{Hex}/init.scope", Hex, true)]
    [InlineData("/lxc.payload.web", "web", true)]
    [InlineData("/system.slice/nginx.service", "nginx", false)]
    public void A_container_is_asked_for_by_its_id(string cgroup, string container, bool wanted) =>
        Assert.Equal(wanted, Wants(cgroup, new() { ContainerFilter = id => id == container }));

    private static bool Wants(string cgroup, ExitTraceOptions options) =>
        new ExitFilter(options).Wants(RecordBytes.Event(RecordBytes.Of(new ExitRecord(), new ExitDetail(), cgroup: cgroup)));
}
