namespace ExitSnoop.Tests.Records;

/// <summary>Files given as type information of the kernel.</summary>
public sealed class KernelTypeInfoTests
{
    [Theory]
    [InlineData("")]
    [InlineData("BT")]
    [InlineData("This is no type information.")]
    [InlineData("\u001f\u008b\u0008\u0000gzip")]
    public void One_that_is_none_is_refused_by_name(string content)
    {
        using TestFolder folder = new();
        string file = Path.Join(folder.FullName, "kernel.btf");
        File.WriteAllText(file, content);
        ExitTraceException refused = Assert.Throws<ExitTraceException>(() => ExitTrace.Start(new() { BtfPath = file }));
        Assert.Equal(ExitTraceError.InvalidTypeInfo, refused.Error);
        Assert.Contains($"'{file}' is not a BTF file", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void One_that_cannot_be_read_is_refused_by_name()
    {
        foreach (string path in new[] { "/no/such/file.btf", "/tmp", "", "a\0b" })
        {
            ExitTraceException refused = Assert.Throws<ExitTraceException>(() => ExitTrace.Start(new() { BtfPath = path }));
            Assert.Equal(ExitTraceError.InvalidTypeInfo, refused.Error);
            Assert.Contains($"'{path}'", refused.Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void The_kernels_own_is_taken()
    {
        if (!KernelTypeInfo.InKernel)
            Assert.Skip("This kernel has no type information of its own.");
        KernelTypeInfo.Check("/sys/kernel/btf/vmlinux");
        KernelTypeInfo.Check(null);
    }
}
