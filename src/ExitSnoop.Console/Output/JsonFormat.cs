using System.Text.Json;

namespace ExitSnoop.Cli.Output;

/// <summary>Writes one JSON object per line, as <see cref="ExitEvent.ToJson"/> returns it.</summary>
#pragma warning disable CA1001 // The writer only has a reference to the output buffer, which exists as long as the program.
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
