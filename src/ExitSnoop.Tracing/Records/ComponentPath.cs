using System.Text;

namespace ExitSnoop.Records;

/// <summary>Joins the components of a path, which the BPF program reads from the last to the first, each ended by a NUL.</summary>
internal static class ComponentPath
{
    internal static string Join(ReadOnlySpan<byte> components)
    {
        if (components.IsEmpty)
            return "";
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
