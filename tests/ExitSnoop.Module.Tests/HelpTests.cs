using System.Xml.Linq;

namespace ExitSnoop.ModuleTests;

/// <summary>The help as Get-Help shows it in a pwsh with the module. Every example is run.</summary>
public sealed partial class HelpTests(HelpTests.Runs runs) : IClassFixture<HelpTests.Runs>
{
    /// <summary>The expected output of each example, by its title. Examples may show any process, so names are expected only where the filter requires them.</summary>
    private static readonly Dictionary<string, string> Shows = new()
    {
        // Watch-ProcessExit
        ["Watch the next exits"] = @"PCOMM +PID .*EXIT_CODE\n(.*\n)(\S.* \d+\.\d\d +(0|code \d+|signal .*)\n){5}",
        ["Failures only, with the time of the exit"] = @"TIME-\S+ +PCOMM.*\n(.*\n)(\d\d:\d\d:\d\d\.\d{3} .* (code|signal) \d+.*\n){3}",
        ["Get the exit status of a process that is not your child"] = @"^It ended with code 5 after \d+\.\d+ seconds\.$",
        ["Find out who killed a process"] = @"^\d\d:\d\d:\d\d sleep +\d+ +KILL +killed by (pwsh|dotnet) \(\d+\) ",
        ["Collect crashes in a CSV file"] = "^\"ExitTime\",\"Name\",\"Id\",\"UserName\",\"Status\",\"CommandLine\"\n.*\"signal \\d+ ",
        ["Find out what crashed"] = @"^\d\d:\d\d:\d\d \S.* \d+ +(SEGV|ABRT|BUS|FPE|ILL|TRAP|SYS|KILL)( core)? +\S",
        ["Everything but some names and users"] = @"PCOMM.*\n(.*\n)(\S.* \d+\.\d\d +(0|code \d+|signal .*)\n){3}",
        ["Programs by their path"] = @"Name +Path +Arguments\n.*\nsleep +/\S+/sleep +\{",
        ["Watch the processes that pgrep finds"] = @"PCOMM.*\n.*\nsleep +\d+ .* 0$",
        ["Follow a build and everything that it starts"] = @"^TIME +NAME +ID +STATUS(.*\n)*.* uname +\d+ +0 (.*\n)*.* sh +\d+ +3 (.*\n)*.* sh +\d+ +1 ",
        ["Count what exits most"] = @"Count Name\n.*\n *\d+ \S",
        ["Find commands that do not exist"] = @"ExitTime +ParentName +ExitCode +CommandLine\n.*\n.* 12[67] ",
        ["Programs that ran for a while"] = @"Name +Age +Status +ParentName\n.*\n.* [\d:.]*\d\d:\d\d:\d\d\.\d+ ",
        ["Watch threads exit"] = @"^(Name +: \S.*\nId +: \d+\nThreadId +: \d+\nIsThread +: True\nAge +: [\d:.]+\n\n){5}",
        ["Learn how long processes live"] = @"Average +: \d+(\.\d+)?(E-\d+)?\n(.*\n)*Maximum +: \d",
        ["Write a CSV file with exact times"] = @"^(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{3}\n){3}",
        ["Write a line of JSON for each exit"] = @"^(\{""Name"":.*,""Age"":\d.*""Signal"":""\w+"".*\}\n){3}",
        ["Watch a command from before it starts"] = @"PCOMM.*\n.*\nsh +\d+ .* code 3$",
        ["Watch in the background"] = @"PCOMM.*\n.*\nsleep +\d+ ",

        ["Everything but the cron jobs"] = @"PCOMM +PID .*EXIT_CODE\n(.*\n)(\S.* \d+\.\d\d +(0|code \d+|signal .*)\n){3}",
        ["What crashed in a service"] = "^$",
        ["Who kills my workers, and who started them"] = @"Name +Reason +Ancestors\n.*\nsleep +killed by \S+ \(\d+\) +\S+ \(\d+\) < ",
        ["What the processes of a login session did"] = @"(sh +.* code 3|ExitTime +Name)",
        ["What exits in a pod or in a container"] = "^$",

        // Register-ProcessExitEvent
        ["Take failures from the queue"] = @"PCOMM.*\n.*\n\S.* (code|signal) \d+",
        ["Subscribe to the end of one process"] = @"PCOMM.*\n.*\nsleep +\d+ .* 0$",
        ["Run an action for each failure"] = @" \S.* \(\d+\): (code|signal) \d+",
        ["Act on the first crash, once"] = @"^\S.* crashed: ",
        ["Count what this session starts"] = @"^true +5$",
        ["Keep a log with times in UTC"] = "\"ExitTime\",\"Label\",\"Name\",\"Id\",\"Status\"\n(.*\n)*\".*\",\"audit\",\"true\",\"\\d+\",\"0\"",
        ["Ask whether anything was lost"] = @"^0$",
        ["Wait for several processes, whichever is first"] = @"^The first was \d+, and [0-2] are still running\.$",
        ["End all subscriptions to exits"] = @"^1 ended$",

        // Get-ProcessExit
        ["What crashed in the last eight hours"] = @"^PCOMM .*EXIT_CODE\n-.*\nvictim +\d+ .* signal 11 \(SEGV\)",
        ["What failed in the last eight hours, and why"] = @"^TIME +NAME .*COMMAND\n-.*\n.* victim +\d+ +SEGV.* segfault \(MAPERR\) ",
        ["See what died on several machines"] = @"^HostName +ExitTime +Name +Status\n-.*\n\S+ .*(code|signal) ",
        ["Read a file of JSON lines"] = @"PCOMM +PID .*EXIT_CODE\n(.*\n)(\S.* \d+\.\d\d +(0|code \d+|signal .*)\n){3}",
        ["See the last failure"] = @"^Name +: \S.*\nStatus +: (code|signal) .*\nExitTime +: \S",
        ["Read the journal"] = @"PCOMM +PID .*EXIT_CODE\n(.*\n)(\S.* \d+\.\d\d +(0|code \d+|signal .*)\n){2}",
        ["Read all files of a folder"] = @"^4$",
        ["Count failures by name"] = @"NAME +COUNT .*\n-.*\n\S+ +\d+ ",
        ["Make a CSV file of JSON"] = @"^4$",
        ["Find the processes that ran longest"] = @"Name +Age\n.*\n\S+ +[\d:.]+",

        // Measure-ProcessExit
        ["See which programs exit most"] = @"NAME +COUNT +FAILED +CRASH +PER MIN +CPU\(s\) +MEDIAN\(s\) +95%\(s\) +PEAK\n-.*\n\S+ +\d+ ",
        ["Find what crashes, by program and user"] = @"NAME +COUNT .*\n-.*\n\S+, root +1 +1 +1 ",
        ["Measure a file"] = @"^3$",

        // Enable-, Disable- and Get-ProcessExitRecording
        ["See what would be installed"] = @"^What if: Install this unit (.*\n)*ExecStart=/usr/local/lib/exitsnoop/exitsnoop --record /var/log/exitsnoop --metrics \S+\n(.*\n)*LogsDirectory=exitsnoop\n",
        ["Let a group read the recording"] = @"^ExecStart=\S+ --record /var/log/exitsnoop --group adm --max-size=5368709120 --max-age=7776000 --metrics \S+\n(.*\n)*LogsDirectoryMode=0750\nGroup=adm\n",
        ["Record failures only, and no arguments"] = @"^ExecStart=\S+ --record /var/log/exitsnoop --no-arguments --failed --metrics \S+\n",
        ["See what would be stopped"] = @"^What if: Stop exitsnoop-recording.service, .*The recording in /var/log/exitsnoop stays",
        ["See what would be deleted"] = @"^What if: Stop exitsnoop-recording.service, and delete it, /usr/local/lib/exitsnoop and the recording in /var/log/exitsnoop",
        ["See whether exits are recorded"] = @"^There is no recording in /var/log/exitsnoop\. Enable-ProcessExitRecording starts one\. Without systemd|^Path  ",
        ["Look at recordings of other machines"] = "",

        // Get-ProcessExitEventDefinition
        ["List all fields and properties"] = @"^exit_time +__u64 +0 +8 +\S(.*\n)*ExitTime +DateTime ",
        ["Read all about one property"] = @"^Name +: FaultAddress\nType +: ulong\?\n(.*\n)*Kernels +: \S",
        ["List the properties alone"] = @"^Name +Type +Unit\n(.*\n)*PeakWorkingSet64 +long\? +bytes",
        ["Show the layout of the record"] = @"^Offset +Size +Type +Name\n.*\n +0 +8 __u64 +exit_time\n +8 +8 ",
        ["Find out what depends on the kernel"] = @"^Name +Kernels\n(.*\n)*CommandLine +all; but before 6\.16, ",
        ["See what an event says about the sender of a signal"] = @"sender_pid +signal:signal_generate(.*\n)*.*SenderId +sender_pid",
        ["Compute the size of a record"] = @"Count +Sum\n.*\n +\d+ +\d{3}",
        ["Show the BPF program"] = @"^ \* ExitSnoop \d(.*\n)*.*config\.detail = 1\n(.*\n)* \* exitsnoop: a record for every process that exits",
        ["See what parameters set in the kernel"] = @"config\.failed = 1(.*\n)*.*config\.minimum_age = 2000000000",
    };

