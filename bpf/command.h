/* SPDX-License-Identifier: (GPL-2.0-only OR Apache-2.0) */
/* The executable, the cgroup and the arguments of a process: the bytes behind a record. */
#ifndef EXITSNOOP_COMMAND_H
#define EXITSNOOP_COMMAND_H

#include "cgroup.h"
#include "maps.h"
#include "read.h"

/*
 * Appends a name and its NUL; returns false if there is no room. The number of bytes used is kept in
 * memory, which the verifier does not track. In a register, it would check each iteration of the loops
 * below with different bounds.
 */
static __always_inline bool put_name(struct detailed_record *all, __u64 limit, const void *name)
{
	__u64 end = all->used;
	long size;

	/* Where the limit is not a constant (put_mounted_path), the second comparison is the bound for the verifier. */
	if (end > limit - NAME_MAX_SIZE || end > PATHS_END - NAME_MAX_SIZE)
		return false;
	size = bpf_probe_read_kernel_str(&all->bytes[end], NAME_MAX_SIZE, name);
	if (size <= 0)
		return false;
	all->used = end + size;
	return true;
}

/*
 * Continues a path across mounts up to the root. It is global and noinline, so the verifier checks it once
 * instead of for each call and each path to it. Returns 0 if the path is longer than what was stored.
 */
__attribute__((noinline)) int put_mounted_path(__u32 user, __u64 limit)
{
	struct detailed_record *all = scratch_of(user);
	struct mount *mount, *outer;
	struct dentry *dentry, *parent;

	if (!all)
		return 0;
	mount = all->walk.path.mount;
	dentry = all->walk.path.dentry;
	for (int i = 0; i < PATH_DEPTH / 2; i++) {
		if (dentry == BPF_CORE_READ(mount, mnt.mnt_root)) {
			outer = BPF_CORE_READ(mount, mnt_parent);
			if (outer == mount)
				return 1;
			dentry = BPF_CORE_READ(mount, mnt_mountpoint);
			mount = outer;
			continue;
		}
		parent = BPF_CORE_READ(dentry, d_parent);
		if (dentry == parent)
			return 1;
		if (!put_name(all, limit, BPF_CORE_READ(dentry, d_name.name)))
			return 0;
		dentry = parent;
	}
	return dentry == BPF_CORE_READ(mount, mnt.mnt_root) && mount == BPF_CORE_READ(mount, mnt_parent);
}

/*
 * A path, from its last component up over mounts to the root (fs/d_path.c). Most lie in one mount:
 * the loop through that is the fast one and goes further. False: it is longer than what was put.
 */
static __always_inline bool put_path(struct detailed_record *all, __u64 limit, struct vfsmount *inner,
				     struct dentry *dentry, __u32 user, const int variant)
{
	struct dentry *root = READ(variant, inner, mnt_root), *parent;

	for (int i = 0; i < PATH_DEPTH && dentry != root; i++) {
		parent = READ(variant, dentry, d_parent);
		if (dentry == parent) {
			/* A file in memory (memfd_create) stands alone, and its name is all there is. */
			if (!i)
				put_name(all, limit, READ(variant, dentry, d_name.name));
			return true;
		}
		if (!put_name(all, limit, READ(variant, dentry, d_name.name)))
			return false;
		dentry = parent;
	}
	all->walk.path.mount = (void *)inner - bpf_core_field_offset(struct mount, mnt);
	all->walk.path.dentry = dentry;
	return put_mounted_path(user, limit);
}

static __always_inline void put_executable(struct detailed_record *all, struct mm_struct *mm, __u32 user, const int variant)
{
	struct file *file = READ(variant, mm, exe_file);

	if (file && !put_path(all, PATH_END, READ(variant, file, f_path.mnt), READ(variant, file, f_path.dentry), user, variant))
		all->record.flags |= RECORD_PATH_CUT;
}

static __always_inline void put_directory(struct detailed_record *all, struct fs_struct *fs, __u32 user, const int variant)
{
	if (fs && !put_path(all, DIRECTORY_END, READ(variant, fs, pwd.mnt), READ(variant, fs, pwd.dentry), user, variant))
		all->record.flags |= RECORD_DIRECTORY_CUT;
}

static __always_inline void put_cgroup(struct detailed_record *all, struct kernfs_node *node,
				       const int variant)
{
	struct kernfs_node *parent;

	for (int i = 0; i < PATH_DEPTH && node; i++) {
		parent = parent_node(node, variant);
		if (!parent)
			return;
		if (!put_name(all, PATHS_END, READ(variant, node, name)))
			break;
		node = parent;
	}
	if (node && parent_node(node, variant))
		all->record.flags |= RECORD_CGROUP_CUT;
}

#define STACK_WORDS 16

/*
 * Where the environment begins; 0: that is not known. mm->env_start is what prctl(PR_SET_MM) last said; what the
 * kernel wrote at exec is at mm->start_stack: argc, the pointers to the arguments, a NULL and the pointers to the
 * environment (create_elf_tables() in fs/binfmt_elf.c). setenv(3) replaces pointers there by some into the
 * heap, which is below the stack. prctl(2) can set start_stack too, and then neither need be right.
 */
