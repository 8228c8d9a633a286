/* SPDX-License-Identifier: (GPL-2.0-only OR Apache-2.0) */
/*
 * How kernel structures are read. The same functions are compiled into several programs; the
 * variant, a constant at compile time, says which program a function is part of.
 */
#ifndef EXITSNOOP_READ_H
#define EXITSNOOP_READ_H

#include "kernel.h"
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>

/*
 * TYPED: a tp_btf program may follow kernel pointers itself, a load each; a raw_tp program
 * needs a helper call for each.
 *
 * WHOLE: the program has all there is, else what a basic event in the first PID namespace
 * needs. libbpf looks up the types of a whole program, also for branches that the
 * configuration closes; a basic program loads in half the time.
 *
 * NONZERO: only exits with a status other than 0, the most usual filter. It is decided before
 * the configuration is read and touches no cache line but those of the process. Only for kernels
 * whose tracepoint has group_dead.
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

static __always_inline struct list_head *next_entry(struct list_head *entry)
{
	struct list_head *next = NULL;

	bpf_probe_read_kernel(&next, sizeof(next), &entry->next);
	return next;
}

#endif
