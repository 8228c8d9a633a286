using System.Runtime.InteropServices;

namespace ExitSnoop.ModuleTests;

/// <summary>The libbpf in the module's folder is used if the system has none, or one before 1.0.</summary>
public sealed class CarriedLibraryTests
{
    private const string Watch = "Watch-ProcessExit -Timeout 0 -User 64099 -Verbose";
    private const string OldVersion = "unsigned int libbpf_major_version(void) { return 0; } const char *libbpf_version_string(void) { return \"v0.8\"; }";

    private static readonly string Runtime = RuntimeInformation.ProcessArchitecture == Architecture.X64 ? "linux-x64" : "linux-arm64";

    private static readonly string[] Libraries = ["libbpf.so.1", "libelf.so.1", "libz.so.1"];

    [Fact]
    public void A_system_without_libbpf_gets_the_module_s_own()
    {
        using TestFolder folder = new();
        string own = ModuleWithLibraries(folder);
        string line = Describe(RunWithoutSystemLibraries(folder, Watch));
        Assert.Contains($"from {own} (ExitSnoop's own: the system has none)", line, StringComparison.Ordinal);
    }

    [Fact]
    public void A_system_with_a_libbpf_before_1_0_gets_the_module_s_own()
    {
        using TestFolder folder = new();
        string own = ModuleWithLibraries(folder);
        MakeOldLibBpf(folder);
        string line = Describe(RunWithoutSystemLibraries(folder, Watch));
        Assert.Contains($"from {own} (ExitSnoop's own: the system's is too old, v0.8)", line, StringComparison.Ordinal);
    }

    [Fact]
    public void A_system_with_libbpf_1_0_or_later_keeps_it()
    {
        Need.Kernel();
        using TestFolder folder = new();
        ModuleWithLibraries(folder);
        CommandResult result = Command.Run(Pwsh.Executable, Pwsh.Arguments(Watch, folder.Path("ExitSnoop")), null, Pwsh.Environment());
        Assert.Contains($"/{Path.GetFileName(SharedLibrary.File("libbpf.so.1"))} (the system's)", Describe(result), StringComparison.Ordinal);
    }

    [Fact]
    public void A_module_that_carries_none_says_what_is_wrong_with_the_system_s()
    {
        using TestFolder folder = new();
        folder.CopyModule();
        MakeOldLibBpf(folder);
        CommandResult result = RunWithoutSystemLibraries(folder, "try { Watch-ProcessExit -Timeout 0 -ErrorAction Stop } catch { $_.FullyQualifiedErrorId }");
        Assert.StartsWith("LibBpfTooOld,", result.Output, StringComparison.Ordinal);
    }

    /// <summary>A copy of the module with libraries laid out as in its package; the path of its libbpf.</summary>
    private static string ModuleWithLibraries(TestFolder folder)
    {
        folder.CopyModule();
        string[] copies = [.. Libraries.Select(name => folder.Copy(SharedLibrary.File(name), $"ExitSnoop/runtimes/{Runtime}/native/{name}"))];
        return copies[0];
    }

    private static void MakeOldLibBpf(TestFolder folder)
    {
        CommandResult built = Command.Run(
            Need.Program("gcc"), ["-shared", "-fPIC", "-Wl,-soname,libbpf.so.0", "-o", folder.Path("libbpf.so.0"), folder.Write("old.c", OldVersion)]);
        Assert.True(built.ExitCode == 0, built.ToString());
    }

    // In a mount namespace in which the system's libbpf and libelf are empty files, which the dynamic loader does not take.
    private static CommandResult RunWithoutSystemLibraries(TestFolder folder, string command)
    {
        Need.Kernel();
        Need.Root();
        string hidden = string.Join(' ', Libraries[..2].Select(SharedLibrary.File));
        return Command.Run(
            Need.Program("unshare"),
            ["-m", "sh", "-c", $"for file in {hidden}; do mount --bind /dev/null $file || exit; done; exec \"$@\"", "sh", Pwsh.Executable, .. Pwsh.Arguments(command, folder.Path("ExitSnoop"))],
            null,
            Pwsh.Environment(("LD_LIBRARY_PATH", folder.FullName)));
    }

    private static string Describe(CommandResult result) =>
        result.Lines.FirstOrDefault(line => line.Contains("libbpf v", StringComparison.Ordinal)) ?? throw new InvalidOperationException(result.ToString());
}
