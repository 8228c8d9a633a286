namespace ExitSnoop.Tests.Kernel;

/// <summary>Tracing with type information from a file, as on a kernel that has none.</summary>
[Collection(KernelTests.Name)]
public sealed class TypeInfoTests
{
    [Fact]
    public void A_file_with_this_kernels_types_does_as_well_as_the_kernels_own()
    {
        using TestFolder folder = new();
        string copy = folder.Copy("/sys/kernel/btf/vmlinux", "kernel.btf");
        using Recording recording = Recording.OfChildren(options: new() { BtfPath = copy });
        using Child child = Child.Run(TestProgram.Victim, "exit", "8");
        Assert.Equal("code 8", recording.Of(child).Status);
    }

    [Fact]
    public void A_file_that_only_begins_like_one_is_an_error_and_no_crash()
    {
        LoadableBpf.Require();
        using TestFolder folder = new();
        string file = Path.Join(folder.FullName, "kernel.btf");
        byte[] whole = File.ReadAllBytes("/sys/kernel/btf/vmlinux");
        foreach (int size in new[] { 4, 24, 1000, whole.Length / 2 })
        {
            File.WriteAllBytes(file, whole[..size]);
            ExitTraceException refused = Assert.Throws<ExitTraceException>(() => ExitTrace.Start(new() { BtfPath = file }));
            Assert.True(refused.Error is ExitTraceError.InvalidTypeInfo or ExitTraceError.LoadRefused, $"{refused.Error}");
        }
    }
}
