/* SPDX-License-Identifier: (GPL-2.0-only OR Apache-2.0) */
/*
 * The watched processes: those given by id, and their descendants. The start time of a descendant is
 * known from the beginning. That of a process given by id is known once find_descendant() or the exit
 * program has seen the process. The start time distinguishes it from a later process with the same PID.
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

/*
 * False: the process is none of those given by id. Most exits that -p drops are dropped by this one bit: finding
 * out by the map costs several times as much. Descendants are in the map alone.
 */
static __always_inline bool may_be_watched(__u32 pid)
{
	return config.include_children || config.ids[pid >> 6 & 63] >> (pid & 63) & 1;
}

static __always_inline bool is_watched(__u32 pid, __u64 start)
{
	__u64 *watched = bpf_map_lookup_elem(&ids, &pid);

	return watched && (!*watched || *watched == start);
}

/*
 * Removes a process that has exited from the map. Its record, if it was wanted, is already in the ring
 * buffer, so a reader that finds the map empty needs to read the ring only once more.
 *
 * A blocked reader must be woken, because this may have been the last process. Memory order: this
 * function deletes the entry, executes a barrier and reads the flag. The reader sets the flag, executes
 * a barrier (its exchange) and reads the map. So at least one of the two sees what the other has
 * written: either the reader does not block, or it is woken.
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
 * Watches a child of a watched process. If another process gets a PID that is still in the map, the process
 * that had this PID is gone and the kernel did not run the program for its exit: its entry is removed.
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
 * Watches a process that existed before the trace if its parent is watched; returns true if it is new in the
 * map. A process that exits meanwhile must not stay in the map. do_exit() in kernel/exit.c decrements
 * signal->live before the exit program runs, so if it is not 0 after the barrier, that program finds the
 * entry.
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
