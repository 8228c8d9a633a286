using System.Text.Json;

namespace ExitSnoop.Tests;

/// <summary>The commands of living processes, as far as an unprivileged user can read them.</summary>
internal static class CommandProgram
{
    internal const string Name = "command";

    /// <summary>Runs it as nobody.</summary>
    /// <param name="children">The processes.</param>
    /// <param name="hidden">Whether /proc hides processes of others; then of each an exec has been recorded, and of many more that are gone.</param>
    internal static Seen[] RunAsNobody(Child[] children, bool hidden = false)
    {
        if (Environment.UserName != "root")
            Assert.Skip("Only root can become nobody.");
        string script = (hidden ? "mount -t proc -o hidepid=2 proc /proc && " : "") + "exec setpriv --reuid 65534 --regid 65534 --clear-groups --inh-caps -all \"$@\"";
        using Child program = Child.Run(
            "unshare",
            ["--mount", "sh", "-c", script, "sh", .. Tracer.Command[..^1], Name, $"{hidden}", .. children.Select(child => $"{child.Id} {Proc.TimesOf(child.Id).StartTime}")]);
        string line = program.Output.ReadToEnd();
        Assert.True(line.Length > 0, program.Errors.ReadToEnd());
        return JsonSerializer.Deserialize<Seen[]>(line)!;
    }

    internal static int Run(bool hidden, string[] processes)
    {
        ExitRecord[] exits = [.. processes.Select(text => text.Split(' ')).Select(fields => new ExitRecord
        {
            HostPid = uint.Parse(fields[0], CultureInfo.InvariantCulture),
            StartTime = ulong.Parse(fields[1], CultureInfo.InvariantCulture) * 10_000_000,
        })];
        CommandMemory memory = new();
        if (hidden)
        {
            Array.ForEach(exits, exit => Add(memory, exit));
            for (uint other = 1; other <= 20_000; other++)
                Add(memory, new() { HostPid = (1 << 22) + other, ExitTime = (ulong)Clocks.Boot() });
        }
        else
        {
            memory.ReadProc();
        }
        int count = memory.Count;
        Console.WriteLine(JsonSerializer.Serialize(exits.Select(exit => Find(memory, exit, count))));
        return 0;
    }

    private static Seen Find(CommandMemory memory, ExitRecord exit, int count)
    {
        byte[]? command = memory.Find(exit);
        ExitEvent? seen = command is null ? null : new(command, null, 0, utc: true, label: null);
        return new Seen(command is not null, seen?.Arguments?.ToArray(), seen?.Path, seen?.CommandLineTruncated, count);
    }

    /// <summary>Adds the record of an exec, without its command.</summary>
    private static void Add(CommandMemory memory, ExitRecord exec)
    {
        byte[] bytes = new byte[RecordView.BytesOffset];
        exec.Flags = RecordFlags.Exec | RecordFlags.Detail;
        System.Runtime.InteropServices.MemoryMarshal.Write(bytes, exec);
        Assert.True(RecordView.TryParse(bytes, out RecordView view));
        memory.Add(view, bytes);
    }

    /// <param name="Known">Whether there was a command for the process.</param>
    /// <param name="Arguments">Of its event, as the rest.</param>
    /// <param name="Path">Its executable.</param>
    /// <param name="Truncated">Whether arguments are missing.</param>
    /// <param name="Count">How many commands are remembered.</param>
    internal sealed record Seen(bool Known, string[]? Arguments, string? Path, bool? Truncated, int Count);
}
