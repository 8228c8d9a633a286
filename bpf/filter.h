/* SPDX-License-Identifier: (GPL-2.0-only OR Apache-2.0) */
/* Which exits are reported: filters on how the process ended and on who it is. */
#ifndef EXITSNOOP_FILTER_H
#define EXITSNOOP_FILTER_H

#include "cgroup.h"
#include "ring.h"
#include "task.h"

static __always_inline struct identity identity_of(struct exit_record *record, struct task_struct *leader,
						   const int variant)
{
	struct identity identity = {
	    .start_time = start_time(leader, variant),
	    .tgid = record->host_pid,
	};

	return identity;
}

static __always_inline bool is_departed(struct exit_record *record, struct task_struct *leader,
					const int variant)
{
	struct identity process;

	if (!config.per_thread || !config.include_children)
		return false;
	process = identity_of(record, leader, variant);
	return bpf_map_lookup_elem(&departed, &process);
}

/* Takes a descendant that has exited out of the set. */
static __always_inline void mark_departed(struct exit_record *record, struct task_struct *leader,
					  const int variant)
{
	struct identity process;
	__u8 gone = 1;

	if (config.per_thread) {
		process = identity_of(record, leader, variant);
		bpf_map_update_elem(&departed, &process, &gone, BPF_ANY);
	}
	bpf_map_delete_elem(&ids, &record->pid);
	wake_reader();
}

static __always_inline bool wanted_status(__u32 status)
{
	__u32 signal = status & 0x7f;
	__u32 code = status >> 8 & 0xff;

	/* A kernel thread that failed leaves a negative error number, which is neither. */
	if ((__s32)status < 0 && (config.signals || config.by_exit_code))
		return false;

	if (config.failed && !status)
		return false;
	if (config.signals && !(signal && config.signals >> (signal - 1) & 1))
		return false;
	if (config.by_exit_code && (signal || !(config.exit_codes[code >> 6 & 3] >> (code & 63) & 1)))
		return false;
	return true;
}

/* The filters on who the process is; those on how it ended are in wanted_status(). */
static __always_inline bool wanted_process(struct task_struct *task, struct exit_record *record,
					   const int variant)
{
	__u32 uid;

	if (variant & WHOLE && config.pid_namespace && !record->pid)
		return false;
	if (config.by_parent && !bpf_map_lookup_elem(&parents, &record->ppid))
		return false;
	if (config.by_user) {
		uid = bpf_get_current_uid_gid();
		if (!bpf_map_lookup_elem(&users, &uid))
			return false;
	}
	if (config.minimum_age && record->exit_time - record->start_time < config.minimum_age)
		return false;
	if (variant & WHOLE && config.cgroup_id && !in_cgroup(task, variant))
		return false;
	return true;
}

#endif
