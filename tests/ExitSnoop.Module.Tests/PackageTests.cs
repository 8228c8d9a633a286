using System.IO.Compression;
using System.Xml.Linq;

namespace ExitSnoop.ModuleTests;

/// <summary>The package that build.ps1 makes, from the build to a watch on a machine without the repository.</summary>
public sealed class PackageTests
{
    // Where the project lives is known to who builds the package: here bootstrap.sh.
    private const string Server = "https://example.com", Repository = "someone/exitsnoop";

    private static string Version => Regex.Match(File.ReadAllText(Path.Combine(Paths.Repository, "ExitSnoop.psd1")), @"ModuleVersion = '(\S+)'").Groups[1].Value;

    /// <summary>The section of this version in CHANGELOG.md.</summary>
    private static string ReleaseNotes =>
        Regex.Match(File.ReadAllText(Path.Combine(Paths.Repository, "CHANGELOG.md")), $@"^## {Regex.Escape(Version)}\n(.*?)(^## |\z)", RegexOptions.Singleline | RegexOptions.Multiline)
            .Groups[1].Value.Trim();

    [Fact]
    public void It_holds_the_module_at_its_root_and_libbpf_with_what_that_needs_for_each_architecture()
    {
        using ZipArchive archive = ZipFile.OpenRead(TakePackage());
        string[] files = [.. archive.Entries.Select(entry => entry.FullName)
            .Where(name => name is not "[Content_Types].xml" && !name.StartsWith("_rels/", StringComparison.Ordinal) && !name.StartsWith("package/", StringComparison.Ordinal))];
        Assert.Equal(
            [
                "CHANGELOG.md", "ExitSnoop.Format.ps1xml", "ExitSnoop.Tracing.dll", "ExitSnoop.dll", "ExitSnoop.nuspec", "ExitSnoop.psd1",
                "LICENSE", "README.md", "ThirdPartyNotices.txt", "en-US/ExitSnoop.dll-Help.xml", "en-US/about_ExitSnoop.help.txt", "icon.png",
                "runtimes/linux-arm64/native/libbpf.so.1", "runtimes/linux-arm64/native/libelf.so.1", "runtimes/linux-arm64/native/libz.so.1",
                "runtimes/linux-x64/native/exitsnoop", "runtimes/linux-x64/native/libbpf.so.1", "runtimes/linux-x64/native/libelf.so.1", "runtimes/linux-x64/native/libz.so.1",
            ],
            files.Order(StringComparer.Ordinal));
    }

    [Fact]
    public void It_holds_the_licences_of_the_libraries_in_it()
    {
        using ZipArchive archive = ZipFile.OpenRead(TakePackage());
        using StreamReader reader = new(archive.GetEntry("ThirdPartyNotices.txt")!.Open());
        string notices = reader.ReadToEnd();
        foreach (string what in (string[])["libbpf 1:1.1.2-0+deb12u1 (Debian 12): BSD-2-Clause", "Redistributions in binary form", "GNU LESSER GENERAL PUBLIC LICENSE", "Jean-loup Gailly"])
            Assert.Contains(what, notices, StringComparison.Ordinal);
    }

    [Fact]
    public void It_tells_a_gallery_what_it_is_and_what_it_needs()
    {
        using ZipArchive archive = ZipFile.OpenRead(TakePackage());
        using Stream stream = archive.GetEntry("ExitSnoop.nuspec")!.Open();
        XElement metadata = XDocument.Load(stream).Root!.Elements().Single();
        string Value(string name) => metadata.Elements().Single(element => element.Name.LocalName == name).Value;

        Assert.Equal(("ExitSnoop", Version, "Apache-2.0"), (Value("id"), Value("version"), Value("license")));
        Assert.Equal("icon.png", Value("icon"));
        Assert.Contains("CAP_BPF and CAP_PERFMON", Value("description"), StringComparison.Ordinal);
        Assert.Equal(ReleaseNotes, Value("releaseNotes").Replace("\r", "", StringComparison.Ordinal).Trim());
        Assert.Equal($"{Server}/{Repository}", Value("projectUrl"));
        string[] tags = Value("tags").Split(' ');
        foreach (string tag in (string[])["Linux", "PSModule", "PSEdition_Core", "PSIncludes_Cmdlet", "PSCmdlet_Watch-ProcessExit", "PSCmdlet_Register-ProcessExitEvent", "PSCmdlet_Get-ProcessExitEventDefinition"])
            Assert.Contains(tag, tags);
        Assert.DoesNotContain('$', metadata.ToString());
    }

