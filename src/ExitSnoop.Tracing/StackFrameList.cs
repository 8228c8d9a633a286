using System.Collections.ObjectModel;

namespace ExitSnoop;

/// <summary>The calls of a thread, from the innermost to the outermost.</summary>
public sealed class StackFrameList : ReadOnlyCollection<StackFrame>
{
    internal StackFrameList(IList<StackFrame> frames)
        : base(frames)
    {
    }

    /// <summary>One call per line. Export-Csv writes this text.</summary>
    public override string ToString() => string.Join('\n', this);
}
