using System.Collections.ObjectModel;

namespace ExitSnoop;

/// <summary>The calls of a thread, from the innermost to the outermost.</summary>
public sealed class StackFrameList : ReadOnlyCollection<StackFrame>
{
    internal StackFrameList(IList<StackFrame> frames)
        : base(frames)
    {
    }

    /// <summary>A call a line: what Export-Csv writes.</summary>
    public override string ToString() => string.Join('\n', this);
}
