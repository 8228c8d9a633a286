// SPDX-License-Identifier: (GPL-2.0-only OR Apache-2.0)
/*
 * The state of a thread that dies of a signal whose default action is a core dump: its registers,
 * the top of its stack and its executable mappings. The reader finds from them where it crashed.
 *
 * An object of its own beside exitsnoop.bpf.c: no program here runs when a process exits without
 * such a signal, except one that compares the exit code where the kernel offers no better hook.
 */
#include "kernel.h"
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>
#include "crash.h"

char LICENSE[] SEC("license") = "Dual BSD/GPL";

const volatile struct crash_config config = {};

/* Keeps the type among those of the object, where a test finds it. */
const struct crash_record *unused_record __attribute__((unused));

/* 72 records. A process whose record finds no room is reported without the place. */
struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 1 << 22);
} crashes SEC(".maps");

struct delivery {
	__u64 time;
	__u32 signal;
};

/* Threads between the delivery of the signal and their exit, by pid and tgid. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 4096);
	__type(key, __u64);
	__type(value, struct delivery);
} deliveries SEC(".maps");

struct handled_signal {
	__u32 signal;
	__u32 reserved;
	__u64 registers[CRASH_REGISTERS];
};

/*
 * Where threads were when a handler took a signal: a handler that writes a report restores the
 * default and sends the signal again, often on a stack of its own.
 */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 4096);
	__type(key, __u64);
	__type(value, struct handled_signal);
} handled_signals SEC(".maps");

extern int bpf_iter_task_vma_new(struct bpf_iter_task_vma *it, struct task_struct *task,
				 __u64 addr) __ksym __weak;
extern struct vm_area_struct *bpf_iter_task_vma_next(struct bpf_iter_task_vma *it) __ksym __weak;
extern void bpf_iter_task_vma_destroy(struct bpf_iter_task_vma *it) __ksym __weak;

/* include/linux/signal.h, SIG_KERNEL_COREDUMP_MASK */
#define BIT(signal) (1ULL << ((signal)-1))
#define DUMPS_CORE                                                                                           \
	(BIT(SIGQUIT) | BIT(SIGILL) | BIT(SIGTRAP) | BIT(SIGABRT) | BIT(SIGFPE) | BIT(SIGSEGV) |             \
	 BIT(SIGBUS) | BIT(SIGSYS) | BIT(SIGXCPU) | BIT(SIGXFSZ))

static __always_inline bool dumps_core(__u32 signal)
{
	return signal >= 1 && signal <= 31 && DUMPS_CORE >> (signal - 1) & 1;
}

/* The registers with which the thread left user space, as the kernel saved them; their size. */
static __always_inline __u32 read_registers(__u64 *registers)
{
	__u32 size = bpf_core_type_size(struct pt_regs);

	/* What follows user_pt_regs in arm64's is the kernel's own. */
	if (size > CRASH_REGISTERS * sizeof(__u64))
		size = CRASH_REGISTERS * sizeof(__u64);
	bpf_probe_read_kernel(registers, size, (void *)bpf_task_pt_regs(bpf_get_current_task_btf()));
	return size;
}

static __always_inline __u64 stack_pointer(const __u64 *registers)
{
	/* 21 registers: x86-64, where sp is the last but one. arm64: x0 to x30, then sp. */
	return bpf_core_type_size(struct pt_regs) == 21 * sizeof(__u64) ? registers[19] : registers[31];
}

/*
 * A page at a time: one read fails as a whole at the end of the stack, where the next mapping may
 * be missing. In a stack overflow the first page is the one that is missing.
 */
static __always_inline void read_stack(struct crash_stack *stack)
{
	__u64 page = stack_pointer(stack->registers) & ~(__u64)(CRASH_PAGE - 1);
	__u32 pages = 0;

#define READ_PAGE(n)                                                                                         \
	if (!bpf_probe_read_user(&stack->bytes[n * CRASH_PAGE], CRASH_PAGE, (void *)(page + n * CRASH_PAGE))) \
		pages |= 1 << n;
	READ_PAGE(0)
	READ_PAGE(1)
	READ_PAGE(2)
	READ_PAGE(3)
	READ_PAGE(4)
#undef READ_PAGE
	stack->pages = pages;
}

