namespace ExitSnoop.Bpf;

/// <summary>What to load: which exits are wanted, and how.</summary>
internal sealed record ExitProgramOptions
{
    /// <summary>The filters, as the program has them. Where and how it runs is the program's own to fill in.</summary>
    public ExitConfig Config { get; init; }

    public IReadOnlyCollection<int> Ids { get; init; } = [];

    public IReadOnlyCollection<int> ParentIds { get; init; } = [];

    public IReadOnlyCollection<uint> Users { get; init; } = [];

    /// <summary>A cgroup's folder, or its path in the hierarchy.</summary>
    public string? Cgroup { get; init; }

    /// <summary>MiB for the ring buffers of all processors together.</summary>
    public int BufferSize { get; init; }

    /// <summary>A file with the kernel's type information, null for the kernel's own.</summary>
    public string? BtfPath { get; init; }

    /// <summary>Receives libbpf's messages.</summary>
    public Action<string>? Log { get; init; }

    /// <summary>Ways to load that this kernel would not choose, forced by tests.</summary>
    public ExitProgramFallbacks Fallbacks { get; init; }

    /// <summary>Whether the state of threads that crash is wanted.</summary>
    public bool Crashes { get; init; }

    /// <summary>How many processes can be watched at once, in place of the usual maximum.</summary>
    public uint? DescendantsMax { get; init; }

    /// <summary>In place of inotify_add_watch(2).</summary>
    public Func<int, string, uint, int>? AddWatch { get; init; }

    internal bool IncludeChildren => Config.IncludeChildren != 0;

    internal bool Failed => Config.Failed != 0;

    internal bool PerThread => Config.PerThread != 0;

    internal bool Basic => Config.Detail == 0;
}

/// <summary>What to do without, as on an older kernel.</summary>
internal enum ExitProgramFallbacks
{
    None = 0,

    /// <summary>Nothing but raw_tp.</summary>
    RawTracepoint = 1,

    /// <summary>Nothing but raw_tp, and no group_dead argument: claim each death. The command is taken at exec.</summary>
    NoGroupDead = 2,

    /// <summary>A second hook beside the one that would be enough.</summary>
    SecondHook = 3,
}
