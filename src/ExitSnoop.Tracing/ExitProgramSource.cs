using System.Globalization;
using System.Reflection;
using System.Text;
using ExitSnoop.Bpf;

namespace ExitSnoop;

/// <summary>The BPF program as C, as the original's hidden --ebpf prints it.</summary>
public static class ExitProgramSource
{
    private const string Main = "exitsnoop.bpf.c";

    /// <summary>
    /// The program with its own headers in it, headed by a comment with the version, the command
    /// and the constants that the options set.
    /// </summary>
    /// <param name="options">What would be traced.</param>
    /// <param name="invocation">The command as it was given; shown in the comment.</param>
    public static string GetText(ExitTraceOptions options, string invocation)
    {
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(invocation);
        StringBuilder text = new();
        text.AppendLine("/*");
        text.AppendLine(CultureInfo.InvariantCulture, $" * ExitSnoop {Version}: {CommentSafe(invocation)}");
        text.AppendLine(" *");
        text.AppendLine(" * These parameters set the program's read-only data as follows. All other constants are 0.");
        foreach ((string name, string value) in Constants(options))
            text.AppendLine(CultureInfo.InvariantCulture, $" *     config.{name} = {CommentSafe(value)}");
        if (ExitFilter.SetIn(options).ToArray() is [_, ..] filters)
            text.AppendLine(CultureInfo.InvariantCulture, $" * The program does not check these filters. The process that reads its events does: {string.Join(", ", filters)}.");
        text.AppendLine(" */");
        Append(text, Main, []);
        return text.ToString();
    }

    private static string Version => typeof(ExitProgramSource).Assembly.GetName().Version?.ToString(3) ?? "";

    private static IEnumerable<(string Name, string Value)> Constants(ExitTraceOptions options)
    {
        ExitConfig config = options.ForProgram().Config;
        if (config.ById != 0)
            yield return ("by_id", $"1, and the map ids holds {string.Join(", ", options.Ids)}");
        if (config.IncludeChildren != 0)
            yield return ("include_children", "1");
        if (config.ByParent != 0)
            yield return ("by_parent", $"1, and the map parents holds {string.Join(", ", options.ParentIds)}");
        if (config.ByUser != 0)
            yield return ("by_user", $"1, and the map users holds {string.Join(", ", options.Users)}");
        if (config.Failed != 0)
            yield return ("failed", "1");
        if (config.OomKills != 0)
            yield return ("oom_kills", "1");
        if (config.PerThread != 0)
            yield return ("per_thread", "1");
        if (config.Detail != 0)
            yield return ("detail", "1");
        if (config.Signals != 0)
            yield return ("signals", $"0x{config.Signals:x}");
        if (config.ByExitCode != 0)
            yield return ("by_exit_code", $"1, and exit_codes has the bits {string.Join(", ", options.ExitCodes)}");
        if (config.MinimumAge != 0)
            yield return ("minimum_age", config.MinimumAge.ToString(CultureInfo.InvariantCulture));
        if (config.ByCgroup != 0)
            yield return ("by_cgroup", $"1, and the map cgroups holds the inode number of {options.Cgroup}");
    }

    /// <summary>Appends a file. The first line that includes a header of the same folder is replaced by the header; later ones are removed.</summary>
    private static void Append(StringBuilder text, string file, HashSet<string> included)
    {
        if (!included.Add(file))
            return;
        const string include = "#include \"";
        using Stream stream = Assembly.GetExecutingAssembly().GetManifestResourceStream(file)
            ?? throw new InvalidOperationException($"The assembly was built without {file}.");
        using StreamReader lines = new(stream);
        while (lines.ReadLine() is { } line)
        {
            if (line.StartsWith(include, StringComparison.Ordinal))
                Append(text, line[include.Length..^1], included);
            else
                text.AppendLine(line);
        }
    }

    private static string CommentSafe(string text) => DisplayText.Escape(text).Replace("*/", "*\\/", StringComparison.Ordinal);
}
