namespace ExitSnoop.Tests.Records;

/// <summary>Containers, pods and services, recognized by the paths of their cgroups.</summary>
public sealed class CgroupNamesTests
{
    private const string Id = "3f4e5d6c7b8a99887766554433221100ffeeddccbbaa00112233445566778899";
    private const string Other = "0000000000000000000000000000000000000000000000000000000000000001";

    [Theory]
    [InlineData($"/docker/{Id}")]
    [InlineData($"/system.slice/docker-{Id}.scope")]
    [InlineData($"/user.slice/user-1000.slice/user@1000.service/app.slice/docker-{Id}.scope")]
    [InlineData($"/kubepods/burstable/pod0d8c2d2e-7ad4-4b8a-8b1c-6a9a1a3c2f10/{Id}")]
    [InlineData($"/kubepods/besteffort/podx/{Id}")]
    [InlineData($"/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod0d8c2d2e_7ad4.slice/cri-containerd-{Id}.scope")]
    [InlineData($"/kubepods.slice/kubepods-besteffort.slice/kubepods-besteffort-podx.slice/docker-{Id}.scope")]
    [InlineData($"/kubepods.slice/kubepods-podx.slice/crio-{Id}.scope")]
    [InlineData($"/kubepods/podx/crio-{Id}")]
    [InlineData($"/machine.slice/libpod-{Id}.scope")]
    [InlineData($"/machine.slice/libpod-{Id}.scope/container")]
    [InlineData($"/libpod_parent/libpod-{Id}")]
    [InlineData($"/user.slice/user-1000.slice/user@1000.service/user.slice/libpod-{Id}.scope/container/init.scope")]
    [InlineData($"/system.slice/containerd.service/kubepods-podx.slice:cri-containerd:{Id}")]
    [InlineData($"/default/{Id}")]
    public void A_container_is_found_by_its_id(string path) => Assert.Equal(Id, ContainerOf(path));

    [Fact]
    public void Of_containers_in_a_container_the_innermost_counts() =>
        Assert.Equal(Id, ContainerOf($"/docker/{Other}/kubepods/podx/{Id}"));

    [Theory]
    [InlineData("/machine.slice/machine-debian.scope", "debian")]
    [InlineData("/machine.slice/machine-my\\x2dmachine.scope/payload", "my-machine")]
    [InlineData("/machine.slice/systemd-nspawn@web.service/payload", "web")]
    [InlineData("/machine.slice/systemd-nspawn@a\\x2db.service/supervisor", "a-b")]
    public void A_machine_of_nspawn_is_found_by_its_name(string path, string name) => Assert.Equal(name, ContainerOf(path));

    [Theory]
    [InlineData("/")]
    [InlineData("")]
    [InlineData("/init.scope")]
    [InlineData("/system.slice/ssh.service")]
    [InlineData("/user.slice/user-1000.slice/session-3.scope")]
    [InlineData("/machine.slice/libpod-conmon-3f4e5d6c7b8a99887766554433221100ffeeddccbbaa00112233445566778899.scope")]
    [InlineData("/kubepods/burstable/pod0d8c2d2e-7ad4-4b8a-8b1c-6a9a1a3c2f10")]
    [InlineData("/docker/3f4e5d6c7b8a")]
    [InlineData("/docker/3F4E5D6C7B8A99887766554433221100FFEEDDCCBBAA00112233445566778899")]
    [InlineData("/docker/x3f4e5d6c7b8a99887766554433221100ffeeddccbbaa00112233445566778899")]
    [InlineData("/docker/gggggggggggggggggggggggggggggggggggggggggggggggggggggggggggggggg")]
    [InlineData("//////")]
    public void Where_there_is_no_container_there_is_none(string path) => Assert.Null(ContainerOf(path));

