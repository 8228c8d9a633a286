/* SPDX-License-Identifier: (GPL-2.0-only OR Apache-2.0) */
/* Who sent the signal that ended a process. */
#ifndef EXITSNOOP_SENDER_H
#define EXITSNOOP_SENDER_H

#include "maps.h"
#include "task.h"
#include "read.h"
#include "cause.h"

#define BIT(signal) (1ULL << ((signal)-1))
#define HARMLESS                                                                                             \
	(BIT(SIGCHLD) | BIT(SIGCONT) | BIT(SIGSTOP) | BIT(SIGTSTP) | BIT(SIGTTIN) | BIT(SIGTTOU) |           \
	 BIT(SIGURG) | BIT(SIGWINCH))
#define FAULTS (BIT(SIGSEGV) | BIT(SIGBUS) | BIT(SIGILL) | BIT(SIGFPE) | BIT(SIGTRAP))

/* If a process raises a signal longer than this after it handled the same one, it may have another reason. */
#define REPEAT_NS (10ULL * 1000 * 1000 * 1000)

static __always_inline bool can_kill(int signal)
{
	return signal >= 1 && signal <= 64 && !(HARMLESS >> (signal - 1) & 1);
}

static __always_inline struct sent_signal signal_to(struct task_struct *task, int signal)
{
	struct sent_signal sent = {
	    .start_time = start_time(BPF_CORE_READ(task, group_leader), WHOLE),
	    .tgid = BPF_CORE_READ(task, tgid),
	    .signal = signal,
	};

	return sent;
}

static __always_inline void put_task(struct sender *sender, struct task_struct *task, __u32 uid)
{
	sender->flags |= RECORD_SENDER_TASK;
	sender->pid = tgid_of(task, WHOLE);
	sender->uid = uid;
	BPF_CORE_READ_INTO(&sender->comm, task, group_leader, comm);
}

/* Takes over what the siginfo says. Returns true if a system call of the running task made it. */
static __always_inline bool read_info(struct sender *sender, struct task_struct *running, int signal,
				      struct kernel_siginfo *info)
{
	sender->code = BPF_CORE_READ(info, si_code);
	if (FAULTS >> (signal - 1) & 1) {
		if (sender->code == SI_KERNEL) {
			sender->cause = cause_of_trap(running, signal);
		} else if (sender->code > 0) {
			sender->flags |= RECORD_FAULT_ADDRESS;
			sender->fault_address =
			    (unsigned long)BPF_CORE_READ(info, _sifields._sigfault._addr);
			if (signal == SIGSEGV && is_stack_overflow(running, sender->fault_address))
				sender->cause = CAUSE_STACK_OVERFLOW;
		}
	} else if (signal == SIGSYS && sender->code == SYS_SECCOMP) {
		sender->cause = CAUSE_SECCOMP;
		sender->system_call = BPF_CORE_READ(info, _sifields._sigsys._syscall);
		sender->system_call_arch = BPF_CORE_READ(info, _sifields._sigsys._arch);
	}

	/*
	 * A caller of rt_sigqueueinfo(2) can choose any code below 0, even that of a timer. A kernel timer
	 * can expire while any task runs, but its siginfo is not on that task's stack.
	 */
	return sender->code == SI_USER || (sender->code < 0 && on_own_stack(running, info));
}

/*
 * Whether this signal only repeats the first one, which then remains the reason of the exit. Either a handler
 * restored the default and raised the signal again, as crash reporters and the traps of a shell do; or the
 * kernel could not run the handler of a fault, because no stack was left for it (force_sigsegv() in
 * kernel/signal.c).
 */
static __always_inline bool repeats(struct sender *first, struct sender *sender, bool own, int signal)
{
	bool raised = own && sender->flags & RECORD_SENDER_TASK;
	bool failed = signal == SIGSEGV && sender->code == SI_KERNEL && sender->cause == CAUSE_OTHER &&
		      first->handled && first->flags & RECORD_FAULT_ADDRESS;

	return raised || failed;
}

/*
 * Stores what is known about the sender of a signal that can kill, for put_sender() at the exit of the
 * target.
 */
