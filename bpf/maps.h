/* SPDX-License-Identifier: (GPL-2.0-only OR Apache-2.0) */
/* Maps and memory that the programs share with each other and with the reader. */
#ifndef EXITSNOOP_MAPS_H
#define EXITSNOOP_MAPS_H

#include "kernel.h"
#include <bpf/bpf_helpers.h>
#include "config.h"
#include "record.h"

const volatile struct exit_config config = {};

#define RINGS_MAX 8

/*
 * Flags and counters in memory that the reader maps: src/ExitSnoop.Tracing/Bpf/SharedMemory.cs has the same
 * offsets.
 */
volatile struct {
	__u64 reader_asleep; /* 1 while the reader blocks and must be woken; see wake_reader() */
	__u64 unused[7];
	/* For each ring, how many programs are building a record for it; see begin_record(). */
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
 * The watched processes: those given by id and, if include_children is set, their descendants. The value is
 * the start time, or 0 for an id whose process is not known yet. stop_watching() removes the entry after the
 * record of the exit was sent. So if a process is gone and its entry is not, no program saw it exit.
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

/*
 * The selected cgroups, by kernfs_node.id. If a cgroup is removed and created again at the same path, the
 * reader replaces its id here.
 */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 1);
	__type(key, __u64);
	__type(value, __u8);
} cgroups SEC(".maps");

/* Identifies a process. PIDs are reused; PID and start time together are not. */
struct identity {
	__u64 start_time;
	__u64 tgid;
};

/*
 * Processes that were removed from ids, used if threads are reported. The threads of a process reach the
 * tracepoint in any order: some come after the thread with group_dead, when the process is no longer in ids.
 */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 16384);
	__type(key, struct identity);
	__type(value, __u8);
} departed SEC(".maps");

/* A signal that was sent to a process. */
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

/*
 * One entry per process and signal, because several signals can be sent to a process and only its wait status
 * says which of them ended it.
 */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 8192);
	__type(key, struct sent_signal);
	__type(value, struct sender);
} senders SEC(".maps");

/*
 * For each thread, the last process that the kernel killed while that thread was running. The OOM killer
 * kills its victim and immediately afterwards all processes that share the victim's memory
 * (shares_oom_victim()).
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

/* Where in detailed_record.bytes the room for the ancestors and for each of the three paths ends. */
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
 * One scratch record for each program that can preempt another of them on the same CPU. One per program is
 * enough: the kernel does not start a program on a CPU where the same program is already running.
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
