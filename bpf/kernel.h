/* SPDX-License-Identifier: (GPL-2.0-only OR Apache-2.0) */
/*
 * The kernel structures that the programs read, with only the fields that they read.
 * RELOCATABLE makes each access relocatable (CO-RE): libbpf takes the offsets from
 * the running kernel's type information when it loads the program, so here neither
 * the order of the fields nor the size matters, only names and types.
 */
#ifndef EXITSNOOP_KERNEL_H
#define EXITSNOOP_KERNEL_H

typedef signed char __s8;
typedef unsigned char __u8;
typedef short __s16;
typedef unsigned short __u16;
typedef int __s32;
typedef unsigned int __u32;
typedef long long __s64;
typedef unsigned long long __u64;
typedef __u16 __be16;
typedef __u32 __be32;
typedef __u32 __wsum;
typedef _Bool bool;
#define true 1
#define false 0
#define NULL ((void *)0)

/* include/uapi/linux/bpf.h */
enum bpf_map_type {
	BPF_MAP_TYPE_HASH = 1,
	BPF_MAP_TYPE_ARRAY = 2,
	BPF_MAP_TYPE_PERCPU_ARRAY = 6,
	BPF_MAP_TYPE_LRU_HASH = 9,
	BPF_MAP_TYPE_RINGBUF = 27,
};

enum bpf_func_id___task {
	BPF_FUNC_task_pt_regs = 175, /* 5.15 */
};

#define BPF_ANY 0
#define BPF_NOEXIST 1
#define BPF_EXIST 2
#define BPF_RB_NO_WAKEUP 1
#define BPF_RB_FORCE_WAKEUP 2

/* include/uapi/asm-generic/errno-base.h */
#define EEXIST 17

/* include/linux/sched.h, include/linux/sched/signal.h */
#define PF_EXITING 0x00000004
#define PF_FORKNOEXEC 0x00000040
#define PF_KTHREAD 0x00200000
#define SIGNAL_GROUP_EXIT 0x00000004
#define SIGNAL_UNKILLABLE 0x00000040
#define PIDTYPE_TGID 1
#define PIDTYPE_SID 3
#define PT_EXITKILL (1 << 23) /* include/linux/ptrace.h */
#define SECCOMP_MODE_FILTER 2
#define SECCOMP_MODE_DEAD 3

/* include/asm-generic/resource.h */
#define RLIMIT_CPU 0
#define RLIM_INFINITY (~0UL)

/* arch/x86/include/asm/trapnr.h */
#define X86_TRAP_BP 3
#define X86_TRAP_SS 12
#define X86_TRAP_GP 13

/* include/uapi/linux/audit.h */
#define AUDIT_ARCH_I386 0x40000003
#define AUDIT_ARCH_X86_64 0xc000003e
#define AUDIT_ARCH_ARM 0x40000028
#define AUDIT_ARCH_AARCH64 0xc00000b7

/* include/trace/events/signal.h */
#define TRACE_SIGNAL_DELIVERED 0
#define TRACE_SIGNAL_LOSE_INFO 3

/* include/linux/signal_types.h: SEND_SIG_NOINFO, SEND_SIG_PRIV */
#define SEND_SIG_NOINFO 0UL
#define SEND_SIG_PRIV 1UL

/* include/uapi/asm-generic/siginfo.h */
#define SI_USER 0
#define SI_KERNEL 0x80
#define SI_TIMER -2
#define SI_QUEUE -1
#define SI_MESGQ -3
#define SI_TKILL -6

/* include/linux/mm.h, include/linux/fs.h */
#define VM_EXEC 0x00000004
#define FMODE_BACKING (1 << 25)

#define SIGQUIT 3
#define SIGILL 4
#define SIGTRAP 5
#define SIGABRT 6
#define SIGBUS 7
#define SIGFPE 8
#define SIGKILL 9
#define SIGSEGV 11
#define SIGPIPE 13
#define SIGCHLD 17
#define SIGCONT 18
#define SIGSTOP 19
#define SIGTSTP 20
#define SIGTTIN 21
#define SIGTTOU 22
#define SIGURG 23
#define SIGXCPU 24
#define SIGXFSZ 25
#define SIGWINCH 28
#define SIGSYS 31

