using System.IO.Compression;
using System.Reflection;
using ExitSnoop.Tests.Records;

namespace ExitSnoop.Tests.Recordings;

/// <summary>Reading returns what was recorded, for all spans of time, orders and filters.</summary>
public sealed class RoundTripTests
{
    private static readonly PropertyInfo[] Properties = typeof(ExitEvent).GetProperties();

    [Fact]
    public void Every_exit_comes_back_with_every_property_in_either_order()
    {
        using RecordingMaker maker = new() { Limits = Small };
        maker.Exit(3000);
        maker.Stop();
        Assert.True(maker.Segments.Count > 2, "This is to read several segments.");

        (List<ExitEvent> exits, List<string> findings) = maker.Read();
        Assert.Equal(Enumerable.Range(0, 3000), RecordingMaker.NumbersOf(exits));
        Assert.Equal([$"Nothing has been recorded since {At(maker.Now)}: no recorder runs."], findings);
        Assert.Equal(Enumerable.Range(0, 3000).Reverse(), RecordingMaker.NumbersOf(maker.Read(new ExitRecordingOptions()).Exits));
        for (int i = 0; i < exits.Count; i++)
        {
            ExitEvent original = RecordBytes.Event([.. maker.Recorded[i]], RecordingMaker.BootedAt);
            foreach (PropertyInfo property in Properties.Where(property => property.Name is not (nameof(ExitEvent.UserName) or nameof(ExitEvent.HostName))))
                Assert.Equal(Convert.ToString(property.GetValue(original), CultureInfo.InvariantCulture), Convert.ToString(property.GetValue(exits[i]), CultureInfo.InvariantCulture));
            Assert.Equal((original.ExitTime, original.StartTime), (exits[i].ExitTime, exits[i].StartTime));
        }
    }

    [Fact]
    public void Users_and_the_machine_have_the_names_that_they_had_there_in_JSON_too()
    {
        using RecordingMaker maker = new();
        maker.Exit(4);
        maker.Stop();
        List<ExitEvent> exits = maker.Read().Exits;
        foreach (IEnumerable<ExitEvent> read in new[] { exits, exits.ConvertAll(exit => ExitEvent.FromJson(exit.ToJson())) })
            Assert.Equal(
                [("somebody", "elsewhere"), (null, "elsewhere"), (null, "elsewhere"), ("somebody", "elsewhere")],
                read.Select(exit => (exit.UserName, exit.HostName)));
    }

    [Fact]
    public void Of_a_span_only_its_exits_come_whatever_order_they_are_asked_for_in()
    {
        using RecordingMaker maker = new() { Limits = Small };
        maker.Exit(2000, interval: 10 * RecordingMaker.Second);
        maker.Stop();
        foreach (bool oldestFirst in new[] { true, false })
        {
            ExitRecordingOptions span = new() { After = maker.TimeOf(500), Before = maker.TimeOf(520), OldestFirst = oldestFirst };
            IEnumerable<int> wanted = Enumerable.Range(500, 21);
            Assert.Equal(oldestFirst ? wanted : wanted.Reverse(), RecordingMaker.NumbersOf(maker.Read(span).Exits));
            Assert.Empty(maker.Read(span).Findings);
        }
        Assert.Equal([1999, 1998], RecordingMaker.NumbersOf(maker.Read(new ExitRecordingOptions { Filter = new() { MaxEvents = 2 } }).Exits));
    }

