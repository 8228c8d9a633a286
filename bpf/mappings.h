/* SPDX-License-Identifier: (GPL-2.0-only OR Apache-2.0) */
/* The executable mappings of the running process, with the paths and the identity of their files. */
#ifndef EXITSNOOP_MAPPINGS_H
#define EXITSNOOP_MAPPINGS_H

#include "kernel.h"
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>
#include "crash_record.h"
#include "maps.h"

/*
 * A walk through the maple tree of mappings. The layout of its nodes is that of include/linux/maple_tree.h
 * for 64 bits in all kernels that have it (6.1 to 7.3). Neither the kernel's own types nor bpf_iter_task_vma
 * (6.7) are used, because some kernels lack them: libbpf would search the modules for a missing type, which
 * only root may do. Nodes are freed under RCU, so a node that changes meanwhile is at worst read in its old
 * state.
 */
#define MAPLE_LEVELS 6
#define MAPLE_STEPS 8192
#define MAPLE_NODE(entry) ((void *)((entry) & ~0xffULL))
#define MAPLE_TYPE(entry) ((entry) >> 3 & 0xf)
#define MAPLE_LEAF 1
#define MAPLE_ARANGE 3
#define MAPLE_RANGE_PIVOTS 15 /* maple_leaf_64, maple_range_64: parent, pivots, slots, of which the last may be the metadata */
#define MAPLE_ARANGE_PIVOTS 9 /* maple_arange_64: parent, pivots, slots, gaps, metadata */

struct maple_level {
	__u64 entry; /* the node, with its type in the last bits */
	__u64 last;  /* the last address that the node covers */
	__u32 slot;  /* the next one to read */
	__u32 end;   /* the last slot in use */
};

/*
 * The position of the walk. It is stored at the end of the record's room for paths until the walk is over.
 * The verifier does not track values in memory; on the stack, it would check each step of the walk
 * separately.
 */
struct maple_walk {
	struct maple_level levels[MAPLE_LEVELS];
	__u32 level;
};

#define WALK_OF(crash) ((struct maple_walk *)&(crash)->paths[CRASH_PATHS - sizeof(struct maple_walk)])

struct maple_context {
	struct crash_record *crash;
};

static __always_inline bool put_component(struct crash_record *crash, const void *name)
{
	__u64 end = crash->path_bytes;
	long size;

	if (end > CRASH_PATHS - sizeof(struct maple_walk) - 256)
		return false;
	size = bpf_probe_read_kernel_str(&crash->paths[end], 256, name);
	if (size <= 0)
		return false;
	crash->path_bytes = end + size;
	return true;
}

/* The path from its last component up across mounts to the root (fs/d_path.c). */
static __always_inline void put_file_path(struct crash_record *crash, struct dentry *dentry,
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
		if (!put_component(crash, BPF_CORE_READ(dentry, d_name.name)))
			break;
		/* A file in memory (memfd_create) has no parent directory. */
		if (dentry == parent)
			return;
		dentry = parent;
	}
	crash->flags |= CRASH_MAPPINGS_CUT;
}

/* The layout of struct path, which is the same in all kernels. */
struct user_path {
	struct vfsmount *mnt;
	struct dentry *dentry;
};

static __always_inline void put_file(struct crash_record *crash, struct crash_mapping *mapping,
				     struct file *file)
{
	struct dentry *dentry = BPF_CORE_READ(file, f_path.dentry);
	struct vfsmount *mount = BPF_CORE_READ(file, f_path.mnt);
	struct user_path above;
	struct inode *inode;

	/*
	 * A file on overlayfs is mapped from the underlying layer. The path that the process opened follows
	 * its struct file (struct backing_file in fs/file_table.c; from 6.8 on, commit def3ae83da02).
	 */
	if (config.has_user_path && BPF_CORE_READ(file, f_mode) & FMODE_BACKING) {
		bpf_probe_read_kernel(&above, sizeof(above), (void *)file + bpf_core_type_size(struct file));
		dentry = above.dentry;
		mount = above.mnt;
	}
	inode = BPF_CORE_READ(dentry, d_inode);
	mapping->inode = BPF_CORE_READ(inode, i_ino);
	mapping->device = BPF_CORE_READ(inode, i_sb, s_dev);
	if (bpf_core_field_exists(inode->i_ctime_sec)) {
		mapping->change_time = BPF_CORE_READ(inode, i_ctime_sec);
		/* The top bit is I_CTIME_QUERIED of include/linux/fs.h, not part of the time. */
		mapping->change_time_ns = BPF_CORE_READ(inode, i_ctime_nsec) & 0x7fffffff;
	} else if (bpf_core_field_exists(inode->__i_ctime)) {
		mapping->change_time = BPF_CORE_READ(inode, __i_ctime.tv_sec);
		mapping->change_time_ns = BPF_CORE_READ(inode, __i_ctime.tv_nsec) & 0x7fffffff;
	} else {
		mapping->change_time = BPF_CORE_READ(inode, i_ctime.tv_sec);
		mapping->change_time_ns = BPF_CORE_READ(inode, i_ctime.tv_nsec);
	}
	put_file_path(crash, dentry, mount);
}

