namespace ExitSnoop.Bpf;

/// <summary>Which exits to report, and how to load the programs.</summary>
internal sealed record ExitProgramOptions
{
    /// <summary>The filters in the program's own form. <see cref="ExitProgram"/> fills in the fields about the hook and the machine.</summary>
    public ExitConfig Config { get; init; }

    public IReadOnlyCollection<int> Ids { get; init; } = [];

    public IReadOnlyCollection<int> ParentIds { get; init; } = [];

    public IReadOnlyCollection<uint> Users { get; init; } = [];

    /// <summary>The folder of a cgroup or its path in the hierarchy; null for no filter by cgroup.</summary>
    public string? Cgroup { get; init; }

    /// <summary>MiB for the ring buffers of all processors together.</summary>
    public int BufferSize { get; init; }

    /// <summary>A file with the kernel's type information; null for the kernel's own.</summary>
    public string? BtfPath { get; init; }

    /// <summary>Receives libbpf's messages.</summary>
    public Action<string>? Log { get; init; }

    /// <summary>Tests set this to use a hook that would not be chosen on the running kernel.</summary>
    public ExitProgramFallbacks Fallbacks { get; init; }

    /// <summary>Whether to capture the state of threads that crash.</summary>
    public bool Crashes { get; init; }

    /// <summary>How many processes can be watched with descendants at the same time; null for the default. Set by tests.</summary>
    public uint? DescendantsMax { get; init; }

    /// <summary>Replaces inotify_add_watch(2) in tests.</summary>
    public Func<int, string, uint, int>? AddWatch { get; init; }

    internal bool IncludeChildren => Config.IncludeChildren != 0;

    internal bool Failed => Config.Failed != 0;

    internal bool PerThread => Config.PerThread != 0;

    internal bool Basic => Config.Detail == 0;
}

/// <summary>Which features not to use, as if the kernel were older.</summary>
internal enum ExitProgramFallbacks
{
    None = 0,

    /// <summary>Use only raw_tp.</summary>
    RawTracepoint = 1,

    /// <summary>Use only raw_tp, without its argument group_dead: each death is claimed, and the command is recorded at exec.</summary>
    NoGroupDead = 2,

    /// <summary>Use a second hook although the first one would be enough.</summary>
    SecondHook = 3,
}
