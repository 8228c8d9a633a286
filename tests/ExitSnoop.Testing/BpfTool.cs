using System.Globalization;
using System.Text.Json.Nodes;

namespace ExitSnoop.Testing;

/// <summary>What the kernel says about programs, links and maps, and a file about types: by bpftool(8).</summary>
internal static class BpfTool
{
    /// <summary>Skips the test where there is no bpftool.</summary>
    internal static void Require()
    {
        try
        {
            using Child version = Child.Run("bpftool", "version");
        }
        catch (System.ComponentModel.Win32Exception)
        {
            Assert.Skip("bpftool is not installed.");
        }
    }

    internal static JsonNode Query(params IEnumerable<string> arguments)
    {
        using Child bpftool = Child.Start("bpftool", ["--json", .. arguments]);
        JsonNode answer = JsonNode.Parse(bpftool.Output.ReadToEnd())!;
        bpftool.Wait();
        return answer;
    }

    /// <summary>Ids of the programs now in the kernel, whoever's.</summary>
    internal static IReadOnlySet<int> ProgramIds() =>
        Query("prog", "show").AsArray().Select(program => (int)program!["id"]!).ToHashSet();

    /// <summary>Ids that a process holds open: "prog_id", "link_id" or "map_id", from /proc/PID/fdinfo.</summary>
    internal static IReadOnlyList<int> IdsHeldBy(int pid, string kind)
    {
        HashSet<int> ids = [];
        foreach (string file in Directory.EnumerateFiles(string.Create(CultureInfo.InvariantCulture, $"/proc/{pid}/fdinfo")))
        {
            string[] lines;
            try
            {
                lines = File.ReadAllLines(file);
            }
            catch (IOException)
            {
                // Closed since.
                continue;
            }
            foreach (string line in lines)
                if (line.StartsWith(kind + ":", StringComparison.Ordinal))
                    ids.Add(int.Parse(line.AsSpan(kind.Length + 1).Trim(), CultureInfo.InvariantCulture));
        }
        return [.. ids.Order()];
    }
}
