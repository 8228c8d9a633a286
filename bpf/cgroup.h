/* SPDX-License-Identifier: (GPL-2.0-only OR Apache-2.0) */
/* Finds the cgroup of a process, and filters by it. */
#ifndef EXITSNOOP_CGROUP_H
#define EXITSNOOP_CGROUP_H

#include "maps.h"
#include "read.h"

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

	/*
	 * A hierarchy without a controller, such as name=systemd, has no entry in subsys: search for its id.
	 */
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

/* Whether a process is in one of the selected cgroups or below it. */
static __always_inline bool in_cgroup(struct task_struct *task, const int variant)
{
	struct kernfs_node *node = cgroup_node(READ(variant, task, cgroups), variant);
	__u64 id;

	for (int i = 0; i < PATH_DEPTH && node; i++) {
		id = READ(variant, node, id);
		if (bpf_map_lookup_elem(&cgroups, &id))
			return true;
		node = parent_node(node, variant);
	}
	return false;
}

#endif
