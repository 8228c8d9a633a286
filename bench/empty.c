// SPDX-License-Identifier: Apache-2.0
/*
 * Attaches a BPF program that does nothing to the tracepoint of process exits, until it
 * is killed. The time that the kernel counts for it is the cost of measuring.
 */
#include "common.h"
#include <linux/bpf.h>

static int bpf(enum bpf_cmd command, union bpf_attr *attr)
{
	return syscall(SYS_bpf, command, attr, sizeof(*attr));
}

int main(void)
{
	/* r0 = 0; exit */
	static const struct bpf_insn nothing[] = {{.code = BPF_ALU64 | BPF_MOV | BPF_K},
						  {.code = BPF_JMP | BPF_EXIT}};
	union bpf_attr load = {
	    .prog_type = BPF_PROG_TYPE_RAW_TRACEPOINT,
	    .insns = (unsigned long)nothing,
	    .insn_cnt = 2,
	    .license = (unsigned long)"Dual BSD/GPL",
	};
	union bpf_attr attach = {.raw_tracepoint = {.name = (unsigned long)"sched_process_exit"}};
	int program = bpf(BPF_PROG_LOAD, &load);

	if (program < 0)
		err(1, "load");
	attach.raw_tracepoint.prog_fd = program;
	if (bpf(BPF_RAW_TRACEPOINT_OPEN, &attach) < 0)
		err(1, "attach");
	pause();
	return 0;
}
