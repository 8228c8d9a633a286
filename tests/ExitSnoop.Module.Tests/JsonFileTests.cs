using System.IO.Compression;

namespace ExitSnoop.ModuleTests;

/// <summary>Get-ProcessExit reads events from lines of JSON.</summary>
public sealed class JsonFileTests
{
    [Fact]
    public void An_event_comes_back_from_its_JSON_with_its_types_and_views()
    {
        using TestFolder folder = new();
        using Victim victim = Victim.Start("fault", "0x1234");
        using RunningScript watch = Shell.Shared.StartWatch("""
            $exit = Watch-ProcessExit $id
            Set-Content $file $exit.ToJson()
            $back = Get-ProcessExit $file
            $exit.ToJson() -ceq $back.ToJson()
            $back -is [ExitSnoop.ExitEvent]
            foreach ($view in 'Why', 'Resources') {
                ($exit | Format-Table -View $view | Out-String -Width 200) -ceq ($back | Format-Table -View $view | Out-String -Width 200)
            }
            ($exit | Format-List | Out-String -Width 200) -ceq ($back | Format-List | Out-String -Width 200)
            $back.Signal -eq 'SEGV'; $back.ProcessName; $back.Age -eq $exit.Age
            """, ("id", victim.Id), ("file", folder.Path("exit.json")));
        victim.Die();

        ShellResult result = watch.Wait();
        Assert.Empty(result.Errors);
        Assert.Equal([true, true, true, true, true, true, "victim", true], result.Output);
    }

    [Theory]
    [InlineData("Get-ProcessExit $folder/*.json", "2 1 0")]
    [InlineData("Get-ProcessExit $folder/*.json -Oldest", "0 1 2")]
    [InlineData("Get-ProcessExit $folder/*.json -MaxEvents 1", "2")]
    [InlineData("Get-ProcessExit $folder/*.json -n 2 -Oldest", "0 1")]
    [InlineData("Get-ChildItem $folder/*.json | Get-ProcessExit", "2 1 0")]
    [InlineData("Get-ProcessExit $folder/all.gz", "2 1 0")]
    public void Files_and_lines_are_read_newest_first_or_in_their_order(string script, string codes)
    {
        using TestFolder folder = new();
        string[] lines = [.. Enumerable.Range(0, 3).Select(Line)];
        folder.Write("a.json", $"{lines[0]}\n{lines[1]}\n");
        folder.Write("b.json", $"\n{lines[2]}");
        using (GZipStream packed = new(File.Create(folder.Path("all.gz")), CompressionLevel.Fastest))
        using (StreamWriter text = new(packed))
            text.Write(string.Join('\n', lines));
        ShellResult result = Shell.Shared.Run($"({script}).ExitCode -join ' '", ("folder", folder.FullName));
        Assert.Empty(result.Errors);
        Assert.Equal([codes], result.Output);
    }

    [Fact]
    public void Lines_that_are_no_events_are_left_out_with_a_warning()
    {
        using TestFolder folder = new();
        string file = folder.Write("exits.json", $"{Line(1)}\n{Line(2)[..40]}\nnot JSON\n{{}}\n{Line(3).Replace("\"None\"", "\"NOSUCH\"", StringComparison.Ordinal)}\n{Line(4)}\n");
        ShellResult result = Shell.Shared.Run("(Get-ProcessExit $file -Oldest).ExitCode", ("file", file));
        Assert.Equal([1, 4], result.Output);
        Assert.Equal($"{file} has 4 lines that are not events, the first is line 2.", Assert.Single(result.Warnings));
    }

    [Fact]
    public void Times_are_in_UTC_with_Utc_and_as_they_were_written_without_it()
    {
        using TestFolder folder = new();
        string file = folder.Write("exits.json", Line(1).Replace("13:42:01.6880000+00:00", "15:42:01.6880000+02:00", StringComparison.Ordinal));
        ShellResult result = Shell.Shared.Run("'', '-Utc' | ForEach-Object { $exit = Invoke-Expression \"Get-ProcessExit '$file' $_\"; $exit.ExitTime.Kind; $exit.ExitTime.ToUniversalTime().ToString('HH:mm:ss') }", ("file", file));
        Assert.Equal("Local 13:42:01 Utc 13:42:01", string.Join(' ', result.Output));
    }

    [Fact]
    public void Descendants_of_no_process_are_an_error_as_in_a_watch()
    {
        using TestFolder folder = new();
        string file = folder.Write("exits.json", Line(1));
        ShellResult result = Shell.Shared.Run(
            "foreach ($command in { Get-ProcessExit $file -IncludeChildren }, { Watch-ProcessExit -IncludeChildren }) { try { & $command } catch { $_.FullyQualifiedErrorId.Split(',')[0]; $_.Exception.Message } }", ("file", file));
        Assert.Equal(4, result.Output.Count);
        Assert.Equal(result.Output.Skip(2), result.Output.Take(2));
        Assert.Equal("InvalidOption", result.Output[0]);
    }

    [Fact]
    public void A_file_that_is_not_there_is_an_error()
    {
        ShellError error = Shell.Shared.Run("Get-ProcessExit /no/such/file.json").OnlyError;
        Assert.Equal(("PathNotFound", "ObjectNotFound"), (error.ShortId, error.Category));
    }

    private static string Line(int code) =>
        $"{{\"Name\":\"sh\",\"Id\":{100 + code},\"ExitTime\":\"2026-11-22T13:42:0{code}.6880000+00:00\",\"Age\":1.5,\"ExitCode\":{code},\"Signal\":\"None\",\"Failed\":{(code > 0 ? "true" : "false")}}}";
}
