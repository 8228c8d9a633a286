/* SPDX-License-Identifier: (GPL-2.0-only OR Apache-2.0) */
/* What a process or thread has used. */
#ifndef EXITSNOOP_RESOURCES_H
#define EXITSNOOP_RESOURCES_H

#include "read.h"
#include "record.h"

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

/*
 * What the process used: what signal_struct has summed from threads already released
 * (__exit_signal in kernel/exit.c), then those not yet released. In this order a thread
 * that moves from one to the other in between is missed, never counted twice.
 */
static __always_inline void put_resources(struct exit_detail *detail, struct task_struct *task,
					  struct signal_struct *signal, bool thread, const int variant)
{
	struct list_head *head, *entry;

	detail->max_rss = READ(variant, signal, maxrss);
	if (thread) {
		add_thread(detail, task, variant);
		return;
	}
	detail->cpu_time = READ(variant, signal, sum_sched_runtime);
	detail->user_time = READ(variant, signal, utime);
	detail->system_time = READ(variant, signal, stime);
	detail->minor_faults = READ(variant, signal, min_flt);
	detail->major_faults = READ(variant, signal, maj_flt);
	detail->voluntary_switches = READ(variant, signal, nvcsw);
	detail->involuntary_switches = READ(variant, signal, nivcsw);
	if (bpf_core_field_exists(signal->ioac)) {
		detail->read_bytes = READ(variant, signal, ioac.read_bytes);
		detail->write_bytes = READ(variant, signal, ioac.write_bytes);
	}

	if (READ(variant, signal, nr_threads) == 1) {
		add_thread(detail, task, variant);
		return;
	}
	head = (void *)signal + bpf_core_field_offset(signal->thread_head);
	entry = next_entry(head);
	for (int i = 0; i < 32 && entry != head; i++) {
		add_thread(detail, (void *)entry - bpf_core_field_offset(task->thread_node), WHOLE);
		entry = next_entry(entry);
	}
}

#endif
