namespace ExitSnoop.Cli.Output;

/// <summary>Writes events, one line each, after a header if there is one.</summary>
internal interface IEventFormat
{
    void WriteHeader();

    void Write(ExitEvent exit);
}
