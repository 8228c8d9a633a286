using System.Collections.ObjectModel;
using ExitSnoop.Records;

namespace ExitSnoop;

/// <summary>The arguments of a process, beginning with the name that it was called by.</summary>
public sealed class ArgumentList : ReadOnlyCollection<string>
{
    internal ArgumentList(IList<string> arguments)
        : base(arguments)
    {
    }

    /// <summary>The arguments as a shell would quote them: what Export-Csv writes.</summary>
    public override string ToString() => ShellQuoting.Join(this);
}
