/* SPDX-License-Identifier: (GPL-2.0-only OR Apache-2.0) */
/* What a process or thread has used. */
#ifndef EXITSNOOP_RESOURCES_H
#define EXITSNOOP_RESOURCES_H

#include "maps.h"
#include "read.h"
#include "record.h"

/* Steps of the walk through the threads that are not released, with all its new beginnings. */
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

/* What the threads used that are released: __exit_signal() in kernel/exit.c has added it up. */
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

/*
 * The walk through the threads that are not released. Both functions are neither static nor inlined: the
 * verifier goes through each once, instead of through all of it in every step.
 */
__attribute__((noinline)) int add_unreleased(__u64 thread, __u32 user)
{
	struct detailed_record *all = scratch_of(user);

	if (all)
		add_thread(&all->detail, (struct task_struct *)thread, WHOLE);
	return 0;
}

__attribute__((noinline)) int forget_threads(__u32 user)
{
	struct detailed_record *all = scratch_of(user);
	struct exit_detail *detail;

	if (!all)
		return 0;
	detail = &all->detail;
	detail->cpu_time = detail->user_time = detail->system_time = 0;
	detail->minor_faults = detail->major_faults = 0;
	detail->voluntary_switches = detail->involuntary_switches = 0;
	detail->read_bytes = detail->write_bytes = 0;
	return 0;
}

static __always_inline __u32 stats_sequence(struct signal_struct *signal)
{
	return BPF_CORE_READ(signal, stats_lock.seqcount.seqcount.sequence);
}

/* The sequence under which it went through all, an even number; else an odd one. */
__attribute__((noinline)) int add_unreleased_threads(__u64 process, __u32 user)
{
	struct signal_struct *signal = (void *)process;
	struct list_head *head = (void *)signal + bpf_core_field_offset(signal->thread_head), *entry = NULL;
	__u32 begin = 1, end;

	for (int i = 0; i < THREAD_STEPS; i++) {
		if (entry && entry != head) {
			add_unreleased((__u64)entry -
					   bpf_core_field_offset(struct task_struct, thread_node),
				       user);
			entry = next_entry(entry);
			continue;
		}
		end = stats_sequence(signal);
		if (entry && end == begin && !(end & 1))
			return end;
		begin = end;
		forget_threads(user);
		entry = next_entry(head);
	}
	return 1;
}

/*
 * All threads, those that are released too; false: they could not be added up. A thread goes from the ones
 * to the others under stats_lock, whose sequence is odd meanwhile: where it has changed, the sum may miss a
 * thread or have it twice.
 */
static __always_inline bool add_all_threads(struct exit_detail *detail, struct task_struct *task, __u32 user)
{
	/* Read by a helper, it is a number to the verifier, which is all that such a function may be given. */
	struct signal_struct *signal = BPF_CORE_READ(task, signal);
	__u32 sequence = add_unreleased_threads((__u64)signal, user);

	add_released(detail, signal, WHOLE);
	return !(sequence & 1) && stats_sequence(signal) == sequence;
}

/*
 * Resident pages of a kind, a constant: only with that can the place in the array be relocated. The verifier of
 * 5.10 knows no array of atomic_long_t.
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
 * The most memory that the program had which ends here: get_mm_hiwater_rss() in include/linux/mm.h.
 * signal->maxrss, which wait4(2) tells, counts what the process was before execve(2) too.
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
					  struct signal_struct *signal, struct mm_struct *mm,
					  const int variant)
{
	struct exit_detail *detail = &all->detail;

	detail->max_rss = peak_memory(mm, variant);
	if (all->record.flags & RECORD_THREAD) {
		add_thread(detail, task, variant);
	} else if (READ(variant, signal, nr_threads) == 1) {
		add_released(detail, signal, variant);
		add_thread(detail, task, variant);
	} else if (!add_all_threads(detail, task, variant & TYPED ? SCRATCH_EXIT : SCRATCH_EXIT_RAW)) {
		all->record.flags |= RECORD_SUMS_UNKNOWN;
	}
}

#endif
