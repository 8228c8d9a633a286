namespace ExitSnoop;

/// <summary>
/// Describes an event: the fields of the record that the BPF program sends, in their order, and the properties of
/// <see cref="ExitEvent"/>, which are derived from them.
/// </summary>
public static class ExitEventDefinition
{
    private const string All = "all";
    private const string Boot = "ns, CLOCK_BOOTTIME";
    private const string Namespaced = "ID in the reader's PID namespace";

    /// <summary>The fields of the record, followed by the properties.</summary>
    public static IReadOnlyList<ExitEventField> Fields { get; } = [.. RecordFields(), .. Properties()];

    private static IEnumerable<ExitEventField> RecordFields()
    {
        (string Name, string Type, int Size, string Unit, string Source, string Description)[] fields =
        [
            // struct exit_record
            ("exit_time", "__u64", 8, Boot, "bpf_ktime_get_boot_ns()", "The moment at which the last thread of the process exits, or with -PerThread this thread: the BPF program runs then."),
            ("start_time", "__u64", 8, Boot, "task->group_leader->start_boottime; with -PerThread task->start_boottime", "When the process (or thread) began; together with the ID it identifies the process."),
            ("flags", "__u32", 4, "bits", "", "enum record_flags in the text of -Source: thread, dead, sender known, OOM, cut texts, user namespace."),
            ("pid", "__u32", 4, Namespaced, "task->tgid", "The process."),
            ("tid", "__u32", 4, Namespaced, "task->pid", "The thread; the process itself in the event of a process."),
            ("ppid", "__u32", 4, Namespaced, "task->group_leader->real_parent->tgid", "The parent at the time of the exit."),
            ("wait_status", "__u32", 4, "as waitpid(2)", "signal->flags & SIGNAL_GROUP_EXIT ? signal->group_exit_code : task->group_leader->exit_code; with -PerThread task->exit_code", "Signal in bits 0-6, core in bit 7, exit status in bits 8-15."),
            ("comm", "char[16]", 16, "bytes, ended by NUL", "task->group_leader->comm; with -PerThread task->comm", "The name."),
            ("host_pid", "__u32", 4, "ID in the first PID namespace", "task->tgid", "The process as the host knows it."),

            // struct exit_detail
            ("cpu_time", "__u64", 8, "ns", "signal->sum_sched_runtime + sum of se.sum_exec_runtime", "CPU time of all threads; this and what follows to fault_address, except max_rss, with -PerThread of the thread alone."),
            ("user_time", "__u64", 8, "ns, in ticks", "signal->utime + sum of utime", "Time in user mode, as the ticks of the scheduler counted it."),
            ("system_time", "__u64", 8, "ns, in ticks", "signal->stime + sum of stime", "Time in the kernel, as the ticks of the scheduler counted it."),
            ("max_rss", "__u64", 8, "pages, 0 not known", "mm->hiwater_rss, mm->rss_stat", "Peak of resident memory since the last execve."),
            ("minor_faults", "__u64", 8, "count", "signal->min_flt + sum of min_flt", "Page faults without I/O."),
            ("major_faults", "__u64", 8, "count", "signal->maj_flt + sum of maj_flt", "Page faults with I/O."),
            ("read_bytes", "__u64", 8, "bytes", "signal->ioac.read_bytes + sum of ioac.read_bytes", "Read from storage."),
            ("write_bytes", "__u64", 8, "bytes", "signal->ioac.write_bytes + sum of ioac.write_bytes", "Written, or to be written, to storage."),
            ("voluntary_switches", "__u64", 8, "count", "signal->nvcsw + sum of nvcsw", "Context switches by waiting."),
            ("involuntary_switches", "__u64", 8, "count", "signal->nivcsw + sum of nivcsw", "Context switches by preemption."),
            ("fault_address", "__u64", 8, "address", "signal:signal_generate, info->_sifields._sigfault._addr", "The address that caused a fault."),
            ("uid", "__u32", 4, "ID in the first user namespace", "current_uid()", "The real user."),
            ("gid", "__u32", 4, "ID in the first user namespace", "current_gid()", "The real group."),
            ("session", "__u32", 4, Namespaced, "signal->pids[PIDTYPE_SID]", "The session."),
            ("namespace_pid", "__u32", 4, "ID in the process's own PID namespace", "thread_pid->numbers[thread_pid->level].nr", "Its ID in its own PID namespace, as getpid(2) returns it there."),
            ("signal_code", "__s32", 4, "si_code", "signal:signal_generate, info->si_code", "Why the fatal signal was sent."),
            ("sender_pid", "__u32", 4, Namespaced, "signal:signal_generate, current->tgid", "The process that sent it."),
            ("sender_uid", "__u32", 4, "ID in the first user namespace", "signal:signal_generate, current_uid()", "The real user of the sender."),
            ("system_call", "__s32", 4, "number, -1 not known", "signal:signal_generate, info->_sifields._sigsys._syscall", "The system call for which seccomp(2) killed it."),
            ("system_call_arch", "__u32", 4, "AUDIT_ARCH_", "signal:signal_generate, info->_sifields._sigsys._arch", "The architecture that numbers it."),
            ("sender_comm", "char[16]", 16, "bytes, ended by NUL", "signal:signal_generate, current->group_leader->comm", "The sender's name."),
            ("parent_comm", "char[16]", 16, "bytes, ended by NUL", "task->group_leader->real_parent->group_leader->comm", "The parent's name."),
            ("terminal", "char[16]", 16, "bytes, ended by NUL", "signal->tty->name", "The controlling terminal; empty if there is none."),
            ("login_uid", "__u32", 4, "ID in the first user namespace", "task->group_leader->loginuid", "The user who logged in, from the audit subsystem; 0xffffffff if no login started the process."),
            ("ancestor_count", "__u16", 2, "struct ancestor", "real_parent of the parent, and so on", "Number of ancestors behind the parent, which follow."),
            ("path_size", "__u16", 2, "bytes", "mm->exe_file->f_path", "Length of the executable's path, which follows."),
            ("directory_size", "__u16", 2, "bytes", "task->fs->pwd", "Length of the working directory's path, which follows."),
            ("cgroup_size", "__u16", 2, "bytes", "task->cgroups", "Length of the cgroup's path, which follows."),
            ("args_size", "__u16", 2, "bytes", "mm->arg_start, mm->arg_end", "Length of the arguments, which follow."),
            ("cause", "__u8", 1, "enum signal_cause", "signal:signal_generate", "The cause, where the signal's number and code do not say it: a stack overflow, the end of the parent, ..."),
            ("reserved", "__u8", 1, "", "", "Always 0."),
        ];
        int offset = 0;
        foreach ((string name, string type, int size, string unit, string source, string description) in fields)
        {
            yield return new ExitEventField(name, type, unit, source, offset, size, All, description);
            offset += size;
        }
    }

