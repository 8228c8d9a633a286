/* SPDX-License-Identifier: (GPL-2.0-only OR Apache-2.0) */
/*
 * The record of an exit, as the program sends it. src/ExitSnoop.Tracing/Records/ExitRecord.cs
 * declares the same layout; a test compares it with the BTF of the compiled object.
 */
#ifndef EXITSNOOP_RECORD_H
#define EXITSNOOP_RECORD_H

#define COMM_SIZE 16

#define ARGS_MAX 4096	  /* bytes of arguments kept; the rest is cut off */
#define NAME_MAX_SIZE 256 /* a path component and its NUL: NAME_MAX + 1 */
#define PATH_BYTES 1024	  /* of the executable, the working directory and the cgroup each */
#define PATH_DEPTH 32	  /* components read in the file's mount, and half as many in the mounts above it */
#define ANCESTORS_MAX 7	  /* beyond the parent */
#define TERMINAL_SIZE 16  /* "pts12", "ttyAMA0" */

/* The counters of shared.lost. Each counts from the start of the trace. */
enum loss {
	LOST_RECORD = 0,     /* exits whose record found the ring buffer full */
	LOST_DESCENDANT = 1, /* descendants for which the map of watched processes was full */
	SECOND_ONLY = 2,     /* not a loss: threads for which only the second of two hooks ran */
	LOSSES = 3,
};

enum record_flags {
	RECORD_THREAD = 1 << 0,	     /* of a thread, not of a process */
	RECORD_GROUP_DEAD = 1 << 1,  /* no other thread of the process is left */
	RECORD_DETAIL = 1 << 2,	     /* a struct exit_detail and its bytes follow */
	RECORD_SENDER = 1 << 3,	     /* signal_code is known */
	RECORD_SENDER_TASK = 1 << 4, /* a task sent the signal: sender_* are known */
	RECORD_FAULT_ADDRESS = 1 << 5,
	RECORD_OOM_KILLED = 1 << 6,
	RECORD_ARGS_CUT = 1 << 7,
	RECORD_PATH_CUT = 1 << 8,
	RECORD_KTHREAD = 1 << 9,
	RECORD_ARGS_HEAD_CUT = 1 << 10, /* the beginning of the arguments is missing */
	RECORD_CGROUP_CUT = 1 << 11,
	RECORD_EXECUTED = 1 << 12, /* the process has called execve(2) since its fork */
	RECORD_DIRECTORY_CUT = 1 << 13,
	RECORD_SENDER_PROBABLE = 1 << 14, /* more than REPEAT_NS passed before the process raised it again */
	RECORD_SUMS_UNKNOWN = 1 << 15,	  /* the sums over all threads are incomplete: resources.h */
	RECORD_EXEC = 1 << 16,		  /* an exec, not an exit: process_exec() */
	RECORD_USER_NAMESPACE = 1 << 17,  /* in a user namespace other than the first */
};

/* Why a signal was sent, where its number and si_code do not tell. */
enum signal_cause {
	CAUSE_OTHER = 0,
	CAUSE_STACK_OVERFLOW = 1,
	CAUSE_GENERAL_PROTECTION = 2,
	CAUSE_STACK_SEGMENT = 3,
	CAUSE_BREAKPOINT = 4,
	CAUSE_PARENT_DEATH = 5,	   /* prctl(2), PR_SET_PDEATHSIG */
	CAUSE_CPU_LIMIT = 6,	   /* the hard RLIMIT_CPU */
	CAUSE_NAMESPACE_DEATH = 7, /* the first process of the PID namespace exited */
	CAUSE_TRACER_DEATH = 8,	   /* ptrace(2), PTRACE_O_EXITKILL */
	CAUSE_SECCOMP = 9,
};

/*
 * A basic event has no more than this. Times are nanoseconds of the boot clock. With RECORD_THREAD,
 * start_time, tid, wait_status and comm are those of the thread.
 */
struct exit_record {
	__u64 exit_time;  /* records are ordered by it; with RECORD_EXEC, the time of the exec */
	__u64 start_time;
	__u32 flags;	   /* enum record_flags */
	__u32 pid;	   /* the tgid, in the reader's PID namespace, as all ids but host_pid */
	__u32 tid;	   /* of a process the same as pid */
	__u32 ppid;	   /* the tgid of the parent */
	__u32 wait_status; /* as waitpid(2) reports it; of a thread task->exit_code */
	__u8 comm[COMM_SIZE];
	__u32 host_pid; /* the tgid in the first PID namespace */
};

/*
 * Follows the record if RECORD_DETAIL is set. After it come ancestor_count times struct ancestor; path_size,
 * directory_size and cgroup_size bytes: the paths of the executable, the working directory and the cgroup,
 * each as components from the last to the first, each component ended by a NUL; and args_size bytes of
 * arguments, separated by NULs.
 */
struct exit_detail {
	__u64 cpu_time;	   /* ns */
	__u64 user_time;   /* ns, counted in ticks */
	__u64 system_time; /* ns, counted in ticks */
	__u64 max_rss;	   /* pages; 0: not known */
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
	__s32 system_call;	 /* the one that seccomp(2) refused; -1: not known */
	__u32 system_call_arch; /* AUDIT_ARCH_ of include/uapi/linux/audit.h */
	__u8 sender_comm[COMM_SIZE];
	__u8 parent_comm[COMM_SIZE];
	__u8 terminal[TERMINAL_SIZE];
	__u32 login_uid;
	__u16 ancestor_count;
	__u16 path_size;
	__u16 directory_size;
	__u16 cgroup_size;
	__u16 args_size;
	__u8 cause; /* enum signal_cause */
	__u8 reserved;
};

struct ancestor {
	__u32 pid; /* the tgid, in the reader's PID namespace */
	__u8 comm[COMM_SIZE];
};

#endif
