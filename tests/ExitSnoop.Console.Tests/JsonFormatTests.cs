using System.Reflection;
using System.Text.Json;
using System.Text;
using ExitSnoop.Cli.Output;

namespace ExitSnoop.Cli.Tests;

public sealed class JsonFormatTests
{
    [Fact]
    public void Its_properties_are_those_of_the_event_under_their_own_names()
    {
        JsonElement json = Write(new EventMaker().Make());
        Assert.Equal(
            typeof(ExitEvent).GetProperties(BindingFlags.Public | BindingFlags.Instance).Select(property => property.Name).Order(),
            json.EnumerateObject().Select(property => property.Name).Order());
    }

    [Fact]
    public void Its_values_are_those_of_the_event()
    {
        ExitEvent exit = new EventMaker
        {
            Name = "中文"u8.ToArray(),
            Age = TimeSpan.FromTicks(12_500_100),
            WaitStatus = 11 | 0x80,
            Label = "a \"label\"",
            Sender = (7, "ki\\ll", 1000),
            SignalCode = 1,
            FaultAddress = 0xffff_ffff_ff60_0000,
            Arguments = ["sh", "-c", "exit 3", "🐝", "ä\t'<&>'"],
            ExitTime = new DateTime(2026, 11, 22, 8, 12, 1, DateTimeKind.Utc).AddTicks(6_880_001),
        }.Make();
        JsonElement json = Write(exit);
        foreach (PropertyInfo property in typeof(ExitEvent).GetProperties(BindingFlags.Public | BindingFlags.Instance))
        {
            JsonElement value = json.GetProperty(property.Name);
            switch (property.GetValue(exit))
            {
                case null: Assert.Equal(JsonValueKind.Null, value.ValueKind); break;
                case bool truth: Assert.Equal(truth, value.GetBoolean()); break;
                case string text: Assert.Equal(text, value.GetString()); break;
                case string[] texts: Assert.Equal(texts, value.EnumerateArray().Select(one => one.GetString())); break;
                case Signal signal: Assert.Equal(signal, Enum.Parse<Signal>(value.GetString()!)); break;
                case TimeSpan time: Assert.Equal(time, TimeSpan.FromSeconds(value.GetDouble())); break;
                case DateTime time: Assert.Equal(time, value.GetDateTime()); break;
                case ulong number: Assert.Equal(number, value.GetUInt64()); break;
                case object number: Assert.Equal(Convert.ToInt64(number, null), value.GetInt64()); break;
            }
        }

        Assert.Equal("\"2026-11-22T08:12:01.6880001Z\"", json.GetProperty("ExitTime").GetRawText());
        Assert.Equal("1.25001", json.GetProperty("Age").GetRawText());
    }

    [Fact]
    public void Every_status_that_a_record_can_hold_is_written()
    {
        foreach (bool kernelThread in new[] { false, true })
            foreach (int status in Enumerable.Range(-200, 200 + 256).Append(0xffff).Append(int.MinValue))
            {
                JsonElement json = Write(new EventMaker { WaitStatus = (uint)status, KernelThread = kernelThread }.Make());
                int signal = kernelThread && status < 0 ? 0 : status & 0x7f;
                Assert.Equal(((Signal)signal).ToString(), json.GetProperty("Signal").GetString());
            }
    }

    [Fact]
    public void Local_times_carry_their_offset()
    {
        LocalZone.Set("Asia/Kolkata");
        JsonElement json = Write(new EventMaker { Utc = false, ExitTime = new DateTime(2026, 11, 22, 20, 0, 0, DateTimeKind.Utc) }.Make());
        Assert.Equal("\"2026-11-23T01:30:00.0000000+05:30\"", json.GetProperty("ExitTime").GetRawText());
        LocalZone.Set("America/Sao_Paulo");
        json = Write(new EventMaker { Utc = false, ExitTime = new DateTime(2026, 11, 22, 1, 0, 0, DateTimeKind.Utc) }.Make());
        Assert.Equal("\"2026-11-21T22:00:00.0000000-03:00\"", json.GetProperty("ExitTime").GetRawText());
    }

    [Fact]
    public void What_was_not_collected_is_null()
    {
        JsonElement json = Write(new EventMaker { Basic = true }.Make());
        foreach (string name in (string[])["SenderId", "OomKilled", "CommandLine", "Arguments", "Path", "UserId", "UserName", "TotalProcessorTime", "PeakWorkingSet64", "CgroupPath"])
            Assert.Equal(JsonValueKind.Null, json.GetProperty(name).ValueKind);
    }

    [Fact]
    public void Every_signal_is_called_by_the_name_of_its_member()
    {
        foreach (Signal signal in Enum.GetValues<Signal>())
            Assert.Equal(signal.ToString(), Write(new EventMaker { WaitStatus = (uint)signal, Basic = true }.Make()).GetProperty("Signal").GetString());
    }

    [Fact]
    public void A_hostile_name_is_escaped_and_comes_back_as_it_was()
    {
        for (int b = 1; b < 256; b++)
        {
            foreach (byte[] name in (byte[][])[[(byte)b], [0xc2, (byte)b], [0xe2, 0x80, (byte)b], [0xf3, 0xa0, 0x81, (byte)b], [0xed, 0xa0, (byte)b], [(byte)'"', (byte)b, (byte)'\\']])
            {
                ExitEvent exit = new EventMaker { Name = name, Basic = true }.Make();
                string line = Rendering.Row(output => new JsonFormat(output), exit);
                Assert.Equal(line.Length - 1, line.IndexOf('\n', StringComparison.Ordinal));
                Assert.Equal(line[..^1], DisplayText.Escape(line[..^1]));
                Assert.Equal(Encoding.UTF8.GetString(name), JsonDocument.Parse(line).RootElement.GetProperty("Name").GetString());
            }
        }
    }

    private static JsonElement Write(ExitEvent exit) =>
        JsonDocument.Parse(Rendering.Row(output => new JsonFormat(output), exit)).RootElement;
}