static __always_inline unsigned long environment_start(struct detailed_record *all, struct mm_struct *mm,
						       const int variant)
{
	unsigned long stack = READ(variant, mm, start_stack), start = READ(variant, mm, env_start);
	/* Read in one go where there are few arguments: each read costs more than its bytes. */
	unsigned long *words = (unsigned long *)&all->bytes[PATHS_END];
	unsigned long arguments = 0, first = 0;
	bool whole = !bpf_probe_read_user(words, STACK_WORDS * sizeof(*words), (void *)stack);

	if (whole)
		arguments = words[0];
	else
		bpf_probe_read_user(&arguments, sizeof(arguments), (void *)stack);
	KEEP_BOUND(arguments);
	/* In a 32-bit process the upper half is a pointer: there is mm->env_start alone. */
	if (whole && arguments < STACK_WORDS - 2)
		first = words[arguments + 2];
	else if (arguments <= 1 << 23)
		bpf_probe_read_user(&first, sizeof(first),
				    (void *)(stack + (arguments + 2) * sizeof(first)));
	if (start <= stack)
		start = ~0UL;
	if (first > stack && first < start)
		return first;
	return start == ~0UL ? 0 : start;
}

/* Whether an environment string, NAME=value, begins at this byte. A title has a blank before any "=". */
__attribute__((noinline)) int is_environment(__u64 at, __u32 user)
{
	struct detailed_record *all = scratch_of(user);
	__u64 place;
	__u8 byte;

	if (!all)
		return false;
	for (int i = 0; i < NAME_MAX_SIZE; i++) {
		place = at + i;
		KEEP_BOUND(place);
		if (place >= sizeof(all->bytes))
			return false;
		byte = all->bytes[place];
		if (byte == '=')
			return true;
		if (!byte || byte == ' ')
			return false;
	}
	return false;
}

/*
 * Reads arguments behind the bytes that there are. Up to 5.14 the verifier forgets the bound of a number that the
 * compiler keeps on the stack for a while, so both are compared right before they are used.
 */
static __always_inline long read_arguments(struct detailed_record *all, unsigned long start, __u64 size)
{
	__u64 end = all->used;

	KEEP_BOUND(size);
	KEEP_BOUND(end);
	if (!size || size > ARGS_MAX || end > PATHS_END)
		return -1;
	return bpf_probe_read_user(&all->bytes[end], size, (void *)start);
}

static __always_inline long read_title(struct detailed_record *all, unsigned long start)
{
	__u64 end = all->used;

	KEEP_BOUND(end);
	if (end > PATHS_END)
		return -1;
	return bpf_probe_read_user_str(&all->bytes[end], ARGS_MAX, (void *)start);
}

/* If only a part of the arguments is in memory, reads that part: 4 KiB lie in at most two pages. */
static __always_inline void put_resident_arguments(struct detailed_record *all, unsigned long start,
						   __u64 size)
{
	__u64 first = ARGS_MAX - (start & (ARGS_MAX - 1));

	if (first > size)
		first = size;
	if (!read_arguments(all, start, first)) {
		all->used += first;
	} else if (!read_arguments(all, start + first, size - first)) {
		all->record.flags |= RECORD_ARGS_HEAD_CUT;
		all->used += size - first;
	}
}

/*
 * The arguments as they stand in the process's own memory, as /proc/PID/cmdline shows them, but never
 * the environment. arg_end is 0 where an execve failed after it had dropped the old memory.
 */
static __always_inline void put_arguments(struct detailed_record *all, struct mm_struct *mm, __u32 user,
					  const int variant)
{
	unsigned long start = READ(variant, mm, arg_start), stop = READ(variant, mm, arg_end);
	unsigned long environment;
	bool may_overflow, cut = false;
	__u64 size, place;
	__u8 last = 0;
	long title;

	if (start >= stop)
		return;
	environment = environment_start(all, mm, variant);
	may_overflow = stop == environment && stop == READ(variant, mm, env_start);
	if (stop > environment) {
		cut = true;
		stop = environment;
	}
	size = stop > start ? stop - start : 0;
	if (size > ARGS_MAX) {
		size = ARGS_MAX;
		cut = true;
	}
	if (!size)
		goto mark;
	if (read_arguments(all, start, size)) {
		put_resident_arguments(all, start, size);
		cut = true;
		goto mark;
	}

	/*
	 * Whoever writes over the last NUL has set a title, a single text that may go on
	 * over the environment: setproctitle(3), get_mm_cmdline() in fs/proc/base.c.
	 */
	place = all->used + size - 1;
	KEEP_BOUND(place);
	if (stop - start == size && place < sizeof(all->bytes))
		last = all->bytes[place];
	else
		bpf_probe_read_user(&last, sizeof(last), (void *)(stop - 1));
	title = last ? read_title(all, start) : 0;
	if (title > 0 && (__u64)title <= size) {
		size = title;
		cut = false;
	} else if (title > 0) {
		cut = !may_overflow || start + title > READ(variant, mm, env_end) ||
		      is_environment(all->used + size, user);
		if (!cut)
			size = title;
	}
	if (title == ARGS_MAX) {
		bpf_probe_read_user(&last, sizeof(last), (void *)(start + ARGS_MAX - 1));
		cut |= last;
	}
	all->used += size;
mark:
	if (cut)
		all->record.flags |= RECORD_ARGS_CUT;
}

/* Goes on behind what all->used bytes already hold. */
static __always_inline void put_command(struct detailed_record *all, struct mm_struct *mm, struct fs_struct *fs,
					struct kernfs_node *cgroup, __u32 user, const int variant)
{
	bool has_memory = mm && !(all->record.flags & RECORD_KTHREAD);
	__u64 start = all->used;

	if (has_memory)
		put_executable(all, mm, user, variant);
	all->detail.path_size = all->used - start;
	start = all->used;
	if (!(all->record.flags & RECORD_KTHREAD))
		put_directory(all, fs, user, variant);
	all->detail.directory_size = all->used - start;
	start = all->used;
	put_cgroup(all, cgroup, variant);
	all->detail.cgroup_size = all->used - start;
	start = all->used;
	if (has_memory)
		put_arguments(all, mm, user, variant);
	all->detail.args_size = all->used - start;
}

#endif