    [Fact]
    public void A_filter_sees_every_exit_and_keeps_those_that_it_wants()
    {
        using RecordingMaker maker = new();
        maker.Exit(50);
        maker.Exit(1, status: 11);
        maker.Exit(50);
        maker.Exit(1, status: 3 << 8);
        maker.Stop();
        (ExitTraceOptions Filter, int[] Numbers)[] cases =
        [
            (new() { Failed = true }, [50, 101]),
            (new() { Crashed = true }, [50]),
            (new() { Signals = [Signal.SEGV] }, [50]),
            (new() { ExitCodes = [3, 139] }, [50, 101]),
            (new() { Ids = [7, 9] }, [6, 8]),
            (new() { Ids = [77], IncludeChildren = true, Failed = true }, [50, 101]),
            (new() { Ids = [7800], IncludeChildren = true }, []),
            (new() { ParentIds = [1], Failed = true }, [50, 101]),
            (new() { ParentIds = [2] }, []),
            (new() { Users = [4242], MaxEvents = 2 }, [0, 3]),
            (new() { ExcludedUsers = [0, 1, 2, 3, 4242] }, [.. Enumerable.Range(0, 102).Where(number => number % 3 != 0 && number % 5 == 4)]),
            (new() { MinimumAge = TimeSpan.FromSeconds(8.85) }, [89]),
            (new() { NameFilter = name => name == "program-6", MaxEvents = 1 }, [6]),
            (new() { Cgroup = "/system.slice/service-3.service", MaxEvents = 2 }, [3, 14]),
            (new() { Cgroup = "/sys/fs/cgroup/system.slice/service-3.service", MaxEvents = 1 }, [3]),
            (new() { Cgroup = "/system.slice", Failed = true }, [50, 101]),
            (new() { Cgroup = "/system.slice/service" }, []),
        ];
        foreach ((ExitTraceOptions filter, int[] numbers) in cases)
            Assert.Equal(numbers, RecordingMaker.NumbersOf(maker.Read(new ExitRecordingOptions { OldestFirst = true, Filter = filter }).Exits));

        // The same for the JSON that the console program prints.
        using TestFolder folder = new();
        string plain = folder.Write("exits.json", string.Concat(maker.Read().Exits.Select(exit => exit.ToJson() + "\n")) + "{\"Id\": 7, \"cut"), compressed = folder.Path("exits.json.gz");
        using (GZipStream gzip = new(File.Create(compressed), CompressionMode.Compress))
            gzip.Write(File.ReadAllBytes(plain));
        foreach ((ExitTraceOptions filter, int[] numbers) in cases)
            Assert.Equal(numbers, RecordingMaker.NumbersOf(RecordingMaker.Read(compressed, new ExitRecordingOptions { OldestFirst = true, Filter = filter }).Exits));
        (List<ExitEvent> newest, List<string> findings) = RecordingMaker.Read(plain, new ExitRecordingOptions { Filter = new() { MaxEvents = 2 } });
        Assert.Equal([101, 100], RecordingMaker.NumbersOf(newest));
        Assert.Equal([$"{plain} has 1 line that is not an event, the first is line 103."], findings);
    }

    [Fact]
    public void Arguments_are_left_out_where_they_are_not_wanted()
    {
        using RecordingMaker maker = new();
        maker.Limits = maker.Limits with { KeepArguments = false };
        maker.Exit(1);
        maker.Stop();
        ExitEvent exit = Assert.Single(maker.Read().Exits);
        Assert.Equal((null, "/usr/bin/program", "/var/lib", "service-0.service"), (exit.CommandLine, exit.Path, exit.WorkingDirectory, exit.ServiceName));
        Assert.DoesNotContain("--number", System.Text.Encoding.Latin1.GetString(File.ReadAllBytes(maker.Segments[0])), StringComparison.Ordinal);
    }

    [Fact]
    public void A_clock_that_is_set_back_changes_no_order()
    {
        using RecordingMaker maker = new();
        maker.Exit(100);
        maker.WallOffset -= RecordingMaker.Hour;
        maker.Exit(100);
        maker.Stop();
        List<ExitEvent> exits = maker.Read().Exits;
        Assert.Equal(Enumerable.Range(0, 200), RecordingMaker.NumbersOf(exits));
        Assert.True(exits[100].ExitTime < exits[99].ExitTime.AddMinutes(-59), "The times are those that the clock showed.");
        Assert.Equal(Enumerable.Range(100, 100), RecordingMaker.NumbersOf(maker.Read(new ExitRecordingOptions { OldestFirst = true, Before = maker.TimeOf(199) }).Exits));
    }

    [Fact]
    public void Recordings_of_several_machines_are_put_in_order_by_the_wall_clock()
    {
        using RecordingMaker one = new(), two = new() { Now = (100 * RecordingMaker.Second) + 500_000 };
        one.Exit(300);
        two.Exit(300);
        one.Stop();
        two.Stop();
        foreach (bool oldestFirst in new[] { true, false })
        {
            List<ExitEvent> exits = [.. ExitRecording.Open(one.Path, two.Path).ReadEvents(new ExitRecordingOptions { OldestFirst = oldestFirst })];
            Assert.Equal(600, exits.Count);
            Assert.Equal(oldestFirst ? exits.OrderBy(exit => exit.ExitTime) : exits.OrderByDescending(exit => exit.ExitTime), exits);
        }
    }

    [Fact]
    public void Segments_can_be_read_out_of_their_directory()
    {
        using RecordingMaker maker = new() { Limits = Small };
        maker.Exit(2000);
        maker.Stop();
        List<ExitEvent> exits = [.. ExitRecording.Open(maker.Segments.Skip(1).Reverse()).ReadEvents()];
        Assert.Equal(1999, exits[0].Id - 1);
        Assert.Equal(exits.OrderByDescending(exit => exit.Id), exits);
    }

    /// <summary>Segments of 64 KiB.</summary>
    private static ExitSnoop.Recording.RecordingLimits Small => new(512 << 10, TimeSpan.FromDays(30), _ => 0, KeepArguments: true);

    private static string At(long boot) =>
        DateTime.UnixEpoch.AddTicks((boot + RecordingMaker.BootedAt) / 100).ToString("yyyy-MM-dd HH:mm:ss", CultureInfo.InvariantCulture);
}
