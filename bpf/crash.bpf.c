// SPDX-License-Identifier: (GPL-2.0-only OR Apache-2.0)
/*
 * The programs of exitsnoop.bpf.c, and those beside and instead of them that take the state of a thread that crashes.
 *
 * An object of its own: libbpf looks up the types that a function reads even where no program that is loaded calls it,
 * which would take a basic trace half as long again to start.
 */
#include "exitsnoop.bpf.c"
#include "crash.h"

/* Instead of signal_deliver. */
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

/* Instead of process_exit and process_exit_nonzero, for a kernel that has no better place to see a crash. */
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
 * Called for every signal whose default action is a core dump, whether or not a core will be
 * written, by the thread that was given it (kernel/signal.c, get_signal). No other exit passes here.
 */
static __always_inline int dump_core(struct kernel_siginfo *info)
{
	capture((void *)bpf_get_current_task(), BPF_CORE_READ(info, si_signo), bpf_ktime_get_boot_ns());
	return 0;
}

/* From 6.17, commit 1751f872cc2a. */
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
