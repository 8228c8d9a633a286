/* SPDX-License-Identifier: (GPL-2.0-only OR Apache-2.0) */
/* Who a task is: its start, its ids in the PID namespaces, its end. */
#ifndef EXITSNOOP_TASK_H
#define EXITSNOOP_TASK_H

#include "maps.h"
#include "read.h"

static __always_inline __u64 now(void)
{
	return config.monotonic_clock ? bpf_ktime_get_ns() : bpf_ktime_get_boot_ns();
}

static __always_inline __u64 start_time(struct task_struct *task, const int variant)
{
	/* Before 5.5 start_boottime had another name, and there is no boot clock to go with it. */
	if (config.monotonic_clock)
		return READ(variant, task, start_time);
	return READ(variant, task, start_boottime);
}

/* The id and its namespace at a level; the last, level pid->level, is the process's own. */
static __always_inline struct upid id_at_level(struct pid *pid, __u32 level)
{
	struct upid id = {};

	bpf_probe_read_kernel(&id, sizeof(id),
			      (void *)pid + bpf_core_field_offset(pid->numbers) + level * sizeof(id));
	return id;
}

/* The id in the reader's PID namespace, 0 where the process is not visible there. */
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

/*
 * Whether this is the end of the process. signal->live is 0 for more than the last
 * thread (they pass here after all have left), so the first that sees it claims the
 * death.
 */
static __always_inline bool group_dead(unsigned long long *ctx, struct task_struct *task,
				       struct signal_struct *signal, const int variant)
{
	struct identity claim = {};
	__u8 claimed = 1;

	if (config.has_group_dead)
		return ctx[1];
	if (READ(variant, signal, live.counter))
		return false;
	claim.tgid = READ(variant, task, tgid);
	claim.start_time = start_time(READ(variant, task, group_leader), variant);
	return !bpf_map_update_elem(&claims, &claim, &claimed, BPF_NOEXIST);
}

/* What wait_task_zombie() gives to waitpid(2), or how this thread left. */
static __always_inline __u32 wait_status(struct task_struct *task, struct signal_struct *signal,
					 const int variant)
{
	if (config.per_thread)
		return READ(variant, task, exit_code);
	/* From 6.0 on the flag is set at every death, and has_group_dead says 6.16. */
	if (config.has_group_dead || READ(variant, signal, flags) & SIGNAL_GROUP_EXIT)
		return READ(variant, signal, group_exit_code);
	return READ(variant, task, group_leader, exit_code);
}

#endif
