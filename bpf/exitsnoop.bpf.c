// SPDX-License-Identifier: (GPL-2.0-only OR Apache-2.0)
/*
 * exitsnoop: a record for every process that exits, with the status that waitpid(2)
 * reports, from do_exit (kernel/exit.c). A port of bcc's exitsnoop.
 *
 * This file has the programs, one for each hook; the headers beside it have one subject each.
 * src/ExitSnoop.Tracing/Bpf/ExitHook.cs chooses the hooks that suit the kernel.
 */
#include "kernel.h"
#include "claim.h"
#include "command.h"
#include "filter.h"
#include "report.h"
#include "task.h"
#include "watch.h"

char LICENSE[] SEC("license") = "Dual BSD/GPL";

/* Reports the exit of a thread. last: no other thread of its process is left. */
static __always_inline int thread_exit(struct task_struct *task, bool last, const int variant)
{
	struct signal_struct *signal = READ(variant, task, signal);
	struct task_struct *leader;
	struct exit_record record;
	__u64 start = 0;
	bool wanted;
	__u32 status;

	/* Most unwanted exits return here, so nothing is prepared before this test. */
	if (variant & NONZERO && (!last || !wait_status(task, signal, variant)))
		return 0;
	if (!config.per_thread && !last)
		return 0;
	if (config.by_id && !may_be_watched(tgid_of(task, variant)))
		return 0;
	status =
	    config.per_thread ? (__u32)READ(variant, task, exit_code) : wait_status(task, signal, variant);
	wanted = wanted_status(status);
	if (!wanted && !config.by_id)
		return 0;

	__builtin_memset(&record, 0, sizeof(record));
	record.wait_status = status;
	record.flags = (config.per_thread ? RECORD_THREAD : 0) | (last ? RECORD_GROUP_DEAD : 0);
	record.host_pid = READ(variant, task, tgid);
	record.pid = tgid_of(task, variant);
	leader = READ(variant, task, group_leader);
	if (config.by_id) {
		start = start_time(leader, variant);
		if (!is_watched(record.pid, start) && !is_departed(&record, start))
			return 0;
	}
	if (wanted)
		report(task, leader, signal, &record, variant);
	if (config.by_id && last)
		stop_watching(&record, start);
	return 0;
}

static __always_inline int first_hook(struct task_struct *task, bool last, const int variant)
{
	if (!(variant & NONZERO) && config.two_hooks && !mark_seen(task, last, variant))
		last = false;
	return thread_exit(task, last, variant);
}

/*
 * The tracepoint with the argument group_dead (6.16). Where the tracepoint has no such argument, these
 * programs are loaded as fentry on taskstats_exit(): it has the same two arguments, and do_exit() calls it
 * before exit_mm(), while the memory of the process is still there.
 */
static __always_inline int typed_exit(unsigned long long *ctx, const int variant)
{
	return first_hook((void *)ctx[0], (__u32)ctx[1], variant);
}

SEC("tp_btf/sched_process_exit")
int process_exit(unsigned long long *ctx)
{
	return typed_exit(ctx, WHOLE | TYPED);
}

SEC("tp_btf/sched_process_exit")
int process_exit_nonzero(unsigned long long *ctx)
{
	return typed_exit(ctx, WHOLE | TYPED | NONZERO);
}

SEC("tp_btf/sched_process_exit")
int basic_exit(unsigned long long *ctx)
{
	return typed_exit(ctx, BASIC | TYPED);
}

SEC("tp_btf/sched_process_exit")
int basic_exit_nonzero(unsigned long long *ctx)
{
	return typed_exit(ctx, BASIC | TYPED | NONZERO);
}

/*
 * A kprobe program runs with preemption disabled, so no exit can happen on its CPU while it runs. Programs at
 * tracepoints (from 7.0 on) and at fentry can be preempted, and are then skipped for other exits.
 */
SEC("kprobe.multi/taskstats_exit")
int process_exit_kprobe(void *regs)
{
	return first_hook(bpf_get_current_task_btf(), (__u32)argument(regs, 1), WHOLE | TYPED);
}