#define SYS_SECCOMP 1

#define SIG_DFL 0UL
#define SIG_IGN 1UL

#define RELOCATABLE __attribute__((preserve_access_index))

typedef struct {
	int counter;
} atomic_t;

/*
 * Structures without RELOCATABLE have the same layout in all kernels with type information. Looking up one
 * structure among a hundred thousand types would add a millisecond to the load.
 */
struct list_head {
	struct list_head *next, *prev;
};

struct cgroup_subsys_state {
	struct cgroup *cgroup;
};

struct cgrp_cset_link {
	struct cgroup *cgrp;
	struct css_set *cset;
	struct list_head cset_link;
	struct list_head cgrp_link;
};

struct upid {
	int nr;
	struct pid_namespace *ns;
};

struct qstr {
	const unsigned char *name;
} RELOCATABLE;

struct super_block {
	__u32 s_dev;
} RELOCATABLE;

struct timespec64 {
	__s64 tv_sec;
	long tv_nsec;
};

struct inode {
	unsigned long i_ino;
	struct super_block *i_sb;
	__s64 i_ctime_sec; /* from 6.11, commit 3aa63a569c64 */
	__u32 i_ctime_nsec;
	struct timespec64 __i_ctime; /* from 6.6, commit 12cd44023651 */
	struct timespec64 i_ctime;
} RELOCATABLE;

struct dentry {
	struct inode *d_inode;
	struct dentry *d_parent;
	struct qstr d_name;
} RELOCATABLE;

struct vfsmount {
	struct dentry *mnt_root;
} RELOCATABLE;

struct mount {
	struct mount *mnt_parent;
	struct dentry *mnt_mountpoint;
	struct vfsmount mnt;
} RELOCATABLE;

struct path {
	struct vfsmount *mnt;
	struct dentry *dentry;
} RELOCATABLE;

struct file {
	unsigned int f_mode;
	struct path f_path;
} RELOCATABLE;

struct fs_struct {
	struct path pwd;
} RELOCATABLE;

struct tty_struct {
	char name[64];
} RELOCATABLE;

typedef struct {
	__u32 val;
} kuid_t;

struct vm_area_struct {
	unsigned long vm_start;
	unsigned long vm_end;
	unsigned long vm_flags;
	unsigned long vm_pgoff;
	struct file *vm_file;
} RELOCATABLE;

/* Holds the mappings of a process from 6.1 on, commit d4af56c5c7c6. */
struct maple_tree {
	void *ma_root;
} RELOCATABLE;

struct mm_struct {
	struct maple_tree mm_mt;
	unsigned long arg_start;
	unsigned long arg_end;
	unsigned long env_start;
	unsigned long env_end;
	unsigned long start_stack;
	struct file *exe_file;
	unsigned long hiwater_rss; /* pages */
} RELOCATABLE;

/* Resident pages by kind: a percpu_counter from 6.2 on, commit f1a7941243c1; an atomic_long_t before. */
struct percpu_counter {
	__s64 count;
} RELOCATABLE;

struct mm_struct___percpu {
	struct percpu_counter rss_stat[4];
} RELOCATABLE;

typedef struct {
	__s64 counter;
} atomic_long_t;

struct mm_rss_stat {
	atomic_long_t count[4];
} RELOCATABLE;

struct mm_struct___atomic {
	struct mm_rss_stat rss_stat;
} RELOCATABLE;

enum mm_counter {
	MM_FILEPAGES = 0,
	MM_ANONPAGES = 1,
	MM_SHMEMPAGES = 3,
};

struct kernfs_node {
	struct kernfs_node *parent; /* before 6.15, commit 741c10b096bc */
	struct kernfs_node *__parent;
	const char *name;
	__u64 id;
} RELOCATABLE;

struct cgroup_root {
	int hierarchy_id;
} RELOCATABLE;

struct cgroup {
	struct kernfs_node *kn;
	struct cgroup_root *root;
} RELOCATABLE;

/* The values depend on the kernel's configuration and are relocated, too. */
enum cgroup_subsys_id {
	memory_cgrp_id = 1,
	pids_cgrp_id = 2,
};

struct css_set {
	struct cgroup_subsys_state *subsys[1];
	struct cgroup *dfl_cgrp;
	struct list_head cgrp_links;
} RELOCATABLE;