    [Fact]
    public void Its_manifest_is_clean_and_says_what_it_needs()
    {
        using TestFolder folder = new();
        Install(folder);
        CommandResult result = InEmptyShell(folder, """
            $manifest = Test-ModuleManifest (Get-Module ExitSnoop -ListAvailable).Path -WarningVariable warnings -ErrorVariable errors
            [ordered]@{
                Problems = $warnings.Count + $errors.Count
                Version = "$($manifest.Version)"; PowerShell = "$($manifest.PowerShellVersion)"; Editions = $manifest.CompatiblePSEditions -join ','
                Description = $manifest.Description; Tags = $manifest.Tags -join ','; License = "$($manifest.LicenseUri)"; Project = "$($manifest.ProjectUri)"; Notes = $manifest.ReleaseNotes
                Cmdlets = ($manifest.ExportedCmdlets.Keys | Sort-Object) -join ','; Aliases = $manifest.ExportedAliases.Keys -join ','
                Functions = $manifest.ExportedFunctions.Count; Files = @(Get-ChildItem $manifest.ModuleBase -Recurse -Filter *.so.1).Count
            } | ConvertTo-Json
            """);
        Assert.Equal("", result.Error);
        JsonElement manifest = JsonDocument.Parse(result.Output).RootElement;
        string Value(string name) => manifest.GetProperty(name).ToString();

        Assert.Equal(("0", Version, "7.6", "Core"), (Value("Problems"), Value("Version"), Value("PowerShell"), Value("Editions")));
        Assert.Equal(("Disable-ProcessExitRecording,Enable-ProcessExitRecording,Get-ProcessExit,Get-ProcessExitEventDefinition,Get-ProcessExitRecording,Measure-ProcessExit,Register-ProcessExitEvent,Watch-ProcessExit", "exitsnoop", "0", "6"), (Value("Cmdlets"), Value("Aliases"), Value("Functions"), Value("Files")));
        Assert.Equal("https://www.apache.org/licenses/LICENSE-2.0", Value("License"));
        Assert.Equal($"{Server}/{Repository}", Value("Project"));
        Assert.Equal(ReleaseNotes, Value("Notes").Trim());
        Assert.Contains("PSEdition_Core", Value("Tags"), StringComparison.Ordinal);
        foreach (string what in (string[])["CAP_BPF and CAP_PERFMON", "kernel with BTF (5.10 or later)", "on Alpine install libbpf"])
            Assert.Contains(what, Value("Description"), StringComparison.Ordinal);
    }

    [Fact]
    public void Install_PSResource_installs_it_from_a_repository_and_it_runs_a_watch()
    {
        Need.Kernel();
        using TestFolder folder = new();
        string repository = folder.Path("repository");
        Directory.CreateDirectory(repository);
        File.Copy(TakePackage(), Path.Combine(repository, Path.GetFileName(TakePackage())));
        using Victim victim = Victim.Start("exit", "42");
        // The home folder is the test's, so what is registered and installed there is nobody's.
        using Command shell = StartEmptyShell(folder, $$"""
            Register-PSResourceRepository local -Uri '{{repository}}' -Trusted
            Install-PSResource ExitSnoop -Repository local
            (Get-PSResource ExitSnoop).ProjectUri.ToString()
            Watch-ProcessExit {{victim.Id}} -Verbose
            (Get-Help Watch-ProcessExit).Synopsis
            (Get-Module ExitSnoop).ModuleBase
            """);
        shell.WaitForOutput("attached by");
        Assert.Equal(42, victim.Die());

        CommandResult result = shell.Wait();
        Assert.Equal("", result.Error);
        Assert.Contains($"{Server}/{Repository}", result.Lines);
        Assert.Contains(result.Lines, line => Regex.IsMatch(line, $@"^victim +{victim.Id} .* code 42$"));
        Assert.StartsWith("Shows each process", result.Lines[^2], StringComparison.Ordinal);
        Assert.Equal(Path.Combine(folder.FullName, ".local/share/powershell/Modules/ExitSnoop", Version), result.Lines[^1]);
    }

    [Fact]
    public void Get_Help_Online_opens_the_page_of_the_cmdlet()
    {
        using TestFolder folder = new();
        Install(folder);
        // The program that opens an address on a desktop.
        string opener = folder.Write("xdg-open", $"#!/bin/sh\necho \"$1\" >>'{folder.Path("opened")}'\n");
        File.SetUnixFileMode(opener, UnixFileMode.UserRead | UnixFileMode.UserExecute);
        using Command shell = StartEmptyShell(folder, $$"""
            $env:PATH = '{{folder.FullName}}:' + $env:PATH
            Get-Help Watch-ProcessExit -Online
            while (-not (Test-Path '{{folder.Path("opened")}}')) { Start-Sleep -Milliseconds 50 }
            """);
        shell.CloseInput();
        CommandResult result = shell.Wait();
        Assert.Equal("", result.Error);
        Assert.Equal($"{Server}/{Repository}/blob/main/docs/en-US/Watch-ProcessExit.md", File.ReadAllText(folder.Path("opened")).Trim());
    }

    /// <summary>Skips the test where there is none of this build.</summary>
    private static string TakePackage()
    {
        string package = Path.Combine(Paths.Out, $"ExitSnoop.{Version}.nupkg");
        bool current = File.Exists(package) && File.GetLastWriteTimeUtc(package) >= File.GetLastWriteTimeUtc(Path.Combine(Paths.Module, "ExitSnoop.dll"));
        Need.Unless(current ? null : "there is no package of this build; ./bootstrap.sh test module makes it");
        return package;
    }

    /// <summary>As a gallery's client lays it out: Modules/ExitSnoop/VERSION.</summary>
    private static string Install(TestFolder folder)
    {
        string target = Path.Combine(folder.Path("Modules"), "ExitSnoop", Version);
        ZipFile.ExtractToDirectory(TakePackage(), target);
        return target;
    }

    private static CommandResult InEmptyShell(TestFolder folder, string command)
    {
        using Command shell = StartEmptyShell(folder, command);
        shell.CloseInput();
        return shell.Wait();
    }

    // Of a user who has no modules: pwsh adds only its own and those of the home folder.
    private static Command StartEmptyShell(TestFolder folder, string command)
    {
        return Command.Start(
            Pwsh.Executable, ["-NoProfile", "-Command", command], folder.FullName,
            Pwsh.Environment(("PSModulePath", folder.Path("Modules")), ("HOME", folder.FullName), ("XDG_DATA_HOME", null), ("XDG_CACHE_HOME", null), ("XDG_CONFIG_HOME", null)));
    }
}
