using System.Text;

namespace ExitSnoop.Records;

/// <summary>Joins the components of a path, which the BPF program reads from the last to the first, each ended by a NUL.</summary>
internal static class ComponentPath
{
    private static readonly DecodedTexts<string> Joined = new(Decode);

    internal static string Join(ReadOnlySpan<byte> components) => components.IsEmpty ? "" : Joined.Get(components);

    private static string Decode(ReadOnlySpan<byte> components)
    {
        StringBuilder whole = new();
        while (!components.IsEmpty)
        {
            components = components[^1] == 0 ? components[..^1] : components;
            int start = components.LastIndexOf((byte)0) + 1;
            whole.Append('/').Append(Encoding.UTF8.GetString(components[start..]));
            components = components[..start];
        }
        return whole.ToString();
    }
}
