using ExitSnoop.Bpf;

namespace ExitSnoop;

/// <summary>The figures of a trace that the metrics contain in addition to the counts of exits.</summary>
/// <param name="KernelRelease">The kernel's release, as <c>uname -r</c> shows it.</param>
/// <param name="Hook">How the program is attached: <see cref="ExitTrace.AttachType"/>.</param>
/// <param name="Losses">All losses since the start.</param>
/// <param name="QueuedBytes">How many bytes of memory the waiting events take.</param>
/// <param name="RingFill">The highest fill of a ring buffer since the figures were last read, 0 to 1.</param>
internal readonly record struct TraceFigures(string KernelRelease, string Hook, Losses Losses, long QueuedBytes, double RingFill);
