// SPDX-License-Identifier: (GPL-2.0-only OR Apache-2.0)
/*
 * exitsnoop: a record for every process that dies, with the status that waitpid(2)
 * reports, from the tracepoint sched:sched_process_exit (kernel/exit.c, do_exit).
 * A port of bcc's exitsnoop.
 */
#include "kernel.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>
#include "exitsnoop.h"

char LICENSE[] SEC("license") = "Dual BSD/GPL";

const volatile struct exit_config config = {};

/* 1 while the reader blocks, so that a record has to wake it; see wake_reader(). */
volatile __u32 reader_asleep;

/*
 * A ring buffer for each processor, or a few processors (own_ring()): where all write to one,
 * to take its lock and its lines of cache from each other costs more than the record. Maps of
 * their own, as to put rings into a map of maps takes a grace period each. Those that the
 * machine has no use for are not made. Where there are no ring buffers, the first is made a
 * perf event array before the load.
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

/* Records for which there was no room. */
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u64);
} lost SEC(".maps");

/*
 * Processes asked for by id. The value is 0 until the process has died, then its
 * start time: the reader sees that the death was reported, and a later process
 * with the same id is not taken for it. Descendants come and go by fork and exit.
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

/* A process by its identity: ids are used again, together with the start they are not. */
struct identity {
	__u64 start_time;
	__u32 tgid;
	__u32 signal; /* 0 where no signal is meant */
};

/* Deaths already reported, on kernels whose tracepoint does not say "the last". */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 16384);
	__type(key, struct identity);
	__type(value, __u8);
} claims SEC(".maps");

struct sender {
	__u64 fault_address;
	__s32 code;
	__u32 pid;
	__u32 uid;
	__u16 flags; /* enum record_flags */
	__u8 comm[COMM_SIZE];
};

/* Per process and signal: `timeout` sends TERM and then CONT, and TERM must stay. */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 8192);
	__type(key, struct identity);
	__type(value, struct sender);
} senders SEC(".maps");

struct detailed_record {
	__u64 used; /* of bytes; not sent */
	struct exit_record record;
	struct exit_detail detail;
	__u8 bytes[2 * PATH_BYTES + ARGS_MAX];
};

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct detailed_record);
} scratch SEC(".maps");

/*
 * Which program a function is part of; a constant at compile time.
 *
 * TYPED: a tp_btf program may follow kernel pointers itself, a load each; a raw_tp program
 * needs a helper call for each.
 *
 * WHOLE: the program has all there is, else what a basic event in the first PID namespace
 * needs. libbpf looks up the types of a whole program, also for branches that the
 * configuration closes: half the time to load.
 *
 * FAILED: only what failed, the most usual filter. Decided before the configuration is read, it
 * touches no line of cache but the process's own. For processes where group_dead is known.
 */
enum variant {
	BASIC = 0,
	TYPED = 1,
	WHOLE = 2,
	FAILED = 4,
};

#define READ(variant, ...) ((variant)&TYPED ? ___arrow(__VA_ARGS__) : BPF_CORE_READ(__VA_ARGS__))

/* Hides a value's history from the compiler, which else moves the bound away from its use. */
#define KEEP_BOUND(value) asm volatile("" : "+r"(value))

static __always_inline __u64 now(void)
{
	return config.monotonic_clock ? bpf_ktime_get_ns() : bpf_ktime_get_boot_ns();
}

static __always_inline __u64 start_time(struct task_struct *task, const int variant)
{
	/* Before 5.5 start_boottime had another name, and there is no boot clock to go with it. */
	if (config.monotonic_clock)
		return READ(variant, task, start_time);
	return READ(variant, task, start_boottime);
}

/* The id and its namespace at a level; the last, level pid->level, is the process's own. */
static __always_inline struct upid id_at_level(struct pid *pid, __u32 level)
{
	struct upid id = {};

	bpf_probe_read_kernel(&id, sizeof(id),
			      (void *)pid + bpf_core_field_offset(pid->numbers) + level * sizeof(id));
	return id;
}

