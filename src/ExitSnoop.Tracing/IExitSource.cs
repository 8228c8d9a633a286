using ExitSnoop.Recording;

namespace ExitSnoop;

/// <summary>Where recorded exits come from.</summary>
internal interface IExitSource
{
    /// <summary>Goes on behind what was read; null where nothing can come.</summary>
    RecordingTail? Tail { get; }

    /// <summary>The exits that a query wants.</summary>
    IEnumerable<ExitEvent> Read(RecordingQuery query, bool oldestFirst);
}
