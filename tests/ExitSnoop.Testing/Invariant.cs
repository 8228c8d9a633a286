namespace ExitSnoop.Testing;

/// <summary>Numbers for command lines.</summary>
internal static class Invariant
{
    internal static string Text(this int number) => number.ToString(CultureInfo.InvariantCulture);
}