    [Theory]
    [InlineData("/lxc.payload.web/init.scope", "web")]
    [InlineData("/lxc.payload.project_web/system.slice/nginx.service", "project_web")]
    [InlineData("/lxc.payload/web", "web")]
    [InlineData("/lxc/web", "web")]
    [InlineData("/lxc/101/ns/system.slice/postfix.service", "101")]
    [InlineData("/machine.slice/machine-lxc\\x2d123\\x2dweb.scope/libvirt", "lxc-123-web")]
    [InlineData("/machine/web.libvirt-lxc", "web")]
    [InlineData("/ecs/cluster/158d1c8083dd49d6b527399fd6414f5c/158d1c8083dd49d6b527399fd6414f5c-2532581562", "158d1c8083dd49d6b527399fd6414f5c-2532581562")]
    [InlineData($"/ecs/158d1c8083dd49d6b527399fd6414f5c/{Id}", Id)]
    [InlineData("/system.slice/garden.service/garden/6f265890-5165-7fab-6b52-18d1", "6f265890-5165-7fab-6b52-18d1")]
    [InlineData("/buildkit/kkc4q5ysmpzp6r8xqqhr3ekz5", "kkc4q5ysmpzp6r8xqqhr3ekz5")]
    [InlineData("/docker/buildkit/kkc4q5ysmpzp6r8xqqhr3ekz5", "kkc4q5ysmpzp6r8xqqhr3ekz5")]
    [InlineData("/system.slice/docker-kkc4q5ysmpzp6r8xqqhr3ekz5.scope", "kkc4q5ysmpzp6r8xqqhr3ekz5")]
    [InlineData("/nomad.slice/share.slice/b30be889-ebb4-8524-cc84-bfd79acd6057.promtail.scope", "b30be889-ebb4-8524-cc84-bfd79acd6057.promtail")]
    [InlineData("/user.slice/user-1000.slice/user@1000.service/user.slice/libpod-payload-3f4e5d6c7b8a99887766554433221100ffeeddccbbaa00112233445566778899", Id)]
    public void Every_manager_of_containers_is_known(string path, string id) => Assert.Equal(id, ContainerOf(path));

    [Theory]
    [InlineData("/lxc.monitor.web")]
    [InlineData("/lxc.monitor/101")]
    [InlineData("/machine.slice/machine-qemu\\x2d3\\x2ddebian.scope/libvirt/emulator")]
    [InlineData("/machine/qemu-3-debian.libvirt-qemu")]
    [InlineData("/kubepods.slice/kubepods-podx.slice/crio-conmon-3f4e5d6c7b8a99887766554433221100ffeeddccbbaa00112233445566778899.scope")]
    [InlineData("/buildkit")]
    [InlineData("/garden/notanid")]
    public void Virtual_machines_and_the_monitors_of_containers_are_none(string path) => Assert.Null(ContainerOf(path));

    [Theory]
    [InlineData("/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod0d8c2d2e_7ad4_4b8a_8b1c_6a9a1a3c2f10.slice/cri-containerd-3f4e5d6c7b8a99887766554433221100ffeeddccbbaa00112233445566778899.scope")]
    [InlineData("/kubepods.slice/kubepods-pod0d8c2d2e_7ad4_4b8a_8b1c_6a9a1a3c2f10.slice")]
    [InlineData("/kubepods/besteffort/pod0d8c2d2e-7ad4-4b8a-8b1c-6a9a1a3c2f10/3f4e5d6c7b8a99887766554433221100ffeeddccbbaa00112233445566778899")]
    [InlineData("/system.slice/containerd.service/kubepods-besteffort-pod0d8c2d2e_7ad4_4b8a_8b1c_6a9a1a3c2f10.slice:cri-containerd:3f4e5d6c7b8a99887766554433221100ffeeddccbbaa00112233445566778899")]
    public void A_pod_is_found_by_its_UID(string path) => Assert.Equal("0d8c2d2e-7ad4-4b8a-8b1c-6a9a1a3c2f10", CgroupNames.Of(path).PodId);

    [Theory]
    [InlineData("/system.slice/nginx.service", "nginx.service")]
    [InlineData("/system.slice/system-app.slice/app@3.service", "app@3.service")]
    [InlineData("/system.slice/php.service/workers", "php.service")]
    [InlineData("/user.slice/user-1000.slice/user@1000.service/app.slice/syncthing.service", "syncthing.service")]
    [InlineData("/user.slice/user-1000.slice/user@1000.service/init.scope", "user@1000.service")]
    [InlineData($"/docker/{Id}/system.slice/nginx.service", "nginx.service")]
    [InlineData("/machine.slice/systemd-nspawn@web.service/payload/system.slice/nginx.service", "nginx.service")]
    public void A_service_is_found_by_its_unit(string path, string service) => Assert.Equal(service, CgroupNames.Of(path).ServiceName);

    [Theory]
    [InlineData("/user.slice/user-1000.slice/session-3.scope")]
    [InlineData($"/user.slice/user-1000.slice/user@1000.service/app.slice/docker-{Id}.scope")]
    [InlineData($"/system.slice/containerd.service/kubepods-podx.slice:cri-containerd:{Id}")]
    [InlineData("/machine.slice/systemd-nspawn@web.service/payload")]
    [InlineData("/")]
    public void The_service_that_runs_a_container_is_not_that_of_the_processes_in_it(string path) => Assert.Null(CgroupNames.Of(path).ServiceName);

    private static string? ContainerOf(string path) => CgroupNames.Of(path).ContainerId;
}