    private static IEnumerable<ExitEventField> Properties()
    {
        static ExitEventField Property(string name, string type, string unit, string source, string description, string kernels = All) =>
            new(name, type, unit, source, null, null, kernels, description);

        const string command = "all; but before 6.16, if the BPF program can use only a tracepoint, the value is from the last execve";

        const string crash = "6.1 and later; on arm64 6.16 and later, or 6.4 and later if the kernel has fentry";

        return
        [
            Property(nameof(ExitEvent.Name), "string", "", "comm", "The name of the process (comm), or with -PerThread that of the thread; at most 15 bytes. Bytes that are not UTF-8 become U+FFFD. Alias: ProcessName."),
            Property(nameof(ExitEvent.Id), "int", Namespaced, "pid", "The process ID, as Get-Process shows it here. IDs are reused; Id and StartTime together are not."),
            Property(nameof(ExitEvent.ParentId), "int", Namespaced, "ppid", "The ID of the parent at the exit; 0 if the parent is outside of the namespace."),
            Property(nameof(ExitEvent.ThreadId), "int", Namespaced, "tid", "The ID of the thread with -PerThread, otherwise equal to Id."),
            Property(nameof(ExitEvent.Age), "TimeSpan", "boot clock", "exit_time - start_time", "How long the process lived, or with -PerThread the thread; time in suspend counts."),
            Property(nameof(ExitEvent.StartTime), "DateTime", "local, or UTC with -Utc", "start_time", "When the process was forked, or with -PerThread the thread created; execve does not change it."),
            Property(nameof(ExitEvent.ExitTime), "DateTime", "local, or UTC with -Utc", "exit_time", "When it exited, by the wall clock at that moment."),
            Property(nameof(ExitEvent.ExitCode), "int", "0 to 255, or 128 + signal; of a kernel thread that failed, below 0", "wait_status", "What $? shows in sh and bash; of a kernel thread that failed, the negative error number."),
            Property(nameof(ExitEvent.Signal), "ExitSnoop.Signal", "", "wait_status & 0x7f", "The signal that ended it, or None."),
            Property(nameof(ExitEvent.CoreDumped), "bool", "", "wait_status & 0x80", "Whether a core was written."),
            Property(nameof(ExitEvent.Failed), "bool", "", "wait_status", "Whether the status was other than 0, or a signal ended it."),
            Property(nameof(ExitEvent.Crashed), "bool?", "", "wait_status, flags", "Whether a fault or another signal that dumps core by default ended it, or the OOM killer did."),
            Property(nameof(ExitEvent.Status), "string", "", "wait_status", "The text of the EXIT_CODE column: '0', 'code 5', 'signal 11 (SEGV), core dumped', of a kernel thread 'error -4 (EINTR)'."),
            Property(nameof(ExitEvent.Label), "string", "", "-Label", "The text of -Label, to distinguish the events of several watches; null without it."),
            Property(nameof(ExitEvent.IsThread), "bool", "", "flags", "Whether this is the exit of one thread."),
            Property(nameof(ExitEvent.SenderId), "int?", Namespaced, "sender_pid", "The process that sent the fatal signal; null if the kernel itself did."),
            Property(nameof(ExitEvent.SenderName), "string", "", "sender_comm", "The sender's name (comm) when it sent the signal."),
            Property(nameof(ExitEvent.SenderUserId), "uint?", "", "sender_uid", "The real user of the sender."),
            Property(nameof(ExitEvent.SignalCode), "string", "", "signal_code", "Why the signal was sent: USER, KERNEL, TKILL, QUEUE, TIMER, MAPERR, ACCERR, ..."),
            Property(nameof(ExitEvent.FaultAddress), "ulong?", "address", "fault_address", "The address that caused a fault: of the memory for SEGV and BUS, of the instruction for ILL, FPE and TRAP."),
            Property(nameof(ExitEvent.OomKilled), "bool?", "", "signal->oom_mm, with SIGKILL", "Whether the kernel's OOM killer killed it; the sender is null then."),
            Property(nameof(ExitEvent.Reason), "string", "", "wait_status, flags, cause, signal_code, sender_comm, sender_pid, fault_address, system_call", "Why a signal ended it: 'killed by bash (901)', 'segfault (MAPERR) at 0x18 in libvips.so.42!vips_image_new+0x1c', 'stack overflow at 0x7ffc...', 'out of memory', 'seccomp: ptrace (101)'. 'Why it died' in about_ExitSnoop explains every text."),
            Property(nameof(ExitEvent.CrashSite), "string", "", "CrashModule, CrashSymbol, CrashOffset", "Where it crashed: 'libvips.so.42!vips_image_new+0x1c', without a symbol 'libvips.so.42+0x1c3f0'. If the program aborted itself, this is its own function, not abort() or another function of the runtime.", crash),
            Property(nameof(ExitEvent.InstructionPointer), "ulong?", "address", "task_pt_regs(task)->ip", "The address of the instruction at which the thread crashed.", crash),
            Property(nameof(ExitEvent.CrashModule), "string", "", "vma->vm_file", "The file that CrashSite is in, by its path in the process's own mounts.", crash),
            Property(nameof(ExitEvent.CrashOffset), "ulong?", "address in the file", "InstructionPointer, vma->vm_start, vma->vm_pgoff", "The address of CrashSite as addr2line(1) counts it.", crash),
            Property(nameof(ExitEvent.CrashBuildId), "string", "", "CrashModule", "The build ID of the file, in hexadecimal digits.", crash),
            Property(nameof(ExitEvent.CrashSymbol), "string", "", "CrashModule", "The function of CrashSite, demangled; null if the file has no symbol for it.", crash),
            Property(nameof(ExitEvent.CrashThreadId), "int?", Namespaced, "task->pid", "The thread that crashed, which need not be the main one.", crash),
            Property(nameof(ExitEvent.CrashThreadName), "string", "", "task->comm", "The name of that thread.", crash),
            Property(nameof(ExitEvent.StackTrace), "ExitSnoop.StackFrameList", "", "the stack, 16 KiB from the stack pointer", "With -StackTrace, the call stack of the thread that crashed, the innermost frame first. The bytes of the stack are not kept.", crash),
            Property(nameof(ExitEvent.CrashNote), "string", "", "the unwinder", "Why frames or symbols are missing; null if nothing is missing.", crash),
            Property(nameof(ExitEvent.CommandLine), "string", "", "args", "The arguments as a shell would quote them; null if none were captured.", command),
            Property(nameof(ExitEvent.Arguments), "ArgumentList", "", "args", "The list of arguments, at most 4 KiB of them; as a text it is the command line.", command),
            Property(nameof(ExitEvent.Path), "string", "", "path", "The executable; null for a kernel thread.", command),
            Property(nameof(ExitEvent.CommandLineTruncated), "bool", "", "flags", "Whether arguments are missing: there were more than 4 KiB, or a page of them was not in memory."),
            Property(nameof(ExitEvent.UserId), "uint?", "", "uid", "The real user ID: for a setuid program, that of the user who started it."),
            Property(nameof(ExitEvent.GroupId), "uint?", "", "gid", "The real group ID."),
            Property(nameof(ExitEvent.UserName), "string", "", "uid, getpwuid(3)", "The name of the user, looked up when the property is read. Null if this machine has no user with that ID. In a container without a user namespace, only root has a name: other IDs belong to the users of its image."),
            Property(nameof(ExitEvent.ParentName), "string", "", "parent_comm", "The parent's name (comm) at the exit."),
            Property(nameof(ExitEvent.SessionId), "int?", Namespaced, "session", "The session ID, which all processes of one login or one terminal share."),
            Property(nameof(ExitEvent.TotalProcessorTime), "TimeSpan?", "ns; misses at most one tick of the scheduler", "cpu_time", "CPU time of all threads, without child processes and without the work of the kernel after the exit. Null, as the page faults, bytes and switches below, if so many threads exit at the same time that they cannot be added up. With -PerThread, these are values of the thread alone."),
            Property(nameof(ExitEvent.UserProcessorTime), "TimeSpan?", "", "cpu_time, user_time, system_time", "The part in user mode: the total, divided in the ratio of the ticks, as wait4(2) does."),
            Property(nameof(ExitEvent.PrivilegedProcessorTime), "TimeSpan?", "", "cpu_time, user_time, system_time", "The part in the kernel."),
            Property(nameof(ExitEvent.PeakWorkingSet64), "long?", "bytes", "max_rss", "The most resident memory of the program since its last execve; null for a kernel thread, and if the exit was seen only after the memory had been released."),
            Property(nameof(ExitEvent.MinorFaults), "long?", "count", "minor_faults", "Page faults served without I/O."),
            Property(nameof(ExitEvent.MajorFaults), "long?", "count", "major_faults", "Page faults that had to read from storage."),
            Property(nameof(ExitEvent.ReadBytes), "long?", "bytes", "read_bytes", "Read from storage; reads from the page cache do not count."),
            Property(nameof(ExitEvent.WriteBytes), "long?", "bytes", "write_bytes", "Written, or to be written, to storage."),
            Property(nameof(ExitEvent.VoluntarySwitches), "long?", "count", "voluntary_switches", "How often it gave up the processor."),
            Property(nameof(ExitEvent.InvoluntarySwitches), "long?", "count", "involuntary_switches", "How often the processor was taken from it."),
            Property(nameof(ExitEvent.CgroupPath), "string", "", "cgroup", "The path of its cgroup. If cgroups of version 2 do not manage memory or processes on this machine, it is the path in the hierarchy memory, pids or systemd of version 1."),
            Property(nameof(ExitEvent.ContainerId), "string", "", "CgroupPath", "The container: docker, containerd, CRI-O, Podman, LXC, Incus, Proxmox, ECS, Garden, BuildKit, systemd-nspawn, Nomad."),
            Property(nameof(ExitEvent.PodId), "string", "", "CgroupPath", "The UID of the Kubernetes pod; null outside of one."),
            Property(nameof(ExitEvent.ServiceName), "string", "", "CgroupPath", "The systemd service, of the system's manager or a user's; null if there is none."),
            Property(nameof(ExitEvent.Ancestors), "AncestorList", Namespaced, "ancestors, parent_comm, ppid", "The parent, its parent and so on at the exit, at most 8, with the lists Name and Id. For an orphan, the parent is its subreaper or init."),
            Property(nameof(ExitEvent.LoginUserId), "uint?", "", "login_uid", "The user who logged in, which sudo and su do not change; null for a process that no login started."),
            Property(nameof(ExitEvent.LoginUserName), "string", "", "login_uid, getpwuid(3)", "The name of that user."),
            Property(nameof(ExitEvent.Terminal), "string", "", "terminal", "The controlling terminal: pts/3; null if there is none."),
            Property(nameof(ExitEvent.WorkingDirectory), "string", "", "directory", "The working directory at the exit, in the process's own mounts."),
            Property(nameof(ExitEvent.Executed), "bool?", "", "flags", "False for a process that was only forked and has its parent's name."),
            Property(nameof(ExitEvent.NamespaceId), "int?", "ID in the process's own PID namespace", "namespace_pid", "Its ID in its own PID namespace, as getpid(2) returned it there."),
            Property(nameof(ExitEvent.HostId), "int?", "ID in the first PID namespace", "host_pid", "The process's ID on the host."),
            Property(nameof(ExitEvent.HostName), "string", "", "uname(2), or the recording", "The machine on which it exited."),
        ];
    }
}
