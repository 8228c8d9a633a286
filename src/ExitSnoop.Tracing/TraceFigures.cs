using ExitSnoop.Bpf;

namespace ExitSnoop;

/// <summary>What metrics say of a trace beside its exits.</summary>
/// <param name="KernelRelease">As <c>uname -r</c> shows it.</param>
/// <param name="Hook">How the program is attached: <see cref="ExitTrace.AttachType"/>.</param>
/// <param name="Losses">All that was lost since the start.</param>
/// <param name="QueuedBytes">Bytes that waiting events hold in memory.</param>
/// <param name="RingFill">The largest part of a ring buffer that was in use since this was last asked for, 0 to 1.</param>
internal readonly record struct TraceFigures(string KernelRelease, string Hook, Losses Losses, long QueuedBytes, double RingFill);