    /// <summary>What Get-Help says, and what the cmdlets are.</summary>
    private static readonly Lazy<JsonElement> Help = new(() => JsonDocument.Parse(Pwsh.Run("""
        $common = [System.Management.Automation.PSCmdlet]::CommonParameters
        @{ About = Get-Help about_ExitSnoop | Out-String; Cmdlets = @(foreach ($command in Get-Command -Module ExitSnoop -CommandType Cmdlet) {
            $help = Get-Help $command.Name -Full
            $made = $command.ImplementingType::new()
            [ordered]@{
                Name = $command.Name
                Examples = @($help.examples.example.code)
                Syntax = @($help.syntax.syntaxItem.parameter.name)
                Parameters = @(foreach ($parameter in $command.Parameters.Values | Where-Object { $_.Name -notin $common -and $_.Attributes.DontShow -notcontains $true }) {
                    $described = $help.parameters.parameter | Where-Object Name -eq $parameter.Name
                    $attributes = $parameter.Attributes
                    [ordered]@{
                        Name = $parameter.Name
                        Text = "$($described.description.Text)"
                        Default = $described.defaultValue
                        TrueDefault = "$($made.($parameter.Name))"
                        Switch = $parameter.SwitchParameter
                        Pipeline = $described.pipelineInput
                        TruePipeline = ($attributes.ValueFromPipeline -contains $true ? 'ByValue' : $null), ($attributes.ValueFromPipelineByPropertyName -contains $true ? 'ByPropertyName' : $null) -ne $null -join ', '
                        Wildcards = $described.globbing
                        TrueWildcards = [bool]$attributes.Where({ $_ -is [System.Management.Automation.SupportsWildcardsAttribute] })
                        Position = $described.position
                        Aliases = $described.aliases
                        TrueAliases = if ($parameter.Aliases) { $parameter.Aliases -join ', ' } else { 'none' }
                    }
                })
            }
        }) } | ConvertTo-Json -Depth 6
        """).Output).RootElement);

