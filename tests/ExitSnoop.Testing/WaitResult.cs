namespace ExitSnoop.Testing;

/// <summary>The result of wait4(2) for a process.</summary>
/// <param name="Status">As the kernel stores it.</param>
/// <param name="Usage">Of the process and the children that it waited for.</param>
internal sealed record WaitResult(int Status, ResourceUsage Usage);

/// <summary>struct rusage of include/uapi/linux/resource.h, in its own units.</summary>
internal sealed record ResourceUsage(
    TimeSpan User, TimeSpan System, long MaxRssKiB, long MinorFaults, long MajorFaults, long VoluntarySwitches, long InvoluntarySwitches)
{
    internal TimeSpan Total => User + System;
}
