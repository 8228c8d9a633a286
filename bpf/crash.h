/* SPDX-License-Identifier: (GPL-2.0-only OR Apache-2.0) */
/*
 * Captures the state of a thread that a signal ends whose default action is a core dump: its registers, the
 * top of its stack and its executable mappings. From these the reader finds out where the thread crashed.
 */
#ifndef EXITSNOOP_CRASH_H
#define EXITSNOOP_CRASH_H

#include "crash_record.h"
#include "mappings.h"
#include "maps.h"
#include "read.h"
#include "task.h"

/*
 * Room for 73 records. If there is no room for a record, the exit is reported without the place of the crash.
 */
struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 1 << 22);
} crashes SEC(".maps");

struct delivery {
	__u64 time;
	__u32 signal;
};

/* The threads between the delivery of the signal and their exit, by bpf_get_current_pid_tgid(). */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 4096);
	__type(key, __u64);
	__type(value, struct delivery);
} deliveries SEC(".maps");

struct handled_signal {
	__u64 start_time; /* of the thread, because ids are reused */
	__u32 signal;
	__u32 reserved;
	__u64 registers[CRASH_REGISTERS];
};

/*
 * The registers of each thread when it last entered a signal handler. A handler that writes a crash report
 * restores the default and raises the signal again, often on a stack of its own, and the crash is where the
 * first signal came. The return of a handler is not traced: the reader finds out whether the thread ended in
 * it.
 */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 4096);
	__type(key, __u64);
	__type(value, struct handled_signal);
} handled_signals SEC(".maps");

/* include/linux/signal.h, SIG_KERNEL_COREDUMP_MASK */
#define BIT(signal) (1ULL << ((signal)-1))
#define DUMPS_CORE                                                                                           \
	(BIT(SIGQUIT) | BIT(SIGILL) | BIT(SIGTRAP) | BIT(SIGABRT) | BIT(SIGFPE) | BIT(SIGSEGV) |             \
	 BIT(SIGBUS) | BIT(SIGSYS) | BIT(SIGXCPU) | BIT(SIGXFSZ))

static __always_inline bool dumps_core(__u32 signal)
{
	return signal >= 1 && signal <= 31 && DUMPS_CORE >> (signal - 1) & 1;
}

/* Reads the registers with which the thread entered the kernel; returns their size in bytes. */
static __always_inline __u32 read_registers(__u64 *registers)
{
	__u32 size = bpf_core_type_size(struct pt_regs);

	/* On arm64 the fields after user_pt_regs are for the kernel's own use. */
	if (size > CRASH_REGISTERS * sizeof(__u64))
		size = CRASH_REGISTERS * sizeof(__u64);
	bpf_probe_read_kernel(registers, size, (void *)bpf_task_pt_regs(bpf_get_current_task_btf()));
	return size;
}

static __always_inline __u64 stack_pointer(const __u64 *registers)
{
	/* 21 registers: x86-64, where sp is the last but one. On arm64 sp follows x0 to x30. */
	return bpf_core_type_size(struct pt_regs) == 21 * sizeof(__u64) ? registers[19] : registers[31];
}

/*
 * Reads the stack page by page: one read of everything fails as a whole if a page is missing. Pages can be
 * missing at the end of the stack and, after a stack overflow, at the stack pointer.
 */
static __always_inline void read_stack(struct crash_stack *stack)
{
	__u64 page = stack_pointer(stack->registers) & ~(__u64)(CRASH_PAGE - 1);
	__u32 pages = 0;

#define READ_PAGE(n)                                                                                         \
	if (!bpf_probe_read_user(&stack->bytes[n * CRASH_PAGE], CRASH_PAGE, (void *)(page + n * CRASH_PAGE))) \
		pages |= 1 << n;
	READ_PAGE(0)
	READ_PAGE(1)
	READ_PAGE(2)
	READ_PAGE(3)
	READ_PAGE(4)
#undef READ_PAGE
	stack->pages = pages;
}

/* Not inlined, because this would exceed the 512 bytes of stack of the calling program. */
static __attribute__((noinline)) void capture(struct task_struct *task, __u32 signal, __u64 time)
{
	__u64 thread = bpf_get_current_pid_tgid();
	struct handled_signal *handled;
	struct crash_record *crash;

	crash = bpf_ringbuf_reserve(&crashes, sizeof(*crash), 0);
	if (!crash)
		return;
	crash->time = time;
	crash->start_time = BPF_CORE_READ(task, group_leader, start_boottime);
	crash->host_pid = thread >> 32;
	crash->tid = config.pid_namespace ? id_in_namespace(BPF_CORE_READ(task, thread_pid)) : (__u32)thread;
	crash->signal = signal;
	crash->mount_namespace = BPF_CORE_READ(task, nsproxy, mnt_ns, ns.inum);
	crash->flags = 0;
	crash->mapping_count = 0;
	crash->path_bytes = 0;
	bpf_core_read(&crash->comm, sizeof(crash->comm), &task->comm);
	crash->register_bytes = read_registers(crash->stack.registers);
	read_stack(&crash->stack);

	handled = bpf_map_lookup_elem(&handled_signals, &thread);
	if (handled && handled->signal == signal && handled->start_time == BPF_CORE_READ(task, start_boottime)) {
		crash->flags |= CRASH_ORIGIN;
		__builtin_memcpy(crash->origin.registers, handled->registers, sizeof(handled->registers));
		read_stack(&crash->origin);
	}
	put_mappings(crash, task);
	bpf_ringbuf_submit(crash, 0);
}

/*
 * Called when a signal whose default action is a core dump is delivered to the running thread (get_signal()
 * in kernel/signal.c). The state is not captured here, because with interrupts off the mappings cannot be
 * walked.
 */
static __attribute__((noinline)) void follow_core_signal(__u32 signal, struct k_sigaction *action)
{
	struct task_struct *task = (void *)bpf_get_current_task();
	__u64 thread = bpf_get_current_pid_tgid();
	unsigned long handler = (unsigned long)BPF_CORE_READ(action, sa.sa_handler);
	struct handled_signal handled = {};
	struct delivery delivery = {};

	if (handler == SIG_IGN)
		return;
	if (handler != SIG_DFL) {
		handled.signal = signal;
		handled.start_time = BPF_CORE_READ(task, start_boottime);
		read_registers(handled.registers);
		bpf_map_update_elem(&handled_signals, &thread, &handled, BPF_ANY);
		return;
	}
	/* The first process of a PID namespace ignores signals for which it has no handler. */
	if (config.crash_hook != CRASH_AT_EXIT || BPF_CORE_READ(task, signal, flags) & SIGNAL_UNKILLABLE)
		return;
	delivery.time = bpf_ktime_get_boot_ns();
	delivery.signal = signal;
	bpf_map_update_elem(&deliveries, &thread, &delivery, BPF_ANY);
}

/*
 * Called at the exit of a thread, while its memory is still mapped. All threads of the process exit with the
 * signal, but only one is in deliveries. For an exit without such a signal this costs one comparison.
 */
static __always_inline void capture_at_exit(struct task_struct *task)
{
	struct delivery *delivery;
	__u64 thread;

	if (!dumps_core(task->exit_code & 0x7f))
		return;
	thread = bpf_get_current_pid_tgid();
	delivery = bpf_map_lookup_elem(&deliveries, &thread);
	if (!delivery)
		return;
	capture(task, delivery->signal, delivery->time);
	bpf_map_delete_elem(&deliveries, &thread);
}

#endif
