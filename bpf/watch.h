/* SPDX-License-Identifier: (GPL-2.0-only OR Apache-2.0) */
/*
 * The watched processes: those asked for by id, and their descendants. Of a descendant the start
 * time is known from the beginning, of an id that was asked for once find_descendant() or the exit
 * has met its process: a later process with the same PID is not taken for it.
 */
#ifndef EXITSNOOP_WATCH_H
#define EXITSNOOP_WATCH_H

#include "ring.h"
#include "task.h"

static __always_inline bool is_departed(struct exit_record *record, __u64 start)
{
	struct identity process = {.start_time = start, .tgid = record->host_pid};

	return config.per_thread && bpf_map_lookup_elem(&departed, &process);
}

static __always_inline bool is_watched(__u32 pid, __u64 start)
{
	__u64 *watched = bpf_map_lookup_elem(&ids, &pid);

	return watched && (!*watched || *watched == start);
}

/*
 * Takes a process out that has exited. Its record, if it was wanted, is in the ring buffer by now,
 * so a reader that finds the map empty has only to look there once more.
 *
 * The reader that blocks has to be woken, for it may have been the last. Memory order: here the
 * entry is deleted, then comes the barrier, then the flag is read. The reader sets the flag, then
 * comes the barrier of its exchange, then it looks into the map. So at least one of the two sees
 * what the other has written: either the reader does not block, or it is woken.
 */
static __always_inline void stop_watching(struct exit_record *record, __u64 start)
{
	struct identity process = {.start_time = start, .tgid = record->host_pid};
	__u8 gone = 1;

	if (config.per_thread)
		bpf_map_update_elem(&departed, &process, &gone, BPF_ANY);
	bpf_map_delete_elem(&ids, &record->pid);
	if (!config.include_children)
		return;
	full_barrier();
	wake_reader();
}

static __always_inline void watch(__u32 pid, __u64 start)
{
	if (bpf_map_update_elem(&ids, &pid, &start, BPF_ANY))
		count_loss(LOST_DESCENDANT);
}

/*
 * A child of a watched process is watched. Any other child shows that the process that had its PID
 * is gone: where that is still watched, the kernel did not run the program for its exit.
 */
static __always_inline void follow_child(struct task_struct *parent, struct task_struct *child)
{
	__u32 parent_id = tgid_of(parent, WHOLE), child_id = tgid_of(child, WHOLE);
	__u64 *stale;

	if (is_watched(parent_id, start_time(BPF_CORE_READ(parent, group_leader), WHOLE))) {
		watch(child_id, start_time(child, WHOLE));
		return;
	}
	stale = bpf_map_lookup_elem(&ids, &child_id);
	if (!stale || !*stale)
		return;
	bpf_map_delete_elem(&ids, &child_id);
	full_barrier();
	wake_reader();
}

/*
 * Watches a process that was there before the trace, if its parent is watched; true where it was
 * not known before. A process that exits meanwhile must not stay in the map: signal->live falls
 * before the exit program runs (do_exit in kernel/exit.c), so where it is not 0 behind the barrier,
 * that program finds the entry.
 */
static __always_inline bool find_descendant(struct task_struct *task)
{
	__u32 id = tgid_of(task, WHOLE | TYPED), parent_id;
	__u64 start = start_time(task, WHOLE | TYPED);
	struct task_struct *parent = task->real_parent;
	__u64 *watched = bpf_map_lookup_elem(&ids, &id);

	if (!task->signal->live.counter)
		return false;
	if (watched) {
		if (!*watched)
			bpf_map_update_elem(&ids, &id, &start, BPF_EXIST);
		return false;
	}
	parent_id = tgid_of(parent, WHOLE | TYPED);
	if (!is_watched(parent_id, start_time(parent->group_leader, WHOLE | TYPED)))
		return false;
	watch(id, start);
	full_barrier();
	if (task->signal->live.counter)
		return true;
	bpf_map_delete_elem(&ids, &id);
	return false;
}

#endif
