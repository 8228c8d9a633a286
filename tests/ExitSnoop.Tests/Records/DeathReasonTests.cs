using System.Text.RegularExpressions;

namespace ExitSnoop.Tests.Records;

/// <summary>The texts of Reason, and the pages that explain them.</summary>
public sealed partial class DeathReasonTests
{
    private const int Pid = 7, Ptrace = 101;
    private const uint X64 = 0xc000003e; // AUDIT_ARCH_X86_64 of include/uapi/linux/audit.h

    /// <summary>What a word in capitals stands for.</summary>
    private static readonly Dictionary<string, string> Words = new()
    {
        ["NAME"] = @"\S+", ["ID"] = @"\d+", ["ADDRESS"] = "0x[0-9a-f]+", ["CODE"] = @"-?\w+", ["CALL"] = @"\w+", ["NUMBER"] = @"\d+",
    };

    [Theory]
    [InlineData("en-US/about_ExitSnoop.md", "### Why it died", "`([^`\n]+)`(?=[^|\n]*\\|[^|\n]+\\|$)")]
    [InlineData("man/exitsnoop.8", ".SS Why", "^\\.B \"([^\"\n]+)\"$")]
    public void Every_reason_is_explained_and_nothing_else_is(string page, string heading, string entry)
    {
        string text = File.ReadAllText(Path.Combine(Paths.Repository, "docs", page));
        string section = text.Split(heading + "\n")[1].Split(heading[..3])[0];
        string[] entries = [.. Regex.Matches(section, entry, RegexOptions.Multiline).Select(match => match.Groups[1].Value)];
        Regex[] patterns = [.. entries.Select(each => new Regex("^" + Word().Replace(Regex.Escape(each), word => Words[word.Value]) + "$"))];

        HashSet<string> reasons = [.. Reasons()];
        foreach (string reason in reasons)
            Assert.True(patterns.Count(pattern => pattern.IsMatch(reason)) == 1, $"'{reason}' is not, or not once, in {page}");
        foreach ((string each, Regex pattern) in entries.Zip(patterns))
            Assert.True(reasons.Any(pattern.IsMatch), $"'{each}' in {page} is no reason");
    }

    private static IEnumerable<string> Reasons()
    {
        RecordFlags[] flags =
        [
            default, RecordFlags.OomKilled, RecordFlags.Sender, RecordFlags.Sender | RecordFlags.FaultAddress,
            RecordFlags.Sender | RecordFlags.SenderTask, RecordFlags.Sender | RecordFlags.SenderTask | RecordFlags.SenderProbable,
        ];
        foreach (SignalCause cause in Enum.GetValues<SignalCause>())
            foreach (int call in (int[])[-1, Ptrace, 1_000_000])
                if (Reason(Signal.KILL, 0, new ExitDetail { Cause = cause, SystemCall = call, SystemCallArch = X64 }) is { } reason)
                    yield return reason;
        foreach (Signal signal in Enum.GetValues<Signal>())
            foreach (int code in (int[])[-60, -7, -6, -5, -4, -3, -2, -1, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 99, 0x80])
                foreach (RecordFlags each in flags)
                    foreach (uint sender in (uint[])[0, Pid, 901])
                        if (Reason(signal, each, new ExitDetail { SignalCode = code, SenderPid = sender, SenderComm = RecordBytes.CommOf("bash"u8) }) is { } reason)
                            yield return reason;
    }

    private static string? Reason(Signal signal, RecordFlags flags, ExitDetail detail) =>
        RecordBytes.Event(RecordBytes.Of(new ExitRecord { Pid = Pid, WaitStatus = (uint)signal, Flags = flags }, detail)).Reason;

    [GeneratedRegex(@"\b(NAME|ID|ADDRESS|CODE|CALL|NUMBER)\b")]
    private static partial Regex Word();
}
