using System.Text.RegularExpressions;

namespace ExitSnoop.Tests;

/// <summary>
/// The namespaces of the library depend on each other in one direction only: from the public API at the top down to Linux. Lower ones throw
/// their own exceptions, and the public API converts them.
/// </summary>
public sealed partial class LayerTests
{
    /// <summary>From the lowest to the highest.</summary>
    private static readonly string[] Layers =
        ["ExitSnoop.Linux", "ExitSnoop.Records", "ExitSnoop.Bpf", "ExitSnoop.Reading", "ExitSnoop.Crash", "ExitSnoop.Recording", "ExitSnoop.Metrics", "ExitSnoop"];

    /// <summary>Names for numbers, and values without behaviour: every layer may use them.</summary>
    private static readonly string[] Vocabulary = ["Signal", "StackFrame"];

    [Fact]
    public void No_source_names_a_type_of_a_higher_layer()
    {
        ILookup<int?, string> types = typeof(ExitTrace).Assembly.GetTypes().Where(type => !type.IsNested && !type.Name.Contains('<', StringComparison.Ordinal))
            .ToLookup(type => LayerOf(type.Namespace ?? ""), type => type.Name);
        // A type of a higher namespace takes a using or that namespace; one of the root's is visible everywhere.
        string[] ofRoot = [.. types[Layers.Length - 1].Except(Vocabulary)];
        int files = 0;
        List<string> upwards = [];
        foreach (string file in Directory.EnumerateFiles(Path.Join(Paths.Repository, "src/ExitSnoop.Tracing"), "*.cs", SearchOption.AllDirectories).Where(file => !file.Contains("/obj/", StringComparison.Ordinal)))
        {
            string source = Comment().Replace(File.ReadAllText(file), "");
            int layer = Assert.NotNull(LayerOf(Namespace().Match(source).Groups[1].Value));
            string[] names = [.. layer < Layers.Length - 1 ? ofRoot : [], .. Layers[(layer + 1)..].Except(["ExitSnoop"])];
            upwards.AddRange(names.Where(name => Regex.IsMatch(source, $@"\b{Regex.Escape(name)}\b")).Select(name => $"{file} names {name}"));
            files++;
        }
        Assert.InRange(files, 80, 1000);
        Assert.InRange(ofRoot.Length, 30, 1000);
        Assert.True(upwards.Count == 0, string.Join('\n', upwards));
    }

    private static int? LayerOf(string name)
    {
        int layer = Array.FindIndex(Layers, known => name == known || (known != "ExitSnoop" && name.StartsWith(known + ".", StringComparison.Ordinal)));
        return layer < 0 ? null : layer;
    }

    // Also removes strings, because names in texts are no dependencies.
    [GeneratedRegex(@"//.*|""(\\.|[^""\\\n])*""")]
    private static partial Regex Comment();

    [GeneratedRegex(@"^namespace ([\w.]+);", RegexOptions.Multiline)]
    private static partial Regex Namespace();
}