struct ns_common {
	unsigned int inum;
} RELOCATABLE;

struct pid_namespace {
	struct ns_common ns;
} RELOCATABLE;

struct pid {
	unsigned int level;
	struct upid numbers[1];
} RELOCATABLE;

struct task_io_accounting {
	__u64 read_bytes;
	__u64 write_bytes;
} RELOCATABLE;

struct mnt_namespace {
	struct ns_common ns;
} RELOCATABLE;

struct nsproxy {
	struct mnt_namespace *mnt_ns;
} RELOCATABLE;

struct sched_entity {
	__u64 sum_exec_runtime;
} RELOCATABLE;

struct seqcount {
	unsigned int sequence;
} RELOCATABLE;

typedef struct seqcount seqcount_t;

typedef struct seqcount_spinlock {
	seqcount_t seqcount;
} RELOCATABLE seqcount_spinlock_t;

typedef struct {
	seqcount_spinlock_t seqcount;
} RELOCATABLE seqlock_t;

struct rlimit {
	unsigned long rlim_cur;
	unsigned long rlim_max;
} RELOCATABLE;

struct signal_struct {
	seqlock_t stats_lock;
	struct rlimit rlim[16];
	atomic_t live;
	int nr_threads;
	int group_exit_code;
	unsigned int flags;
	struct list_head thread_head;
	struct pid *pids[4];
	struct tty_struct *tty;
	__u64 utime;
	__u64 stime;
	unsigned long nvcsw;
	unsigned long nivcsw;
	unsigned long min_flt;
	unsigned long maj_flt;
	unsigned long maxrss;
	struct task_io_accounting ioac;
	unsigned long long sum_sched_runtime;
	struct mm_struct *oom_mm;
} RELOCATABLE;

struct user_namespace {
	int level; /* 0 for the first */
} RELOCATABLE;

struct cred {
	kuid_t uid;
	struct user_namespace *user_ns;
} RELOCATABLE;

struct seccomp {
	int mode;
} RELOCATABLE;

/* arch/x86/include/asm/processor.h */
struct thread_struct {
	unsigned long trap_nr;
} RELOCATABLE;

/* The user-space registers: orig_ax and cs exist on x86-64 only, pstate and syscallno on arm64 only. */
struct pt_regs {
	unsigned long orig_ax;
	unsigned long cs;
	unsigned long sp;
	unsigned long pstate;
	int syscallno;
} RELOCATABLE;

struct k_sigaction {
	struct {
		void *sa_handler;
	} sa;
} RELOCATABLE;

struct task_struct {
	unsigned int flags;
	struct sched_entity se;
	struct mm_struct *mm;
	void *stack;
	unsigned int ptrace;
	int exit_code;
	int pid;
	int tgid;
	struct task_struct *real_parent;
	struct task_struct *parent;
	struct task_struct *group_leader;
	struct pid *thread_pid;
	struct list_head thread_node;
	__u64 utime;
	__u64 stime;
	unsigned long nvcsw;
	unsigned long nivcsw;
	__u64 start_boottime;
	unsigned long min_flt;
	unsigned long maj_flt;
	char comm[16];
	struct signal_struct *signal;
	struct fs_struct *fs;
	kuid_t loginuid;
	struct task_io_accounting ioac;
	struct css_set *cgroups;
	struct cred *real_cred;
	struct seccomp seccomp;
	struct thread_struct thread;
	struct nsproxy *nsproxy;
} RELOCATABLE;

/* The registers that hold the first arguments of a function, on x86-64 and on arm64. */
struct pt_regs___x86 {
	unsigned long di;
	unsigned long si;
} RELOCATABLE;

struct pt_regs___arm64 {
	__u64 regs[31];
} RELOCATABLE;

/* include/linux/bpf.h: the first argument of every iterator program. */
struct bpf_iter_meta {
	struct seq_file *seq;
} RELOCATABLE;

struct kernel_siginfo {
	int si_signo;
	int si_code;
	union {
		struct {
			int _pid;
		} _kill;
		struct {
			void *_addr;
		} _sigfault;
		struct {
			int _syscall;
			unsigned int _arch;
		} _sigsys;
	} _sifields;
} RELOCATABLE;

#endif
