/* SPDX-License-Identifier: (GPL-2.0-only OR Apache-2.0) */
/* Finds out why a signal was sent, where its number and si_code do not tell: enum signal_cause. */
#ifndef EXITSNOOP_CAUSE_H
#define EXITSNOOP_CAUSE_H

#include "maps.h"
#include "read.h"
#include "task.h"

#define KERNEL_STACK_SIZE 16384 /* THREAD_SIZE on x86-64 and arm64 with pages of 4 KiB */
#define USER_PAGE 4096UL
#define FRAME_PAGES 64 /* if a function with a larger frame overflows the stack, that is not recognized */

/* Whether this siginfo is on the running task's kernel stack. Then a system call of that task made it. */
static __always_inline bool on_own_stack(struct task_struct *running, const void *info)
{
	const void *stack = BPF_CORE_READ(running, stack);

	return info >= stack && info < stack + KERNEL_STACK_SIZE;
}

/* The user-space registers of the running task. */
static __always_inline struct pt_regs *user_registers(struct task_struct *running)
{
	/*
	 * From 6.9 on, a kernel with FRED reserves room behind them, so they do not end where the stack ends.
	 */
	if (bpf_core_enum_value_exists(enum bpf_func_id___task, BPF_FUNC_task_pt_regs))
		return (void *)bpf_task_pt_regs(bpf_get_current_task_btf());
	return BPF_CORE_READ(running, stack) + KERNEL_STACK_SIZE - bpf_core_type_size(struct pt_regs);
}

static __always_inline bool is_readable(unsigned long address)
{
	__u8 byte;

	return !bpf_probe_read_user(&byte, sizeof(byte), (void *)address);
}

/*
 * Whether a fault at this address is a stack overflow. It is one if the address is near the stack pointer (at
 * most two pages below it or FRAME_PAGES above it), if the memory at a stack pointer that is not above the
 * address is unreadable too, and if memory above the address is readable: the callers' frames are there.
 */
static __always_inline bool is_stack_overflow(struct task_struct *running, unsigned long address)
{
	struct pt_regs *registers = user_registers(running);
	unsigned long pointer = 0, above = (address | (USER_PAGE - 1)) + 1;
	const unsigned long reach = FRAME_PAGES * USER_PAGE;

	bpf_core_read(&pointer, sizeof(pointer), &registers->sp);
	if (pointer < reach || address >= pointer + reach || address + 2 * USER_PAGE < pointer)
		return false;
	if (address >= pointer && is_readable(pointer))
		return false;
	/* A large frame may have been touched nowhere but in the page of its return address. */
	for (int i = 0; i < FRAME_PAGES; i++)
		if (is_readable(above + i * USER_PAGE))
			return true;
	return false;
}

/*
 * The cause of a fault that is reported without an address (si_code SI_KERNEL): x86-64 stores the trap
 * number.
 */
static __always_inline __u8 cause_of_trap(struct task_struct *running, int signal)
{
	unsigned long trap = 0;

	if (!bpf_core_field_exists(running->thread.trap_nr))
		return CAUSE_OTHER;
	trap = BPF_CORE_READ(running, thread.trap_nr);
	if (signal == SIGSEGV && trap == X86_TRAP_GP)
		return CAUSE_GENERAL_PROTECTION;
	if (signal == SIGBUS && trap == X86_TRAP_SS)
		return CAUSE_STACK_SEGMENT;
	if (signal == SIGTRAP && trap == X86_TRAP_BP)
		return CAUSE_BREAKPOINT;
	return CAUSE_OTHER;
}

/*
 * Whether the OOM killer sends this SIGKILL to a process that shares the victim's memory:
 * __oom_kill_process() in mm/oom_kill.c kills the victim, sets its oom_mm and then kills the processes that
 * share that memory.
 */
static __always_inline bool shares_oom_victim(struct task_struct *task)
{
	struct kernel_kill kill = {
	    .signal = BPF_CORE_READ(task, signal),
	    .mm = BPF_CORE_READ(task, mm),
	};
	__u64 running = bpf_get_current_pid_tgid();
	struct kernel_kill *last = bpf_map_lookup_elem(&kernel_kills, &running);
	struct signal_struct *victim = last ? last->signal : NULL;

	if (last && kill.mm && last->mm == kill.mm && victim != kill.signal &&
	    BPF_CORE_READ(victim, oom_mm) == kill.mm)
		return true;
	bpf_map_update_elem(&kernel_kills, &running, &kill, BPF_ANY);
	return false;
}

