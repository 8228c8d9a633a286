using System.Xml.Linq;

namespace ExitSnoop.ModuleTests;

/// <summary>The format file, which the build makes, and what of it shows where.</summary>
public sealed partial class FormatFileTests
{
    private static string File { get; } = Path.Combine(Paths.Repository, "ExitSnoop.Format.ps1xml");

    [Fact]
    public void The_file_of_the_repository_is_the_one_that_the_build_makes()
    {
        using TestFolder folder = new();
        string made = folder.Path("made.ps1xml"), builder = Path.Combine(Paths.Repository, "tools", "ViewBuilder", "bin", "Release", "net10.0", "ViewBuilder.dll");
        CommandResult result = Command.Run(Need.Program("dotnet"), ["exec", builder, made]);
        Assert.True(result.ExitCode == 0, result.ToString());
        Assert.Equal(System.IO.File.ReadAllText(made), System.IO.File.ReadAllText(File));
        Assert.Equal(System.IO.File.ReadAllText(made), System.IO.File.ReadAllText(Path.Combine(Paths.Module, "ExitSnoop.Format.ps1xml")));
    }

    [Fact]
    public void Every_column_shows_a_property_that_there_is()
    {
        using Victim victim = Victim.Start("exit", "0");
        using RunningScript watch = Shell.Shared.StartWatch("(Watch-ProcessExit $id).View.PSObject.Properties.Name", ("id", victim.Id));
        victim.Die();
        string[] cells = [.. watch.Wait().Output.Cast<string>()];
        HashSet<string> properties = [.. ((Type[])[typeof(ExitEvent), typeof(ExitEventField), typeof(ExitRecordingStatus)]).SelectMany(type => type.GetProperties()).Select(property => property.Name), "Call",
            .. Shell.Shared.Run("[ExitSnoop.Commands.Measuring.ProcessExitMeasurement].GetProperties().Name").Output.Cast<string>()];

        XElement[] values = [.. XDocument.Load(File).Descendants().Where(element => element.Name.LocalName is "ScriptBlock" or "PropertyName")];
        foreach (XElement value in values.Where(element => element.Value != "''"))
        {
            if (value.Value == "View")
                Assert.Contains(value.Parent!.Element("FormatString")!.Value, cells);
            else
                Assert.Contains(Formatted().Match(value.Value) is { Success: true } formatted ? formatted.Groups[1].Value : value.Value, properties);
        }
        Assert.NotEmpty(values);
    }

    [Fact]
    public void About_ExitSnoop_lists_the_columns_of_every_view()
    {
        string about = System.IO.File.ReadAllText(Path.Combine(Paths.Repository, "docs", "en-US", "about_ExitSnoop.md"));
        XElement[] tables = [.. XDocument.Load(File).Descendants("View").Where(view => view.Descendants("TypeName").First().Value == typeof(ExitEvent).FullName && view.Element("TableControl") is not null)];
        foreach (XElement view in tables)
            Assert.Contains(
                $"| {view.Element("Name")!.Value.Replace("ExitSnoop", "the default", StringComparison.Ordinal)} | {string.Join(", ", view.Descendants("Label").Select(label => label.Value))} |",
                about, StringComparison.Ordinal);
        Assert.Equal(4, tables.Length);
    }

    [Fact]
    public void Tab_offers_the_views_that_are_for_people()
    {
        using Shell shell = Shell.Open();
        string Offered(string command) => string.Join(' ', shell.Run(
            "(TabExpansion2 $line $line.Length).CompletionMatches.CompletionText", ("line", $"Watch-ProcessExit | {command} -View ")).Output);
        Assert.Equal("ExitSnoop Why Crash Resources", Offered("Format-Table"));
        Assert.Equal("Everything", Offered("Format-List"));
    }

    [Fact]
    public void Tables_and_lists_show_in_a_session_with_constrained_language()
    {
        using Shell shell = Shell.Open();
        using TestFolder folder = new();
        using Victim victim = Victim.Start("fault", "0x1234");
        using RunningScript watch = shell.StartWatch("""
            $exit = Watch-ProcessExit $id -Utc
            $exit | Export-Clixml $file
            $back = Import-Clixml $file
            $full = $exit | Format-Table -View Why | Out-String -Width 120
            $ExecutionContext.SessionState.LanguageMode = 'ConstrainedLanguage'
            foreach ($one in $exit, $back) {
                $one | Format-Table | Out-String -Width 120
                $one | Format-Table -View Why | Out-String -Width 120
                $one | Format-Table -View Resources | Out-String -Width 120
                $one | Format-List | Out-String -Width 120
                "$($one.Signal)"
            }
            $full
            """, ("id", victim.Id), ("file", folder.Path("one.xml")));
        victim.Die();

        ShellResult result = watch.Wait();
        Assert.Empty(result.Errors);
        string[] shown = [.. result.Output.Cast<string>()];
        Assert.Equal(11, shown.Length);
        Assert.Matches($@"TIME-UTC +PCOMM.*\n.*\n\d\d:\d\d:\d\d\.\d{{3}} victim +{victim.Id} .* signal 11 \(SEGV\)", shown[0]);
        Assert.Equal(shown[10], shown[1]);
        Assert.Contains(" segfault (MAPERR) at ", shown[1], StringComparison.Ordinal);
        Assert.Matches($@"victim +{victim.Id} +SEGV .*[KM]iB", shown[2]);
        Assert.Matches(@"FaultAddress +: 0x1234", shown[3]);
        Assert.Equal("SEGV", shown[4]);
        Assert.Equal(shown[..5], shown[5..10]);
    }

