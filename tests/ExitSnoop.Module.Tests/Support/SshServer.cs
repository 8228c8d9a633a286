namespace ExitSnoop.ModuleTests.Support;

/// <summary>
/// Other machines: an sshd on the loopback address, of which this machine keeps nothing. Every host name that
/// its client is given leads to it, so that commands run as they are written for machines there are not.
/// </summary>
internal sealed partial class SshServer : IDisposable
{
    private const string UnprivilegedUser = "sshd";

    // In a file system of its own the server finds what it insists on: a user for its unprivileged part, a
    // folder for that, and a root who is not locked. It runs for as long as somebody holds the input open.
    private const string Run = """
        mount -t tmpfs none /run && mkdir -m 755 /run/sshd && mount --bind "$1" /etc/passwd && mount --bind "$2" /etc/shadow || exit
        shift 2
        "$@" &
        read -r _
        kill $!
        wait
        """;

    private static readonly Lazy<(string Folder, string? WhyNot)> Programs = new(Fetch);

    private readonly TestFolder folder = new();
    private readonly Command server;

    private SshServer()
    {
        try
        {
            Key("host");
            Key("user");
            WriteClient();
            server = Start();
        }
        catch
        {
            folder.Dispose();
            throw;
        }
    }

    /// <summary>What a shell needs to reach it: its client, and a PSModulePath, here as there.</summary>
    internal (string Name, string? Value)[] Variables =>
    [
        ("PATH", $"{folder.FullName}:{Environment.GetEnvironmentVariable("PATH")}"),
        ("PSModulePath", Paths.Out),
    ];

    // A server hands nothing on of its own environment; some pwsh find their runtime by it.
    private static (string, string?)[] OfSessions =>
    [
        ("PSModulePath", Paths.Out),
        ("POWERSHELL_TELEMETRY_OPTOUT", "1"),
        .. Environment.GetEnvironmentVariable("DOTNET_ROOT") is { } root ? [("DOTNET_ROOT", root)] : (ReadOnlySpan<(string, string?)>)[],
    ];

    // As about_ExitSnoop says that it is to be configured.
    private static string Subsystem => File.ReadLines(Path.Combine(Paths.Repository, "docs", "en-US", "about_ExitSnoop.md"))
        .First(line => line.StartsWith("Subsystem powershell ", StringComparison.Ordinal))
        .Replace("/usr/bin/pwsh", Pwsh.Executable, StringComparison.Ordinal);

    /// <summary>Skips the test where there cannot be one.</summary>
    internal static SshServer Open()
    {
        Need.Kernel();
        Need.Root();
        // Without a network that is nobody's fault, also on a machine that has all else.
        Assert.SkipWhen(Programs.Value.WhyNot is not null, Programs.Value.WhyNot ?? "");
        Need.Unless(Command.Run(Need.Program("unshare"), ["--mount", "true"]) is { ExitCode: not 0 } refused ? $"no mount namespace: {refused.Error}" : null);
        return new SshServer();
    }

    public void Dispose()
    {
        server.Dispose();
        folder.Dispose();
    }

    private static (string, string?) Fetch()
    {
        CommandResult result = Command.Run("sh", [Path.Combine(Paths.Repository, "tests", "openssh", "fetch.sh")]);
        return result.ExitCode == 0 ? (result.Output.Trim(), null) : ("", $"no sshd: {result.Output.Trim()} {result.Error.Trim()}".Trim());
    }

    private static string Program(string path)
    {
        string unpacked = Path.Combine(Programs.Value.Folder, path);
        return File.Exists(unpacked) ? unpacked : Need.Program(Path.GetFileName(path));
    }

    private static Dictionary<string, string?> Libraries() => new()
    {
        ["LD_LIBRARY_PATH"] = string.Join(':', new[] { "lib", "usr/lib" }
            .Select(name => Path.Combine(Programs.Value.Folder, name)).Where(Directory.Exists)
            .SelectMany(name => Directory.EnumerateDirectories(name, "*-linux-gnu"))),
    };

