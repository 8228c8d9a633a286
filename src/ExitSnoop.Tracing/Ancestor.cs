using System.Globalization;

namespace ExitSnoop;

/// <summary>A process that was an ancestor of another when that one exited.</summary>
/// <param name="Name">Its comm, at most 15 bytes; bytes that are not UTF-8 become U+FFFD.</param>
/// <param name="Id">Its ID in the PID namespace of the reader.</param>
public sealed record Ancestor(string Name, int Id)
{
    /// <summary>The name and the ID: <c>bash (901)</c>.</summary>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{DisplayText.Escape(Name)} ({Id})");
}

/// <summary>
/// The ancestors of a process at its exit, the parent first, at most 8. The children of a parent that exits go to
/// the nearest subreaper or to init, so the chain of an orphan leads on from there.
/// </summary>
/// <remarks>
/// It is not IEnumerable: PowerShell would show its items in braces, four of them at most, and not the chain. foreach of C#
/// and indexes work; <see cref="Name"/> and <see cref="Id"/> have what PowerShell would collect of the items.
/// </remarks>
public sealed class AncestorList
{
    private readonly Ancestor[] ancestors;

    internal AncestorList(Ancestor[] ancestors) => this.ancestors = ancestors;

    /// <summary>How many there are, at most 8.</summary>
    public int Count => ancestors.Length;

    /// <summary>The names of all, in their order.</summary>
    public IReadOnlyList<string> Name => Array.ConvertAll(ancestors, ancestor => ancestor.Name);

    /// <summary>The IDs of all, in their order.</summary>
    public IReadOnlyList<int> Id => Array.ConvertAll(ancestors, ancestor => ancestor.Id);

    /// <summary>The parent for 0, its parent for 1, and so on.</summary>
    public Ancestor this[int index] => ancestors[index];

    /// <summary>For foreach.</summary>
    public IEnumerator<Ancestor> GetEnumerator() => ((IEnumerable<Ancestor>)ancestors).GetEnumerator();

    /// <summary>A copy of the list.</summary>
    public Ancestor[] ToArray() => [.. ancestors];

    /// <summary>The chain in one line: <c>bash (901) &lt; sshd (812) &lt; systemd (1)</c>.</summary>
    public override string ToString() => string.Join<Ancestor>(" < ", ancestors);
}
