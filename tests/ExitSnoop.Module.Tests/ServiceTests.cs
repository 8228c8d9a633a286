namespace ExitSnoop.ModuleTests;

/// <summary>
/// The systemd unit that records, as the packages install it and as Enable-ProcessExitRecording does. That it runs is tested in
/// a machine with systemd: ./bootstrap.sh service.
/// </summary>
public sealed class ServiceTests
{
    private const string Installed = "/usr/bin/exitsnoop", Directory = "/var/log/exitsnoop";

    private static string UnitFile { get; } = Path.Combine(Paths.Repository, "src", "ExitSnoop", "Service", "exitsnoop-recording.service");

    [Fact]
    public void It_gives_the_two_capabilities_and_no_others()
    {
        Assert.Equal("CAP_BPF CAP_PERFMON", Setting("AmbientCapabilities"));
        Assert.Equal("CAP_BPF CAP_PERFMON", Setting("CapabilityBoundingSet"));
        Assert.Equal("yes", Setting("NoNewPrivileges"));
    }

    [Fact]
    public void What_it_starts_records_with_these_capabilities_alone_for_root_alone_and_names_where_a_program_crashed()
    {
        Need.Kernel();
        Need.Unless(File.Exists(Paths.Console) ? null : "the console program is made by a release build");
        using TestFolder folder = new();
        string recording = folder.Path("recording");
        string capabilities = "-all," + string.Join(',', Setting("AmbientCapabilities").Split(' ').Select(name => "+" + name["CAP_".Length..].ToLowerInvariant()));
        string[] command = Setting("ExecStart").Replace(Installed, Paths.Console, StringComparison.Ordinal).Replace(Directory, recording, StringComparison.Ordinal)
            .Replace("/run/exitsnoop", folder.FullName, StringComparison.Ordinal).Split(' ');
        using Command service = Command.Start(
            Need.Program("unshare"),
            // As systemd does, with mounts of its own.
            ["--mount", Need.Program("setpriv"), "--no-new-privs", $"--inh-caps={capabilities}", $"--ambient-caps={capabilities}", $"--bounding-set={capabilities}", .. command]);
        // Nothing is said when it has attached, so there are failures until one is recorded.
        Eventually.True(
            () =>
            {
                using Victim victim = Victim.Start("exit", "78");
                victim.Die();
                return service.HasExited
                    || Command.Run(Paths.Console, ["--read", recording, "--pid", $"{victim.Id}", "--json"]).Output.Contains("\"ExitCode\":78", StringComparison.Ordinal);
            },
            () => $"Nothing is recorded: {service.Output} {service.Error}");
        using (Victim crash = Victim.Start("null-deref"))
        {
            crash.Die();
            Eventually.True(
                () => Command.Run(Paths.Console, ["--read", recording, "--pid", $"{crash.Id}"]).Output.Contains("victim!null_deref+0x", StringComparison.Ordinal),
                () => Command.Run(Paths.Console, ["--read", recording, "--pid", $"{crash.Id}", "--json"]).Output);
        }
        service.Signal(Command.SigTerm);
        Assert.Equal("", service.Wait().Error);
        Assert.Contains("process_exits_total", File.ReadAllText(folder.Path("exitsnoop.prom")), StringComparison.Ordinal);
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute, File.GetUnixFileMode(recording));
        Assert.All(System.IO.Directory.GetFiles(recording), file => Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(file)));
    }

    [Fact]
    public void Systemd_finds_nothing_wrong_with_it()
    {
        const string verifier = "/usr/bin/systemd-analyze";
        Assert.SkipUnless(File.Exists(verifier), "there is no systemd-analyze");
        using TestFolder folder = new();
        // The man page need not be installed here.
        IEnumerable<string> unit = Unit().Where(line => !line.StartsWith("Documentation=", StringComparison.Ordinal));
        string file = folder.Write(Path.GetFileName(UnitFile), string.Join('\n', unit).Replace(Installed, Paths.Console, StringComparison.Ordinal));
        CommandResult result = Command.Run(verifier, ["verify", file]);
        // It may have something to say of this machine's own units.
        Assert.DoesNotContain(Path.GetFileName(UnitFile), result.Error, StringComparison.Ordinal);
        Assert.Equal(0, result.ExitCode);
    }

    [Fact]
    public void Enable_installs_the_unit_of_the_packages_with_what_it_is_told()
    {
        string shown = Pwsh.Run("""
            $WarningPreference = 'SilentlyContinue'
            Enable-ProcessExitRecording -WhatIf
            Enable-ProcessExitRecording -WhatIf -Path /srv/exits -Group adm -MaximumSize 5GB -MaximumAge 90d -NoArguments -Failed `
                -Name 'a b*', 'c`[d', '50%$' -User root, 4242 -Signal SEGV, 6 -ExitCode 3 -MinimumAge 1.5 -Service nginx
            """).Output;
        string[] units = [.. shown.Split("[Unit]")[1..].Select(unit => unit.Split("\nWhat if")[0])];
        Assert.Equal(2, units.Length);
        string packaged = File.ReadAllText(UnitFile).Split("[Unit]")[1];
        Assert.Equal(packaged.Replace(Installed, "/usr/local/lib/exitsnoop/exitsnoop", StringComparison.Ordinal).Trim(), units[0][..units[0].IndexOf("multi-user.target", StringComparison.Ordinal)].Trim() + "multi-user.target");
        Assert.Equal(
            [
                "ExecStart=/usr/local/lib/exitsnoop/exitsnoop --record /srv/exits --group adm --max-size=5368709120 --max-age=7776000 --no-arguments --failed"
                    + @" ""--name=a b*"" ""--name=c\\[d"" --name=50%%$$ --user=root --user=4242 --signal=SEGV --signal=ABRT --service=nginx --exit-code=3 --minimum-age=1.5 --metrics /run/exitsnoop/exitsnoop.prom",
                "ReadWritePaths=/srv/exits",
                "Group=adm",
            ],
            units[1].Split('\n').Where(line => !packaged.Contains(line, StringComparison.Ordinal)).Where(line => !line.StartsWith("What if", StringComparison.Ordinal)));
        Assert.DoesNotContain("LogsDirectory", units[1], StringComparison.Ordinal);
        Assert.DoesNotContain(Directory, units[1], StringComparison.Ordinal);
    }

    [Fact]
    public void Without_systemd_the_error_has_the_command_to_run_and_WhatIf_warns()
    {
        Assert.SkipWhen(System.IO.Directory.Exists("/run/systemd/system"), "systemd runs here, and would start the service");
        ShellError error = Shell.Shared.Run("Enable-ProcessExitRecording -Group adm -Failed").OnlyError;
        Assert.Equal(("NoSystemd", "NotInstalled"), (error.ShortId, error.Category));
        Assert.EndsWith($"/exitsnoop --record {Directory} --group adm --failed", error.Message, StringComparison.Ordinal);
        foreach (string command in (string[])["Enable-ProcessExitRecording", "Disable-ProcessExitRecording -Remove"])
            Assert.Contains("this command would fail: systemd does not run here", Assert.Single(Shell.Shared.Run(command + " -WhatIf").Warnings), StringComparison.Ordinal);
    }

    private static string Setting(string name) => Assert.Single(Unit(), line => line.StartsWith(name + "=", StringComparison.Ordinal))[(name.Length + 1)..];

    private static string[] Unit() => File.ReadAllLines(UnitFile);
}
