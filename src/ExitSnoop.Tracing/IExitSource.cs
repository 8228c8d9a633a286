using ExitSnoop.Recording;

namespace ExitSnoop;

/// <summary>A source of recorded exits: a recording or a file of JSON.</summary>
internal interface IExitSource
{
    /// <summary>Continues after what was read, for exits that are recorded later; null if the source cannot grow.</summary>
    RecordingTail? Tail { get; }

    /// <summary>The exits that match a query.</summary>
    IEnumerable<ExitEvent> Read(RecordingQuery query, bool oldestFirst);
}