/* The id in the reader's PID namespace, 0 where the process is not visible there. */
static __always_inline __u32 id_in_namespace(struct pid *pid)
{
	__u32 last = BPF_CORE_READ(pid, level);

	for (__u32 level = 0; level < 32 && level <= last; level++) {
		struct upid id = id_at_level(pid, level);

		if (BPF_CORE_READ(id.ns, ns.inum) == config.pid_namespace)
			return id.nr;
	}
	return 0;
}

static __always_inline __u32 tgid_of(struct task_struct *task, const int variant)
{
	if (variant & WHOLE && config.pid_namespace)
		return id_in_namespace(BPF_CORE_READ(task, group_leader, thread_pid));
	return READ(variant, task, tgid);
}

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
 * Wakes a reader that said it would block. To wake it for each record costs thirty times
 * the record itself, so a reader under load looks by a timer. The wake-up rides on an
 * empty sample, as the flag must be read after what the reader is to see: to submit a
 * record is an exchange, hence a full barrier (bpf_ringbuf_commit), so either the flag is
 * seen here, or the reader, which sets it before its last look, sees the record.
 */
static __always_inline void wake_reader(void)
{
	void *sample;

	if (config.perf_buffer || !reader_asleep)
		return;
	reader_asleep = 0;
	sample = bpf_ringbuf_reserve(own_ring(), sizeof(__u64), 0);
	if (sample)
		bpf_ringbuf_discard(sample, BPF_RB_FORCE_WAKEUP);
}

static __always_inline void send(void *ctx, struct exit_record *record, __u64 size)
{
	__u32 zero = 0;
	__u64 *count;
	long failed;

	if (config.perf_buffer)
		failed = bpf_perf_event_output(ctx, &events_0, BPF_F_CURRENT_CPU, record, size);
	else
		failed = bpf_ringbuf_output(own_ring(), record, size, BPF_RB_NO_WAKEUP);

	if (failed && record->kind == RECORD_EXIT) {
		count = bpf_map_lookup_elem(&lost, &zero);
		if (count)
			__sync_fetch_and_add(count, 1);
	}
	wake_reader();
}

/*
 * Whether this is the end of the process. signal->live is 0 for more than the last
 * thread (they pass here after all have left), so the first that sees it claims the
 * death.
 */
static __always_inline bool group_dead(unsigned long long *ctx, struct task_struct *task,
				       struct signal_struct *signal, const int variant)
{
	struct identity claim = {};
	__u8 claimed = 1;

	if (config.has_group_dead)
		return ctx[1];
	if (READ(variant, signal, live.counter))
		return false;
	claim.tgid = READ(variant, task, tgid);
	claim.start_time = start_time(READ(variant, task, group_leader), variant);
	return !bpf_map_update_elem(&claims, &claim, &claimed, BPF_NOEXIST);
}

/*
 * Threads pass here in any order, so some of a process may come after the last, when the
 * process has been taken out of the set of descendants already: it is remembered as claimed,
 * under LEFT in place of a signal.
 */
#define LEFT 1

static __always_inline struct identity left_process(struct exit_record *record, struct task_struct *leader,
						    const int variant)
{
	struct identity left = {
	    .start_time = start_time(leader, variant),
	    .tgid = record->host_pid,
	    .signal = LEFT,
	};

	return left;
}

static __always_inline bool has_left(struct exit_record *record, struct task_struct *leader,
				     const int variant)
{
	struct identity left = {};

	if (!config.per_thread || !config.include_children)
		return false;
	left = left_process(record, leader, variant);
	return bpf_map_lookup_elem(&claims, &left);
}

static __always_inline void leave(struct exit_record *record, struct task_struct *leader, const int variant)
{
	struct identity left;
	__u8 claimed = 1;

	if (config.per_thread) {
		left = left_process(record, leader, variant);
		bpf_map_update_elem(&claims, &left, &claimed, BPF_ANY);
	}
	bpf_map_delete_elem(&ids, &record->pid);
	wake_reader();
}

