namespace ExitSnoop.Tests.Kernel;

/// <summary>
/// The tests that trace this kernel. One at a time and alone: they measure time, and each sees the exits
/// that all others cause.
/// </summary>
[CollectionDefinition(Name, DisableParallelization = true)]
public sealed class KernelTests
{
    public const string Name = "kernel";
}
