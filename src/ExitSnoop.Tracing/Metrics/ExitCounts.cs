using ExitSnoop.Records;

namespace ExitSnoop.Metrics;

/// <summary>Counts exits by result and service and by signal. Its methods can be called from several threads.</summary>
internal sealed class ExitCounts
{
    /// <summary>How many services have a label of their own.</summary>
    internal const int ServicesMaximum = 200;

    /// <summary>The index for all real-time signals together. The indexes of other signals are their numbers.</summary>
    internal const int RealTime = 0;

    private const int CgroupsMaximum = 4096;

    private readonly object gate = new();
    private readonly Dictionary<string, ServiceCounts> services = new(StringComparer.Ordinal);
    private readonly Dictionary<byte[], ServiceCounts> byCgroup = new(CgroupComparer.Instance);
    private readonly Dictionary<byte[], ServiceCounts>.AlternateLookup<ReadOnlySpan<byte>> lookup;
    private readonly ServiceCounts others;
    private readonly long[] signals = new long[(int)Signal.SIG32];

    internal ExitCounts()
    {
        lookup = byCgroup.GetAlternateLookup<ReadOnlySpan<byte>>();
        foreach (string label in (string[])[ServiceLabel.None, ServiceLabel.Container, ServiceLabel.Other])
            services[label] = new ServiceCounts(label);
        others = services[ServiceLabel.Other];
    }

    /// <summary>Counts an exit. If its record has no details, it is counted for no service.</summary>
    internal void Count(in RecordView exit)
    {
        ExitResult result = ExitResults.Of(exit);
        Signal signal = new WaitStatus(exit.Record.WaitStatus, exit.Record.Flags.HasFlag(RecordFlags.KernelThread)).Signal;
        lock (gate)
        {
            ServiceCounts service = ServiceOf(exit.HasDetail ? exit.Cgroup : default);
            service.Results[(int)result]++;
            if (exit.HasDetail && !exit.Record.Flags.HasFlag(RecordFlags.SumsUnknown))
                service.ProcessorTime += exit.Detail.CpuTime;
            if (signal != Signal.None)
                signals[(int)signal < signals.Length ? (int)signal : RealTime]++;
        }
    }

    /// <summary>Adds a service with counts of 0, before a process of it exits.</summary>
    internal void Expect(string label)
    {
        lock (gate)
            _ = Service(label);
    }

    /// <summary>Calls a reader with all counts. Nothing is counted meanwhile.</summary>
    internal void Read(Action<IEnumerable<ServiceCounts>, ReadOnlySpan<long>> reader)
    {
        lock (gate)
            reader(services.Values, signals);
    }

    private ServiceCounts ServiceOf(ReadOnlySpan<byte> cgroup)
    {
        if (lookup.TryGetValue(cgroup, out ServiceCounts? known))
            return known;
        // Every new container has another cgroup, so the number of cgroups is not limited.
        if (byCgroup.Count >= CgroupsMaximum)
            byCgroup.Clear();
        return byCgroup[cgroup.ToArray()] = Service(ServiceLabel.OfCgroup(ComponentPath.Join(cgroup)));
    }

    private ServiceCounts Service(string label)
    {
        if (services.TryGetValue(label, out ServiceCounts? known))
            return known;
        const int withoutOne = 3;
        return services.Count < ServicesMaximum + withoutOne ? services[label] = new ServiceCounts(label) : others;
    }

    /// <summary>Finds a cgroup by the bytes in a record, without copying them.</summary>
    private sealed class CgroupComparer : IEqualityComparer<byte[]>, IAlternateEqualityComparer<ReadOnlySpan<byte>, byte[]>
    {
        internal static readonly CgroupComparer Instance = new();

        public bool Equals(byte[]? x, byte[]? y) => x.AsSpan().SequenceEqual(y);

        public bool Equals(ReadOnlySpan<byte> alternate, byte[] other) => alternate.SequenceEqual(other);

        public int GetHashCode(byte[] obj) => GetHashCode(obj.AsSpan());

        public int GetHashCode(ReadOnlySpan<byte> alternate)
        {
            HashCode hash = default;
            hash.AddBytes(alternate);
            return hash.ToHashCode();
        }

        public byte[] Create(ReadOnlySpan<byte> alternate) => alternate.ToArray();
    }
}

/// <summary>The counts of one service.</summary>
internal sealed class ServiceCounts(string label)
{
    internal string Label => label;

    /// <summary>The number of exits by <see cref="ExitResult"/>.</summary>
    internal long[] Results { get; } = new long[ExitResults.Names.Length];

    /// <summary>The CPU time of its exited processes in nanoseconds.</summary>
    internal ulong ProcessorTime { get; set; }

    /// <summary>Whether its counts were once written as 0, so that Prometheus sees later counts as an increase.</summary>
    internal bool IsKnown { get; set; }
}
