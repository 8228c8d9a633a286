namespace ExitSnoop.ModuleTests;

/// <summary>What users type first at the prompt of pwsh.</summary>
public sealed class PromptTests
{
    [Theory]
    [InlineData("exitsnoop -x -t -n 2 -Name one-of-three")]
    [InlineData("Watch-ProcessExit -MaxEvents 2 -Name one-of-three")]
    public void N_is_the_number_of_events_after_which_it_ends(string script)
    {
        using TestFolder folder = new();
        Victim[] victims = [.. Enumerable.Range(1, 3).Select(code => Victim.StartNamed(folder, "one-of-three", "exit", code.Text()))];
        using RunningScript watch = Shell.Shared.StartWatch(script);
        foreach (Victim victim in victims)
            using (victim)
                victim.Die();
        Assert.Equal([1, 2], watch.Wait().Events.Select(exit => exit.ExitCode));
    }

    [Theory]
    [InlineData("--failed", "-Failed")]
    [InlineData("-x --max-events 3", "-MaxEvents")]
    [InlineData("--max-events=3", "-MaxEvents")]
    [InlineData("--name nginx", "-Name")]
    [InlineData("-p 1 --pid 2", "-Id")]
    [InlineData("-p 1 --parent=2", "-ParentId")]
    [InlineData("-Id 1 --json", "Watch-ProcessExit | ForEach-Object ToJson")]
    [InlineData("--why", "Watch-ProcessExit | Format-Table -View Why")]
    [InlineData("--verbose", "-Verbose")]
    [InlineData("--ebpf", "Get-ProcessExitEventDefinition -Source")]
    [InlineData("--help", "Get-Help Watch-ProcessExit")]
    [InlineData("--no-such-option", "Get-Help Watch-ProcessExit")]
    public void An_option_of_the_console_program_is_told_which_parameter_to_use(string words, string remedy)
    {
        ShellError error = Shell.Shared.Run($"exitsnoop {words}").OnlyError;
        Assert.Contains("This is a cmdlet", error.Message, StringComparison.Ordinal);
        Assert.Contains($"Use {remedy}", error.Message, StringComparison.Ordinal);
        Assert.Contains($"'{words.Split(' ').First(word => word.StartsWith("--", StringComparison.Ordinal)).Split('=')[0]}'", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Ids_without_commas_are_told_of_the_commas()
    {
        Assert.Contains("separated by commas", Shell.Shared.Run("Watch-ProcessExit 1 2").OnlyError.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Events_of_another_watch_are_taken_for_their_processes()
    {
        using Victim victim = Victim.Start("exit", "7");
        using RunningScript watch = Shell.Shared.StartWatch("Watch-ProcessExit $id | Watch-ProcessExit", ("id", victim.Id));
        victim.Die();
        // It is gone by then, and the second watch says so of its ID.
        Assert.Equal(("NoProcessFoundForGivenId", victim.Id), (watch.Wait().OnlyError.ShortId, (int)watch.Now.OnlyError.Target!));
    }

    [Fact]
    public void What_holds_no_id_is_an_error_of_its_own_and_the_others_are_watched()
    {
        using Victim victim = Victim.Start("exit", "5");
        using RunningScript watch = Shell.Shared.StartWatch("'nonsense', $id, [pscustomobject]@{ Other = 1 }, 0 | Watch-ProcessExit", ("id", victim.Id));
        victim.Die();

        ShellResult result = watch.Wait();
        Assert.Equal([victim.Id], result.Events.Select(exit => exit.Id));
        Assert.Equal(["InputObjectNotBound", "InputObjectNotBound", "ParameterArgumentValidationError"], result.Errors.Select(error => error.ShortId));
    }

    [Theory]
    [InlineData("0.2")]
    [InlineData("'0.2'")]
    [InlineData("0:00:00.2")]
    [InlineData("([timespan]::FromSeconds(0.2))")]
    public void A_timeout_is_in_seconds_or_a_time_span(string timeout)
    {
        Need.Kernel();
        ShellResult result = Shell.Shared.Run($"(Measure-Command {{ Watch-ProcessExit -User 64099 -Timeout {timeout} }}).TotalSeconds");
        Assert.Empty(result.Errors);
        Assert.InRange((double)result.Output[0]!, 0.19, 20);
    }

    [Theory]
    [InlineData("Watch-ProcessExit -Cgroup a, b")]
    [InlineData("Watch-ProcessExit -Label a, b")]
    [InlineData("Watch-ProcessExit -BtfPath a, b")]
    [InlineData("Register-ProcessExitEvent -SourceIdentifier a, b")]
    public void A_list_where_one_text_is_taken_is_told_so(string script)
    {
        Assert.Contains("takes one value and was given 2: a, b", Shell.Shared.Run(script).OnlyError.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("Sender*", "sender_pid sender_uid sender_comm SenderId SenderName SenderUserId")]
    [InlineData("-Name faultaddress", "FaultAddress")]
    [InlineData("Id, exit_time", "exit_time Id")]
    [InlineData("-Name *killed", "OomKilled")]
    public void The_definition_is_asked_for_fields_by_name(string name, string expected)
    {
        ShellResult result = Shell.Shared.Run($"(Get-ProcessExitEventDefinition {name}).Name -join ' '");
        Assert.Empty(result.Errors);
        Assert.Equal([expected], result.Output);
    }

    [Fact]
    public void A_field_that_there_is_not_is_an_error()
    {
        ShellResult result = Shell.Shared.Run("Get-ProcessExitEventDefinition NoSuchField, Signal, NoSuch*");
        Assert.Equal("Signal", Assert.IsType<ExitEventField>(Assert.Single(result.Output)).Name);
        Assert.Equal(("FieldNotFound", "ObjectNotFound", (object)"NoSuchField"), (result.OnlyError.ShortId, result.OnlyError.Category, result.OnlyError.Target!));
    }

    [Fact]
    public void Tab_offers_the_names_of_fields_with_what_they_hold()
    {
        ShellResult result = Shell.Shared.Run("(TabExpansion2 $line $line.Length).CompletionMatches | ForEach-Object { \"$($_.CompletionText) $($_.ToolTip)\" }", ("line", "Get-ProcessExitEventDefinition Oom"));
        Assert.StartsWith("OomKilled bool?: ", Assert.IsType<string>(Assert.Single(result.Output)), StringComparison.Ordinal);
    }

    [Fact]
    public void Filters_of_the_definition_go_with_the_source_alone()
    {
        Assert.Equal(["False True", "True False"], Shell.Shared.Run("""
            $parameters = (Get-Command Get-ProcessExitEventDefinition).ParameterSets | Sort-Object Name | ForEach-Object { , $_.Parameters.Name }
            foreach ($set in $parameters) { "$($set -contains 'Failed') $($set -contains 'Name')" }
            """).Output.Order());
    }
}
