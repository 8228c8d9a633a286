/* SPDX-License-Identifier: (GPL-2.0-only OR Apache-2.0) */
/* What the programs share with each other and with the reader. */
#ifndef EXITSNOOP_MAPS_H
#define EXITSNOOP_MAPS_H

#include "kernel.h"
#include <bpf/bpf_helpers.h>
#include "config.h"
#include "record.h"

const volatile struct exit_config config = {};

#define RINGS_MAX 8

/*
 * What the programs and the reader see of each other, in memory that the reader maps:
 * src/ExitSnoop.Tracing/Bpf/SharedMemory.cs has the same offsets.
 */
volatile struct {
	__u64 reader_asleep; /* 1 while the reader blocks, so that a record wakes it; see wake_reader() */
	__u64 unused[7];
	/* For each ring, how many programs are about to write to it; see begin_record(). */
	struct {
		__u64 count;
		__u64 unused[7]; /* so that each has a cache line of its own */
	} writers[RINGS_MAX];
	__u64 lost[LOSSES];
} shared;

/*
 * One ring per CPU, or per few CPUs (own_ring()): with a single ring, moving its lock and cache lines
 * between CPUs costs more than writing the record. Each ring is a map of its own, because each insertion
 * into a map of maps waits for a grace period. Rings that the machine does not need are not created.
 */
struct ring {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 1 << 20);
};

struct ring events_0 SEC(".maps");
struct ring events_1 SEC(".maps");
struct ring events_2 SEC(".maps");
struct ring events_3 SEC(".maps");
struct ring events_4 SEC(".maps");
struct ring events_5 SEC(".maps");
struct ring events_6 SEC(".maps");
struct ring events_7 SEC(".maps");

/*
 * The watched processes: those asked for by id and, where it is asked for, their descendants. The
 * value is the start time, or 0 for an id whose process is not known yet. A process leaves the map
 * when it has exited and its record has been sent: what is left in here was not seen to exit.
 */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u64);
} ids SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u8);
} parents SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u8);
} users SEC(".maps");

/* The cgroups asked for, by kernfs_node.id. The reader follows their paths and keeps this up to date. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 1);
	__type(key, __u64);
	__type(value, __u8);
} cgroups SEC(".maps");

/* A process. PIDs are reused; PID and start time together are not. */
struct identity {
	__u64 start_time;
	__u64 tgid;
};

/*
 * Processes that have left ids, where threads are reported too. Threads reach the tracepoint in any
 * order, so some of a process may come after the last one, when the process is no longer in ids.
 */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 16384);
	__type(key, struct identity);
	__type(value, __u8);
} departed SEC(".maps");

/* A signal on its way to a process. */
struct sent_signal {
	__u64 start_time;
	__u32 tgid;
	__u32 signal;
};

struct sender {
	__u64 fault_address;
	__u64 time;
	__s32 code;
	__u32 pid;
	__u32 uid;
	__s32 system_call;
	__u32 system_call_arch;
	__u16 flags; /* enum record_flags */
	__u8 cause;  /* enum signal_cause */
	bool handled;
	__u8 comm[COMM_SIZE];
};

/* Per process and signal: `timeout` sends TERM and then CONT, and TERM must stay. */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 8192);
	__type(key, struct sent_signal);
	__type(value, struct sender);
} senders SEC(".maps");

/*
 * For each thread, the last process that the kernel killed while the thread ran. The OOM killer kills its
 * victim and immediately afterwards all processes that share the victim's memory.
 */
struct kernel_kill {
	struct signal_struct *signal;
	struct mm_struct *mm;
};

struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 1024);
	__type(key, __u64); /* bpf_get_current_pid_tgid() */
	__type(value, struct kernel_kill);
} kernel_kills SEC(".maps");

/* How far the ancestors and each of the three paths may reach into the bytes. */
#define ANCESTORS_END (ANCESTORS_MAX * sizeof(struct ancestor))
#define PATH_END (ANCESTORS_END + PATH_BYTES)
#define DIRECTORY_END (PATH_END + PATH_BYTES)
#define PATHS_END (DIRECTORY_END + PATH_BYTES)

/*
 * The position of a walk in a noinline function. Such a function takes only numbers as arguments, so the
 * pointers are passed in memory. The verifier does not track values in memory, so it does not check each
 * step of the walk separately.
 */
struct thread_walk {
	struct list_head *entry;
	__u32 sequence;
};

struct path_walk {
	struct mount *mount;
	struct dentry *dentry;
};

struct detailed_record {
	__u64 used; /* of bytes; not sent */
	union {
		struct thread_walk threads;
		struct path_walk path;
	} walk; /* not sent */
	struct exit_record record;
	struct exit_detail detail;
	__u8 bytes[PATHS_END + ARGS_MAX];
};

/*
 * One for each program that can preempt another of them on the same CPU. A program never preempts
 * itself: the kernel does not start a program on a CPU where it is already running.
 */
enum scratch_user {
	SCRATCH_EXIT = 0,
	SCRATCH_EXIT_RAW = 1,
	SCRATCH_EXEC = 2,
};

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 3);
	__type(key, __u32);
	__type(value, struct detailed_record);
} scratch SEC(".maps");

static __always_inline struct detailed_record *scratch_of(__u32 user)
{
	return bpf_map_lookup_elem(&scratch, &user);
}

#endif
