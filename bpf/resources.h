/* SPDX-License-Identifier: (GPL-2.0-only OR Apache-2.0) */
/* The resources that a process or thread has used. */
#ifndef EXITSNOOP_RESOURCES_H
#define EXITSNOOP_RESOURCES_H

#include "maps.h"
#include "read.h"
#include "record.h"

/* Limit for the steps of the walk through the threads that are not yet released, restarts included. */
#define THREAD_STEPS 256

static __always_inline void add_thread(struct exit_detail *detail, struct task_struct *thread,
				       const int variant)
{
	detail->cpu_time += READ(variant, thread, se.sum_exec_runtime);
	detail->user_time += READ(variant, thread, utime);
	detail->system_time += READ(variant, thread, stime);
	detail->minor_faults += READ(variant, thread, min_flt);
	detail->major_faults += READ(variant, thread, maj_flt);
	detail->voluntary_switches += READ(variant, thread, nvcsw);
	detail->involuntary_switches += READ(variant, thread, nivcsw);
	if (bpf_core_field_exists(thread->ioac)) {
		detail->read_bytes += READ(variant, thread, ioac.read_bytes);
		detail->write_bytes += READ(variant, thread, ioac.write_bytes);
	}
}

/* Adds what released threads have used: __exit_signal() in kernel/exit.c adds it to the signal_struct. */
static __always_inline void add_released(struct exit_detail *detail, struct signal_struct *signal,
					 const int variant)
{
	detail->cpu_time += READ(variant, signal, sum_sched_runtime);
	detail->user_time += READ(variant, signal, utime);
	detail->system_time += READ(variant, signal, stime);
	detail->minor_faults += READ(variant, signal, min_flt);
	detail->major_faults += READ(variant, signal, maj_flt);
	detail->voluntary_switches += READ(variant, signal, nvcsw);
	detail->involuntary_switches += READ(variant, signal, nivcsw);
	if (bpf_core_field_exists(signal->ioac)) {
		detail->read_bytes += READ(variant, signal, ioac.read_bytes);
		detail->write_bytes += READ(variant, signal, ioac.write_bytes);
	}
}

static __always_inline void forget_threads(struct exit_detail *detail)
{
	detail->cpu_time = detail->user_time = detail->system_time = 0;
	detail->minor_faults = detail->major_faults = 0;
	detail->voluntary_switches = detail->involuntary_switches = 0;
	detail->read_bytes = detail->write_bytes = 0;
}

static __always_inline __u32 stats_sequence(struct signal_struct *signal)
{
	return BPF_CORE_READ(signal, stats_lock.seqcount.seqcount.sequence);
}

/*
 * One step of the walk through the threads that are not yet released: adds one thread, or starts the walk
 * again. Returns 1 when all were added while the sequence stayed the same, even number. It is global and
 * noinline, so the verifier checks it once instead of in each step.
 */
__attribute__((noinline)) int add_unreleased(__u64 process, __u32 user)
{
	struct signal_struct *signal = (void *)process;
	struct list_head *head = (void *)signal + bpf_core_field_offset(signal->thread_head), *entry;
	struct detailed_record *all = scratch_of(user);
	struct thread_walk *walk;
	__u32 sequence;

	if (!all)
		return 1;
	walk = &all->walk.threads;
	entry = walk->entry;
	if (entry && entry != head) {
		add_thread(&all->detail, (void *)entry - bpf_core_field_offset(struct task_struct, thread_node),
			   WHOLE);
		walk->entry = next_entry(entry);
		return 0;
	}
	sequence = stats_sequence(signal);
	if (entry && sequence == walk->sequence && !(sequence & 1))
		return 1;
	walk->sequence = sequence;
	walk->entry = next_entry(head);
	forget_threads(&all->detail);
	return 0;
}

/*
 * Adds up all threads, including released ones; returns false if that is not possible. The kernel releases a
 * thread under stats_lock, whose sequence is odd meanwhile. If the sequence has changed, the sum may miss a
 * thread or count it twice.
 */
static __always_inline bool add_all_threads(struct detailed_record *all, struct task_struct *task, __u32 user)
{
	/*
	 * Read by a helper, so that the verifier treats it as a number: add_unreleased() can take no pointer.
	 */
	struct signal_struct *signal = BPF_CORE_READ(task, signal);
	bool done = false;

	all->walk.threads.entry = NULL;
	for (int i = 0; i < THREAD_STEPS && !done; i++)
		done = add_unreleased((__u64)signal, user);
	add_released(&all->detail, signal, WHOLE);
	return done && stats_sequence(signal) == all->walk.threads.sequence;
}

/*
 * Resident pages of a kind. The kind must be a constant, because CO-RE can relocate only a constant index.
 * The verifier of 5.10 does not support typed loads from an array of atomic_long_t, hence BPF_CORE_READ.
 */
#define RESIDENT(variant, percpu, atomic, kind)                                                              \
	(bpf_core_field_exists((percpu)->rss_stat[kind].count)                                               \
	     ? READ(variant, percpu, rss_stat[kind].count)                                                   \
	     : BPF_CORE_READ(atomic, rss_stat.count[kind].counter))

static __always_inline __u64 positive(__s64 pages)
{
	return pages > 0 ? pages : 0;
}

/*
 * The peak memory of the program that exits: get_mm_hiwater_rss() in include/linux/mm.h. signal->maxrss,
 * which wait4(2) reports, also covers the programs that the process ran before its last execve(2).
 */
static __always_inline __u64 peak_memory(struct mm_struct *mm, const int variant)
{
	struct mm_struct___percpu *percpu = (void *)mm;
	struct mm_struct___atomic *atomic = (void *)mm;
	__u64 peak, pages;

	if (!mm)
		return 0;
	peak = READ(variant, mm, hiwater_rss);
	pages = positive(RESIDENT(variant, percpu, atomic, MM_FILEPAGES)) +
		positive(RESIDENT(variant, percpu, atomic, MM_ANONPAGES)) +
		positive(RESIDENT(variant, percpu, atomic, MM_SHMEMPAGES));
	return pages > peak ? pages : peak;
}

static __always_inline void put_resources(struct detailed_record *all, struct task_struct *task,
					  struct signal_struct *signal, struct mm_struct *mm, __u32 user,
					  const int variant)
{
	struct exit_detail *detail = &all->detail;

	detail->max_rss = peak_memory(mm, variant);
	if (all->record.flags & RECORD_THREAD) {
		add_thread(detail, task, variant);
	} else if (READ(variant, signal, nr_threads) == 1) {
		add_released(detail, signal, variant);
		add_thread(detail, task, variant);
	} else if (!add_all_threads(all, task, user)) {
		all->record.flags |= RECORD_SUMS_UNKNOWN;
	}
}

#endif
