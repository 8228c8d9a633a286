using ExitSnoop.Records;

namespace ExitSnoop.Tests.Records;

/// <summary>Containers by the cgroups that their managers make, systemd's and cgroupfs's way.</summary>
public sealed class ContainerIdTests
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
    public void A_container_is_found_by_its_id(string path) => Assert.Equal(Id, ContainerIds.Find(path));

    [Fact]
    public void Of_containers_in_a_container_the_innermost_counts() =>
        Assert.Equal(Id, ContainerIds.Find($"/docker/{Other}/kubepods/podx/{Id}"));

    [Theory]
    [InlineData("/machine.slice/machine-debian.scope", "debian")]
    [InlineData("/machine.slice/machine-my\\x2dmachine.scope/payload", "my-machine")]
    [InlineData("/machine.slice/systemd-nspawn@web.service/payload", "web")]
    [InlineData("/machine.slice/systemd-nspawn@a\\x2db.service/supervisor", "a-b")]
    public void A_machine_of_nspawn_is_found_by_its_name(string path, string name) => Assert.Equal(name, ContainerIds.Find(path));

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
    public void Where_there_is_no_container_there_is_none(string path) => Assert.Null(ContainerIds.Find(path));
}
