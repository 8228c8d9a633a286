using System.Text.Json;

namespace ExitSnoop.Cli.Output;

/// <summary>One JSON object a line, as <see cref="ExitEvent.ToJson"/> makes it.</summary>
#pragma warning disable CA1001 // What the writer holds is the output's buffer, which lives as long as the program.
internal sealed class JsonFormat(OutputBuffer output) : IEventFormat
#pragma warning restore CA1001
{
    private readonly Utf8JsonWriter writer = new(output, ExitEventJson.Options);

    /// <inheritdoc />
    public void WriteHeader()
    {
    }

    /// <inheritdoc />
    public void Write(ExitEvent exit)
    {
        exit.WriteJson(writer);
        writer.Flush();
        writer.Reset();
        output.EndLine();
    }
}