/* Why the kernel itself sends SIGKILL, if it is not the OOM killer that sends it. */
static __always_inline __u8 cause_of_kill(struct task_struct *running, struct task_struct *task)
{
	struct pid *pid;
	__u32 level;

	if (BPF_CORE_READ(running, flags) & PF_EXITING) {
		/* exit_ptrace() in kernel/ptrace.c, zap_pid_ns_processes() in kernel/pid_namespace.c */
		if (BPF_CORE_READ(task, ptrace) & PT_EXITKILL &&
		    BPF_CORE_READ(task, parent, tgid) == BPF_CORE_READ(running, tgid))
			return CAUSE_TRACER_DEATH;
		pid = BPF_CORE_READ(running, group_leader, thread_pid);
		level = BPF_CORE_READ(pid, level);
		if (level && id_at_level(pid, level).nr == 1)
			return CAUSE_NAMESPACE_DEATH;
	}
	/* check_process_timers() in kernel/time/posix-cpu-timers.c */
	if (BPF_CORE_READ(running, tgid) == BPF_CORE_READ(task, tgid) &&
	    BPF_CORE_READ(task, signal, rlim[RLIMIT_CPU].rlim_max) != RLIM_INFINITY)
		return CAUSE_CPU_LIMIT;
	return CAUSE_OTHER;
}

/* The number of a system call and the architecture that defines the numbers. */
struct system_call {
	__s32 number;
	__u32 arch; /* AUDIT_ARCH_ */
};

/* The system call that the running task is in. */
static __always_inline struct system_call running_call(struct task_struct *running)
{
	struct pt_regs *registers = user_registers(running);
	struct system_call call = {};

	if (bpf_core_field_exists(registers->orig_ax)) {
		call.number = BPF_CORE_READ(registers, orig_ax);
		/* arch/x86/include/asm/segment.h, __USER32_CS */
		call.arch = BPF_CORE_READ(registers, cs) == 0x23 ? AUDIT_ARCH_I386 : AUDIT_ARCH_X86_64;
	} else {
		call.number = BPF_CORE_READ(registers, syscallno);
		/* arch/arm64/include/uapi/asm/ptrace.h, PSR_MODE32_BIT */
		call.arch = BPF_CORE_READ(registers, pstate) & 0x10 ? AUDIT_ARCH_ARM : AUDIT_ARCH_AARCH64;
	}
	return call;
}

/*
 * Whether the running task calls kill(2), tkill(2) or tgkill(2): from 7.0 on these pass SEND_SIG_NOINFO, too.
 */
static __always_inline bool calls_kill(struct task_struct *running)
{
	struct system_call call = running_call(running);
	__s32 number = call.number;

	switch (call.arch) {
	case AUDIT_ARCH_X86_64:
		return number == 62 || number == 200 || number == 234;
	case AUDIT_ARCH_AARCH64:
		return number >= 129 && number <= 131;
	case AUDIT_ARCH_I386:
		return number == 37 || number == 238 || number == 270;
	default:
		return number == 37 || number == 238 || number == 268;
	}
}

/*
 * Up to 5.15 seccomp kills without a signal (__seccomp_filter() in kernel/seccomp.c). The system call is read
 * from the exiting thread. If there are other threads, one of them may have made it, so it is then reported
 * only if the kernel has marked the thread (SECCOMP_MODE_DEAD, also in stable kernels).
 */
static __always_inline void put_seccomp(struct exit_detail *detail, struct task_struct *task,
					struct signal_struct *signal, const int variant)
{
	struct system_call call;
	int mode = 0;

	if (bpf_core_field_exists(task->seccomp))
		mode = READ(variant, task, seccomp.mode);
	if (mode < SECCOMP_MODE_FILTER)
		return;
	detail->cause = CAUSE_SECCOMP;
	detail->system_call = -1;
	if (mode != SECCOMP_MODE_DEAD && READ(variant, signal, nr_threads) != 1)
		return;
	call = running_call(task);
	detail->system_call = call.number;
	detail->system_call_arch = call.arch;
}

#endif