    /// <summary>The examples, from the file that Get-Help reads.</summary>
    public static TheoryData<string, string> Examples
    {
        get
        {
            XNamespace maml = "http://schemas.microsoft.com/maml/2004/10", command = "http://schemas.microsoft.com/maml/dev/command/2004/10", dev = "http://schemas.microsoft.com/maml/dev/2004/10";
            TheoryData<string, string> examples = [];
            foreach (XElement example in XDocument.Load(Path.Combine(Paths.Module, "en-US", "ExitSnoop.dll-Help.xml")).Descendants(command + "example"))
                examples.Add(Title().Match(example.Element(maml + "title")!.Value).Groups[1].Value, example.Element(dev + "code")!.Value);
            return examples;
        }
    }

    [Fact]
    public void Every_parameter_has_help_with_its_default_its_aliases_and_whether_it_takes_the_pipeline_and_wildcards()
    {
        foreach (JsonElement cmdlet in Cmdlets())
        {
            foreach (JsonElement parameter in cmdlet.GetProperty("Parameters").EnumerateArray())
            {
                string name = $"{Text(cmdlet, "Name")} -{Text(parameter, "Name")}";
                Assert.True(Text(parameter, "Text").Length > 0, $"{name} has no help");
                string pipeline = Text(parameter, "TruePipeline");
                Assert.True(
                    Text(parameter, "Pipeline") == (pipeline.Length > 0 ? $"True ({pipeline})" : "False"),
                    $"{name} and the pipeline: {parameter}");
                Assert.True(Text(parameter, "Wildcards") == (parameter.GetProperty("TrueWildcards").GetBoolean() ? "true" : "false"), $"{name} and wildcards: {parameter}");
                Assert.True(Text(parameter, "Aliases") == Text(parameter, "TrueAliases"), $"{name}: {parameter}");
                Assert.NotEqual("", Text(parameter, "Position"));

                // Where the default is not a value that can be written, it is put in words.
                string stated = Text(parameter, "Default"), real = Text(parameter, "TrueDefault");
                bool said = real switch
                {
                    _ when parameter.GetProperty("Switch").GetBoolean() => stated == "False",
                    "" => stated.Contains(' ', StringComparison.Ordinal) || stated == "none",
                    "2147483647" or "∞" or "Infinity" => stated == "no limit",
                    "00:00:00" => stated == "0",
                    _ when Text(parameter, "Name") == "BufferSize" => stated == "1 for each processor, rounded up to a power of two, at least 16 and at most 128",
                    _ when Guid.TryParse(real, out _) => stated == "a new GUID",
                    _ => stated == real,
                };
                Assert.True(said, $"{name}: the help says '{stated}', the default is '{real}'");
            }
        }
    }