static __always_inline bool put_name(struct crash_record *crash, const void *name)
{
	__u64 end = crash->path_bytes;
	long size;

	if (end > CRASH_PATHS - 256)
		return false;
	size = bpf_probe_read_kernel_str(&crash->paths[end], 256, name);
	if (size <= 0)
		return false;
	crash->path_bytes = end + size;
	return true;
}

/* The path from its last component up over mounts to the root (fs/d_path.c). */
static __always_inline void put_path(struct crash_record *crash, struct dentry *dentry,
				     struct vfsmount *inner)
{
	struct mount *mount = (void *)inner - bpf_core_field_offset(struct mount, mnt), *outer;
	struct dentry *parent;

	for (int i = 0; i < CRASH_PATH_DEPTH; i++) {
		if (dentry == BPF_CORE_READ(mount, mnt.mnt_root)) {
			outer = BPF_CORE_READ(mount, mnt_parent);
			if (outer == mount)
				return;
			dentry = BPF_CORE_READ(mount, mnt_mountpoint);
			mount = outer;
			continue;
		}
		parent = BPF_CORE_READ(dentry, d_parent);
		if (!put_name(crash, BPF_CORE_READ(dentry, d_name.name))) {
			crash->flags |= CRASH_MAPPINGS_CUT;
			return;
		}
		/* A file in memory (memfd_create) stands alone. */
		if (dentry == parent)
			return;
		dentry = parent;
	}
}

static __always_inline void put_file(struct crash_record *crash, struct crash_mapping *mapping,
				     struct file *file)
{
	struct dentry *dentry = BPF_CORE_READ(file, f_path.dentry);
	struct vfsmount *mount = BPF_CORE_READ(file, f_path.mnt);
	struct inode *inode;

	/* An overlay maps the file below; the process knows the one above (file_user_path()). */
	if (bpf_core_field_exists(struct backing_file, user_path) &&
	    BPF_CORE_READ(file, f_mode) & FMODE_BACKING) {
		struct backing_file *backing =
		    (void *)file - bpf_core_field_offset(struct backing_file, file);

		dentry = BPF_CORE_READ(backing, user_path.dentry);
		mount = BPF_CORE_READ(backing, user_path.mnt);
	}
	inode = BPF_CORE_READ(dentry, d_inode);
	mapping->inode = BPF_CORE_READ(inode, i_ino);
	mapping->device = BPF_CORE_READ(inode, i_sb, s_dev);
	if (bpf_core_field_exists(inode->i_ctime_sec)) {
		mapping->change_time = BPF_CORE_READ(inode, i_ctime_sec);
		/* The top bit says that the time was asked for: I_CTIME_QUERIED. */
		mapping->change_time_ns = BPF_CORE_READ(inode, i_ctime_nsec) & 0x7fffffff;
	} else if (bpf_core_field_exists(inode->__i_ctime)) {
		mapping->change_time = BPF_CORE_READ(inode, __i_ctime.tv_sec);
		mapping->change_time_ns = BPF_CORE_READ(inode, __i_ctime.tv_nsec) & 0x7fffffff;
	} else {
		mapping->change_time = BPF_CORE_READ(inode, i_ctime.tv_sec);
		mapping->change_time_ns = BPF_CORE_READ(inode, i_ctime.tv_nsec);
	}
	put_path(crash, dentry, mount);
}

/* False: there is no room for more. The count is kept in memory, of which the verifier remembers nothing. */
static __always_inline bool put_mapping(struct crash_record *crash, struct vm_area_struct *area)
{
	struct crash_mapping *mapping;
	struct file *file;
	__u32 count = crash->mapping_count;

	if (!(BPF_CORE_READ(area, vm_flags) & VM_EXEC))
		return true;
	if (count >= CRASH_MAPPINGS) {
		crash->flags |= CRASH_MAPPINGS_CUT;
		return false;
	}
	mapping = &crash->mappings[count];
	mapping->start = BPF_CORE_READ(area, vm_start);
	mapping->end = BPF_CORE_READ(area, vm_end);
	mapping->offset = BPF_CORE_READ(area, vm_pgoff) << 12;
	mapping->inode = 0;
	file = BPF_CORE_READ(area, vm_file);
	if (file)
		put_file(crash, mapping, file);
	mapping->path_end = crash->path_bytes;
	crash->mapping_count = count + 1;
	return true;
}

