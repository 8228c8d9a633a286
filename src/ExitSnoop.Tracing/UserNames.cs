using ExitSnoop.Linux;

namespace ExitSnoop;

/// <summary>The users of this machine by ID and by name, from getpwuid(3) and getpwnam(3). Answers are remembered for ten seconds.</summary>
public static class UserNames
{
    /// <summary>The name of a user ID; null where the machine has none.</summary>
    public static string? GetName(uint id) => Users.Here.NameOf(id);

    /// <summary>Reads a user's name, or the ID itself in digits.</summary>
    public static bool TryGetId(string nameOrId, out uint id)
    {
        ArgumentNullException.ThrowIfNull(nameOrId);
        return Users.TryGetId(nameOrId, out id);
    }
}
