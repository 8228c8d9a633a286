namespace ExitSnoop.ModuleTests;

/// <summary>Events that are written to files and texts and read again, and events in common cmdlets.</summary>
public sealed class TravelTests
{
    [Fact]
    public void Export_Csv_and_back_loses_nothing()
    {
        ExitEvent exit = With("$exit | Export-Csv $file; (Import-Csv $file).PSObject.Properties | ForEach-Object { \"$($_.Name)=$($_.Value)\" }", out ShellResult result);
        Dictionary<string, string> back = result.Output.Select(line => ((string)line!).Split('=', 2)).ToDictionary(pair => pair[0], pair => pair[1]);

        Assert.Equal(typeof(ExitEvent).GetProperties().Select(property => property.Name).Append("ProcessName").Order(), back.Keys.Order());
        Assert.Equal("victim", back["Name"]);
        Assert.Equal(exit.Id.Text(), back["Id"]);
        Assert.Equal("signal 11 (SEGV)", back["Status"].Split(',')[0]);
        Assert.Equal("SEGV", back["Signal"]);
        Assert.Equal($"{exit.FaultAddress}", back["FaultAddress"]);
        Assert.Equal(exit.CommandLine, back["CommandLine"]);
    }

    [Theory]
    [InlineData("-EnumsAsStrings")]
    [InlineData("")]
    public void ConvertTo_Json_is_flat_with_ISO_times(string parameters)
    {
        ExitEvent exit = With($"$exit | ConvertTo-Json {parameters}", out ShellResult result);
        using JsonDocument document = JsonDocument.Parse(Assert.IsType<string>(result.Output[0]));
        JsonElement root = document.RootElement;

        Assert.Equal(("victim", exit.Id, 139), (root.GetProperty("Name").GetString(), root.GetProperty("Id").GetInt32(), root.GetProperty("ExitCode").GetInt32()));
        Assert.Equal(parameters.Length > 0 ? "SEGV" : "11", root.GetProperty("Signal").ToString());
        Assert.Equal(exit.ExitTime, DateTime.Parse(root.GetProperty("ExitTime").GetString()!, null, System.Globalization.DateTimeStyles.RoundtripKind));
        Assert.Equal(exit.FaultAddress, root.GetProperty("FaultAddress").GetUInt64());
        Assert.Equal(exit.Arguments!, root.GetProperty("Arguments").EnumerateArray().Select(item => item.GetString()!));
        foreach (System.Reflection.PropertyInfo property in typeof(ExitEvent).GetProperties())
            Assert.True(root.TryGetProperty(property.Name, out _), property.Name);
        // Flat: nothing but texts, numbers, truths, nothings and the list of arguments; the engine makes an object of a TimeSpan.
        Assert.All(
            root.EnumerateObject().Where(property => property.Value.ValueKind is JsonValueKind.Object or JsonValueKind.Array),
            property => Assert.Contains(property.Name, (string[])["Arguments", "Ancestors", "Age", "TotalProcessorTime", "UserProcessorTime", "PrivilegedProcessorTime"]));
    }

    [Fact]
    public void ConvertFrom_Json_gives_the_values_back()
    {
        ExitEvent exit = With("$back = $exit | ConvertTo-Json | ConvertFrom-Json; $back.ExitTime; [ExitSnoop.Signal]$back.Signal; $back.Name", out ShellResult result);
        Assert.Equal([exit.ExitTime, Signal.SEGV, "victim"], result.Output);
    }

    [Fact]
    public void Export_Clixml_and_back_keeps_types()
    {
        ExitEvent exit = With("""
            $exit | Export-Clixml $file; $back = Import-Clixml $file
            $back.ExitTime; $back.Age; [ulong]$back.FaultAddress; $back.Failed; "$($back.Signal)"; @('SEGV', 'segv', 11 | Where-Object { $back.Signal -eq $_ }).Count; $back.Arguments.Count; $back.ProcessName
            """, out ShellResult result);
        Assert.Equal([exit.ExitTime, exit.Age, exit.FaultAddress, true, "SEGV", 3, exit.Arguments!.Count, "victim"], result.Output);
    }

    [Fact]
    public void Group_Measure_and_Sort_take_events_and_sort_by_the_time_of_death()
    {
        using Victim first = Victim.Start("exit", "1"), second = Victim.Start("exit", "1"), third = Victim.Start("exit", "2");
        using RunningScript watch = Shell.Shared.StartWatch("""
            $all = Watch-ProcessExit $ids
            $mixed = $all[1], $all[2], $all[0]
            ($mixed | Sort-Object).Id
            ($mixed | Sort-Object -Descending).Id
            ($mixed | Sort-Object ExitTime).Id
            ($all | Group-Object Name -NoElement | ForEach-Object { "$($_.Name) $($_.Count)" }) -join '; '
            ($all | Group-Object Name, ExitCode | ForEach-Object { "$($_.Name) $($_.Count)" }) -join '; '
            ($all | Measure-Object { $_.Age.TotalSeconds } -Average).Average -gt 0
            ($all[0] | Measure-Object Age -Maximum).Maximum -eq $all[0].Age
            ($all | Where-Object ExitCode -ge 2).Count
            ($all | Select-Object Id, Status -First 1).PSObject.Properties.Name -join ','
            """, ("ids", new[] { third.Id, first.Id, second.Id }));
        first.Die();
        second.Die();
        third.Die();
        int[] ids = [first.Id, second.Id, third.Id];
        Assert.Equal([.. ids, .. ids.Reverse(), .. ids, "victim 3", "victim, 1 2; victim, 2 1", true, true, 1, "Id,Status"], watch.Wait().Output);
    }