    [Fact]
    public void The_syntax_has_every_parameter() => Assert.All(Cmdlets(), cmdlet => Assert.Equal(
        cmdlet.GetProperty("Parameters").EnumerateArray().Select(parameter => Text(parameter, "Name")).Order(),
        Texts(cmdlet, "Syntax").Distinct().Order()));

    /// <summary>Texts that several cmdlets share come from Watch-ProcessExit and must be true for the others, too.</summary>
    [Fact]
    public void The_help_of_a_parameter_speaks_of_parameters_and_of_a_watch_that_its_cmdlet_has()
    {
        Dictionary<string, string[]> parameters = Cmdlets().ToDictionary(
            cmdlet => Text(cmdlet, "Name"), cmdlet => cmdlet.GetProperty("Parameters").EnumerateArray().Select(parameter => Text(parameter, "Name")).ToArray());
        foreach (JsonElement cmdlet in Cmdlets())
        {
            foreach (JsonElement parameter in cmdlet.GetProperty("Parameters").EnumerateArray())
            {
                string name = Text(cmdlet, "Name"), text = Text(parameter, "Text");
                foreach (Match mentioned in Mentioned().Matches(text.Replace("Get-Help Watch-ProcessExit", "Get-Help", StringComparison.Ordinal)))
                {
                    string owner = mentioned.Groups[1].Success ? mentioned.Groups[1].Value : name;
                    Assert.True(
                        !parameters.TryGetValue(owner, out string[]? known) || known.Contains(mentioned.Groups[2].Value),
                        $"{name} -{Text(parameter, "Name")} speaks of {mentioned.Value}: {text}");
                }
                Assert.False(
                    name is not ("Watch-ProcessExit" or "Register-ProcessExitEvent") && Watch().IsMatch(text),
                    $"{name} -{Text(parameter, "Name")} speaks of a watch: {text}");
            }
        }
    }