/*
 * A walk through the maple tree of mappings, for kernels that have no iterator (6.1 to 6.6). The
 * layout of its nodes is that of include/linux/maple_tree.h for 64 bits in all of them: the parent,
 * the last address of each slot but the last, the slots. A step looks at one slot.
 */
#define MAPLE_LEVELS 6
#define MAPLE_STEPS 8192
#define MAPLE_NODE(entry) ((entry) & ~0xffULL)
#define MAPLE_TYPE(entry) ((entry) >> 3 & 0xf)
#define MAPLE_LEAF 1
#define MAPLE_RANGE_PIVOTS 15  /* maple_leaf_64 and maple_range_64 */
#define MAPLE_ARANGE 3
#define MAPLE_ARANGE_PIVOTS 9

struct maple_walk {
	struct crash_record *crash;
	__u64 entries[MAPLE_LEVELS];
	__u32 slots[MAPLE_LEVELS];
	__u32 level;
};

static long walk_maple(__attribute__((unused)) __u32 step, struct maple_walk *walk)
{
	__u32 level = walk->level, slot, pivots;
	__u64 entry, pivot = 0, value = 0;

	if (level >= MAPLE_LEVELS)
		return 1;
	entry = walk->entries[level];
	slot = walk->slots[level]++;
	pivots = MAPLE_TYPE(entry) == MAPLE_ARANGE ? MAPLE_ARANGE_PIVOTS : MAPLE_RANGE_PIVOTS;
	if (slot > pivots) {
		/* Below 0 it is beyond the last level, and the walk ends. */
		walk->level = level - 1;
		return 0;
	}
	if (slot < pivots)
		bpf_probe_read_kernel(&pivot, sizeof(pivot), (void *)MAPLE_NODE(entry) + 8 * (1 + slot));
	bpf_probe_read_kernel(&value, sizeof(value), (void *)MAPLE_NODE(entry) + 8 * (1 + pivots + slot));
	/* The slot without a last address is the last; what lies in those behind it is nothing. */
	if (!pivot)
		walk->slots[level] = pivots + 1;
	if (!(value >> 63))
		return 0;
	if (MAPLE_TYPE(entry) == MAPLE_LEAF)
		return !put_mapping(walk->crash, (void *)value);
	level++;
	if (level >= MAPLE_LEVELS)
		return 1;
	walk->entries[level] = value;
	walk->slots[level] = 0;
	walk->level = level;
	return 0;
}

static __always_inline void put_mappings(struct crash_record *crash, struct task_struct *task)
{
	struct maple_walk walk = { .crash = crash };
	struct vm_area_struct *area;
	struct bpf_iter_task_vma it;

	if (bpf_iter_task_vma_new) {
		bpf_iter_task_vma_new(&it, bpf_get_current_task_btf(), 0);
		while ((area = bpf_iter_task_vma_next(&it)))
			if (!put_mapping(crash, area))
				break;
		bpf_iter_task_vma_destroy(&it);
		return;
	}
	if (!bpf_core_field_exists(struct mm_struct, mm_mt))
		return;
	walk.entries[0] = (unsigned long)BPF_CORE_READ(task, mm, mm_mt.ma_root);
	if (walk.entries[0] >> 63)
		bpf_loop(MAPLE_STEPS, walk_maple, &walk, 0);
}

/* The thread's id in the reader's PID namespace, 0 where it is not visible there. */
static __always_inline __u32 visible_tid(struct task_struct *task)
{
	struct pid *pid = BPF_CORE_READ(task, thread_pid);
	struct upid id = {};

	if (!config.pid_namespace)
		return BPF_CORE_READ(task, pid);
	for (__u32 level = 0; level < 32 && level <= BPF_CORE_READ(pid, level); level++) {
		bpf_probe_read_kernel(&id, sizeof(id),
				      (void *)pid + bpf_core_field_offset(pid->numbers) + level * sizeof(id));
		if (BPF_CORE_READ(id.ns, ns.inum) == config.pid_namespace)
			return id.nr;
	}
	return 0;
}

