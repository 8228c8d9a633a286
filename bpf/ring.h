/* SPDX-License-Identifier: (GPL-2.0-only OR Apache-2.0) */
/* Sends records to the reader, each through the ring buffer of the CPU, and wakes it. */
#ifndef EXITSNOOP_RING_H
#define EXITSNOOP_RING_H

#include "maps.h"
#include "read.h"

/* The ring of this processor. The verifier drops all behind the last, whose map is not there. */
static __always_inline void *own_ring(void)
{
	__u32 index = bpf_get_smp_processor_id() & config.ring_mask;

#define RING(number)                                                                                         \
	if (config.ring_mask == number || index == number)                                                   \
		return &events_##number;                                                                     \
	/* Each compared by itself: a table of their addresses is none that can be relocated. */             \
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
 * A record begins when its time is taken and ends when it is in the ring. In between it is counted,
 * so that the reader knows up to which time it has all records, and can give them out in the order
 * of their times: other CPUs may have sent later ones already. The counter rises before the clock is
 * read; on x86 the locked instruction is a full barrier, elsewhere the reader allows for some time.
 */
static __always_inline void begin_record(void)
{
	__sync_fetch_and_add(
	    &shared.writers[bpf_get_smp_processor_id() & config.ring_mask & (RINGS_MAX - 1)].count, 1);
}

/* The same counter: programs do not change the CPU (migrate_disable() in kernel/bpf). */
static __always_inline void end_record(void)
{
	__sync_fetch_and_add(
	    &shared.writers[bpf_get_smp_processor_id() & config.ring_mask & (RINGS_MAX - 1)].count, -1);
}

/*
 * Wakes a reader that has set reader_asleep. Waking it for each record would cost thirty times as
 * much as the record, so under load the reader polls by a timer. The flag must be read after the
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
 * A full memory barrier, by an empty sample that is submitted: atomic instructions that return a
 * value, which are one as well, came to BPF with 5.12 only. On arm64 neither the lock of a map nor
 * that of a full ring buffer is one.
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
