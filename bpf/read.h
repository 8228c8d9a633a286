/* SPDX-License-Identifier: (GPL-2.0-only OR Apache-2.0) */
/*
 * Reads kernel structures. The same functions are compiled into several programs; the variant, a constant
 * at compile time, says into which kind of program.
 */
#ifndef EXITSNOOP_READ_H
#define EXITSNOOP_READ_H

#include "kernel.h"
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>

/*
 * TYPED: the program has a typed pointer to the task and may follow kernel pointers with one load each.
 * Without it (raw_tp), each takes a helper call.
 *
 * WHOLE: the program can do everything. Without it, the program does only what a basic event in the first PID
 * namespace needs, and loads in half the time: libbpf looks up all types in a program, even those in branches
 * that the configuration disables.
 *
 * NONZERO: the program reports only exits with a status other than 0, the most usual filter. It tests this
 * before it reads the configuration, so an unwanted exit touches only cache lines of the process.
 */
enum variant {
	BASIC = 0,
	TYPED = 1,
	WHOLE = 2,
	NONZERO = 4,
};

#define READ(variant, ...) ((variant)&TYPED ? ___arrow(__VA_ARGS__) : BPF_CORE_READ(__VA_ARGS__))

/*
 * Stops clang from moving the bounds check to another register, where the verifier cannot see it.
 */
#define KEEP_BOUND(value) asm volatile("" : "+r"(value))

/*
 * Makes clang reload values from memory. The verifier tracks registers but not memory: it would check the
 * code after a loop once for each value that the loop can leave in a register.
 */
#define FORGET_MEMORY() asm volatile("" ::: "memory")

/*
 * Argument 0 or 1 of a function with a kprobe. The object is the same for all architectures: the type
 * information of the kernel says which registers there are.
 */
static __always_inline unsigned long argument(void *regs, const int index)
{
	struct pt_regs___x86 *x86 = regs;
	struct pt_regs___arm64 *arm64 = regs;
	unsigned long value;

	/* Stops clang from choosing the address first and reading once, which the verifier rejects. */
	if (bpf_core_field_exists(x86->di)) {
		value = index ? x86->si : x86->di;
		KEEP_BOUND(value);
	} else {
		value = arm64->regs[index];
		KEEP_BOUND(value);
	}
	return value;
}

static __always_inline struct list_head *next_entry(struct list_head *entry)
{
	struct list_head *next = NULL;

	bpf_probe_read_kernel(&next, sizeof(next), &entry->next);
	return next;
}

#endif
