/* SPDX-License-Identifier: (GPL-2.0-only OR Apache-2.0) */
/* The origin of a process: its ancestors, its login and its terminal. */
#ifndef EXITSNOOP_ORIGIN_H
#define EXITSNOOP_ORIGIN_H

#include "maps.h"
#include "read.h"
#include "task.h"

/*
 * The ancestors beyond the parent, nearest first. An ancestor that has exited is not among them: the kernel
 * gave its children to the nearest subreaper or to init (find_new_reaper() in kernel/exit.c), and the chain
 * continues from there. It ends at the first process of the reader's PID namespace.
 */
static __always_inline void put_ancestors(struct detailed_record *all, struct task_struct *parent,
					  const int variant)
{
	struct task_struct *leader = READ(variant, parent, group_leader);
	struct ancestor *ancestor;
	__u32 pid;

	all->used = 0;
	for (int i = 0; i < ANCESTORS_MAX; i++) {
		/* Stops clang from closing the loop by a fall-through, which the verifier of 5.10 rejects. */
		KEEP_BOUND(i);
		leader = READ(variant, leader, real_parent, group_leader);
		pid = tgid_of(leader, variant);
		if (!pid)
			break;
		ancestor = (struct ancestor *)&all->bytes[i * sizeof(*ancestor)];
		ancestor->pid = pid;
		copy_comm(ancestor->comm, leader, variant);
		all->detail.ancestor_count++;
		all->used += sizeof(*ancestor);
		FORGET_MEMORY();
	}
}

static __always_inline void put_origin(struct detailed_record *all, struct task_struct *leader,
				       struct task_struct *parent, struct signal_struct *signal,
				       const int variant)
{
	struct tty_struct *tty = READ(variant, signal, tty);

	/* Set by copy_process() in kernel/fork.c, cleared by begin_new_exec() in fs/exec.c. */
	if (!(READ(variant, leader, flags) & PF_FORKNOEXEC))
		all->record.flags |= RECORD_EXECUTED;
	/* A kernel without audit: (uid_t)-1, which audit itself uses for a process without a login. */
	all->detail.login_uid = bpf_core_field_exists(leader->loginuid) ? READ(variant, leader, loginuid.val) : -1;
	if (tty)
		bpf_core_read_str(&all->detail.terminal, TERMINAL_SIZE, &tty->name);
	put_ancestors(all, parent, variant);
}

#endif