static __always_inline struct list_head *next_entry(struct list_head *entry)
{
	struct list_head *next = NULL;

	bpf_probe_read_kernel(&next, sizeof(next), &entry->next);
	return next;
}

static __always_inline struct kernfs_node *cgroup_node(struct css_set *set, const int variant)
{
	struct cgroup_subsys_state **states, *state = NULL;
	struct cgrp_cset_link link = {};
	struct list_head *head, *entry;
	struct cgroup *cgroup = NULL;
	int index = -1;

	if (config.cgroup_source == CGROUP_V2)
		return READ(variant, set, dfl_cgrp, kn);

	if (config.cgroup_source == CGROUP_MEMORY)
		index = bpf_core_enum_value(enum cgroup_subsys_id, memory_cgrp_id);
	else if (config.cgroup_source == CGROUP_PIDS)
		index = bpf_core_enum_value(enum cgroup_subsys_id, pids_cgrp_id);
	if (index >= 0) {
		states = (void *)set + bpf_core_field_offset(set->subsys) + index * sizeof(state);
		if (variant & TYPED)
			return (*states)->cgroup->kn;
		bpf_probe_read_kernel(&state, sizeof(state), states);
		bpf_probe_read_kernel(&cgroup, sizeof(cgroup), &state->cgroup);
		return BPF_CORE_READ(cgroup, kn);
	}

	/* A hierarchy without a controller, as name=systemd, is found by its id alone. */
	head = (void *)set + bpf_core_field_offset(set->cgrp_links);
	entry = next_entry(head);
	for (int i = 0; i < 16 && entry != head; i++) {
		bpf_probe_read_kernel(&link, sizeof(link),
				      (void *)entry - __builtin_offsetof(struct cgrp_cset_link, cgrp_link));
		if ((__u32)BPF_CORE_READ(link.cgrp, root, hierarchy_id) == config.cgroup_hierarchy)
			return BPF_CORE_READ(link.cgrp, kn);
		entry = next_entry(entry);
	}
	return NULL;
}

static __always_inline struct kernfs_node *parent_node(struct kernfs_node *node, const int variant)
{
	if (bpf_core_field_exists(node->__parent))
		return READ(variant, node, __parent);
	return READ(variant, node, parent);
}

static __always_inline bool in_cgroup(struct task_struct *task, const int variant)
{
	struct kernfs_node *node = cgroup_node(READ(variant, task, cgroups), variant);

	for (int i = 0; i < PATH_DEPTH && node; i++) {
		if (READ(variant, node, id) == config.cgroup_id)
			return true;
		node = parent_node(node, variant);
	}
	return false;
}

static __always_inline bool wanted_status(__u32 status)
{
	__u32 signal = status & 0x7f;
	__u32 code = status >> 8 & 0xff;

	if (config.failed && !status)
		return false;
	if (config.signals && !(signal && config.signals >> (signal - 1) & 1))
		return false;
	if (config.by_exit_code && (signal || !(config.exit_codes[code >> 6 & 3] >> (code & 63) & 1)))
		return false;
	return true;
}

/* The filters on who the process is; those on how it ended are in wanted_status(). */
static __always_inline bool wanted_process(struct task_struct *task, struct exit_record *record,
					   const int variant)
{
	__u32 uid;

	if (variant & WHOLE && config.pid_namespace && !record->pid)
		return false;
	if (config.by_parent && !bpf_map_lookup_elem(&parents, &record->ppid))
		return false;
	if (config.by_user) {
		uid = bpf_get_current_uid_gid();
		if (!bpf_map_lookup_elem(&users, &uid))
			return false;
	}
	if (config.minimum_age && record->exit_time - record->start_time < config.minimum_age)
		return false;
	if (variant & WHOLE && config.cgroup_id && !in_cgroup(task, variant))
		return false;
	return true;
}

