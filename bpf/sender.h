/* SPDX-License-Identifier: (GPL-2.0-only OR Apache-2.0) */
/* Who sent the signal that ended a process. */
#ifndef EXITSNOOP_SENDER_H
#define EXITSNOOP_SENDER_H

#include "maps.h"
#include "task.h"
#include "read.h"

#define BIT(signal) (1ULL << ((signal)-1))
#define HARMLESS                                                                                             \
	(BIT(SIGCHLD) | BIT(SIGCONT) | BIT(SIGSTOP) | BIT(SIGTSTP) | BIT(SIGTTIN) | BIT(SIGTTOU) |           \
	 BIT(SIGURG) | BIT(SIGWINCH))
#define FAULTS (BIT(SIGSEGV) | BIT(SIGBUS) | BIT(SIGILL) | BIT(SIGFPE) | BIT(SIGTRAP))

/* What is known of the sender of a signal that can kill, kept until its target exits. */
static __always_inline void remember_sender(int signal, struct kernel_siginfo *info, struct task_struct *task)
{
	struct task_struct *sending;
	struct sent_signal target = {};
	struct sender sender = {};

	sender.flags = RECORD_SENDER;
	if ((unsigned long)info == SEND_SIG_NOINFO) {
		sender.code = SI_USER;
	} else if ((unsigned long)info == SEND_SIG_PRIV) {
		sender.code = SI_KERNEL;
	} else {
		sender.code = BPF_CORE_READ(info, si_code);
		if (FAULTS >> (signal - 1) & 1 && sender.code > 0 && sender.code != SI_KERNEL) {
			sender.flags |= RECORD_FAULT_ADDRESS;
			sender.fault_address = (unsigned long)BPF_CORE_READ(info, _sifields._sigfault._addr);
		}
	}

	/*
	 * These codes come from a system call of the task that runs. Timers and the kernel's
	 * own signals are sent from wherever they struck, and nobody there sent them.
	 */
	if (sender.code == SI_USER || sender.code == SI_TKILL || sender.code == SI_QUEUE ||
	    sender.code == SI_MESGQ) {
		sender.flags |= RECORD_SENDER_TASK;
		sending = (void *)bpf_get_current_task();
		sender.pid = tgid_of(sending, WHOLE);
		sender.uid = bpf_get_current_uid_gid();
		BPF_CORE_READ_INTO(&sender.comm, sending, group_leader, comm);
	}

	target.tgid = BPF_CORE_READ(task, tgid);
	target.start_time = start_time(BPF_CORE_READ(task, group_leader), WHOLE);
	target.signal = signal;
	bpf_map_update_elem(&senders, &target, &sender, BPF_ANY);
}

static __always_inline void put_sender(struct detailed_record *all, struct signal_struct *signal, __u64 start,
				       const int variant)
{
	struct sent_signal killed = {
	    .start_time = start,
	    .tgid = all->record.host_pid,
	    .signal = all->record.wait_status & 0x7f,
	};
	struct sender *sender;

	if (!killed.signal)
		return;
	/* Whoever happened to allocate runs the OOM killer (mark_oom_victim): not a sender. */
	if (killed.signal == SIGKILL && READ(variant, signal, oom_mm)) {
		all->record.flags |= RECORD_OOM_KILLED;
		return;
	}
	sender = bpf_map_lookup_elem(&senders, &killed);
	if (!sender)
		return;
	all->record.flags |= sender->flags;
	all->detail.signal_code = sender->code;
	all->detail.fault_address = sender->fault_address;
	all->detail.sender_pid = sender->pid;
	all->detail.sender_uid = sender->uid;
	__builtin_memcpy(all->detail.sender_comm, sender->comm, COMM_SIZE);
}

#endif
