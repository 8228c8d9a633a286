/* SPDX-License-Identifier: (GPL-2.0-only OR Apache-2.0) */
/* Sends each record through the ring buffer of the current CPU, and wakes the reader. */
#ifndef EXITSNOOP_RING_H
#define EXITSNOOP_RING_H

#include "maps.h"
#include "read.h"

/*
 * The ring of the current CPU. ring_mask is a constant, so the verifier removes the code after the last ring:
 * it refers to maps that were not created.
 */
static __always_inline void *own_ring(void)
{
	__u32 index = bpf_get_smp_processor_id() & config.ring_mask;

#define RING(number)                                                                                         \
	if (config.ring_mask == number || index == number)                                                   \
		return &events_##number;                                                                     \
	/* Stops clang from making a table of the maps' addresses, which libbpf cannot relocate. */          \
	KEEP_BOUND(index)

	RING(0);
	RING(1);
	RING(2);
	RING(3);
	RING(4);
	RING(5);
	RING(6);
#undef RING
	return &events_7;
}

/*
 * Counts a record from before its time is read until it is in the ring. The count tells the reader up to
 * which time it has all records, so that it can emit them in the order of their times: other CPUs may already
 * have sent later ones. The increment must be visible before the clock is read. On x86 the locked instruction
 * is a full barrier; on other architectures the reader allows for some delay.
 */
static __always_inline void begin_record(void)
{
	__sync_fetch_and_add(
	    &shared.writers[bpf_get_smp_processor_id() & config.ring_mask & (RINGS_MAX - 1)].count, 1);
}

/* Uses the same counter as begin_record(): a program stays on its CPU (migrate_disable() in kernel/bpf). */
static __always_inline void end_record(void)
{
	__sync_fetch_and_add(
	    &shared.writers[bpf_get_smp_processor_id() & config.ring_mask & (RINGS_MAX - 1)].count, -1);
}

/*
 * Wakes a reader that has set reader_asleep. Waking it for each record would cost thirty times as
 * much as the record, so under load the reader polls with a timer. The flag must be read after the
 * record is visible to the reader. Submitting a record is an exchange and so a full barrier
 * (bpf_ringbuf_commit): either this function sees the flag, or the reader, which sets the flag
 * before it looks a last time, sees the record.
 *
 * Discarding an empty sample sends the wake-up. The flag is cleared after that sample is reserved: if
 * there is no room for it, the next exit tries again. It is cleared before the wake-up, because a
 * reader that is awake may set it again immediately.
 */
static __always_inline void wake_reader(void)
{
	void *sample;

	if (!shared.reader_asleep)
		return;
	sample = bpf_ringbuf_reserve(own_ring(), sizeof(__u64), 0);
	if (!sample)
		return;
	shared.reader_asleep = 0;
	bpf_ringbuf_discard(sample, BPF_RB_FORCE_WAKEUP);
}

/*
 * A full memory barrier: bpf_ringbuf_commit() executes one when it discards the sample. Atomic instructions
 * that return a value would be barriers, too, but BPF has them only from 5.12 on. On arm64 neither the lock
 * of a map nor that of a full ring buffer is a full barrier.
 */
static __always_inline void full_barrier(void)
{
	void *sample;

	sample = bpf_ringbuf_reserve(own_ring(), sizeof(__u64), 0);
	if (sample)
		bpf_ringbuf_discard(sample, BPF_RB_NO_WAKEUP);
}

static __always_inline void count_loss(enum loss what)
{
	__sync_fetch_and_add(&shared.lost[what], 1);
}

static __always_inline void send(struct exit_record *record, __u64 size)
{
	if (bpf_ringbuf_output(own_ring(), record, size, BPF_RB_NO_WAKEUP) && !(record->flags & RECORD_EXEC))
		count_loss(LOST_RECORD);
	wake_reader();
}

static __always_inline void send_with_bytes(struct detailed_record *all)
{
	__u64 size = all->used;

	if (size <= sizeof(all->bytes))
		send(&all->record, sizeof(all->record) + sizeof(all->detail) + size);
}

#endif
