namespace ExitSnoop.Records;

/// <summary>enum signal_cause of bpf/record.h: why a signal was sent, where its number and si_code do not tell.</summary>
internal enum SignalCause : byte
{
    Other = 0,
    StackOverflow = 1,
    GeneralProtection = 2,
    StackSegment = 3,
    Breakpoint = 4,
    ParentDeath = 5,
    CpuLimit = 6,
    NamespaceDeath = 7,
    TracerDeath = 8,
    Seccomp = 9,
}
