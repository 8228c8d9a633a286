namespace ExitSnoop.Testing;

/// <summary>
/// The requirements of a test. If one is missing, the test is skipped with the reason. If
/// EXITSNOOP_REQUIRE_ALL is set the machine is known to have everything, and a skip is a failure.
/// </summary>
internal static class Need
{
    private const string RequireAll = "EXITSNOOP_REQUIRE_ALL";

    /// <summary>A kernel that lets this user load BPF programs.</summary>
    internal static void Kernel() => LoadableBpf.Require();

    internal static void Root() => Unless(Environment.IsPrivilegedProcess ? null : "needs root");

    /// <summary>A program on PATH.</summary>
    internal static string Program(string name)
    {
        string? found = Find(name);
        Unless(found is null ? $"there is no '{name}' on PATH" : null);
        return found!;
    }

    /// <summary>A program on PATH, or in one of more folders; null where there is none, which is for the test to judge.</summary>
    internal static string? Find(string name, params string[] more) => $"{Environment.GetEnvironmentVariable("PATH")}:/usr/sbin:/sbin".Split(':').Concat(more)
        .Select(folder => Path.Combine(folder, name)).FirstOrDefault(File.Exists);

    /// <summary>Skips the test if there is a reason.</summary>
    internal static void Unless(string? reason)
    {
        if (reason is null)
            return;
        if (Environment.GetEnvironmentVariable(RequireAll) is { Length: > 0 })
            Assert.Fail($"Would be skipped, but {RequireAll} is set: {reason}");
        Assert.Skip(reason);
    }
}
