/* SPDX-License-Identifier: (GPL-2.0-only OR Apache-2.0) */
/* Fills in the record of an exit and sends it. */
#ifndef EXITSNOOP_REPORT_H
#define EXITSNOOP_REPORT_H

#include "command.h"
#include "filter.h"
#include "origin.h"
#include "resources.h"
#include "ring.h"
#include "sender.h"
#include "task.h"

/*
 * Reads each pointer of the task only once, at the beginning: for every load of such a pointer, and each time
 * that it reaches the load, the verifier searches the kernel's type information to see whether the pointer is
 * trusted.
 */
static __always_inline void send_detailed(struct task_struct *task, struct task_struct *leader,
					  struct task_struct *parent, struct signal_struct *signal,
					  struct exit_record *record, __u64 leader_start, const int variant)
{
	__u32 level;
	__u64 user_and_group = bpf_get_current_uid_gid();
	struct mm_struct *mm = READ(variant, task, mm);
	struct fs_struct *fs = READ(variant, task, fs);
	struct kernfs_node *cgroup = cgroup_node(READ(variant, task, cgroups), variant);
	struct pid *pid = READ(variant, signal, pids[PIDTYPE_TGID]);
	struct pid *session = READ(variant, signal, pids[PIDTYPE_SID]);
	struct user_namespace *user_namespace = READ(variant, task, real_cred, user_ns);
	const __u32 user = variant & TYPED ? SCRATCH_EXIT : SCRATCH_EXIT_RAW;
	struct detailed_record *all = scratch_of(user);
	struct exit_detail *detail;

	if (!all)
		return;
	all->record = *record;
	all->record.flags |= RECORD_DETAIL;
	detail = &all->detail;
	__builtin_memset(detail, 0, sizeof(*detail));

	detail->uid = user_and_group;
	detail->gid = user_and_group >> 32;
	if (READ(variant, user_namespace, level))
		all->record.flags |= RECORD_USER_NAMESPACE;
	copy_comm(detail->parent_comm, READ(variant, parent, group_leader), variant);
	if (config.pid_namespace)
		detail->session = id_in_namespace(session);
	else
		detail->session = READ(variant, session, numbers[0].nr);
	level = READ(variant, pid, level);
	detail->namespace_pid = level ? id_at_level(pid, level).nr : record->host_pid;

	put_sender(all, task, signal, leader_start, variant);
	if (config.oom_kills && (record->wait_status & 0x7f) == SIGKILL &&
	    !(all->record.flags & RECORD_OOM_KILLED))
		return;
	put_resources(all, task, signal, mm, user, variant);
	put_origin(all, leader, parent, signal, variant);
	put_command(all, mm, fs, cgroup, user, variant);

	send_with_bytes(all);
}

/* Completes and sends the record of an exit whose status is wanted, if the other filters match too. */
static __always_inline void report(struct task_struct *task, struct task_struct *leader,
				   struct signal_struct *signal, struct exit_record *record,
				   const int variant)
{
	struct task_struct *subject = config.per_thread ? task : leader;
	struct task_struct *parent = READ(variant, leader, real_parent);
	__u64 leader_start = start_time(leader, variant);

	record->start_time = config.per_thread ? start_time(subject, variant) : leader_start;
	record->ppid = tgid_of(parent, variant);
	if (!wanted_process(leader, record, variant))
		return;
	begin_record();
	record->exit_time = bpf_ktime_get_boot_ns();
	record->tid = record->pid;
	if (config.per_thread)
		record->tid = variant & WHOLE && config.pid_namespace
				  ? id_in_namespace(BPF_CORE_READ(task, thread_pid))
				  : (__u32)READ(variant, task, pid);
	if (READ(variant, task, flags) & PF_KTHREAD)
		record->flags |= RECORD_KTHREAD;
	copy_comm(record->comm, subject, variant);

	if (variant & WHOLE && config.detail)
		send_detailed(task, leader, parent, signal, record, leader_start, variant);
	else
		send(record, sizeof(*record));
	end_record();
}

#endif
