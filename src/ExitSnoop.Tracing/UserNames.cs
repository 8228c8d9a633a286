using System.Collections.Concurrent;
using System.Runtime.InteropServices;
using ExitSnoop.Linux;

namespace ExitSnoop;

/// <summary>The users of this machine by id and by name, from getpwuid(3) and getpwnam(3), remembered.</summary>
public static unsafe class UserNames
{
    private const int BufferSize = 16 << 10;
    private static readonly ConcurrentDictionary<uint, string?> Known = new();

    /// <summary>The name of a user id; null where the machine knows none.</summary>
    public static string? GetName(uint id) => Known.GetOrAdd(id, Find);

    /// <summary>Reads a user's name, or the id itself in digits.</summary>
    public static bool TryGetId(string nameOrId, out uint id)
    {
        ArgumentNullException.ThrowIfNull(nameOrId);
        LibC.Passwd entry;
        byte* buffer = stackalloc byte[BufferSize];
        if (LibC.getpwnam_r(nameOrId, &entry, buffer, BufferSize, out LibC.Passwd* found) == 0 && found is not null)
        {
            id = found->Uid;
            return true;
        }
        return uint.TryParse(nameOrId, System.Globalization.NumberStyles.None, System.Globalization.CultureInfo.InvariantCulture, out id);
    }

    private static string? Find(uint id)
    {
        LibC.Passwd entry;
        byte* buffer = stackalloc byte[BufferSize];
        return LibC.getpwuid_r(id, &entry, buffer, BufferSize, out LibC.Passwd* found) == 0 && found is not null
            ? Marshal.PtrToStringUTF8((nint)found->Name)
            : null;
    }
}
