using System.Reflection;
using System.Text.Json;

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
                case ArgumentList texts: Assert.Equal(texts, value.EnumerateArray().Select(one => one.GetString())); break;
                case Signal signal: Assert.Equal(signal, Enum.Parse<Signal>(value.GetString()!)); break;
                case TimeSpan time: Assert.Equal(time, TimeSpan.FromSeconds(value.GetDouble())); break;
                case DateTime time: Assert.Equal(time, value.GetDateTime()); break;
                case ulong address: Assert.Equal($"0x{address:x}", value.GetString()); break;
                case AncestorList list: Assert.Equal(list.ToArray().Select(one => (one.Name, one.Id)), value.EnumerateArray().Select(one => (one.GetProperty("Name").GetString()!, one.GetProperty("Id").GetInt32()))); break;
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
    public void A_line_of_the_program_is_what_ToJson_returns_and_any_writer_takes_it()
    {
        ExitEvent exit = new EventMaker { Arguments = ["a\u202e", "\ud83d\udc1d"], Sender = (7, "ki\\ll", 1000) }.Make();
        string line = Rendering.Row(output => new JsonFormat(output), exit);
        Assert.Equal(exit.ToJson() + "\n", line);

        System.Buffers.ArrayBufferWriter<byte> bytes = new();
        exit.WriteJson(bytes);
        exit.WriteJson(bytes);
        Assert.Equal(exit.ToJson() + exit.ToJson(), Encoding.UTF8.GetString(bytes.WrittenSpan));

        using MemoryStream stream = new();
        using (Utf8JsonWriter writer = new(stream, new JsonWriterOptions { Indented = true }))
        {
            writer.WriteStartArray();
            exit.WriteJson(writer);
            exit.WriteJson(writer);
            writer.WriteEndArray();
        }
        JsonElement array = JsonDocument.Parse(stream.ToArray()).RootElement;
        Assert.Equal(2, array.GetArrayLength());
        Assert.True(JsonElement.DeepEquals(array[0], JsonDocument.Parse(line).RootElement));
    }

    [Theory]
    [InlineData("plain 'quotes' <&> \u4e2d\u6587 \ud83d\udc1d \u00e4", "plain 'quotes' <&> \u4e2d\u6587 \ud83d\udc1d \u00e4")]
    [InlineData("\"\\\n\r\t", "\\\"\\\\\\n\\r\\t")]
    [InlineData("\u001b[2J\u007f\u009b", "\\u001b[2J\\u007f\\u009b")]
    [InlineData("a\u202eb\u2028c\u200d", "a\\u202eb\\u2028c\\u200d")]
    [InlineData("\U000e0041", "\\udb40\\udc41")]
    public void Text_stays_readable_but_for_what_drives_a_terminal_or_is_not_seen(string text, string json) =>
        Assert.Contains($"\"Label\":\"{json}\"", new EventMaker { Basic = true, Label = text }.Make().ToJson(), StringComparison.Ordinal);

    [Fact]
    public void Half_of_a_surrogate_pair_is_no_character()
    {
        // Not by InlineData: an attribute holds UTF-8, in which there is no half of a pair.
        ExitEvent exit = new EventMaker { Basic = true, Label = "half " + '\ud83d' + " of a pair" }.Make();
        Assert.Equal("half \ufffd of a pair", JsonDocument.Parse(exit.ToJson()).RootElement.GetProperty("Label").GetString());
    }

    [Fact]
    public void What_was_not_collected_is_null()
    {
        JsonElement json = Write(new EventMaker { Basic = true }.Make());
        foreach (string name in (string[])["SenderId", "OomKilled", "CommandLine", "Arguments", "Path", "UserId", "UserName", "TotalProcessorTime", "PeakWorkingSet64", "CgroupPath"])
            Assert.Equal(JsonValueKind.Null, json.GetProperty(name).ValueKind);
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
