using System.Reflection;

namespace ExitSnoop.Tests.Kernel;

/// <summary>Real exits that are recorded and watched at the same time.</summary>
public sealed class RecordingTests
{
    /// <summary>The difference between two readers, which read the clocks at different times.</summary>
    private static readonly TimeSpan ClockTolerance = TimeSpan.FromMilliseconds(5);

    private static readonly string[] Times = [nameof(ExitEvent.ExitTime), nameof(ExitEvent.StartTime)];

    [Fact]
    public void What_is_recorded_equals_what_is_watched_beside_it_field_by_field()
    {
        using TestFolder folder = new();
        using TestCgroup cgroup = TestCgroup.Create();
        using Child scenario = Child.StartHeld(TestProgram.Scenario, "--cores");
        cgroup.Add(scenario);
        ExitTraceOptions options = new() { Cgroup = cgroup.CgroupPath, StackTrace = true };
        IReadOnlyList<ExitEvent> watched;
        using (ExitRecorder recorder = ExitRecorder.Start(options, new ExitRecorderOptions { Directory = folder.Path("recording") }))
        using (Recording watch = Recording.Start(options))
        {
            scenario.WriteLine();
            scenario.Output.ReadToEnd();
            Assert.True(scenario.Wait().Status == 0, scenario.Errors.ReadToEnd());
            watch.Of(scenario);
            watched = watch.Stop();
            recorder.Stop();
            Assert.True(recorder.Wait(TimeSpan.FromSeconds(20)));
            Assert.Null(recorder.Failure);
            Assert.Equal((0, 0), (recorder.Status.Lost, recorder.Status.Missed));
        }

        ExitRecordingOptions all = new() { OldestFirst = true, Filter = new ExitTraceOptions { StackTrace = true } };
        List<ExitEvent> recorded = [.. ExitRecording.Open(folder.Path("recording")).ReadEvents(all)];
        Assert.True(watched.Count > 50, $"{watched.Count} exits are no scenario.");
        Assert.Equal(watched.Select(exit => (exit.Id, exit.ExitTimestamp - exit.StartTimestamp > 0)), recorded.Select(exit => (exit.Id, exit.ExitTimestamp - exit.StartTimestamp > 0)));
        for (int i = 0; i < watched.Count; i++)
            foreach (PropertyInfo property in typeof(ExitEvent).GetProperties())
            {
                object? expected = property.GetValue(watched[i]), actual = property.GetValue(recorded[i]);
                // Each trace has a program of its own, which looks at the clock and at the threads' sums when it runs.
                if (Times.Contains(property.Name))
                    Assert.InRange((DateTime)actual! - (DateTime)expected!, -ClockTolerance, ClockTolerance);
                else if (expected is TimeSpan or long)
                    Assert.NotNull(actual);
                else
                    Assert.True(Text(expected) == Text(actual), $"{property.Name} of {watched[i]} is {Text(expected)} and was recorded as {Text(actual)}");
            }
    }

    /// <summary>A watch with each filter in the kernel must give the same as a recording without a filter that is filtered when it is read.</summary>
    [Fact]
    public void Kernel_and_reader_decide_alike_on_a_thousand_random_exits()
    {
        using TestFolder folder = new();
        using TestCgroup outer = TestCgroup.Create(), inner = TestCgroup.Create();
        Random random = new(16);
        using Child one = Child.StartHeld("bash", "-c", RandomExits, "bash", "1"), two = Child.StartHeld("bash", "-c", RandomExits, "bash", "2");
        outer.Add(one);
        inner.Add(two);
        int[] parents = [one.Id, two.Id];
        ExitTraceOptions ofTest = new() { ParentIds = parents };
        ExitTraceOptions[] filters =
        [
            .. Enumerable.Range(0, 8).Select(_ => ofTest with
            {
                Failed = random.Next(3) == 0,
                Signals = random.Next(3) == 0 ? [.. Enumerable.Range(1, 15).Where(_ => random.Next(2) == 0).Select(signal => (Signal)signal)] : [],
                ExitCodes = random.Next(3) == 0 ? [.. Enumerable.Range(0, 160).Where(_ => random.Next(2) == 0)] : [],
                MinimumAge = random.Next(3) == 0 ? TimeSpan.FromMilliseconds(700) : TimeSpan.Zero,
                Users = random.Next(4) == 0 ? [4242] : [],
                Cgroup = random.Next(3) == 0 ? inner.CgroupPath : null,
                Crashed = random.Next(5) == 0,
            }).Where(IsConsistent),
        ];
        Assert.True(filters.Length >= 5);
        Recording[] watches = [.. filters.Select(filter => Recording.Start(filter))];
        int exits;
        using (ExitRecorder recorder = ExitRecorder.Start(ofTest, new ExitRecorderOptions { Directory = folder.Path("recording") }))
        {
            one.WriteLine();
            two.WriteLine();
            one.Wait();
            two.Wait();
            recorder.Stop();
            Assert.True(recorder.Wait(TimeSpan.FromSeconds(20)));
            Assert.Equal(0, recorder.Status.Lost);
            exits = (int)recorder.Status.Events;
        }
        Assert.True(exits > 800, $"{exits} exits were recorded.");
        ExitRecording recording = ExitRecording.Open(folder.Path("recording"));
        for (int i = 0; i < filters.Length; i++)
        {
            IReadOnlyList<ExitEvent> watched = watches[i].Stop();
            Assert.Equal(0, watches[i].Trace.LostCount);
            watches[i].Dispose();
            List<ExitEvent> read = [.. recording.ReadEvents(new ExitRecordingOptions { OldestFirst = true, Filter = filters[i] })];
            // The recorder looks at the clock at another moment than the filter of another program: a process of just the age can be on either side.
            TimeSpan age = filters[i].MinimumAge, margin = TimeSpan.FromMilliseconds(250);
            bool IsClear(ExitEvent exit) => age == TimeSpan.Zero || (exit.Age - age).Duration() > margin;
            // For two exits at almost the same time, the two programs can read their clocks in different order.
            IEnumerable<string> Texts(IEnumerable<ExitEvent> exits) =>
                exits.Where(IsClear).OrderBy(exit => exit.StartTimestamp).Select(exit => $"{exit} {exit.StartTimestamp} {exit.UserId} {exit.ParentId} {exit.CgroupPath}, {RecordedFilters.Describe(filters[i])}");

            Assert.Equal(string.Join('\n', Texts(watched)), string.Join('\n', Texts(read)));
        }
    }

