using System.Text.Json;
using Xunit;

namespace ExitSnoop.ModuleTests;

/// <summary>The systemd unit of about_ExitSnoop, as it stands there.</summary>
public sealed class ServiceTests
{
    private const string Installed = "/usr/local/bin/exitsnoop";

    private static string Console { get; } = Path.Combine(Paths.Out, "exitsnoop");

    [Fact]
    public void It_gives_the_two_capabilities_and_no_others()
    {
        Assert.Equal("CAP_BPF CAP_PERFMON", Setting("AmbientCapabilities"));
        Assert.Equal("CAP_BPF CAP_PERFMON", Setting("CapabilityBoundingSet"));
        Assert.Equal("yes", Setting("NoNewPrivileges"));
        Assert.Equal("yes", Setting("DynamicUser"));
    }

    [Fact]
    public void What_it_starts_tells_of_failures_with_these_capabilities_alone()
    {
        Need.Kernel();
        Need.Unless(File.Exists(Console) ? null : "the console program is made by a release build");
        using TestFolder folder = new();
        string program = folder.Path("exitsnoop");
        File.Copy(Console, program);
        string capabilities = "-all," + string.Join(',', Setting("AmbientCapabilities").Split(' ').Select(name => "+" + name["CAP_".Length..].ToLowerInvariant()));
        string[] command = Setting("ExecStart").Replace(Installed, program, StringComparison.Ordinal).Split(' ');
        using Command service = Command.Start(
            Need.Program("setpriv"),
            ["--reuid=65534", "--regid=65534", "--clear-groups", "--no-new-privs", $"--inh-caps={capabilities}", $"--ambient-caps={capabilities}", $"--bounding-set={capabilities}", .. command]);
        // Nothing is said when it has attached, so there are failures until one is told of.
        HashSet<int> failed = [];
        Eventually.True(
            () =>
            {
                using Victim victim = Victim.Start("exit", "78");
                failed.Add(victim.Id);
                victim.Die();
                return service.HasExited || service.Output.Contains("\"ExitCode\":78", StringComparison.Ordinal);
            },
            () => $"Nothing is told: {service.Output} {service.Error}");
        service.Signal(Command.SigTerm);
        CommandResult result = service.Wait();
        Assert.Equal("", result.Error);
        Assert.Contains(result.Lines, line => JsonDocument.Parse(line).RootElement is var exit
            && failed.Contains(exit.GetProperty("Id").GetInt32()) && exit.GetProperty("Status").GetString() == "code 78");
    }

    [Fact]
    public void Systemd_finds_nothing_wrong_with_it()
    {
        const string verifier = "/usr/bin/systemd-analyze";
        Assert.SkipUnless(File.Exists(verifier), "there is no systemd-analyze");
        using TestFolder folder = new();
        string unit = folder.Write("exitsnoop.service", string.Join('\n', Unit()).Replace(Installed, Console, StringComparison.Ordinal));
        CommandResult result = Command.Run(verifier, ["verify", unit]);
        // It may have something to say of this machine's own units.
        Assert.DoesNotContain("exitsnoop.service", result.Error, StringComparison.Ordinal);
        Assert.Equal(0, result.ExitCode);
    }

    private static string Setting(string name) => Assert.Single(Unit(), line => line.StartsWith(name + "=", StringComparison.Ordinal))[(name.Length + 1)..];

    private static IEnumerable<string> Unit() =>
        File.ReadLines(Path.Combine(Paths.Repository, "docs", "en-US", "about_ExitSnoop.md"))
            .SkipWhile(line => line != "[Unit]")
            .TakeWhile(line => line != "```");
}
