namespace ExitSnoop.Cli.Tests;

/// <summary>README's first command on a machine on which no PowerShell can be installed.</summary>
public sealed class BootstrapTests
{
    /// <summary>A fake dotnet with an SDK that builds nothing and cannot download the tool.</summary>
    private const string DotnetWithoutFeed = """
        #!/bin/sh
        case $1 in
        --list-sdks) echo "10.0.100 [/]" ;;
        tool) exit 1 ;;
        esac
        """;

    [Fact]
    public void Without_a_PowerShell_watch_runs_the_console_program_with_the_same_parameters()
    {
        Need.Kernel();
        using TestFolder folder = new();
        string dotnet = folder.Write("dotnet", DotnetWithoutFeed);
        File.SetUnixFileMode(dotnet, UnixFileMode.UserRead | UnixFileMode.UserExecute);

        using Victim victim = Victim.Start("exit", "42");
        using Command watch = Command.Start(
            Path.Combine(Paths.Repository, "bootstrap.sh"),
            ["watch", "-Failed", "-ExitCode", "42", "-MinimumAge", "0.05", "-ParentId", Environment.ProcessId.Text(), "-MaxEvents", "1"],
            environment: new Dictionary<string, string?>
            {
                ["PATH"] = $"{folder.FullName}:/usr/local/sbin:/usr/sbin:/sbin:/usr/local/bin:/usr/bin:/bin",
                ["NUGET_PACKAGES"] = folder.FullName,
            });
        watch.WaitForOutput("PCOMM");
        victim.Die();
        (int status, string output, string errors) = watch.Wait();
        Assert.True(status == 0, errors);
        string[] lines = output.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.StartsWith("PCOMM", lines[0], StringComparison.Ordinal);
        Assert.EndsWith("code 42", Assert.Single(lines[1..]), StringComparison.Ordinal);
    }
}
