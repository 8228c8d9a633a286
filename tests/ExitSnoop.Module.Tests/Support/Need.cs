using Xunit;

namespace ExitSnoop.ModuleTests.Support;

/// <summary>
/// What a test needs of the machine; without it the test is skipped with the reason. Where
/// EXITSNOOP_REQUIRE_ALL is 1 the machine is known to have everything, and a skip is a failure.
/// </summary>
internal static class Need
{
    private const string RequireAll = "EXITSNOOP_REQUIRE_ALL";

    private static readonly Lazy<string?> NoKernel = new(() =>
        !OperatingSystem.IsLinux() ? "BPF is Linux'"
        : !File.Exists("/sys/kernel/btf/vmlinux") ? "this kernel has no type information (/sys/kernel/btf/vmlinux)"
        : BpfPrograms.WhyNot());

    /// <summary>Root, on a kernel that loads BPF programs.</summary>
    internal static void Kernel() => Unless(NoKernel.Value);

    internal static void Root() => Unless(Environment.IsPrivilegedProcess ? null : "needs root");

    /// <summary>A program on PATH.</summary>
    internal static string Program(string name)
    {
        string? found = $"{Environment.GetEnvironmentVariable("PATH")}:/usr/sbin:/sbin".Split(':')
            .Select(folder => Path.Combine(folder, name)).FirstOrDefault(File.Exists);
        Unless(found is null ? $"there is no '{name}' on PATH" : null);
        return found!;
    }

    internal static void Unless(string? reason)
    {
        if (reason is null)
            return;
        if (Environment.GetEnvironmentVariable(RequireAll) == "1")
            Assert.Fail($"Would be skipped, but {RequireAll} is 1: {reason}");
        Assert.Skip(reason);
    }
}