    [Fact]
    public void The_about_page_has_every_property_with_its_type_and_where_it_comes_from()
    {
        string[] lines = About();
        int start = Array.IndexOf(lines, "Properties of an event");
        Assert.NotEqual(-1, start);
        foreach (System.Reflection.PropertyInfo property in typeof(ExitEvent).GetProperties())
        {
            int at = Array.IndexOf(lines, "    " + property.Name, start);
            Assert.True(at > 0, $"{property.Name} has no help");
            string help = string.Join(' ', lines.Skip(at + 1).TakeWhile(line => line.StartsWith("        ", StringComparison.Ordinal)).Select(line => line.Trim()));
            ExitEventField field = Assert.Single(ExitEventDefinition.Fields, field => field.Name == property.Name && field.Offset is null);
            Assert.StartsWith(field.Description, help, StringComparison.Ordinal);
            Assert.Contains($"{field.Type}{(field.Unit.Length > 0 ? ", " + field.Unit : "")}; from ", help, StringComparison.Ordinal);
            Assert.True(
                field.Kernels == "all" || help.Contains($" Kernels: {field.Kernels}.", StringComparison.Ordinal) || help.Contains($" Kernels: as for {SameKernels(field)}.", StringComparison.Ordinal),
                $"{property.Name} does not say on which kernels");
        }
    }

    [Fact]
    public void The_about_page_has_every_error()
    {
        string text = string.Join('\n', About());
        Assert.All(Enum.GetNames<ExitTraceError>(), error => Assert.Contains(error, text, StringComparison.Ordinal));
    }

    [Fact]
    public void The_examples_that_are_run_are_those_that_Get_Help_shows() => Assert.Equal(
        Examples.Select(example => example.Data.Item2),
        Cmdlets().OrderBy(cmdlet => Text(cmdlet, "Name").Split('-')[1]).SelectMany(cmdlet => Texts(cmdlet, "Examples")));

    [Theory]
    [MemberData(nameof(Examples))]
    public void An_example_shows_what_it_says(string title, string code)
    {
        if (!code.Contains("Get-ProcessExitEventDefinition", StringComparison.Ordinal))
            Need.Kernel();
        (string output, string nap) = runs.Of(title);
        output = string.Join('\n', output.Split('\n').Select(line => line.TrimEnd())) + '\n';
        Assert.True(Shows.TryGetValue(title, out string? expected), $"What does '{title}' show? Its output:\n{output}");
        expected = expected.Replace("sleep", nap, StringComparison.Ordinal);
        Assert.True(Regex.IsMatch(output, expected, RegexOptions.Multiline, TimeSpan.FromSeconds(10)), $"It does not show {expected}:\n{output}");
    }

    private static string SameKernels(ExitEventField field) => ExitEventDefinition.Fields.First(other => other.Kernels == field.Kernels).Name;

    private static JsonElement[] Cmdlets() => [.. Help.Value.GetProperty("Cmdlets").EnumerateArray()];

    private static string[] About() => Text(Help.Value, "About").Split('\n');

    private static string Text(JsonElement element, string name) => element.GetProperty(name).ToString();

    private static string[] Texts(JsonElement element, string name) => [.. element.GetProperty(name).EnumerateArray().Select(item => item.GetString()!)];

    [GeneratedRegex(@"Start-Job|&\s*$|\bexit\b|\$PID|-WhatIf", RegexOptions.Multiline)]
    private static partial Regex NeedsPwsh();

    // With the command that has it, where that stands before it.
    [GeneratedRegex(@"(?:\b([A-Z]\w+-\w+) )?(?<![\w-])-([A-Z]\w+)\b")]
    private static partial Regex Mentioned();

    [GeneratedRegex(@"\bwatch(es|ed|ing)?\b(?!-)", RegexOptions.IgnoreCase)]
    private static partial Regex Watch();

    [GeneratedRegex(@"Example \d+: (.*?) -*$")]
    private static partial Regex Title();

    /// <summary>
    /// The examples, each as it stands in the help, but with a <see cref="TestProgram.Nap"/> of its own in place of sleep,
    /// in an empty folder, while about ten processes a second exit with success and ten with a failure. Several examples run
    /// at the same time, because each of them mostly waits. All end without help.
    /// </summary>
    public sealed class Runs : IDisposable
    {
        private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);

        private readonly ManualResetEventSlim over = new();
        private readonly TestFolder programs = new();
        private readonly Dictionary<string, Lazy<(string Output, string Nap)>> runs;
        private Task deaths = Task.CompletedTask, all = Task.CompletedTask;
        private bool begun;

