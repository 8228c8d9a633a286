using System.Text.RegularExpressions;

namespace ExitSnoop.Tests.Crash;

/// <summary>The frames that eu-stack of elfutils finds in a core of the same crash.</summary>
internal static partial class EuStack
{
    /// <summary>The frames of a thread, each as its address and, where it has one, the name of its function.</summary>
    internal static IReadOnlyList<string> FramesOf(string core, string program, int thread)
    {
        CommandResult result = Command.Run(Need.Program("eu-stack"), ["--core", core, "-e", program]);
        List<string> frames = [];
        int current = 0;
        foreach (string line in result.Lines)
        {
            if (line.StartsWith("TID ", StringComparison.Ordinal))
                current = int.Parse(line.AsSpan(4).TrimEnd(':'), CultureInfo.InvariantCulture);
            else if (current == thread && Frame().Match(line) is { Success: true } frame)
                frames.Add($"{frame.Groups[1].Value} {Demangled(frame.Groups[2].Value)}".TrimEnd());
        }
        return frames;
    }

    internal static IEnumerable<string> ToLines(IEnumerable<StackFrame> frames) =>
        frames.Select(frame => $"{frame.InstructionPointer:x16} {frame.Symbol}".TrimEnd());

    // It prints versions after some names, and mangled C++ names.
    private static string Demangled(string symbol)
    {
        string name = symbol.Split('@')[0].Trim();
        return name.Length == 0 ? "" : ExitSnoop.Crash.Unwinding.Demangler.Demangle(System.Text.Encoding.UTF8.GetBytes(name));
    }

    [GeneratedRegex(@"^#\d+\s+0x([0-9a-f]{16})(?: - 1)?(.*)$")]
    private static partial Regex Frame();
}