/*
 * Returns false if there is no room for more mappings. The count is kept in memory, which the verifier does
 * not track; in a register, it would check each step of the walk separately.
 */
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

static __always_inline __u64 maple_word(__u64 entry, __u32 index)
{
	__u64 word = 0;

	bpf_probe_read_kernel(&word, sizeof(word), MAPLE_NODE(entry) + sizeof(word) * index);
	return word;
}

/* ma_data_end() in lib/maple_tree.c. The first byte of the metadata is the number of the last slot in use. */
static __always_inline __u32 last_slot(__u64 entry, __u64 last)
{
	__u64 pivot;

	if (MAPLE_TYPE(entry) == MAPLE_ARANGE)
		return maple_word(entry, 1 + MAPLE_ARANGE_PIVOTS + 2 * (MAPLE_ARANGE_PIVOTS + 1)) & 0xff;
	pivot = maple_word(entry, MAPLE_RANGE_PIVOTS);
	if (!pivot)
		return maple_word(entry, 1 + MAPLE_RANGE_PIVOTS + MAPLE_RANGE_PIVOTS) & 0xff;
	return pivot == last ? MAPLE_RANGE_PIVOTS - 1 : MAPLE_RANGE_PIVOTS;
}

static __always_inline void enter_node(struct maple_walk *walk, __u32 level, __u64 entry, __u64 last)
{
	walk->levels[level].entry = entry;
	walk->levels[level].last = last;
	walk->levels[level].slot = 0;
	walk->levels[level].end = last_slot(entry, last);
	walk->level = level;
}

/* One step of the walk: reads one slot. Returns 1 to end bpf_loop(). */
static long walk_maple(__attribute__((unused)) __u32 step, struct maple_context *context)
{
	struct crash_record *crash = context->crash;
	struct maple_walk *walk = WALK_OF(crash);
	__u32 level = walk->level, slot, pivots;
	__u64 entry, last, value;

	if (level >= MAPLE_LEVELS)
		return 1;
	slot = walk->levels[level].slot++;
	if (slot > walk->levels[level].end || slot > MAPLE_RANGE_PIVOTS) {
		/* From level 0 this wraps to a number above MAPLE_LEVELS, and the next step ends the walk. */
		walk->level = level - 1;
		return 0;
	}
	entry = walk->levels[level].entry;
	last = walk->levels[level].last;
	pivots = MAPLE_TYPE(entry) == MAPLE_ARANGE ? MAPLE_ARANGE_PIVOTS : MAPLE_RANGE_PIVOTS;
	value = maple_word(entry, 1 + pivots + slot);
	if (!(value >> 63))
		return 0;
	if (MAPLE_TYPE(entry) == MAPLE_LEAF)
		return !put_mapping(crash, (void *)value);
	if (slot < walk->levels[level].end && slot < pivots)
		last = maple_word(entry, 1 + slot);
	level++;
	if (level >= MAPLE_LEVELS)
		return 1;
	enter_node(walk, level, value, last);
	return 0;
}

/*
 * Not inlined, so that the object's type information contains struct crash_record: a test compares it with
 * the structure in CrashRecord.cs.
 */
static __attribute__((noinline)) void put_mappings(struct crash_record *crash, struct task_struct *task)
{
	struct maple_context context = { .crash = crash };
	__u64 root = (unsigned long)BPF_CORE_READ(task, mm, mm_mt.ma_root);

	if (!(root >> 63))
		return;
	enter_node(WALK_OF(crash), 0, root, ~0ULL);
	bpf_loop(MAPLE_STEPS, walk_maple, &context, 0);
	__builtin_memset(WALK_OF(crash), 0, sizeof(struct maple_walk));
}

#endif