/*
 * Appends a name and its NUL; false: there was no room. How much is used is kept in memory,
 * of which the verifier remembers nothing: in a register it would be followed through every
 * turn of the loops below, each with bounds of its own.
 */
static __always_inline bool put_name(struct detailed_record *all, __u64 limit, const void *name)
{
	__u64 end = all->used;
	long size;

	if (end > limit - NAME_MAX_SIZE)
		return false;
	size = bpf_probe_read_kernel_str(&all->bytes[end], NAME_MAX_SIZE, name);
	if (size <= 0)
		return false;
	all->used = end + size;
	return true;
}

/*
 * The executable's path, from its last component up over mounts to the root (fs/d_path.c).
 * Most lie in one mount: the loop through that is the fast one and goes further.
 */
static __always_inline void put_path(struct detailed_record *all, struct mm_struct *mm, const int variant)
{
	struct file *file = READ(variant, mm, exe_file);
	struct dentry *dentry = READ(variant, file, f_path.dentry), *parent;
	struct vfsmount *inner = READ(variant, file, f_path.mnt);
	struct dentry *root = READ(variant, inner, mnt_root);
	struct mount *mount = (void *)inner - bpf_core_field_offset(struct mount, mnt), *outer;

	if (!file)
		return;
	for (int i = 0; i < PATH_DEPTH && dentry != root; i++) {
		parent = READ(variant, dentry, d_parent);
		if (dentry == parent) {
			/* A file in memory (memfd_create) stands alone, and its name is all there is. */
			if (!i)
				put_name(all, PATH_BYTES, READ(variant, dentry, d_name.name));
			return;
		}
		if (!put_name(all, PATH_BYTES, READ(variant, dentry, d_name.name)))
			goto cut;
		dentry = parent;
	}
	for (int i = 0; i < PATH_DEPTH / 2; i++) {
		if (dentry == BPF_CORE_READ(mount, mnt.mnt_root)) {
			outer = BPF_CORE_READ(mount, mnt_parent);
			if (outer == mount)
				return;
			dentry = BPF_CORE_READ(mount, mnt_mountpoint);
			mount = outer;
			continue;
		}
		parent = BPF_CORE_READ(dentry, d_parent);
		if (dentry == parent)
			return;
		if (!put_name(all, PATH_BYTES, BPF_CORE_READ(dentry, d_name.name)))
			break;
		dentry = parent;
	}
	if (dentry == BPF_CORE_READ(mount, mnt.mnt_root) && mount == BPF_CORE_READ(mount, mnt_parent))
		return;
cut:
	all->record.flags |= RECORD_PATH_CUT;
}

static __always_inline void put_cgroup(struct detailed_record *all, struct kernfs_node *node,
				       const int variant)
{
	struct kernfs_node *parent;

	for (int i = 0; i < PATH_DEPTH && node; i++) {
		parent = parent_node(node, variant);
		if (!parent || !put_name(all, 2 * PATH_BYTES, READ(variant, node, name)))
			break;
		node = parent;
	}
}

/* The arguments as they stand in the process's own memory, as /proc/PID/cmdline shows them. */
static __always_inline void put_arguments(struct detailed_record *all, struct mm_struct *mm,
					  const int variant)
{
	unsigned long start = READ(variant, mm, arg_start);
	__u64 size = READ(variant, mm, arg_end) - start;
	__u64 end = all->used;
	__u8 last = 0;
	long title;

	if (end > 2 * PATH_BYTES || !size)
		return;

	/*
	 * Whoever writes over the last NUL has set a title, a single text that may go on
	 * over the environment: setproctitle(3), get_mm_cmdline() in fs/proc/base.c.
	 */
	bpf_probe_read_user(&last, sizeof(last), (void *)(start + size - 1));
	if (last) {
		title = bpf_probe_read_user_str(&all->bytes[end], ARGS_MAX, (void *)start);
		if (title > 0)
			all->used = end + title;
		if (title == ARGS_MAX) {
			bpf_probe_read_user(&last, sizeof(last), (void *)(start + ARGS_MAX - 1));
			if (last)
				all->record.flags |= RECORD_ARGS_CUT;
		}
		return;
	}

	if (size > ARGS_MAX) {
		size = ARGS_MAX;
		all->record.flags |= RECORD_ARGS_CUT;
	}
	KEEP_BOUND(size);
	if (size > ARGS_MAX)
		return;
	if (!bpf_probe_read_user(&all->bytes[end], size, (void *)start))
		all->used = end + size;
}

