/* SPDX-License-Identifier: (GPL-2.0-only OR Apache-2.0) */
/*
 * Reports each death once, even if the hook does not say which thread is the last, or if a second hook
 * (the tracepoint) reports the exits for which the kernel did not run the first one.
 *
 * On one CPU, the kernel does not start a program while the same program is running (prog->active), nor
 * a kprobe program during a system call on a BPF map (bpf_prog_active). If such code is preempted, exits
 * that happen meanwhile on that CPU are skipped.
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
 * The start times of the threads for which the first of two hooks ran (config.two_hooks), indexed by the
 * last bits of the thread id. A thread reaches the second hook microseconds later. Its entry is lost only
 * if a thread whose id differs by a multiple of SEEN_SIZE exits in between. An old entry matches no other
 * thread: PIDs are reused; PID and start time together are not.
 */
#define SEEN_SIZE 65536

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, SEEN_SIZE);
	__type(key, __u32);
	__type(value, __u64);
} seen SEC(".maps");

/* Returns false if the death is already claimed. */
static __always_inline bool claim_death(struct task_struct *task, const int variant)
{
	struct identity process = {
	    .start_time = start_time(READ(variant, task, group_leader), variant),
	    .tgid = READ(variant, task, tgid),
	};
	__u8 claimed = 1;

	/* The cast is needed before 5.15, where the upper half of the return value is undefined. */
	return (int)bpf_map_update_elem(&claims, &process, &claimed, BPF_NOEXIST) != -EEXIST;
}

/*
 * Whether this thread is to be taken for the last of its process, for a hook without group_dead. Several
 * threads can find signal->live at 0, because each decrements it in do_exit() before it reaches the
 * tracepoint. The first of them claims the death.
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

/*
 * Called in the first of two hooks. Returns false if the death of this last thread's process is already
 * claimed.
 */
static __always_inline bool mark_seen(struct task_struct *task, bool last, const int variant)
{
	__u64 *entry = seen_entry(task, variant);

	if (entry)
		*entry = start_time(task, variant);
	return config.has_group_dead || !last || claim_death(task, variant);
}

/* Called in the second of two hooks: whether the first one ran for this thread. */
static __always_inline bool is_seen(struct task_struct *task, const int variant)
{
	__u64 *entry = seen_entry(task, variant);

	return entry && *entry == start_time(task, variant);
}

#endif
