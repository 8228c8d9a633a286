using System.Globalization;

namespace ExitSnoop;

/// <summary>An ancestor of a process at the time of its exit.</summary>
/// <param name="Name">Its comm, at most 15 bytes; bytes that are not UTF-8 become U+FFFD. Source: group_leader->comm.</param>
/// <param name="Id">Its process ID (tgid) in the PID namespace of the reader.</param>
public sealed record Ancestor(string Name, int Id)
{
    /// <summary>The name and the ID: <c>bash (901)</c>.</summary>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{DisplayText.Escape(Name)} ({Id})");
}

/// <summary>
/// The ancestors of a process at its exit, the parent first, at most 8. When a process exits, its children get the nearest
/// subreaper or init as their parent (find_new_reaper() in kernel/exit.c), so the chain of an orphan continues from there.
/// </summary>
/// <remarks>
/// It does not implement IEnumerable, because PowerShell would then show at most four items in braces instead of the chain.
/// foreach in C# and indexes work. <see cref="Name"/> and <see cref="Id"/> return the values of all items, as PowerShell's
/// member enumeration would.
/// </remarks>
public sealed class AncestorList
{
    private readonly Ancestor[] ancestors;

    internal AncestorList(Ancestor[] ancestors) => this.ancestors = ancestors;

    /// <summary>The number of ancestors, at most 8.</summary>
    public int Count => ancestors.Length;

    /// <summary>The names of all ancestors, the parent first.</summary>
    public IReadOnlyList<string> Name => Array.ConvertAll(ancestors, ancestor => ancestor.Name);

    /// <summary>The IDs of all ancestors, the parent first.</summary>
    public IReadOnlyList<int> Id => Array.ConvertAll(ancestors, ancestor => ancestor.Id);

    /// <summary>An ancestor: 0 is the parent, 1 is the parent's parent, and so on.</summary>
    public Ancestor this[int index] => ancestors[index];

    /// <summary>Supports foreach.</summary>
    public IEnumerator<Ancestor> GetEnumerator() => ((IEnumerable<Ancestor>)ancestors).GetEnumerator();

    /// <summary>A copy of the list.</summary>
    public Ancestor[] ToArray() => [.. ancestors];

    /// <summary>The chain in one line: <c>bash (901) &lt; sshd (812) &lt; systemd (1)</c>.</summary>
    public override string ToString() => string.Join<Ancestor>(" < ", ancestors);
}
