using System.Runtime.InteropServices;

namespace ExitSnoop.Crash.Unwinding;

/// <summary>
/// A filter of system calls (seccomp(2)) for a process that has already opened all files it needs. It then can open no other
/// file, use no network, affect no other process and execute no program. Refused calls fail with EPERM.
/// </summary>
internal static unsafe partial class SystemCallFilter
{
    // include/uapi/linux/seccomp.h, include/uapi/linux/audit.h; the instructions: include/uapi/linux/bpf_common.h
    private const int SetModeFilter = 1, AllThreads = 1;
    private const uint Allow = 0x7fff0000, Refuse = 0x00050000, Kill = 0x80000000, NotPermitted = 1, NoSuchCall = 38;
    private const ushort Load = 0x20, JumpIfEqual = 0x15, JumpIfAtLeast = 0x35, JumpIfSet = 0x45, Return = 0x06;
    private const uint CallNumber = 0, Architecture = 4, FirstArgument = 16;
    private const uint ThreadFlag = 0x10000, FirstX32Call = 0x40000000;

    /// <summary>
    /// The numbers of system calls on one architecture (arch/x86/entry/syscalls, scripts/syscall.tbl). MakeThread is clone, SignalThread
    /// is tgkill.
    /// </summary>
    private sealed record Calls(uint AuditName, uint Seccomp, uint MakeThread, uint SignalThread, uint[] Refused);

    private static readonly Calls X64 = new(0xc000003e, 317, 56, 234,
    [
        2, 257, 85, 304, // open, openat, creat, open_by_handle_at
        41, 42, 43, 288, 44, 49, 50, 53, // socket, connect, accept, accept4, sendto, bind, listen, socketpair
        57, 58, 59, 322, // fork, vfork, execve, execveat
        62, 200, 129, 297, 101, 310, 311, // kill, tkill, rt_sigqueueinfo, rt_tgsigqueueinfo, ptrace, process_vm_readv and _writev
        76, 82, 264, 316, 83, 258, 84, 86, 265, 87, 263, 88, 266, 90, 268, 92, 94, 260, 133, 259, // paths: truncate to mknodat
        161, 165, 166, 272, 308, // chroot, mount, umount2, unshare, setns
        248, 249, 250, 298, 321, 323, // add_key, request_key, keyctl, perf_event_open, bpf, userfaultfd
    ]);

    private static readonly Calls Arm64 = new(0xc00000b7, 277, 220, 131,
    [
        56, 265, // openat, open_by_handle_at
        198, 203, 202, 242, 206, 200, 201, 199, // socket, connect, accept, accept4, sendto, bind, listen, socketpair
        221, 281, // execve, execveat
        129, 130, 138, 240, 117, 270, 271, // kill, tkill, rt_sigqueueinfo, rt_tgsigqueueinfo, ptrace, process_vm_readv and _writev
        45, 38, 276, 34, 37, 35, 36, 53, 54, 33, // paths: truncate to mknodat
        51, 40, 39, 97, 268, // chroot, mount, umount2, unshare, setns
        217, 218, 219, 241, 280, 282, // add_key, request_key, keyctl, perf_event_open, bpf, userfaultfd
    ]);

    /// <summary>
    /// System calls that have the same number on all architectures: openat2, io_uring_setup, pidfd_send_signal, pidfd_open, pidfd_getfd,
    /// fchmodat2, open_tree, move_mount, fsopen.
    /// </summary>
    private static readonly uint[] RefusedEverywhere = [437, 425, 424, 434, 438, 452, 428, 429, 430];

    private const uint Clone3 = 435;

    /// <summary>Installs the filter in all threads; it cannot be removed. Has no effect if the kernel does not support seccomp filters.</summary>
    internal static void Install()
    {
        Calls calls = RuntimeInformation.ProcessArchitecture == System.Runtime.InteropServices.Architecture.Arm64 ? Arm64 : X64;
        Instruction[] program = [.. Instructions(calls, (uint)Environment.ProcessId)];
        fixed (Instruction* first = program)
        {
            Program whole = new() { Length = (ushort)program.Length, First = first };
            _ = syscall((nint)calls.Seccomp, SetModeFilter, AllThreads, &whole);
        }
    }

    private static IEnumerable<Instruction> Instructions(Calls calls, uint ownId)
    {
        yield return new(Load, 0, 0, Architecture);
        yield return new(JumpIfEqual, 1, 0, calls.AuditName);
        yield return new(Return, 0, 0, Kill);
        yield return new(Load, 0, 0, CallNumber);
        yield return new(JumpIfAtLeast, 0, 1, FirstX32Call);
        yield return new(Return, 0, 0, Refuse | NotPermitted);
        foreach (uint call in (uint[])[.. calls.Refused, .. RefusedEverywhere])
        {
            yield return new(JumpIfEqual, 0, 1, call);
            yield return new(Return, 0, 0, Refuse | NotPermitted);
        }
        // The flags of clone3 are in memory, which a filter cannot read. After ENOSYS the C library uses clone.
        yield return new(JumpIfEqual, 0, 1, Clone3);
        yield return new(Return, 0, 0, Refuse | NoSuchCall);
        // clone may create threads but no processes. tgkill, with which the runtime stops its threads, may not reach another process.
        yield return new(JumpIfEqual, 0, 4, calls.MakeThread);
        yield return new(Load, 0, 0, FirstArgument);
        yield return new(JumpIfSet, 1, 0, ThreadFlag);
        yield return new(Return, 0, 0, Refuse | NotPermitted);
        yield return new(Return, 0, 0, Allow);
        yield return new(JumpIfEqual, 0, 3, calls.SignalThread);
        yield return new(Load, 0, 0, FirstArgument);
        yield return new(JumpIfEqual, 1, 0, ownId);
        yield return new(Return, 0, 0, Refuse | NotPermitted);
        yield return new(Return, 0, 0, Allow);
    }

    // Variadic in C; arguments of this kind are passed alike on x86-64 and arm64 Linux.
    [LibraryImport("libc")]
    private static partial nint syscall(nint number, nint operation, nint flags, Program* program);

    /// <summary>struct sock_filter.</summary>
    private readonly struct Instruction(ushort code, byte whenTrue, byte whenFalse, uint value)
    {
        public readonly ushort Code = code;
        public readonly byte WhenTrue = whenTrue, WhenFalse = whenFalse;
        public readonly uint Value = value;
    }

    /// <summary>struct sock_fprog.</summary>
    private struct Program
    {
        public ushort Length;
        public Instruction* First;
    }
}
