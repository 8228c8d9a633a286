namespace ExitSnoop.Cli.Tests;

/// <summary>
/// A copy of the program with file capabilities, run as the user nobody. Nothing that this user controls decides which
/// code runs in it. The hostile library writes a file as soon as it is loaded.
/// </summary>
public sealed class SecureExecutionTests : IDisposable
{
    private const string Library =
        """
        #include <fcntl.h>
        #include <unistd.h>
        __attribute__((constructor)) static void run(void)
        {
            close(open(MARK, O_CREAT | O_WRONLY, 0666));
        }
        """;

    private const int Nobody = 65534;

    private readonly TestFolder folder = new();
    private readonly string program, library, mark;

    public SecureExecutionTests()
    {
        Need.Kernel();
        program = folder.Copy(ConsoleProgram.File, "exitsnoop");
        // Others may write this one file's folder, as the mark is made by nobody.
        Directory.CreateDirectory(folder.Path("marks"));
        File.SetUnixFileMode(folder.Path("marks"), (UnixFileMode)0b111_111_111);
        mark = folder.Path("marks/mark");
        library = folder.Path("hostile.so");
        CommandResult compiled = Command.Run("cc", ["-shared", "-fPIC", $"-DMARK=\"{mark}\"", "-o", library, folder.Write("hostile.c", Library)]);
        Assert.True(compiled.ExitCode == 0, compiled.ToString());
    }

    [Fact]
    public void Without_capabilities_the_loader_takes_the_hostile_library()
    {
        Run([], ("LD_PRELOAD", library));
        Assert.True(File.Exists(mark), "The hostile library is none: it was loaded and left no mark.");
    }

    [Theory]
    [InlineData("EXITSNOOP_LIBBPF", "hostile.so")]
    [InlineData("LD_PRELOAD", "hostile.so")]
    [InlineData("LD_LIBRARY_PATH", "")]
    [InlineData("DOTNET_GCPath", "hostile.so")]
    [InlineData("DOTNET_GCName", "libhostile.so")]
    public void With_capabilities_no_variable_brings_code_into_it(string variable, string file)
    {
        GrantCapabilities();
        // A library for each name that could be searched for beside the program.
        foreach (string name in (string[])["libbpf.so.1", "libbpf.so.1.so", "liblibbpf.so.1.so", "libhostile.so"])
            File.Copy(library, folder.Path(name));
        CommandResult result = Run([], (variable, folder.Path(file)));
        Assert.True(result.ExitCode == 0, result.ToString());
        if (variable == "DOTNET_GCName")
            Assert.Equal(0, Run([], (variable, file)).ExitCode);
        Assert.False(File.Exists(mark), $"{variable} ran a library of the user's.");
    }

    [Fact]
    public void With_capabilities_a_BTF_file_of_the_users_is_refused()
    {
        GrantCapabilities();
        CommandResult result = Run(["--btf-path", "/sys/kernel/btf/vmlinux"]);
        Assert.Equal(2, result.ExitCode);
        Assert.StartsWith("exitsnoop: error: A BTF file decides which kernel memory", result.Error, StringComparison.Ordinal);
    }

    public void Dispose() => folder.Dispose();

    private void GrantCapabilities()
    {
        CommandResult granted = Command.Run("setcap", ["cap_bpf,cap_perfmon+ep", program]);
        Need.Unless(granted.ExitCode == 0 ? null : $"setcap does not work here: {granted.Error}");
    }

    private CommandResult Run(string[] arguments, params (string Name, string Value)[] variables) => Command.Run(
        "setpriv",
        [$"--reuid={Nobody}", $"--regid={Nobody}", "--clear-groups", "env", .. variables.Select(variable => $"{variable.Name}={variable.Value}"), program, "--timeout", "0", .. arguments]);
}