static __always_inline void remember_sender(int signal, struct kernel_siginfo *info, struct task_struct *task)
{
	struct task_struct *running = (void *)bpf_get_current_task();
	struct sent_signal target = signal_to(task, signal);
	struct sender sender = {}, *first = bpf_map_lookup_elem(&senders, &target);
	bool own = bpf_get_current_pid_tgid() >> 32 == target.tgid, by_task = false;

	/* SIGKILL cannot be handled, so the first one killed the process. */
	if (first && signal == SIGKILL)
		return;
	sender.flags = RECORD_SENDER;
	sender.time = bpf_ktime_get_boot_ns();
	if ((unsigned long)info == SEND_SIG_NOINFO) {
		sender.code = SI_USER;
		/*
		 * The kernel sends PIPE and XFSZ after a write of the process itself, unless kill(2) sent
		 * them.
		 */
		by_task = !own || (signal != SIGPIPE && signal != SIGXFSZ) || calls_kill(running);
		if (BPF_CORE_READ(running, flags) & PF_EXITING) {
			sender.cause = CAUSE_PARENT_DEATH;
			by_task = false;
		}
	} else if ((unsigned long)info == SEND_SIG_PRIV) {
		sender.code = SI_KERNEL;
		if (signal == SIGKILL && shares_oom_victim(task))
			sender.flags |= RECORD_OOM_KILLED;
		else if (signal == SIGKILL)
			sender.cause = cause_of_kill(running, task);
	} else {
		by_task = read_info(&sender, running, signal, info);
	}
	if (by_task)
		put_task(&sender, running, bpf_get_current_uid_gid());

	if (first && repeats(first, &sender, own, signal)) {
		if (sender.time - first->time > REPEAT_NS)
			first->flags |= RECORD_SENDER_PROBABLE;
		first->handled = false;
		return;
	}
	bpf_map_update_elem(&senders, &target, &sender, BPF_ANY);
}

/* Whether ptrace_signal() in kernel/signal.c made this siginfo, for a signal that the debugger chose. */
static __always_inline bool is_injected(struct task_struct *running, struct kernel_siginfo *info)
{
	struct pid *pid = BPF_CORE_READ(running, thread_pid);
	struct pid *tracer = BPF_CORE_READ(running, parent, thread_pid);
	__u32 level = BPF_CORE_READ(pid, level);

	if (BPF_CORE_READ(info, si_code) != SI_USER || BPF_CORE_READ(tracer, level) < level)
		return false;
	return BPF_CORE_READ(info, _sifields._kill._pid) == id_at_level(tracer, level & 31).nr;
}

/*
 * Follows a signal to its delivery. If the process handles it, this signal did not end the process. A signal
 * that a debugger injects was never sent, so its sender is stored here.
 */
static __always_inline void follow_signal(int signal, struct kernel_siginfo *info, struct k_sigaction *action)
{
	struct task_struct *running = (void *)bpf_get_current_task(), *tracer;
	unsigned long handler = (unsigned long)BPF_CORE_READ(action, sa.sa_handler);
	struct sent_signal target;
	struct sender injected = {}, *sent;

	if (handler == SIG_IGN || signal == SIGKILL)
		return;
	target = signal_to(running, signal);
	if (handler == SIG_DFL && BPF_CORE_READ(running, ptrace) && is_injected(running, info)) {
		tracer = BPF_CORE_READ(running, parent);
		injected.flags = RECORD_SENDER;
		injected.time = bpf_ktime_get_boot_ns();
		put_task(&injected, tracer, BPF_CORE_READ(tracer, real_cred, uid.val));
		bpf_map_update_elem(&senders, &target, &injected, BPF_ANY);
		return;
	}
	sent = bpf_map_lookup_elem(&senders, &target);
	if (sent)
		sent->handled = handler != SIG_DFL;
}

static __always_inline void put_sender(struct detailed_record *all, struct task_struct *task,
				       struct signal_struct *signal, __u64 start, const int variant)
{
	struct sent_signal killed = {
	    .start_time = start,
	    .tgid = all->record.host_pid,
	    .signal = all->record.wait_status & 0x7f,
	};
	struct sender *sender;
	bool oom_victim;

	if (!killed.signal || all->record.flags & RECORD_KTHREAD)
		return;
	sender = bpf_map_lookup_elem(&senders, &killed);
	/*
	 * The kernel sets oom_mm of the OOM killer's victim, but also of any process that is already dying
	 * when memory is short (mark_oom_victim() in mm/oom_kill.c). For the latter, the sender of the signal
	 * is known.
	 */
	oom_victim = killed.signal == SIGKILL && READ(variant, signal, oom_mm);
	if (!sender || sender->handled) {
		if (oom_victim)
			all->record.flags |= RECORD_OOM_KILLED;
		if (killed.signal == SIGSYS)
			put_seccomp(&all->detail, task, signal, variant);
		return;
	}
	if (oom_victim && sender->code == SI_KERNEL && sender->cause == CAUSE_OTHER)
		all->record.flags |= RECORD_OOM_KILLED;
	all->record.flags |= sender->flags;
	all->detail.signal_code = sender->code;
	all->detail.cause = sender->cause;
	all->detail.fault_address = sender->fault_address;
	all->detail.system_call = sender->system_call;
	all->detail.system_call_arch = sender->system_call_arch;
	all->detail.sender_pid = sender->pid;
	all->detail.sender_uid = sender->uid;
	__builtin_memcpy(all->detail.sender_comm, sender->comm, COMM_SIZE);
}

#endif
