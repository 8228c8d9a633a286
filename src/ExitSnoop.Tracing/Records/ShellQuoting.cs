using System.Buffers;
using System.Text;

namespace ExitSnoop.Records;

/// <summary>Quotes arguments for a POSIX shell.</summary>
internal static class ShellQuoting
{
    private static readonly SearchValues<char> Plain =
        SearchValues.Create("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_@%+=:,./-");

    internal static string Join(IReadOnlyList<string> arguments)
    {
        StringBuilder line = new();
        foreach (string argument in arguments)
        {
            if (line.Length > 0)
                line.Append(' ');
            if (argument.Length > 0 && !argument.AsSpan().ContainsAnyExcept(Plain))
                line.Append(argument);
            else
                line.Append('\'').Append(argument.Replace("'", "'\\''", StringComparison.Ordinal)).Append('\'');
        }
        return line.ToString();
    }
}
