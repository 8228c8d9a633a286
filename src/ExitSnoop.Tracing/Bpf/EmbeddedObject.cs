using System.Reflection;

namespace ExitSnoop.Bpf;

/// <summary>The compiled BPF objects, which the assembly carries.</summary>
internal static class EmbeddedObject
{
    /// <summary>The ELF file of that name.</summary>
    internal static byte[] Read(string name)
    {
        using Stream stream = Assembly.GetExecutingAssembly().GetManifestResourceStream(name)
            ?? throw new InvalidOperationException($"The assembly was built without {name}.");
        byte[] image = new byte[stream.Length];
        stream.ReadExactly(image);
        return image;
    }
}
