namespace ExitSnoop.Tests.Kernel;

/// <summary>
/// The tests that trace this kernel. They run one at a time, because they measure time and each sees the exits
/// that all others cause.
/// </summary>
[CollectionDefinition(Name, DisableParallelization = true)]
public sealed class KernelTests
{
    public const string Name = "kernel";
}
