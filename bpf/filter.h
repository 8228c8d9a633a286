/* SPDX-License-Identifier: (GPL-2.0-only OR Apache-2.0) */
/* The filters on how a process ended and on which process it is; watch.h has the filter by id. */
#ifndef EXITSNOOP_FILTER_H
#define EXITSNOOP_FILTER_H

#include "cgroup.h"
#include "task.h"

static __always_inline bool wanted_status(__u32 status)
{
	__u32 signal = status & 0x7f;
	/* The code that a shell and ExitEvent.ExitCode show. */
	__u32 code = signal ? 128 + signal : status >> 8 & 0xff;

	/* A kernel thread that fails has a negative error number here: no signal and no exit code. */
	if ((__s32)status < 0 && (config.signals || config.by_exit_code))
		return false;

	if (config.failed && !status)
		return false;
	if (config.signals && !(signal && config.signals >> (signal - 1) & 1))
		return false;
	if (config.by_exit_code && !(config.exit_codes[code >> 6 & 3] >> (code & 63) & 1))
		return false;
	return true;
}

/* The filters on which process it is. */
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
	if (config.minimum_age && bpf_ktime_get_boot_ns() - record->start_time < config.minimum_age)
		return false;
	if (variant & WHOLE && config.by_cgroup && !in_cgroup(task, variant))
		return false;
	return true;
}

#endif
