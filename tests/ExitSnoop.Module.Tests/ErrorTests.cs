using ExitSnoop.ModuleTests.Support;
using Xunit;

namespace ExitSnoop.ModuleTests;

/// <summary>What cannot be: each error has a fixed id and category, and names the remedy.</summary>
public sealed class ErrorTests
{
    private const string Watch = """
        try { Watch-ProcessExit -Timeout 0.2 -User 64099 -ErrorAction Stop; 'fine' }
        catch { $_.FullyQualifiedErrorId; $_.CategoryInfo.Category; $_.Exception.Message }
        """;

    [Fact]
    public void Nobody_is_told_which_capabilities_are_missing()
    {
        Need.Kernel();
        using UnprivilegedShell nobody = new();
        string[] lines = nobody.Run(Watch, capabilities: "").Lines;
        Assert.Equal(["NoPrivilege,ExitSnoop.Commands.WatchProcessExitCommand", "PermissionDenied"], lines[..2]);
        Assert.Contains("CAP_BPF and CAP_PERFMON are missing", lines[2], StringComparison.Ordinal);
        Assert.Contains("sudo pwsh", lines[2], StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("+bpf", "CAP_PERFMON is missing")]
    [InlineData("+perfmon", "CAP_BPF is missing")]
    public void One_capability_is_not_enough_and_the_other_is_named(string capability, string says)
    {
        Need.Kernel();
        using UnprivilegedShell nobody = new();
        CommandResult result = nobody.Run(Watch, capability);
        Assert.True(result.Lines.Length == 3, result.ToString());
        Assert.StartsWith("NoPrivilege", result.Lines[0], StringComparison.Ordinal);
        Assert.Contains(says, result.Lines[2], StringComparison.Ordinal);
    }

    [Fact]
    public void The_two_capabilities_are_enough()
    {
        Need.Kernel();
        using UnprivilegedShell nobody = new();
        CommandResult result = nobody.Run("""
            $process = Start-Process sleep 60 -PassThru
            $process | Watch-ProcessExit -Verbose 4>&1 | ForEach-Object { if ("$_" -match 'attached by') { $process.Kill() } else { $_.ExitCode } }
            """, "+bpf,+perfmon");
        Assert.Equal(("137", ""), (result.Output.Trim(), result.Error));
    }

    [Fact]
    public void A_missing_libbpf_is_named_with_the_packages_that_have_it()
    {
        Need.Kernel();
        CommandResult result = Pwsh.Run(Watch, null, ("EXITSNOOP_LIBBPF", "/no/such/libbpf.so.1"));
        Assert.Equal(["LibBpfNotFound,ExitSnoop.Commands.WatchProcessExitCommand", "NotInstalled"], result.Lines[..2]);
        Assert.Contains("/no/such/libbpf.so.1", result.Lines[2], StringComparison.Ordinal);
        Assert.Contains("apt-get install libbpf1", result.Lines[2], StringComparison.Ordinal);
        Assert.Contains("dnf install libbpf", result.Lines[2], StringComparison.Ordinal);
    }

    [Theory]
    // With the version function of 0.6 to 0.8, and without, as before.
    [InlineData("unsigned int libbpf_major_version(void) { return 0; } const char *libbpf_version_string(void) { return \"v0.8\"; }", "v0.8")]
    [InlineData("int bpf_object__open(void) { return 0; }", "libbpf-old.so")]
    public void A_libbpf_too_old_is_named_with_its_version(string source, string version)
    {
        Need.Kernel();
        string gcc = Need.Program("gcc");
        using TestFolder folder = new();
        string library = folder.Path("libbpf-old.so");
        CommandResult built = Command.Run(gcc, ["-shared", "-fPIC", "-o", library, folder.Write("old.c", source)]);
        Assert.True(built.ExitCode == 0, built.ToString());

        CommandResult result = Pwsh.Run(Watch, null, ("EXITSNOOP_LIBBPF", library));
        Assert.Equal(["LibBpfTooOld,ExitSnoop.Commands.WatchProcessExitCommand", "NotInstalled"], result.Lines[..2]);
        Assert.Contains(version, result.Lines[2], StringComparison.Ordinal);
        Assert.Contains("apt-get install libbpf1", result.Lines[2], StringComparison.Ordinal);
    }

    [Fact]
    public void A_libbpf_of_the_user_s_own_is_taken_and_told()
    {
        Need.Kernel();
        using TestFolder folder = new();
        string line = Pwsh.Run("Watch-ProcessExit -Timeout 0 -User 64099 -Verbose").Lines.First(line => line.Contains(" from ", StringComparison.Ordinal));
        string installed = line[(line.IndexOf(" from ", StringComparison.Ordinal) + 6)..line.IndexOf(" (", StringComparison.Ordinal)];
        File.Copy(installed, folder.Path("mine.so"));

        CommandResult result = Pwsh.Run("Watch-ProcessExit -Timeout 0 -User 64099 -Verbose", null, ("EXITSNOOP_LIBBPF", folder.Path("mine.so")));
        Assert.Contains($"from {folder.Path("mine.so")} (named by EXITSNOOP_LIBBPF);", result.Output, StringComparison.Ordinal);
    }

    [Fact]
    public void After_an_error_the_shell_goes_on()
    {
        Need.Kernel();
        CommandResult result = Pwsh.Run(
            "Watch-ProcessExit -Timeout 0; 'still here'; $env:EXITSNOOP_LIBBPF = ''; Watch-ProcessExit -Timeout 0 -Verbose", null, ("EXITSNOOP_LIBBPF", "/no/such/file"));
        Assert.Contains("cannot be loaded", result.Error, StringComparison.Ordinal);
        Assert.Contains("still here", result.Output, StringComparison.Ordinal);
        // And takes what is put right meanwhile.
        Assert.Contains("attached by", result.Output, StringComparison.Ordinal);
    }
}