static __always_inline void capture(struct task_struct *task, __u32 signal, __u64 time)
{
	__u64 thread = bpf_get_current_pid_tgid();
	struct handled_signal *handled;
	struct crash_record *crash;

	crash = bpf_ringbuf_reserve(&crashes, sizeof(*crash), 0);
	if (!crash)
		return;
	crash->time = time;
	crash->start_time = BPF_CORE_READ(task, group_leader, start_boottime);
	crash->host_pid = thread >> 32;
	crash->tid = visible_tid(task);
	crash->signal = signal;
	crash->mount_namespace = BPF_CORE_READ(task, nsproxy, mnt_ns, ns.inum);
	crash->flags = 0;
	crash->mapping_count = 0;
	crash->path_bytes = 0;
	bpf_core_read(&crash->comm, sizeof(crash->comm), &task->comm);
	crash->register_bytes = read_registers(crash->stack.registers);
	read_stack(&crash->stack);

	handled = bpf_map_lookup_elem(&handled_signals, &thread);
	if (handled && handled->signal == signal) {
		crash->flags |= CRASH_ORIGIN;
		__builtin_memcpy(crash->origin.registers, handled->registers, sizeof(handled->registers));
		read_stack(&crash->origin);
	}
	put_mappings(crash, task);
	bpf_ringbuf_submit(crash, 0);
}

/*
 * Remembers a thread that a signal is about to kill, or that is about to handle one
 * (kernel/signal.c, get_signal). Interrupts are off: mappings cannot be walked here.
 */
SEC("tp_btf/signal_deliver")
int signal_deliver(unsigned long long *ctx)
{
	__u32 signal = ctx[0];
	struct k_sigaction *action = (void *)ctx[2];
	struct task_struct *task = (void *)bpf_get_current_task();
	__u64 thread = bpf_get_current_pid_tgid();
	unsigned long handler = (unsigned long)BPF_CORE_READ(action, sa.sa_handler);
	struct handled_signal handled = {};
	struct delivery delivery = {};

	if (!dumps_core(signal) || handler == SIG_IGN)
		return 0;
	if (handler != SIG_DFL) {
		handled.signal = signal;
		read_registers(handled.registers);
		bpf_map_update_elem(&handled_signals, &thread, &handled, BPF_ANY);
		return 0;
	}
	/* The first process of a PID namespace ignores what it has no handler for. */
	if (BPF_CORE_READ(task, signal, flags) & SIGNAL_UNKILLABLE)
		return 0;
	if (!config.at_exit)
		return 0;
	delivery.time = bpf_ktime_get_boot_ns();
	delivery.signal = signal;
	bpf_map_update_elem(&deliveries, &thread, &delivery, BPF_ANY);
	return 0;
}

/*
 * Called for every signal whose default action is a core dump, whether or not a core will be
 * written, by the thread that was given it (kernel/signal.c, get_signal). No other exit passes here.
 */
static __always_inline int dump_core(unsigned long long *ctx)
{
	struct kernel_siginfo *info = (void *)ctx[0];

	capture((void *)bpf_get_current_task(), BPF_CORE_READ(info, si_signo), bpf_ktime_get_boot_ns());
	return 0;
}

/* From 6.17, commit 1751f872cc2a. */
SEC("fentry/vfs_coredump")
int vfs_core_dump(unsigned long long *ctx)
{
	return dump_core(ctx);
}

SEC("fentry/do_coredump")
int core_dump(unsigned long long *ctx)
{
	return dump_core(ctx);
}

/* For a kernel without fentry. From 6.16 on a thread passes here while its memory is still mapped (kernel/exit.c, do_exit). */
SEC("tp_btf/sched_process_exit")
int crashed_thread_exit(unsigned long long *ctx)
{
	struct task_struct *task = (void *)ctx[0];
	__u64 thread;
	struct delivery *delivery;

	if (!dumps_core(task->exit_code & 0x7f))
		return 0;
	/* Every thread of the process leaves with the signal; one was given it. */
	thread = bpf_get_current_pid_tgid();
	delivery = bpf_map_lookup_elem(&deliveries, &thread);
	if (!delivery)
		return 0;
	capture(task, delivery->signal, delivery->time);
	bpf_map_delete_elem(&deliveries, &thread);
	return 0;
}
