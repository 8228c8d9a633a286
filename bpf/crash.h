/* SPDX-License-Identifier: (GPL-2.0-only OR Apache-2.0) */
/*
 * The state of a thread that dies of a signal whose default action is a core dump: its registers,
 * the top of its stack and its executable mappings. The reader finds from them where it crashed.
 */
#ifndef EXITSNOOP_CRASH_H
#define EXITSNOOP_CRASH_H

#include "crash_record.h"
#include "mappings.h"
#include "maps.h"
#include "read.h"
#include "task.h"

/* 72 records. A process whose record finds no room is reported without the place. */
struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 1 << 22);
} crashes SEC(".maps");

struct delivery {
	__u64 time;
	__u32 signal;
};

/* Threads between the delivery of the signal and their exit, by pid and tgid. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 4096);
	__type(key, __u64);
	__type(value, struct delivery);
} deliveries SEC(".maps");

struct handled_signal {
	__u64 start_time; /* of the thread: ids are used again */
	__u32 signal;
	__u32 reserved;
	__u64 registers[CRASH_REGISTERS];
};

/*
 * Where threads were when a handler took a signal: a handler that writes a report restores the
 * default and sends the signal again, often on a stack of its own. The return of a
 * handler is not traced: the reader finds out whether the thread ended in it.
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

/* The registers with which the thread left user space, as the kernel saved them; their size. */
static __always_inline __u32 read_registers(__u64 *registers)
{
	__u32 size = bpf_core_type_size(struct pt_regs);

	/* What follows user_pt_regs in arm64's is the kernel's own. */
	if (size > CRASH_REGISTERS * sizeof(__u64))
		size = CRASH_REGISTERS * sizeof(__u64);
	bpf_probe_read_kernel(registers, size, (void *)bpf_task_pt_regs(bpf_get_current_task_btf()));
	return size;
}

static __always_inline __u64 stack_pointer(const __u64 *registers)
{
	/* 21 registers: x86-64, where sp is the last but one. arm64: x0 to x30, then sp. */
	return bpf_core_type_size(struct pt_regs) == 21 * sizeof(__u64) ? registers[19] : registers[31];
}

/*
 * A page at a time: one read fails as a whole at the end of the stack, where the next mapping may
 * be missing. In a stack overflow the first page is the one that is missing.
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

/* A function of its own for the sake of the stack: a program has 512 bytes. */
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
 * A signal that can end in a core dump reaches the running thread (kernel/signal.c, get_signal).
 * Interrupts are off: mappings cannot be walked here.
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
	/* The first process of a PID namespace ignores what it has no handler for. */
	if (config.crash_hook != CRASH_AT_EXIT || BPF_CORE_READ(task, signal, flags) & SIGNAL_UNKILLABLE)
		return;
	delivery.time = bpf_ktime_get_boot_ns();
	delivery.signal = signal;
	bpf_map_update_elem(&deliveries, &thread, &delivery, BPF_ANY);
}

/*
 * At the exit of a thread, while its memory is still mapped. Every thread of the process leaves with
 * the signal; one was given it. An exit without such a signal costs a comparison.
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
