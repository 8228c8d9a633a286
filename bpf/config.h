/* SPDX-License-Identifier: (GPL-2.0-only OR Apache-2.0) */
/*
 * The options of the reader. It writes them to read-only data before the load, so the verifier sees constants
 * and removes the branches that are not taken. src/ExitSnoop.Tracing/Bpf/ExitConfig.cs declares the same
 * layout; a test compares it with the BTF of the compiled object.
 */
#ifndef EXITSNOOP_CONFIG_H
#define EXITSNOOP_CONFIG_H

struct exit_config {
	__u64 minimum_age;	/* ns */
	__u64 signals;		/* bit n - 1 for signal n; 0: any */
	__u64 exit_codes[4];	/* bit n for code n, as wanted_status() computes it; used with by_exit_code */
	__u64 ids[64];		/* bit n for an id whose last 12 bits are n; not used for descendants */
	__u32 pid_namespace;	/* inode number of the reader's PID namespace; 0: the first one */
	__u32 cgroup_source;	/* enum cgroup_source */
	__u32 cgroup_hierarchy; /* id of the named hierarchy */
	__u32 ring_mask;	/* the number of ring buffers, a power of two, minus one */
	__u8 by_id;
	__u8 include_children;
	__u8 by_parent;
	__u8 by_user;
	__u8 by_cgroup;
	__u8 by_exit_code;
	__u8 failed;
	__u8 per_thread;
	__u8 detail;
	__u8 oom_kills; /* of the processes that SIGKILL ended, only victims of the OOM killer */
	__u8 has_group_dead; /* the raw tracepoint has the argument group_dead (6.16) */
	__u8 two_hooks;	     /* the raw tracepoint is the second hook; see claim.h */
	__u8 crash_hook;     /* enum crash_hook */
	__u8 has_user_path;  /* struct backing_file holds the path on overlayfs (6.8); see mappings.h */
};

/* Where the state of a thread that crashes is captured; see crash.h. */
enum crash_hook {
	CRASH_NOWHERE = 0,
	CRASH_AT_CORE_DUMP = 1,
	CRASH_AT_EXIT = 2,
};

enum cgroup_source {
	CGROUP_V2 = 0,
	CGROUP_MEMORY = 1,
	CGROUP_PIDS = 2,
	CGROUP_NAMED = 3,
};

#endif