static __always_inline void put_command(struct detailed_record *all, struct mm_struct *mm,
					struct kernfs_node *cgroup, const int variant)
{
	bool has_memory = mm && !(all->record.flags & RECORD_KTHREAD);

	all->used = 0;
	if (has_memory)
		put_path(all, mm, variant);
	all->detail.path_size = all->used;
	put_cgroup(all, cgroup, variant);
	all->detail.cgroup_size = all->used - all->detail.path_size;
	if (has_memory)
		put_arguments(all, mm, variant);
	all->detail.args_size = all->used - all->detail.path_size - all->detail.cgroup_size;
}

static __always_inline void send_with_bytes(void *ctx, struct detailed_record *all)
{
	__u64 size = all->used;

	if (size <= sizeof(all->bytes))
		send(ctx, &all->record, sizeof(all->record) + sizeof(all->detail) + size);
}

static __always_inline void add_thread(struct exit_detail *detail, struct task_struct *thread,
				       const int variant)
{
	detail->cpu_time += READ(variant, thread, se.sum_exec_runtime);
	detail->user_time += READ(variant, thread, utime);
	detail->system_time += READ(variant, thread, stime);
	detail->minor_faults += READ(variant, thread, min_flt);
	detail->major_faults += READ(variant, thread, maj_flt);
	detail->voluntary_switches += READ(variant, thread, nvcsw);
	detail->involuntary_switches += READ(variant, thread, nivcsw);
	if (bpf_core_field_exists(thread->ioac)) {
		detail->read_bytes += READ(variant, thread, ioac.read_bytes);
		detail->write_bytes += READ(variant, thread, ioac.write_bytes);
	}
}

/*
 * What the process used: what signal_struct has summed from threads already released
 * (__exit_signal in kernel/exit.c), then those not yet released. In this order a thread
 * that moves from one to the other in between is missed, never counted twice.
 */
static __always_inline void put_resources(struct exit_detail *detail, struct task_struct *task,
					  struct signal_struct *signal, bool thread, const int variant)
{
	struct list_head *head, *entry;

	detail->max_rss = READ(variant, signal, maxrss);
	if (thread) {
		add_thread(detail, task, variant);
		return;
	}
	detail->cpu_time = READ(variant, signal, sum_sched_runtime);
	detail->user_time = READ(variant, signal, utime);
	detail->system_time = READ(variant, signal, stime);
	detail->minor_faults = READ(variant, signal, min_flt);
	detail->major_faults = READ(variant, signal, maj_flt);
	detail->voluntary_switches = READ(variant, signal, nvcsw);
	detail->involuntary_switches = READ(variant, signal, nivcsw);
	if (bpf_core_field_exists(signal->ioac)) {
		detail->read_bytes = READ(variant, signal, ioac.read_bytes);
		detail->write_bytes = READ(variant, signal, ioac.write_bytes);
	}

	if (READ(variant, signal, nr_threads) == 1) {
		add_thread(detail, task, variant);
		return;
	}
	head = (void *)signal + bpf_core_field_offset(signal->thread_head);
	entry = next_entry(head);
	for (int i = 0; i < 32 && entry != head; i++) {
		add_thread(detail, (void *)entry - bpf_core_field_offset(task->thread_node), WHOLE);
		entry = next_entry(entry);
	}
}