    [Fact]
    public void Among_other_objects_an_event_shows_its_most_important_properties()
    {
        ExitEvent exit = With("(Get-Process -Id $PID), $exit | Out-String -Stream", out ShellResult result);
        string[] shown = [.. result.Output.Select(line => $"{line}").SkipWhile(line => !line.StartsWith("Name ", StringComparison.Ordinal)).Where(line => line.Length > 0)];
        Assert.Equal(
            [
                "Name     : victim", $"Id       : {exit.Id}", $"ParentId : {exit.ParentId}", $"ThreadId : {exit.Id}",
                $"Age      : {exit.Age}", $"Status   : {exit.Status}",
            ],
            shown);
    }

    // As the help shows it: by itself Export-Csv writes times to the second, and of a list its type.
    [Fact]
    public void Export_Csv_with_times_as_texts_and_back_loses_nothing_at_all()
    {
        ExitEvent exit = With("""
            $exit | Select-Object *, @{ Name = 'ExitTime'; Expression = { $_.ExitTime.ToString('o') } } -ExcludeProperty ExitTime, StartTime, Arguments, Ancestors | Export-Csv $file
            $back = Import-Csv $file
            [datetime]$back.ExitTime; [datetime]$back.ExitTime - [timespan]$back.Age; $exit.StartTime
            $compared = 0
            foreach ($property in $exit.PSObject.Properties.Where({ $_.Name -notin 'ExitTime', 'StartTime', 'Arguments', 'Ancestors' })) {
                $real, $read = $property.Value, $back.($property.Name)
                if ($null -eq $read -or ($null -eq $real ? $read -ne '' : [System.Management.Automation.LanguagePrimitives]::ConvertTo($read, $real.GetType()) -ne $real -and "$real" -ne $read)) {
                    "$($property.Name) was $real and is $read"
                }
                $compared++
            }
            $compared
            """, out ShellResult result);
        Assert.Equal(exit.ExitTime, result.Output[0]);
        // Each of the three is rounded to a tenth of a microsecond.
        Assert.InRange(((DateTime)result.Output[1]! - (DateTime)result.Output[2]!).Ticks, -2, 2);
        // Without the four above, and with the alias ProcessName.
        Assert.Equal([typeof(ExitEvent).GetProperties().Length - 4 + 1], result.Output.Skip(3));
    }

    [Fact]
    public void A_full_disk_under_Export_Csv_ends_with_the_cmdlet_s_own_error()
    {
        using Storm storm = Storm.Prepare("--kind", "vfork", "--count", "3000");
        using Command shell = Pwsh.StartWatch($$"""
            try { Watch-ProcessExit {{storm.Id}} -IncludeChildren | Export-Csv /dev/full -ErrorAction Stop } catch { "caught $($_.FullyQualifiedErrorId): $_" }; 'still here'
            """);
        HashSet<int> programs = BpfPrograms.Of(shell.Id);
        storm.Release();
        CommandResult result = shell.Wait();

        Assert.Contains("No space left on device", result.Output + result.Error, StringComparison.Ordinal);
        Assert.Contains("still here", result.Output, StringComparison.Ordinal);
        Assert.Equal(0, result.ExitCode);
        BpfPrograms.AssertGone(programs);
        storm.Wait();
    }

    [Fact]
    public void A_file_is_as_complete_as_the_watch_when_it_is_interrupted()
    {
        using TestFolder folder = new();
        string file = folder.Path("some.csv");
        using Victim one = Victim.Start("exit", "1"), two = Victim.Start("exit", "2"), alive = Victim.Start("sleep", "60");
        using Command shell = Pwsh.StartWatch($"Watch-ProcessExit {one.Id}, {two.Id}, {alive.Id} | ForEach-Object {{ \"seen $($_.Id)\" | Out-Host; $_ }} | Export-Csv '{file}'");
        one.Die();
        two.Die();
        // When the second passes here, the first has passed Export-Csv.
        shell.WaitForOutput($"seen {two.Id}");
        shell.Signal(Command.SigInt);
        shell.Wait();
        string[] lines = File.ReadAllLines(file);
        Assert.InRange(lines.Length, 2, 3);
        Assert.Contains($"\"{one.Id}\"", lines[1], StringComparison.Ordinal);
    }

    private static ExitEvent With(string script, out ShellResult result)
    {
        result = Deaths.Run(script);
        return Deaths.Crashed;
    }
}
