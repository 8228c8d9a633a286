namespace ExitSnoop.ModuleTests;

/// <summary>Each error has a fixed ID and category, and its message says what to do.</summary>
public sealed class ErrorTests
{
    private const string Watch = """
        try { Watch-ProcessExit -Timeout 0.2 -User 64099 -ErrorAction Stop; 'fine' }
        catch { $_.FullyQualifiedErrorId; $_.CategoryInfo.Category; $_.Exception.Message }
        """;

    [Fact]
    public void Without_privilege_one_is_told_which_capabilities_are_missing()
    {
        Need.Kernel();
        using UnprivilegedShell nobody = new();
        CommandResult result = nobody.Run(Watch, "+bpf");
        Assert.True(result.Lines.Length == 3, result.ToString());
        Assert.Equal(["NoPrivilege,ExitSnoop.Commands.WatchProcessExitCommand", "PermissionDenied"], result.Lines[..2]);
        Assert.Contains("CAP_PERFMON is missing", result.Lines[2], StringComparison.Ordinal);
        Assert.Contains("sudo pwsh", result.Lines[2], StringComparison.Ordinal);
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
    public void A_missing_libbpf_is_named_with_the_packages_that_have_it_and_one_that_is_there_later_is_taken()
    {
        Need.Kernel();
        CommandResult result = Pwsh.Run(
            $"{Watch}\n$env:EXITSNOOP_LIBBPF = ''; Watch-ProcessExit -Timeout 0 -User 64099 -Verbose", null, ("EXITSNOOP_LIBBPF", "/no/such/libbpf.so.1"));
        Assert.Equal(["LibBpfNotFound,ExitSnoop.Commands.WatchProcessExitCommand", "NotInstalled"], result.Lines[..2]);
        foreach (string what in (string[])["/no/such/libbpf.so.1", "apt-get install libbpf1", "dnf install libbpf"])
            Assert.Contains(what, result.Lines[2], StringComparison.Ordinal);
        Assert.Contains("attached by", result.Output, StringComparison.Ordinal);
    }
}
