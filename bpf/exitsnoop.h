/* SPDX-License-Identifier: (GPL-2.0-only OR Apache-2.0) */
/*
 * The record that exitsnoop.bpf.c sends. src/ExitSnoop.Tracing/Records/ExitRecord.cs
 * mirrors it; a test compares both with the BTF of the compiled object.
 */
#ifndef EXITSNOOP_H
#define EXITSNOOP_H

#define COMM_SIZE 16

#define ARGS_MAX 4096	  /* bytes of arguments kept; beyond that they are cut */
#define NAME_MAX_SIZE 256 /* a path component and its NUL: NAME_MAX + 1 */
#define PATH_BYTES 1024	  /* of the executable, and again of the cgroup */
#define PATH_DEPTH 32	  /* components looked at; of a path half as many above the file's mount */

enum record_kind {
	RECORD_EXIT = 0,
	RECORD_EXEC = 1, /* a command line, on kernels that drop it before the exit */
};

enum record_flags {
	RECORD_THREAD = 1 << 0,	     /* of one thread, not of the process */
	RECORD_GROUP_DEAD = 1 << 1,  /* no thread of the process is left */
	RECORD_DETAIL = 1 << 2,	     /* a struct exit_detail and its bytes follow */
	RECORD_SENDER = 1 << 3,	     /* signal_code is known */
	RECORD_SENDER_TASK = 1 << 4, /* and a task sent it: sender_* are known */
	RECORD_FAULT_ADDRESS = 1 << 5,
	RECORD_OOM_KILLED = 1 << 6,
	RECORD_ARGS_CUT = 1 << 7,
	RECORD_PATH_CUT = 1 << 8,
	RECORD_KTHREAD = 1 << 9,
};

/* All there is of a basic event. Times: nanoseconds of the boot clock. */
struct exit_record {
	__u64 exit_time;
	__u64 start_time;
	__u16 kind;
	__u16 flags;
	__u32 pid; /* the tgid, in the reader's PID namespace, as all ids but host_pid */
	__u32 tid;
	__u32 ppid;
	__u32 wait_status; /* as waitpid(2) reports it */
	__u8 comm[COMM_SIZE];
	__u32 host_pid; /* the tgid in the first PID namespace */
};

/*
 * Follows the record where RECORD_DETAIL is set; then come path_size bytes of the
 * executable's path and cgroup_size bytes of the cgroup's, both as components
 * from the last to the first, each ended by a NUL, and args_size bytes of arguments.
 */
struct exit_detail {
	__u64 cpu_time;	   /* ns */
	__u64 user_time;   /* ns, counted in ticks */
	__u64 system_time; /* ns, counted in ticks */
	__u64 max_rss;	   /* pages */
	__u64 minor_faults;
	__u64 major_faults;
	__u64 read_bytes;
	__u64 write_bytes;
	__u64 voluntary_switches;
	__u64 involuntary_switches;
	__u64 fault_address;
	__u32 uid;
	__u32 gid;
	__u32 session;
	__u32 namespace_pid; /* the tgid in the process's own PID namespace */
	__s32 signal_code;
	__u32 sender_pid;
	__u32 sender_uid;
	__u8 sender_comm[COMM_SIZE];
	__u8 parent_comm[COMM_SIZE];
	__u16 path_size;
	__u16 cgroup_size;
	__u16 args_size;
	__u16 reserved;
};

/*
 * What the reader asked for, set before the load in read-only data: the verifier
 * sees constants and drops the branches that are not taken.
 */
struct exit_config {
	__u64 minimum_age;	/* ns */
	__u64 signals;		/* bit n - 1 for signal n; 0: any */
	__u64 exit_codes[4];	/* bit n for status n, where by_exit_code is set */
	__u64 cgroup_id;	/* inode number of the cgroup asked for; 0: any */
	__u32 pid_namespace;	/* inode number of the reader's, 0 for the first */
	__u32 cgroup_source;	/* enum cgroup_source */
	__u32 cgroup_hierarchy; /* id of the named hierarchy */
	__u32 ring_mask;	/* the number of ring buffers, a power of two, less one */
	__u8 by_id;
	__u8 include_children;
	__u8 by_parent;
	__u8 by_user;
	__u8 by_exit_code;
	__u8 failed;
	__u8 per_thread;
	__u8 detail;
	__u8 has_group_dead;  /* the tracepoint has that argument (6.16) */
	__u8 perf_buffer;     /* no ring buffer (before 5.8) */
	__u8 monotonic_clock; /* no boot clock helper (before 5.8) */
};

enum cgroup_source {
	CGROUP_V2 = 0,
	CGROUP_MEMORY = 1,
	CGROUP_PIDS = 2,
	CGROUP_NAMED = 3,
};

#endif
