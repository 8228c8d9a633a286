using System.Collections.Concurrent;
using System.Globalization;
using System.Runtime.InteropServices;

namespace ExitSnoop.Linux;

/// <summary>
/// Names of users by ID, from getpwuid(3), which may query a directory service on the network. An answer, even that
/// there is no such user, is kept only for <see cref="KeptFor"/>, because users are added, renamed and removed.
/// </summary>
/// <param name="find">Looks up a name in libc.</param>
/// <param name="clock">A monotonic clock in milliseconds.</param>
internal sealed class Users(Func<uint, string?> find, Func<long> clock)
{
    /// <summary>How long a name is kept, in milliseconds.</summary>
    internal const long KeptFor = 10_000;

    private const int BufferSize = 16 << 10;
    private const int MostKept = 4096;

    private readonly ConcurrentDictionary<uint, (string? Name, long Until)> known = new();

    /// <summary>The users of this machine.</summary>
    internal static Users Here { get; } = new(Find, () => Environment.TickCount64);

    /// <summary>The name of a user; null if there is no such user.</summary>
    internal string? NameOf(uint id)
    {
        long now = clock();
        if (known.TryGetValue(id, out (string? Name, long Until) entry) && now < entry.Until)
            return entry.Name;
        if (known.Count >= MostKept)
            known.Clear();
        string? name = find(id);
        known[id] = (name, now + KeptFor);
        return name;
    }

    /// <summary>Finds the ID of a user, given by name or by the ID itself in digits. A name that consists of digits has precedence, as in chown(1).</summary>
    internal static unsafe bool TryGetId(string nameOrId, out uint id)
    {
        LibC.Passwd entry;
        byte* buffer = stackalloc byte[BufferSize];
        if (LibC.getpwnam_r(nameOrId, &entry, buffer, BufferSize, out LibC.Passwd* found) == 0 && found is not null)
        {
            id = found->Uid;
            return true;
        }
        return uint.TryParse(nameOrId, NumberStyles.None, CultureInfo.InvariantCulture, out id);
    }

    private static unsafe string? Find(uint id)
    {
        LibC.Passwd entry;
        byte* buffer = stackalloc byte[BufferSize];
        return LibC.getpwuid_r(id, &entry, buffer, BufferSize, out LibC.Passwd* found) == 0 && found is not null
            ? Marshal.PtrToStringUTF8((nint)found->Name)
            : null;
    }
}