        /// <summary>Begins none of them yet.</summary>
        public Runs()
        {
            Environment.SetEnvironmentVariable("PATH", $"{programs.FullName}:{Environment.GetEnvironmentVariable("PATH")}");
            runs = Examples.Select((each, index) => (Title: each.Data.Item1, Code: each.Data.Item2, Nap: $"nap-{index}"))
                .ToDictionary(each => each.Title, each => new Lazy<(string, string)>(() => (Run(each.Code, each.Nap), each.Nap)));
        }

        /// <summary>What an example printed, and the name of its sleep.</summary>
        internal (string Output, string Nap) Of(string title)
        {
            if (!begun)
            {
                begun = true;
                deaths = Task.Run(Die);
                all = Task.Run(() => Parallel.ForEach(runs.Values, new ParallelOptions { MaxDegreeOfParallelism = 5 }, each => _ = Record.Exception(() => each.Value)));
            }
            return runs[title].Value;
        }

        /// <inheritdoc/>
        public void Dispose()
        {
            all.Wait();
            over.Set();
            deaths.Wait();
            over.Dispose();
            programs.Dispose();
        }

        // What has a process of its own, or says which process it is, needs a pwsh to be. When a watch has attached, naps begin.
        private string Run(string code, string nap)
        {
            using TestFolder folder = new();
            programs.Copy(TestProgram.Nap, nap);
            code = $"$VerbosePreference = 'Continue'\n{code.Replace("sleep", nap, StringComparison.Ordinal).Replace("Start-Sleep", $"& {nap}", StringComparison.Ordinal)}";
            if (code.Contains("Get-ProcessExit -Last", StringComparison.Ordinal))
            {
                // In place of the recording of this machine.
                Recorder.Record(folder.Path("recording"), ["--name", "victim"], () => Child.Run(TestProgram.Victim, "null-deref").Dispose());
                code = $"$PSDefaultParameterValues['Get-ProcessExit:Path'] = '{folder.Path("recording")}'\n{code}";
            }
            bool attached = false;
            void Look(string messages)
            {
                if (attached || !(attached = messages.Contains("attached by", StringComparison.Ordinal)))
                    return;
                programs.Write(nap + ".go", "");
            }
            return NeedsPwsh().IsMatch(code) ? InPwsh(code, folder, Look) : InThisProcess(code, folder, Look);
        }

        // Where the module is installed, it is found without an import, by jobs too.
        private static string InPwsh(string code, TestFolder folder, Action<string> look)
        {
            using Command shell = Command.Start(
                Pwsh.Executable, ["-NoProfile", "-Command", code], folder.FullName, Pwsh.Environment(("PSModulePath", Paths.Out.TrimEnd('/'))));
            shell.CloseInput();
            Eventually.True(() => Looked(look, shell.Output) && shell.HasExited, () => $"It has not ended: {shell.Output}\n{shell.Error}", Patience);
            CommandResult result = shell.Wait();
            Assert.Equal((0, ""), (result.ExitCode, result.Error));
            return string.Join('\n', result.Output.Split('\n').Where(line => !line.StartsWith("VERBOSE:", StringComparison.Ordinal)));
        }

        private static string InThisProcess(string code, TestFolder folder, Action<string> look)
        {
            using Shell shell = Shell.Open();
            using RunningScript running = shell.Start($"$env:PSModulePath += ':{Paths.Out}'; Set-Location '{folder.FullName}'; . {{ {code}\n }} 6>&1 | Out-String -Stream -Width 120");
            Eventually.True(() => Looked(look, string.Join('\n', running.Now.Verbose)) && !running.IsRunning, () => $"It has not ended: {running.Now}", Patience);
            ShellResult result = running.Wait();
            shell.Run("Get-EventSubscriber -Force | Unregister-Event -Force");
            Assert.Null(result.Terminating);
            Assert.Empty(result.Errors);
            return string.Join('\n', result.Lines);
        }

        private static bool Looked(Action<string> look, string messages)
        {
            look(messages);
            return true;
        }

        private void Die()
        {
            while (!over.Wait(50))
            {
                using (Victim fine = Victim.Start("exit", "0"))
                    fine.Die();
                using (Victim failed = Victim.Start("exit", "3"))
                    failed.Die();
            }
        }
    }
}
