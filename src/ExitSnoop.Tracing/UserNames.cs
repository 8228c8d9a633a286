using ExitSnoop.Linux;

namespace ExitSnoop;

/// <summary>Finds users of this machine by ID and by name, with getpwuid(3) and getpwnam(3). Names are kept for ten seconds.</summary>
public static class UserNames
{
    /// <summary>The name of a user; null if this machine has no user of that ID.</summary>
    public static string? GetName(uint id) => Users.Here.NameOf(id);

    /// <summary>Finds the ID of a user, given by name or by the ID itself in digits; false if there is no such user.</summary>
    public static bool TryGetId(string nameOrId, out uint id)
    {
        ArgumentNullException.ThrowIfNull(nameOrId);
        return Users.TryGetId(nameOrId, out id);
    }
}
