namespace ExitSnoop.Tests.Kernel;

/// <summary>Which libbpf is used, and the error if there is no suitable one.</summary>
[Collection(KernelTests.Name)]
public sealed class LibBpfTests
{
    [Fact]
    public void The_trace_says_which_file_and_version_it_took()
    {
        using Recording recording = Recording.OfChildren();
        Assert.Matches(@"^/.*/libbpf\.so\.1", recording.Trace.LibBpfPath);
        Assert.Matches(@"^v1\.[0-9]+", recording.Trace.LibBpfVersion);
    }

    [Fact]
    public void Another_file_can_be_named()
    {
        string own;
        using (Recording recording = Recording.OfChildren())
            own = recording.Trace.LibBpfPath;
        using TestFolder folder = new();
        string copy = folder.Copy(own, "another-libbpf.so");
        using Tracer tracer = new(Start(copy));
        tracer.AwaitAttached();
        Assert.Contains(File.ReadLines($"/proc/{tracer.Process.Id}/maps"), line => line.EndsWith(copy, StringComparison.Ordinal));
    }

    [Fact]
    public void A_file_that_is_not_there_is_named_in_the_error()
    {
        using Child tracer = Start("/no/such/libbpf.so");
        string error = tracer.ReadLine();
        Assert.StartsWith("error LibBpfNotFound", error, StringComparison.Ordinal);
        Assert.Contains("/no/such/libbpf.so", error, StringComparison.Ordinal);
        Assert.Contains("apt-get install libbpf1", error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("const char *libbpf_version_string(void) { return \"v0.5.0\"; } unsigned libbpf_major_version(void) { return 0; }", "v0.5.0")]
    [InlineData("int nothing_of_libbpf;", "libbpf.so")]
    public void An_old_one_is_called_too_old_with_the_remedy(string source, string version)
    {
        using TestFolder folder = new();
        string file = Path.Join(folder.FullName, "libbpf.so"), text = Path.Join(folder.FullName, "old.c");
        File.WriteAllText(text, source);
        using Child compiler = Child.Run("cc", "-shared", "-fPIC", "-o", file, text);
        Assert.True(compiler.Wait().Status == 0, compiler.Errors.ReadToEnd());

        using Child tracer = Start(file);
        string error = tracer.ReadLine();
        Assert.StartsWith("error LibBpfTooOld", error, StringComparison.Ordinal);
        Assert.Contains(version, error, StringComparison.Ordinal);
        Assert.Contains("EXITSNOOP_LIBBPF", error, StringComparison.Ordinal);
    }

    [Fact]
    public void Its_messages_go_to_the_log_and_not_to_stderr()
    {
        List<string> messages = [];
        ExitTrace.Start(new() { Log = messages.Add, ParentIds = [1] }).Dispose();
        Assert.Contains(messages, message => message.Contains("process_exit", StringComparison.Ordinal));

        using Tracer tracer = Tracer.Start("--parent", "1");
        tracer.Finish();
        Assert.Equal("", tracer.Process.Errors.ReadToEnd());
    }

    private static Child Start(string libbpf)
    {
        string[] arguments = [.. Tracer.Command[1..], "--parent", $"{Environment.ProcessId}"];
        return Child.Start(
            Tracer.Command[0], arguments.Select(Encoding.UTF8.GetBytes), new Dictionary<string, string?> { ["EXITSNOOP_LIBBPF"] = libbpf });
    }
}
