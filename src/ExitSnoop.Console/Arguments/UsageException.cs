namespace ExitSnoop.Cli.Arguments;

/// <summary>The command line asks for something that there is not; the message says what.</summary>
internal sealed class UsageException(string message) : Exception(message);
