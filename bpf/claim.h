/* SPDX-License-Identifier: (GPL-2.0-only OR Apache-2.0) */
/*
 * Each death is reported once, also where the hook does not say which thread is the last, and where
 * a second hook, the tracepoint, reports what the kernel did not run the first one for.
 *
 * The kernel does not run a program within itself on one CPU (prog->active), nor a kprobe program
 * within a system call on a BPF map (bpf_prog_active). Where such code can be preempted, it skips
 * the exits that come meanwhile.
 */
#ifndef EXITSNOOP_CLAIM_H
#define EXITSNOOP_CLAIM_H

#include "maps.h"
#include "read.h"
#include "task.h"

/* Processes whose death is reported. */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 16384);
	__type(key, struct identity);
	__type(value, __u8);
} claims SEC(".maps");

/*
 * The start times of the threads that the first of two hooks was run for (config.two_hooks), at the
 * last bits of their ids. A thread comes to the second microseconds later; the entry of one that is
 * overwritten in between would be that of a thread whose id is a multiple of the size away. What is
 * left behind is no other thread's: PIDs are reused, PID and start time together are not.
 */
#define SEEN_SIZE 65536

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, SEEN_SIZE);
	__type(key, __u32);
	__type(value, __u64);
} seen SEC(".maps");

/* False: the death is claimed already. */
static __always_inline bool claim_death(struct task_struct *task, const int variant)
{
	struct identity process = {
	    .start_time = start_time(READ(variant, task, group_leader), variant),
	    .tgid = READ(variant, task, tgid),
	};
	__u8 claimed = 1;

	/* An int: before 5.15 the upper half of what it returns is not set. */
	return (int)bpf_map_update_elem(&claims, &process, &claimed, BPF_NOEXIST) != -EEXIST;
}

/*
 * Whether this thread is the last of its process, for a hook that does not say. signal->live is 0
 * for more than the last thread (they pass the tracepoint after all have left), so the first that
 * sees it claims the death.
 */
static __always_inline bool is_last(struct task_struct *task, const int variant)
{
	return !READ(variant, task, signal, live.counter) && claim_death(task, variant);
}

static __always_inline __u64 *seen_entry(struct task_struct *task, const int variant)
{
	__u32 index = READ(variant, task, pid) & (SEEN_SIZE - 1);

	return bpf_map_lookup_elem(&seen, &index);
}

/* In the first of two hooks. False: the death of this last thread's process is claimed already. */
static __always_inline bool mark_seen(struct task_struct *task, bool last, const int variant)
{
	__u64 *entry = seen_entry(task, variant);

	if (entry)
		*entry = start_time(task, variant);
	return config.has_group_dead || !last || claim_death(task, variant);
}

/* In the second. */
static __always_inline bool is_seen(struct task_struct *task, const int variant)
{
	__u64 *entry = seen_entry(task, variant);

	return entry && *entry == start_time(task, variant);
}

#endif