static __always_inline void put_sender(struct detailed_record *all, struct signal_struct *signal, __u64 start,
				       const int variant)
{
	struct identity killed = {
	    .start_time = start,
	    .tgid = all->record.host_pid,
	    .signal = all->record.wait_status & 0x7f,
	};
	struct sender *sender;

	if (!killed.signal)
		return;
	/* Whoever happened to allocate runs the OOM killer (mark_oom_victim): not a sender. */
	if (killed.signal == SIGKILL && READ(variant, signal, oom_mm)) {
		all->record.flags |= RECORD_OOM_KILLED;
		return;
	}
	sender = bpf_map_lookup_elem(&senders, &killed);
	if (!sender)
		return;
	all->record.flags |= sender->flags;
	all->detail.signal_code = sender->code;
	all->detail.fault_address = sender->fault_address;
	all->detail.sender_pid = sender->pid;
	all->detail.sender_uid = sender->uid;
	__builtin_memcpy(all->detail.sender_comm, sender->comm, COMM_SIZE);
}

/*
 * Pointers of the task's are read once and first: at each place that reads one, and each time that
 * it gets there, the verifier searches all the kernel's types for what may be trusted.
 */
static __always_inline void send_detailed(void *ctx, struct task_struct *task, struct task_struct *parent,
					  struct signal_struct *signal, struct exit_record *record,
					  __u64 leader_start, const int variant)
{
	__u32 zero = 0, level;
	__u64 user_and_group = bpf_get_current_uid_gid();
	struct mm_struct *mm = READ(variant, task, mm);
	struct kernfs_node *cgroup = cgroup_node(READ(variant, task, cgroups), variant);
	struct pid *pid = READ(variant, signal, pids[PIDTYPE_TGID]);
	struct pid *session = READ(variant, signal, pids[PIDTYPE_SID]);
	struct detailed_record *all = bpf_map_lookup_elem(&scratch, &zero);
	struct exit_detail *detail;

	if (!all)
		return;
	all->record = *record;
	all->record.flags |= RECORD_DETAIL;
	detail = &all->detail;
	__builtin_memset(detail, 0, sizeof(*detail));

	detail->uid = user_and_group;
	detail->gid = user_and_group >> 32;
	BPF_CORE_READ_INTO(&detail->parent_comm, parent, group_leader, comm);
	if (config.pid_namespace)
		detail->session = id_in_namespace(session);
	else
		detail->session = id_at_level(session, 0).nr;
	level = READ(variant, pid, level);
	detail->namespace_pid = level ? id_at_level(pid, level).nr : record->host_pid;

	put_resources(detail, task, signal, record->flags & RECORD_THREAD, variant);
	put_sender(all, signal, leader_start, variant);
	put_command(all, mm, cgroup, variant);

	send_with_bytes(ctx, all);
}

/* The rest of the record, for an exit whose status is wanted. */
static __always_inline void report(void *ctx, struct task_struct *task, struct task_struct *leader,
				   struct signal_struct *signal, struct exit_record *record,
				   const int variant)
{
	struct task_struct *subject = config.per_thread ? task : leader;
	struct task_struct *parent = READ(variant, leader, real_parent);
	__u64 leader_start = start_time(leader, variant);

	record->exit_time = now();
	record->start_time = config.per_thread ? start_time(subject, variant) : leader_start;
	record->ppid = tgid_of(parent, variant);
	if (!wanted_process(leader, record, variant))
		return;
	record->tid = record->pid;
	if (config.per_thread)
		record->tid = variant & WHOLE && config.pid_namespace
				  ? id_in_namespace(BPF_CORE_READ(task, thread_pid))
				  : (__u32)READ(variant, task, pid);
	if (READ(variant, task, flags) & PF_KTHREAD)
		record->flags |= RECORD_KTHREAD;
	bpf_core_read(&record->comm, COMM_SIZE, &subject->comm);

	if (variant & WHOLE && config.detail)
		send_detailed(ctx, task, parent, signal, record, leader_start, variant);
	else
		send(ctx, record, sizeof(*record));
}

