/* SPDX-License-Identifier: (GPL-2.0-only OR Apache-2.0) */
/* The executable, the cgroup and the arguments of a process: the bytes behind a record. */
#ifndef EXITSNOOP_COMMAND_H
#define EXITSNOOP_COMMAND_H

#include "cgroup.h"
#include "maps.h"
#include "read.h"

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

#endif
