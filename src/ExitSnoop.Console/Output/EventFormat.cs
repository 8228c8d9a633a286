using ExitSnoop.Cli.Arguments;

namespace ExitSnoop.Cli.Output;

/// <summary>Chooses how events are shown.</summary>
internal static class EventFormat
{
    /// <summary>The format for a command line; null if no events are shown.</summary>
    internal static IEventFormat? Of(CommandLine command, OutputBuffer output)
    {
        bool utc = command.Trace.Utc, withDate = command.Mode == RunMode.Read;
        string? label = command.Trace.Label;
        return command.View switch
        {
            View.None => null,
            View.Json => new JsonFormat(output),
            View.Why => new WhyFormat(output, utc, label, withDate),
            _ => new TableFormat(output, command.Timestamp, utc, label, withDate),
        };
    }
}
