/* SPDX-License-Identifier: (GPL-2.0-only OR Apache-2.0) */
/* The bytes after a record: executable, working directory, cgroup and arguments of a process. */
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

	/*
	 * Where the limit is not a constant (put_mounted_path), the second comparison is the bound for the
	 * verifier.
	 */
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
 * A path, from its last component up across mounts to the root (fs/d_path.c). Most paths need only the mount
 * of the file, so the loop over that mount uses typed loads if it can and reads up to PATH_DEPTH components.
 * Returns false if the path is longer than what was stored.
 */
static __always_inline bool put_path(struct detailed_record *all, __u64 limit, struct vfsmount *inner,
				     struct dentry *dentry, __u32 user, const int variant)
{
	struct dentry *root = READ(variant, inner, mnt_root), *parent;

	for (int i = 0; i < PATH_DEPTH && dentry != root; i++) {
		parent = READ(variant, dentry, d_parent);
		if (dentry == parent) {
			/* A file in memory (memfd_create) has no parent directory: store its name alone. */
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
 * The address where the environment begins; 0 if it is not known. prctl(PR_SET_MM) can change mm->env_start,
 * so this also reads what the kernel wrote to mm->start_stack at exec: argc, the pointers to the arguments, a
 * NULL and the pointers to the environment (create_elf_tables() in fs/binfmt_elf.c). It ignores pointers
 * below the stack: setenv(3) stores pointers to the heap there. prctl(2) can change start_stack, too, and
 * then both can be wrong.
 */
static __always_inline unsigned long environment_start(struct detailed_record *all, struct mm_struct *mm,
						       const int variant)
{
	unsigned long stack = READ(variant, mm, start_stack), start = READ(variant, mm, env_start);
	/*
	 * One read is enough for a few arguments. A second read costs more than the bytes that are read in
	 * vain.
	 */
	unsigned long *words = (unsigned long *)&all->bytes[PATHS_END];
	unsigned long arguments = 0, first = 0;
	bool whole = !bpf_probe_read_user(words, STACK_WORDS * sizeof(*words), (void *)stack);

	if (whole)
		arguments = words[0];
	else
		bpf_probe_read_user(&arguments, sizeof(arguments), (void *)stack);
	KEEP_BOUND(arguments);
	/*
	 * In a 32-bit process the upper half of argc is a pointer, so argc is huge and only mm->env_start is
	 * used.
	 */
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

/* Whether an environment string (NAME=value) begins at this byte. A space before any "=" means a title. */
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
 * Reads arguments to the end of the bytes in use. Up to 5.14 the verifier loses the bounds of a number that
 * the compiler has spilled to the stack, so both numbers are compared right before they are used.
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

/* If only a part of the arguments is in memory, reads that part: 4 KiB are in at most two pages. */
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
 * The arguments in the process's own memory, as /proc/PID/cmdline shows them, but never a byte of the
 * environment. arg_end is 0 after an execve(2) that failed when it had already replaced the memory.
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
	 * A process that has overwritten the last NUL has set a title (setproctitle(3)): a single string,
	 * which may continue where the environment was. get_mm_cmdline() in fs/proc/base.c does the same.
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

/* Appends the command to the bytes in use and sets the sizes of its parts. */
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
