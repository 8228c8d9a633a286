/* SPDX-License-Identifier: (GPL-2.0-only OR Apache-2.0) */
/*
 * The record that crash.h sends: the state of a thread that a signal ends whose default action is a core
 * dump. src/ExitSnoop.Tracing/Crash/CrashRecord.cs declares the same layout; a test compares it with the
 * BTF of the compiled object.
 */
#ifndef EXITSNOOP_CRASH_RECORD_H
#define EXITSNOOP_CRASH_RECORD_H

#define CRASH_REGISTERS 34  /* struct user_pt_regs of arm64; struct pt_regs of x86-64 has 21 */
#define CRASH_MAPPINGS 128  /* executable mappings kept */
#define CRASH_PATHS 8192    /* bytes of all their paths */
#define CRASH_PATH_DEPTH 24 /* components of a path */
#define CRASH_PAGE 4096
#define CRASH_PAGES 5 /* the page of the stack pointer, and at least 16 KiB above the pointer */

enum crash_flags {
	CRASH_ORIGIN = 1 << 0,	     /* the thread has handled the same signal before: origin is known */
	CRASH_MAPPINGS_CUT = 1 << 1, /* some mappings or parts of their paths did not fit */
};

/* Registers and a part of the stack: CRASH_PAGES pages, beginning with the page of the stack pointer. */
struct crash_stack {
	__u64 registers[CRASH_REGISTERS];
	__u32 pages; /* bit n: page n was readable */
	__u32 reserved;
	__u8 bytes[CRASH_PAGES * CRASH_PAGE];
};

struct crash_mapping {
	__u64 start;
	__u64 end;
	__u64 offset; /* in the file, in bytes: what is mapped at start */
	__u64 inode;  /* 0: anonymous memory */
	__s64 change_time; /* of the inode: seconds since 1970 */
	__u32 change_time_ns;
	__u32 device;	/* as the kernel encodes it: 12 bits of major number, 20 of minor */
	__u16 path_end; /* offset in paths; the path begins where that of the previous mapping ends */
	__u16 reserved[3];
};

struct crash_record {
	__u64 time;	  /* of the delivery of the signal: ns of the boot clock */
	__u64 start_time; /* of the process: ns of the boot clock */
	__u32 host_pid;	  /* the tgid in the first PID namespace */
	__u32 tid;	  /* in the reader's PID namespace */
	__u32 signal;
	__u32 mount_namespace; /* its inode number */
	__u32 flags;	       /* enum crash_flags */
	__u32 register_bytes;  /* how much of registers is used, in both stacks */
	__u32 mapping_count;
	__u32 path_bytes;
	__u8 comm[16]; /* of the thread */
	struct crash_stack stack;
	struct crash_stack origin; /* where the thread was when it handled the signal */
	struct crash_mapping mappings[CRASH_MAPPINGS];
	__u8 paths[CRASH_PATHS]; /* components from the last to the first, each ended by a NUL */
};

#endif