    [Fact]
    public void Calls_of_a_crash_show_one_a_line_alone_and_in_a_list_and_in_a_file_of_CSV_and_are_objects_in_JSON()
    {
        using Victim victim = Victim.Start("null-deref");
        using RunningScript watch = Shell.Shared.StartWatch(
            """
            $exit = Watch-ProcessExit $id -StackTrace; $exit.StackTrace | Out-String -Width 200; $exit | Format-List | Out-String -Width 200
            ($exit | ConvertTo-Csv | ConvertFrom-Csv).StackTrace -eq ($exit.StackTrace -join "`n")
            ($exit | ConvertTo-Json -Depth 2 | ConvertFrom-Json).StackTrace.Symbol -join ' '; ($exit.ToJson() | ConvertFrom-Json).StackTrace.Symbol -join ' '
            """, ("id", victim.Id));
        victim.Die();
        string[] shown = [.. watch.Wait().Output.Select(each => $"{each}")];
        Assert.Matches(@"\ACALL\n-+\n#0  0x[0-9a-f]{16} in null_deref\+0x\w+ from \S+/victim *\n#1  0x[0-9a-f]{16} in main\+", shown[0].Trim().Replace("\r", "", StringComparison.Ordinal));
        Assert.Matches(@"\nStackTrace +: #0  0x[0-9a-f]{16} in null_deref\+.*\n +#1  0x[0-9a-f]{16} in main\+", shown[1]);
        Assert.Equal("True", shown[2]);
        Assert.StartsWith("null_deref main ", shown[3], StringComparison.Ordinal);
        Assert.Equal(shown[3], shown[4]);
    }

    [Fact]
    public void What_stood_on_the_stack_of_a_process_that_crashed_is_in_no_view_and_no_file()
    {
        using RunningScript watch = Shell.Shared.StartWatch("""
            $exit = Watch-ProcessExit -ParentId $parent -Name crash -StackTrace -MaxEvents 1
            $exit | Format-List | Out-String; $exit | Format-List * | Out-String; 'Why', 'Crash' | ForEach-Object { $exit | Format-Table -View $_ | Out-String }
            $exit | ConvertTo-Json -Depth 5; $exit.ToJson(); $exit | ConvertTo-Csv; [System.Management.Automation.PSSerializer]::Serialize($exit, 5)
            """, ("parent", Environment.ProcessId));
        CrashingProgram.RunWithSecret();
        string shown = string.Join('\n', watch.Wait().Output);
        Assert.Contains("read_null", shown, StringComparison.Ordinal);
        Assert.DoesNotContain("hunter2", shown, StringComparison.Ordinal);
    }

    [Fact]
    public void What_the_views_need_is_in_no_file_and_no_list_of_properties()
    {
        using TestFolder folder = new();
        using Victim victim = Victim.Start("exit", "1");
        using RunningScript watch = Shell.Shared.StartWatch("""
            $exit = Watch-ProcessExit $id
            ($exit | Get-Member -MemberType Properties).Name -contains 'View'
            ($exit | Select-Object *).PSObject.Properties.Name -contains 'View'
            ($exit | ConvertTo-Csv)[0] -match '"View"'
            $exit | ConvertTo-Json -WarningAction Ignore | ForEach-Object { $_ -match '"View"' }
            $exit | Export-Clixml $file; (Get-Content $file -Raw) -match 'View'
            Import-Clixml $file | Export-Clixml $file; (Get-Content $file -Raw) -match 'View'
            """, ("id", victim.Id), ("file", folder.Path("one.xml")));
        victim.Die();
        Assert.Equal([false, false, false, false, false, false], watch.Wait().Output);
    }

    // '{0:0.00}' -f $_.MedianAge.TotalSeconds; if ($null -ne $_.Size) { '{0:0.0} MiB' -f ($_.Size / 1MB) }
    [GeneratedRegex(@"^(?:if \(\$null -ne \$_\.\w+\) \{ )?'\{0:[^}]*\}(?: MiB)?' -f \(?\$_\.(\w+)(?:\.TotalSeconds$|$| / 1MB\) \}$)")]
    private static partial Regex Formatted();
}
