/* SPDX-License-Identifier: (GPL-2.0-only OR Apache-2.0) */
/*
 * The record that crash.h sends: the state of a thread that dies of a signal whose default
 * action is a core dump. src/ExitSnoop.Tracing/Crash/CrashRecord.cs mirrors it; a test compares
 * both with the BTF of the compiled object.
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
	CRASH_ORIGIN = 1 << 0,	 /* the thread handled the same signal before: origin is known */
	CRASH_MAPPINGS_CUT = 1 << 1, /* there were more mappings, or more bytes of paths */
};

/* A part of a stack, page by page from the page that its stack pointer is in. */
struct crash_stack {
	__u64 registers[CRASH_REGISTERS];
	__u32 pages; /* bit n: page n was readable */
	__u32 reserved;
	__u8 bytes[CRASH_PAGES * CRASH_PAGE];
};

struct crash_mapping {
	__u64 start;
	__u64 end;
	__u64 offset; /* in the file, of start; bytes */
	__u64 inode;  /* 0: anonymous memory */
	__s64 change_time;
	__u32 change_time_ns;
	__u32 device;	/* as the kernel encodes it: 12 bits of major number, 20 of minor */
	__u16 path_end; /* in paths; the path begins where that of the mapping before ends */
	__u16 reserved[3];
};

struct crash_record {
	__u64 time;	  /* of the delivery of the signal, by the boot clock; ns */
	__u64 start_time; /* of the process, by the boot clock; ns */
	__u32 host_pid;	  /* the tgid in the first PID namespace */
	__u32 tid;	  /* in the reader's PID namespace */
	__u32 signal;
	__u32 mount_namespace; /* its inode number */
	__u32 flags;	       /* enum crash_flags */
	__u32 register_bytes;  /* of each stack's registers */
	__u32 mapping_count;
	__u32 path_bytes;
	__u8 comm[16]; /* of the thread */
	struct crash_stack stack;
	struct crash_stack origin; /* where the thread was when it handled the signal */
	struct crash_mapping mappings[CRASH_MAPPINGS];
	__u8 paths[CRASH_PATHS]; /* components from the last to the first, each ended by a NUL */
};

#endif