/* What wait_task_zombie() gives to waitpid(2), or how this thread left. */
static __always_inline __u32 wait_status(struct task_struct *task, struct signal_struct *signal,
					 const int variant)
{
	if (config.per_thread)
		return READ(variant, task, exit_code);
	/* From 6.0 on the flag is set at every death, and has_group_dead says 6.16. */
	if (config.has_group_dead || READ(variant, signal, flags) & SIGNAL_GROUP_EXIT)
		return READ(variant, signal, group_exit_code);
	return READ(variant, task, group_leader, exit_code);
}

static __always_inline int process_exit_common(unsigned long long *ctx, const int variant)
{
	struct task_struct *task = (void *)ctx[0], *leader;
	struct signal_struct *signal;
	struct exit_record record;
	__u64 *watched = NULL;
	bool dead = false, wanted;
	__u32 status;

	signal = READ(variant, task, signal);
	if (variant & FAILED && (!ctx[1] || !READ(variant, signal, group_exit_code)))
		return 0;

	/* For most exits that are not wanted it ends here: nothing is prepared before. */
	if (!config.per_thread || config.by_id)
		dead = group_dead(ctx, task, signal, variant);
	if (!config.per_thread && !dead)
		return 0;
	status = wait_status(task, signal, variant);
	wanted = wanted_status(status);
	if (!wanted && !config.by_id)
		return 0;

	__builtin_memset(&record, 0, sizeof(record));
	record.wait_status = status;
	record.flags = (config.per_thread ? RECORD_THREAD : 0) | (dead ? RECORD_GROUP_DEAD : 0);
	record.host_pid = READ(variant, task, tgid);
	record.pid = tgid_of(task, variant);
	leader = READ(variant, task, group_leader);
	if (config.by_id) {
		watched = bpf_map_lookup_elem(&ids, &record.pid);
		if (watched ? *watched && *watched != start_time(leader, variant)
			    : !has_left(&record, leader, variant))
			return 0;
	}
	if (wanted)
		report(ctx, task, leader, signal, &record, variant);

	/* Last: a reader that finds the process gone from here has its record already. */
	if (watched && dead && config.include_children)
		leave(&record, leader, variant);
	else if (watched && dead)
		*watched = start_time(leader, variant);
	return 0;
}

SEC("tp_btf/sched_process_exit")
int process_exit(unsigned long long *ctx)
{
	return process_exit_common(ctx, WHOLE | TYPED);
}

SEC("raw_tp/sched_process_exit")
int process_exit_raw(unsigned long long *ctx)
{
	return process_exit_common(ctx, WHOLE);
}

SEC("tp_btf/sched_process_exit")
int basic_exit(unsigned long long *ctx)
{
	return process_exit_common(ctx, BASIC | TYPED);
}

SEC("tp_btf/sched_process_exit")
int process_failed(unsigned long long *ctx)
{
	return process_exit_common(ctx, WHOLE | TYPED | FAILED);
}

SEC("tp_btf/sched_process_exit")
int basic_failed(unsigned long long *ctx)
{
	return process_exit_common(ctx, BASIC | TYPED | FAILED);
}

SEC("raw_tp/sched_process_exit")
int basic_exit_raw(unsigned long long *ctx)
{
	return process_exit_common(ctx, BASIC);
}

#define BIT(signal) (1ULL << ((signal)-1))
#define HARMLESS                                                                                             \
	(BIT(SIGCHLD) | BIT(SIGCONT) | BIT(SIGSTOP) | BIT(SIGTSTP) | BIT(SIGTTIN) | BIT(SIGTTOU) |           \
	 BIT(SIGURG) | BIT(SIGWINCH))
#define FAULTS (BIT(SIGSEGV) | BIT(SIGBUS) | BIT(SIGILL) | BIT(SIGFPE) | BIT(SIGTRAP))

/*
 * Who sent a signal that can kill: kernel/signal.c, __send_signal_locked. Only one that
 * was really queued counts; an ignored or already pending one killed nobody.
 */
