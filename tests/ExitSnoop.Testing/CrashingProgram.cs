namespace ExitSnoop.Testing;

/// <summary>The programs of tests/programs that crash, and the ways in which they do.</summary>
internal static class CrashingProgram
{
    /// <summary>Without frame pointers, as a distribution builds its programs.</summary>
    internal static string Plain { get; } = Of("crash");

    internal static string WithFramePointers { get; } = Of("crash-frame-pointers");

    internal static string Stripped { get; } = Of("crash-stripped");

    /// <summary>Throws an exception of C++ that nobody catches.</summary>
    internal static string Throw { get; } = Of("crash-throw");

    /// <summary>The variable by which the way "library" finds its library, and the library.</summary>
    internal static (string Name, string Value) Library { get; } = ("CRASH_LIBRARY", Of("crash-library.so"));

    /// <summary>A text on the stack of a program that gets it in CRASH_SECRET. It must not be in any output.</summary>
    internal const string Secret = "hunter2-stands-on-the-stack";

    internal static IReadOnlyDictionary<string, string?> WithSecret { get; } = new Dictionary<string, string?> { ["CRASH_SECRET"] = Secret };

    /// <summary>Runs one that reads address 0 while the secret is on its stack.</summary>
    internal static void RunWithSecret()
    {
        using Child child = Child.Start(Plain, ["null-read"u8.ToArray()], WithSecret);
        child.Wait();
    }

    /// <summary>Runs a program in a folder, where its core is written too.</summary>
    internal static Child Run(string folder, string program, params IEnumerable<string> arguments)
    {
        Child child = Child.Start(
            "sh",
            new[] { "-c", "cd \"$0\" && ulimit -c unlimited && exec \"$@\"", folder, program }.Concat(arguments).Select(System.Text.Encoding.UTF8.GetBytes),
            new Dictionary<string, string?> { [Library.Name] = Library.Value });
        child.Wait();
        return child;
    }

    private static string Of(string name) => Path.Join(Paths.Out, "programs", name);
}
