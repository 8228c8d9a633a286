using System.Text.RegularExpressions;

namespace ExitSnoop.Tests.Crash;

/// <summary>The frames that gdb finds in a core of the same crash, for cases in which eu-stack stops.</summary>
internal static partial class Gdb
{
    /// <summary>
    /// Asserts that gdb finds the same frames of the program itself, from the innermost up to main. In libraries with debug
    /// information it shows inlined functions too.
    /// </summary>
    /// <returns>The functions.</returns>
    internal static IEnumerable<string> AssertAgrees(string core, ExitEvent exit)
    {
        StackFrame[] own = [.. exit.StackTrace!.Where(frame => frame.Module == exit.Path && frame.Symbol is not "_start")];
        string[] lines = Command.Run(Need.Program("gdb"), ["-batch", "-nx", "-ex", $"bt {exit.StackTrace!.Count + 20}", exit.Path!, core]).Lines;
        // The innermost is shown when the core is opened, too.
        IEnumerable<string> found = lines[Array.FindLastIndex(lines, line => line.StartsWith("#0 ", StringComparison.Ordinal))..]
            .Select(line => Frame().Match(line)).Where(match => match.Success && own.Any(frame => frame.Symbol == match.Groups[2].Value))
            .Select(match => $"{match.Groups[1].Value} {match.Groups[2].Value}");
        Assert.Equal(found.Take(own.Length), EuStack.ToLines(own));
        return own.Select(frame => frame.Symbol!);
    }

    [GeneratedRegex(@"^#\d+\s+0x([0-9a-f]{16}) in (\S+) \(")]
    private static partial Regex Frame();
}
