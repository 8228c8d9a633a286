using System.Collections.ObjectModel;
using ExitSnoop.Records;

namespace ExitSnoop;

/// <summary>The arguments of a process. The first one is the name by which the program was called.</summary>
public sealed class ArgumentList : ReadOnlyCollection<string>
{
    private string? commandLine;

    internal ArgumentList(IList<string> arguments)
        : base(arguments)
    {
    }

    /// <summary>The arguments in one line, quoted for a POSIX shell. Export-Csv writes this text.</summary>
    public override string ToString() => commandLine ??= ShellQuoting.Join(this);
}