    private void Key(string name)
    {
        CommandResult made = Command.Run(Program("usr/bin/ssh-keygen"), ["-q", "-t", "ed25519", "-N", "", "-C", "", "-f", folder.Path(name)], environment: Libraries());
        if (made.ExitCode != 0)
            throw new InvalidOperationException($"ssh-keygen: {made}");
    }

    private void WriteClient()
    {
        folder.Write("known_hosts", $"exitsnoop {File.ReadAllText(folder.Path("host.pub"))}");
        string client = folder.Write("ssh", $"""
            #!/bin/sh
            LD_LIBRARY_PATH={Libraries()["LD_LIBRARY_PATH"]} exec {Program("usr/bin/ssh")} -F {folder.Path("ssh_config")} "$@"

            """);
        File.SetUnixFileMode(client, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
    }

    private Command Start()
    {
        string[] others = [.. File.ReadLines("/etc/passwd").Where(line => !NamesOurUsers().IsMatch(line))];
        folder.Write("passwd", string.Join('\n', [
            $"root:x:0:0:root:{folder.FullName}:/bin/sh", $"{UnprivilegedUser}:x:65534:65534::/run/sshd:/bin/false", .. others, ""]));
        folder.Write("shadow", $"root:*:19000:0:99999:7:::\n{UnprivilegedUser}:*:19000:0:99999:7:::\n");
        // From OpenSSH 9.8 on the server consists of several programs.
        string libraries = Path.Combine(Programs.Value.Folder, "usr/lib/openssh");
        string parts = string.Concat(new[] { ("SshdSessionPath", "sshd-session"), ("SshdAuthPath", "sshd-auth") }
            .Select(part => (Option: part.Item1, File: Path.Combine(libraries, part.Item2)))
            .Where(part => File.Exists(part.File)).Select(part => $"{part.Option} {part.File}\n"));

        // Between finding a free port and taking it, somebody else may.
        for (int attempt = 1; ; attempt++)
        {
            int port = Loopback.FreePort();
            folder.Write("ssh_config", $"""
                Host *
                HostName 127.0.0.1
                Port {port}
                User root
                BatchMode yes
                IdentitiesOnly yes
                IdentityFile {folder.Path("user")}
                HostKeyAlias exitsnoop
                GlobalKnownHostsFile /dev/null
                UserKnownHostsFile {folder.Path("known_hosts")}

                """);
            string configuration = folder.Write("sshd_config", $"""
                ListenAddress 127.0.0.1
                Port {port}
                HostKey {folder.Path("host")}
                AuthorizedKeysFile {folder.Path("user.pub")}
                PasswordAuthentication no
                PermitRootLogin yes
                StrictModes no
                UsePAM no
                PidFile none
                SetEnv {string.Join(' ', Pwsh.Environment(OfSessions).Select(variable => $"\"{variable.Key}={variable.Value}\""))}
                {Subsystem}
                {parts}
                """);
            Command child = Command.Start(
                Need.Program("unshare"),
                ["--mount", "sh", "-c", Run, "sh", folder.Path("passwd"), folder.Path("shadow"), Program("usr/sbin/sshd"), "-D", "-e", "-f", configuration],
                folder.FullName, Libraries());
            Eventually.True(
                () => child.Error.Contains("Server listening", StringComparison.Ordinal) || child.Error.Contains("Bind to port", StringComparison.Ordinal) || child.HasExited,
                () => $"sshd does not listen: {child.Error}");
            if (child.Error.Contains("Server listening", StringComparison.Ordinal))
                return child;
            child.Dispose();
            if (attempt == 3)
                throw new InvalidOperationException($"sshd does not listen: {child.Error}");
        }
    }

    [GeneratedRegex("^(root|sshd):")]
    private static partial Regex NamesOurUsers();
}