    /// <summary>
    /// Five times, or as often as EXITSNOOP_KILLS says: missing exits are within the reported gaps, and nothing is damaged.
    /// </summary>
    [Fact]
    public void A_recorder_that_is_killed_under_load_loses_less_than_a_second_and_says_so()
    {
        Need.Unless(File.Exists(Paths.Console) ? null : $"there is no {Paths.Console}");
        int kills = int.Parse(Environment.GetEnvironmentVariable("EXITSNOOP_KILLS") ?? "5", CultureInfo.InvariantCulture);
        using TestFolder folder = new();
        using TestCgroup cgroup = TestCgroup.Create();
        using Child load = Child.StartHeld("bash", "-c", "while :; do (exit 3) & (kill -9 $BASHPID); wait; done");
        cgroup.Add(load);
        Random random = new(40);
        List<DateTimeOffset> killed = [];
        IReadOnlyList<ExitEvent> watched;
        using (Recording watch = Recording.Start(new ExitTraceOptions { Cgroup = cgroup.CgroupPath, Utc = true }))
        {
            load.WriteLine();
            for (int i = 0; i <= kills; i++)
            {
                using Command recorder = Command.Start(Paths.Console, ["--record", folder.Path("recording"), "--max-size", "4M", "--cgroup", cgroup.CgroupPath, "-v"]);
                recorder.WaitForError("recording to");
                Thread.Sleep(random.Next(20, 900));
                if (i == kills)
                    load.Kill(Signal.KILL);
                killed.Add(DateTimeOffset.UtcNow);
                recorder.Signal(i == kills ? Command.SigTerm : Command.SigKill);
                recorder.Wait();
            }
            watched = watch.Stop();
        }

        ExitRecording recording = ExitRecording.Open(folder.Path("recording"));
        List<ExitEvent> recorded = [.. recording.ReadEvents(new ExitRecordingOptions { OldestFirst = true, Filter = new ExitTraceOptions { Utc = true } })];
        List<ExitRecordingFinding> findings = [];
        while (recording.TryTakeFinding(out ExitRecordingFinding? finding))
            findings.Add(finding);
        Assert.DoesNotContain(findings, finding => finding.Message.Contains("damaged", StringComparison.Ordinal));
        ExitRecordingFinding[] gaps = [.. findings.Where(finding => finding.Message.EndsWith("the recorder was killed.", StringComparison.Ordinal))];
        Assert.Equal(kills, gaps.Length);
        for (int i = 0; i < kills; i++)
            Assert.True(killed[i] - gaps[i].Since < TimeSpan.FromSeconds(3), $"After kill {i}, {killed[i] - gaps[i].Since} are missing.");

        HashSet<(int, ulong)> known = [.. recorded.Select(exit => (exit.Id, exit.StartTimestamp))];
        Assert.Equal(recorded.Count, known.Count);
        Assert.Empty(known.Except(watched.Select(exit => (exit.Id, exit.StartTimestamp))));
        TimeSpan tolerance = TimeSpan.FromMilliseconds(5);
        foreach (ExitEvent exit in watched.Where(exit => !known.Contains((exit.Id, exit.StartTimestamp))))
            Assert.True(
                exit.ExitTime < recorded[0].ExitTime + tolerance || exit.ExitTime > killed[^1].UtcDateTime - tolerance
                    || gaps.Any(gap => exit.ExitTime > gap.Since.UtcDateTime - tolerance && exit.ExitTime < gap.Until.UtcDateTime + tolerance),
                $"{exit} at {exit.ExitTime:O} is not there, and in no gap.");
    }

    /// <summary>A child of each kind, ten at a time; the argument makes two such scripts differ.</summary>
    private const string RandomExits = """
        RANDOM=$1
        for ((i = 0; i < 50; i++)); do
            for ((j = 0; j < 10; j++)); do
                case $((RANDOM % 4)) in
                0) (exit $((RANDOM % 256))) & ;;
                1) (kill -$((RANDOM % 15 + 1)) $BASHPID) & ;;
                2) if ((i % 30 == 0)); then sleep 1.5 & else (:) & fi ;;
                3) ((RANDOM % 10)) && (exit 0) & ;;
                esac
            done
            setpriv --reuid 4242 --clear-groups true
            wait
        done
        """;

    /// <summary>Whether a trace takes these options.</summary>
    private static bool IsConsistent(ExitTraceOptions options) =>
        (!options.Failed || options.ExitCodes.Count == 0 || options.ExitCodes.Any(code => code != 0))
        && (options.Signals.Count == 0 || options.ExitCodes.Count == 0 || options.Signals.Any(signal => options.ExitCodes.Contains(128 + (int)signal)))
        && (!options.Crashed || options.Signals.Count == 0 || options.Signals.Any(signal => signal is Signal.SEGV or Signal.KILL or Signal.ABRT));

    private static string? Text(object? value) => Convert.ToString(value, CultureInfo.InvariantCulture);
}
