// SPDX-License-Identifier: (GPL-2.0-only OR Apache-2.0)
/*
 * The programs of exitsnoop.bpf.c, and the programs that also capture the state of a thread that crashes.
 *
 * They are an object of their own, because libbpf looks up the types that a function reads even if no loaded
 * program calls it. In one object they would make the start of a basic trace 50 % slower.
 */
#include "exitsnoop.bpf.c"
#include "crash.h"

/* Used instead of signal_deliver. */
SEC("raw_tp/signal_deliver")
int signal_deliver_crash(unsigned long long *ctx)
{
	int signal = ctx[0];

	if (can_kill(signal))
		follow_signal(signal, (void *)ctx[1], (void *)ctx[2]);
	if (dumps_core(signal))
		follow_core_signal(signal, (void *)ctx[2]);
	return 0;
}

/*
 * Used instead of process_exit and process_exit_nonzero on a kernel where the functions below cannot be
 * hooked.
 */
SEC("tp_btf/sched_process_exit")
int process_exit_crash(unsigned long long *ctx)
{
	capture_at_exit((void *)ctx[0]);
	return typed_exit(ctx, WHOLE | TYPED);
}

SEC("tp_btf/sched_process_exit")
int process_exit_nonzero_crash(unsigned long long *ctx)
{
	capture_at_exit((void *)ctx[0]);
	return typed_exit(ctx, WHOLE | TYPED | NONZERO);
}

/*
 * The kernel calls these functions for every signal whose default action is a core dump, whether or not it
 * writes a core, in the thread to which the signal was delivered (get_signal() in kernel/signal.c), and for
 * no other exit.
 */
static __always_inline int dump_core(struct kernel_siginfo *info)
{
	capture((void *)bpf_get_current_task(), BPF_CORE_READ(info, si_signo), bpf_ktime_get_boot_ns());
	return 0;
}

/* do_coredump() has this name from 6.17 on, commit 1751f872cc2a. */
SEC("fentry/vfs_coredump")
int vfs_core_dump(unsigned long long *ctx)
{
	return dump_core((void *)ctx[0]);
}

SEC("fentry/do_coredump")
int core_dump(unsigned long long *ctx)
{
	return dump_core((void *)ctx[0]);
}
