/* SPDX-License-Identifier: (GPL-2.0-only OR Apache-2.0) */
/* The identity of a task (start time, ids in the PID namespaces), its comm and its wait status. */
#ifndef EXITSNOOP_TASK_H
#define EXITSNOOP_TASK_H

#include "maps.h"
#include "read.h"

/* In ns of the boot clock, as exit_time. The boot clock keeps running while the machine is suspended. */
static __always_inline __u64 start_time(struct task_struct *task, const int variant)
{
	return READ(variant, task, start_boottime);
}

/* With a typed pointer two loads, which cost less than a helper call. */
static __always_inline void copy_comm(__u8 *comm, struct task_struct *task, const int variant)
{
	const __u64 *from = (const void *)&task->comm;
	__u32 *to = (void *)comm;

	if (!(variant & TYPED)) {
		bpf_core_read(comm, COMM_SIZE, &task->comm);
		return;
	}
	/* Stored in halves, because the offset of comm in a record is only a multiple of 4. */
	for (int i = 0; i < 2; i++) {
		__u64 bytes = from[i];

		to[2 * i] = bytes;
		to[2 * i + 1] = bytes >> 32;
	}
}

/* The id and its namespace at a level; pid->level is the level of the process's own namespace. */
static __always_inline struct upid id_at_level(struct pid *pid, __u32 level)
{
	struct upid id = {};

	bpf_probe_read_kernel(&id, sizeof(id),
			      (void *)pid + bpf_core_field_offset(pid->numbers) + level * sizeof(id));
	return id;
}

/* The id in the reader's PID namespace; 0 if the process is not visible there. */
static __always_inline __u32 id_in_namespace(struct pid *pid)
{
	__u32 last = BPF_CORE_READ(pid, level);

	for (__u32 level = 0; level < 32 && level <= last; level++) {
		struct upid id = id_at_level(pid, level);

		if (BPF_CORE_READ(id.ns, ns.inum) == config.pid_namespace)
			return id.nr;
	}
	return 0;
}

static __always_inline __u32 tgid_of(struct task_struct *task, const int variant)
{
	if (variant & WHOLE && config.pid_namespace)
		return id_in_namespace(BPF_CORE_READ(task, group_leader, thread_pid));
	return READ(variant, task, tgid);
}

/* The status that waitpid(2) reports: wait_task_zombie() in kernel/exit.c. */
static __always_inline __u32 wait_status(struct task_struct *task, struct signal_struct *signal,
					 const int variant)
{
	/* From 6.0 on the flag is set for every process that exits: synchronize_group_exit(). */
	if (READ(variant, signal, flags) & SIGNAL_GROUP_EXIT)
		return READ(variant, signal, group_exit_code);
	return READ(variant, task, group_leader, exit_code);
}

#endif
