using System.Text.Json;
using ExitSnoop.Crash;

namespace ExitSnoop.Cli.Tests;

/// <summary>How the place of a crash is shown.</summary>
public sealed class CrashFormatTests
{
    private static readonly StackFrame[] Frames =
    [
        new(0, 0x7f00_0000_1234, "/usr/lib/libvips.so.42", 0x1234, "c0ffee", "vips_\u001b[2Jnew", 0x1c),
        new(1, 0xffff_0000_0000_0001, null, null, null, null, null),
    ];

    private static readonly EventMaker Crashed = new()
    {
        WaitStatus = 11,
        SignalCode = 1,
        FaultAddress = 0x18,
        Arguments = ["sh"],
        Crash = new CrashReport { ThreadId = 101, ThreadName = "worker", InstructionPointer = 0x7f00_0000_1234, Site = Frames[0], StackTrace = Frames, Note = "cut" },
    };

    [Fact]
    public void The_reason_tells_the_place_too() =>
        Assert.Equal("segfault (MAPERR) at 0x18 in libvips.so.42!vips_\u001b[2Jnew+0x1c", Crashed.Make().Reason);

    [Fact]
    public void A_signal_from_another_process_is_not_said_to_come_from_the_place() =>
        Assert.Equal("killed by bash (7)", (Crashed with { Sender = (7, "bash", 0), SignalCode = 0, FaultAddress = null }).Make().Reason);

    [Fact]
    public void Calls_stand_below_the_line_of_their_process_and_drive_no_terminal()
    {
        string[] why = Rendering.Row(output => new WhyFormat(output, utc: true, null), Crashed.Make()).Split('\n');
        string[] table = Rendering.Row(output => new TableFormat(output, time: false, utc: true, null), Crashed.Make()).Split('\n');
        string[] calls =
        [
            @"    #0  0x00007f0000001234 in vips_\e[2Jnew+0x1c from /usr/lib/libvips.so.42",
            "    #1  0xffff000000000001 in ??",
            "    (cut)",
            "",
        ];
        Assert.Equal(calls, why[1..]);
        Assert.Equal(calls, table[1..]);
    }

    [Fact]
    public void Json_has_calls_as_objects_and_addresses_as_texts()
    {
        JsonElement json = JsonDocument.Parse(Rendering.Row(output => new JsonFormat(output), Crashed.Make())).RootElement;
        Assert.Equal("0x7f0000001234", json.GetProperty("InstructionPointer").GetString());
        Assert.Equal("/usr/lib/libvips.so.42", json.GetProperty("CrashModule").GetString());
        Assert.Equal("0x1234", json.GetProperty("CrashOffset").GetString());
        Assert.Equal("c0ffee", json.GetProperty("CrashBuildId").GetString());
        Assert.Equal((101, "worker"), (json.GetProperty("CrashThreadId").GetInt32(), json.GetProperty("CrashThreadName").GetString()));
        Assert.Equal("cut", json.GetProperty("CrashNote").GetString());
        JsonElement calls = json.GetProperty("StackTrace");
        Assert.Equal(2, calls.GetArrayLength());
        Assert.Equal(["Index", "InstructionPointer", "Module", "Offset", "BuildId", "Symbol", "SymbolOffset"], calls[0].EnumerateObject().Select(property => property.Name));
        Assert.Equal(("vips_\u001b[2Jnew", 28), (calls[0].GetProperty("Symbol").GetString(), calls[0].GetProperty("SymbolOffset").GetInt32()));
        Assert.Equal("""{"Index":1,"InstructionPointer":"0xffff000000000001","Module":null,"Offset":null,"BuildId":null,"Symbol":null,"SymbolOffset":null}""", calls[1].GetRawText());
    }
}
