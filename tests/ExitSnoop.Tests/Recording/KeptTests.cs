using System.Text.Json;

namespace ExitSnoop.Tests.Recordings;

/// <summary>
/// A recording of the first version of the format, with the events that were read from it then. It is never made again: reading
/// version 1 must keep giving the same result.
/// </summary>
public sealed class KeptTests
{
    private static string Folder => Path.Combine(Paths.Repository, "tests", "ExitSnoop.Tests", "Recording", "kept-version-1");

    [Fact]
    public void A_recording_of_version_1_stays_readable()
    {
        (List<ExitEvent> exits, List<string> findings) = RecordingMaker.Read(
            Folder, new ExitRecordingOptions { OldestFirst = true, Filter = new ExitTraceOptions { StackTrace = true } });
        string[] kept = File.ReadAllLines(Path.Combine(Folder, "exits.json"));
        Assert.Equal(kept.Length, exits.Count);
        Assert.Contains(exits, exit => exit.CrashSite is not null);
        for (int i = 0; i < kept.Length; i++)
        {
            using JsonDocument then = JsonDocument.Parse(kept[i]), now = JsonDocument.Parse(exits[i].ToJson());
            foreach (JsonProperty property in then.RootElement.EnumerateObject())
                Assert.Equal(property.Value.GetRawText(), now.RootElement.GetProperty(property.Name).GetRawText());
        }
        Assert.StartsWith("Nothing has been recorded since", Assert.Single(findings), StringComparison.Ordinal);
    }
}