SEC("raw_tp/signal_generate")
int signal_generate(unsigned long long *ctx)
{
	int signal = ctx[0];
	struct kernel_siginfo *info = (void *)ctx[1];
	struct task_struct *task = (void *)ctx[2], *sending;
	int result = ctx[4];
	struct identity target = {};
	struct sender sender = {};

	if (signal < 1 || signal > 64 || HARMLESS >> (signal - 1) & 1)
		return 0;
	if (result != TRACE_SIGNAL_DELIVERED && result != TRACE_SIGNAL_LOSE_INFO)
		return 0;

	sender.flags = RECORD_SENDER;
	if ((unsigned long)info == SEND_SIG_NOINFO) {
		sender.code = SI_USER;
	} else if ((unsigned long)info == SEND_SIG_PRIV) {
		sender.code = SI_KERNEL;
	} else {
		sender.code = BPF_CORE_READ(info, si_code);
		if (FAULTS >> (signal - 1) & 1 && sender.code > 0 && sender.code != SI_KERNEL) {
			sender.flags |= RECORD_FAULT_ADDRESS;
			sender.fault_address = (unsigned long)BPF_CORE_READ(info, _sifields._sigfault._addr);
		}
	}

	/*
	 * These codes come from a system call of the task that runs. Timers and the kernel's
	 * own signals are sent from wherever they struck, and nobody there sent them.
	 */
	if (sender.code == SI_USER || sender.code == SI_TKILL || sender.code == SI_QUEUE ||
	    sender.code == SI_MESGQ) {
		sender.flags |= RECORD_SENDER_TASK;
		sending = (void *)bpf_get_current_task();
		sender.pid = tgid_of(sending, WHOLE);
		sender.uid = bpf_get_current_uid_gid();
		BPF_CORE_READ_INTO(&sender.comm, sending, group_leader, comm);
	}

	target.tgid = BPF_CORE_READ(task, tgid);
	target.start_time = start_time(BPF_CORE_READ(task, group_leader), WHOLE);
	target.signal = signal;
	bpf_map_update_elem(&senders, &target, &sender, BPF_ANY);
	return 0;
}

/* A child of a process asked for is asked for too: kernel/fork.c, kernel_clone. */
SEC("raw_tp/sched_process_fork")
int process_fork(unsigned long long *ctx)
{
	struct task_struct *parent = (void *)ctx[0], *child = (void *)ctx[1];
	__u32 parent_id, child_id;
	__u64 *watched, alive = 0;

	if (BPF_CORE_READ(child, pid) != BPF_CORE_READ(child, tgid))
		return 0;
	parent_id = tgid_of(parent, WHOLE);
	watched = bpf_map_lookup_elem(&ids, &parent_id);
	if (!watched || *watched)
		return 0;
	child_id = tgid_of(child, WHOLE);
	bpf_map_update_elem(&ids, &child_id, &alive, BPF_ANY);
	return 0;
}

/*
 * The command, where it is gone by the time of the exit: before 6.16 the tracepoint came
 * after exit_mm(). The reader keeps it until the process dies.
 */
SEC("raw_tp/sched_process_exec")
int process_exec(unsigned long long *ctx)
{
	struct task_struct *task = (void *)ctx[0];
	__u32 zero = 0;
	struct detailed_record *all = bpf_map_lookup_elem(&scratch, &zero);

	if (!all)
		return 0;
	__builtin_memset(&all->record, 0, sizeof(all->record));
	__builtin_memset(&all->detail, 0, sizeof(all->detail));
	all->record.kind = RECORD_EXEC;
	all->record.flags = RECORD_DETAIL;
	all->record.host_pid = BPF_CORE_READ(task, tgid);
	all->record.start_time = start_time(BPF_CORE_READ(task, group_leader), WHOLE);
	put_command(all, BPF_CORE_READ(task, mm), cgroup_node(BPF_CORE_READ(task, cgroups), WHOLE), WHOLE);

	send_with_bytes(ctx, all);
	return 0;
}