SEC("kprobe.multi/taskstats_exit")
int process_exit_nonzero_kprobe(void *regs)
{
	return first_hook(bpf_get_current_task_btf(), (__u32)argument(regs, 1), WHOLE | TYPED | NONZERO);
}

/* The second of two hooks (claim.h); the only hook on kernels that accept none of the others. */
SEC("raw_tp/sched_process_exit")
int process_exit_raw(unsigned long long *ctx)
{
	struct task_struct *task = (void *)ctx[0];

	if (config.two_hooks) {
		if (is_seen(task, WHOLE))
			return 0;
		count_loss(SECOND_ONLY);
	}
	return thread_exit(task, config.has_group_dead ? ctx[1] : is_last(task, WHOLE), WHOLE);
}

/*
 * Remembers who sent a signal that can kill: __send_signal_locked() in kernel/signal.c. Only a signal that
 * was queued counts. A signal that is ignored or already pending cannot have killed the process.
 */
SEC("raw_tp/signal_generate")
int signal_generate(unsigned long long *ctx)
{
	int signal = ctx[0], result = ctx[4];

	if (!can_kill(signal))
		return 0;
	if (result != TRACE_SIGNAL_DELIVERED && result != TRACE_SIGNAL_LOSE_INFO)
		return 0;
	remember_sender(signal, (void *)ctx[1], (void *)ctx[2]);
	return 0;
}

/* A signal is delivered to the process: get_signal() in kernel/signal.c. */
SEC("raw_tp/signal_deliver")
int signal_deliver(unsigned long long *ctx)
{
	int signal = ctx[0];

	if (can_kill(signal))
		follow_signal(signal, (void *)ctx[1], (void *)ctx[2]);
	return 0;
}

/* A child of a watched process is watched too. */
static __always_inline int new_process(struct task_struct *child)
{
	if (BPF_CORE_READ(child, pid) == BPF_CORE_READ(child, tgid))
		follow_child((void *)bpf_get_current_task(), child);
	return 0;
}

SEC("raw_tp/sched_process_fork")
int process_fork(unsigned long long *ctx)
{
	return new_process((void *)ctx[1]);
}

/*
 * kernel_clone() calls this function right after the tracepoint. Both programs are attached where the kernel
 * may skip either of them.
 */
SEC("kprobe.multi/wake_up_new_task")
int process_fork_kprobe(void *regs)
{
	return new_process((void *)argument(regs, 0));
}

/*
 * Finds the descendants that existed before the trace, by visiting every task of the reader's PID namespace
 * (kernel/bpf/task_iter.c). A parent can be visited after its child, so the reader runs this program until it
 * finds no more. It writes one byte for each process that it found.
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
 * Sends the command at exec, for kernels where it cannot be read at the exit: before 6.16 the tracepoint
 * comes after exit_mm(). The reader keeps the command until the process exits.
 */
SEC("raw_tp/sched_process_exec")
int process_exec(unsigned long long *ctx)
{
	struct task_struct *task = (void *)ctx[0];
	struct detailed_record *all = scratch_of(SCRATCH_EXEC);

	if (!all)
		return 0;
	__builtin_memset(&all->record, 0, sizeof(all->record));
	__builtin_memset(&all->detail, 0, sizeof(all->detail));
	begin_record();
	all->record.exit_time = bpf_ktime_get_boot_ns();
	all->record.flags = RECORD_EXEC | RECORD_DETAIL;
	all->record.host_pid = BPF_CORE_READ(task, tgid);
	all->record.start_time = start_time(BPF_CORE_READ(task, group_leader), WHOLE);
	all->used = 0;
	put_command(all, BPF_CORE_READ(task, mm), NULL, cgroup_node(BPF_CORE_READ(task, cgroups), WHOLE),
		    SCRATCH_EXEC, WHOLE);

	send_with_bytes(all);
	end_record();
	return 0;
}
