// SPDX-License-Identifier: (GPL-2.0-only OR Apache-2.0)
/*
 * exitsnoop: a record for every process that exits, with the status that waitpid(2)
 * reports, from the tracepoint sched:sched_process_exit (kernel/exit.c, do_exit).
 * A port of bcc's exitsnoop.
 *
 * This file has the programs, one for each hook; the headers beside it have one subject each.
 */
#include "filter.h"
#include "kernel.h"
#include "report.h"
#include "task.h"
#include "watch.h"

char LICENSE[] SEC("license") = "Dual BSD/GPL";

static __always_inline int process_exit_common(unsigned long long *ctx, const int variant)
{
	struct task_struct *task = (void *)ctx[0], *leader;
	struct signal_struct *signal;
	struct exit_record record;
	__u64 start = 0;
	bool dead = false, wanted;
	__u32 status;

	signal = READ(variant, task, signal);
	if (variant & NONZERO && (!ctx[1] || !READ(variant, signal, group_exit_code)))
		return 0;

	/* For most exits that are not wanted it ends here: nothing is prepared before. */
	if (!config.per_thread || config.by_id)
		dead = group_dead(ctx, task, signal, variant);
	if (!config.per_thread && !dead)
		return 0;
	status = wait_status(task, signal, variant);
	wanted = wanted_status(status);
	if (!wanted && !config.by_id)
		return 0;

	__builtin_memset(&record, 0, sizeof(record));
	record.wait_status = status;
	record.flags = (config.per_thread ? RECORD_THREAD : 0) | (dead ? RECORD_GROUP_DEAD : 0);
	record.host_pid = READ(variant, task, tgid);
	record.pid = tgid_of(task, variant);
	leader = READ(variant, task, group_leader);
	if (config.by_id) {
		start = start_time(leader, variant);
		if (!is_watched(record.pid, start) && !is_departed(&record, start))
			return 0;
	}
	if (wanted)
		report(ctx, task, leader, signal, &record, variant);
	if (config.by_id && dead)
		stop_watching(&record, start);
	return 0;
}

SEC("tp_btf/sched_process_exit")
int process_exit(unsigned long long *ctx)
{
	return process_exit_common(ctx, WHOLE | TYPED);
}

SEC("raw_tp/sched_process_exit")
int process_exit_raw(unsigned long long *ctx)
{
	return process_exit_common(ctx, WHOLE);
}

SEC("tp_btf/sched_process_exit")
int basic_exit(unsigned long long *ctx)
{
	return process_exit_common(ctx, BASIC | TYPED);
}

SEC("tp_btf/sched_process_exit")
int process_exit_nonzero(unsigned long long *ctx)
{
	return process_exit_common(ctx, WHOLE | TYPED | NONZERO);
}

SEC("tp_btf/sched_process_exit")
int basic_exit_nonzero(unsigned long long *ctx)
{
	return process_exit_common(ctx, BASIC | TYPED | NONZERO);
}

SEC("raw_tp/sched_process_exit")
int basic_exit_raw(unsigned long long *ctx)
{
	return process_exit_common(ctx, BASIC);
}

/*
 * Who sent a signal that can kill: kernel/signal.c, __send_signal_locked. Only a signal that was
 * really queued counts; an ignored or already pending one killed nobody.
 */
SEC("raw_tp/signal_generate")
int signal_generate(unsigned long long *ctx)
{
	int signal = ctx[0], result = ctx[4];

	if (signal < 1 || signal > 64 || HARMLESS >> (signal - 1) & 1)
		return 0;
	if (result != TRACE_SIGNAL_DELIVERED && result != TRACE_SIGNAL_LOSE_INFO)
		return 0;
	remember_sender(signal, (void *)ctx[1], (void *)ctx[2]);
	return 0;
}

/* A child of a watched process is watched too: kernel/fork.c, kernel_clone. */
SEC("raw_tp/sched_process_fork")
int process_fork(unsigned long long *ctx)
{
	struct task_struct *child = (void *)ctx[1];

	if (BPF_CORE_READ(child, pid) == BPF_CORE_READ(child, tgid))
		follow_child((void *)ctx[0], child);
	return 0;
}

/*
 * The descendants that were there before the trace, by a look at every task of the reader's PID
 * namespace: kernel/bpf/task_iter.c. It is run until it finds no more, as the parent can come after
 * the child. Prints a byte for each process that it found.
 */
SEC("iter/task")
int find_descendants(unsigned long long *ctx)
{
	struct bpf_iter_meta *meta = (void *)ctx[0];
	struct task_struct *task = (void *)ctx[1];
	__u8 found = 1;

	if (task && task->pid == task->tgid && find_descendant(task))
		bpf_seq_write(meta->seq, &found, sizeof(found));
	return 0;
}

/*
 * The command, where it is gone by the time of the exit: before 6.16 the tracepoint came
 * after exit_mm(). The reader keeps it until the process dies.
 */
SEC("raw_tp/sched_process_exec")
int process_exec(unsigned long long *ctx)
{
	struct task_struct *task = (void *)ctx[0];
	__u32 zero = 0;
	struct detailed_record *all = bpf_map_lookup_elem(&scratch, &zero);

	if (!all)
		return 0;
	__builtin_memset(&all->record, 0, sizeof(all->record));
	__builtin_memset(&all->detail, 0, sizeof(all->detail));
	begin_record();
	all->record.exit_time = now();
	all->record.kind = RECORD_EXEC;
	all->record.flags = RECORD_DETAIL;
	all->record.host_pid = BPF_CORE_READ(task, tgid);
	all->record.start_time = start_time(BPF_CORE_READ(task, group_leader), WHOLE);
	all->used = 0;
	put_command(all, BPF_CORE_READ(task, mm), NULL, cgroup_node(BPF_CORE_READ(task, cgroups), WHOLE), WHOLE);

	send_with_bytes(ctx, all);
	end_record();
	return 0;
}
