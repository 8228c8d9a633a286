// SPDX-License-Identifier: Apache-2.0
/*
 * Becomes nobody, with CAP_BPF and CAP_PERFMON alone, and runs a program:
 *
 *	nobody [--memlock] COMMAND [ARGUMENT...]
 *
 * With --memlock it raises RLIMIT_MEMLOCK first, while it may: before 5.11 the memory
 * of maps counts against it.
 */
#define _GNU_SOURCE
#include <err.h>
#include <grp.h>
#include <linux/capability.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#define NOBODY 65534
#ifndef CAP_PERFMON
#define CAP_PERFMON 38
#define CAP_BPF 39
#endif

int main(int argc, char **argv)
{
	const struct rlimit all = {RLIM_INFINITY, RLIM_INFINITY};
	struct __user_cap_header_struct header = {_LINUX_CAPABILITY_VERSION_3, 0};
	struct __user_cap_data_struct data[2] = {};
	const unsigned int two = 1u << (CAP_PERFMON - 32) | 1u << (CAP_BPF - 32);

	if (argc > 1 && !strcmp(argv[1], "--memlock")) {
		if (setrlimit(RLIMIT_MEMLOCK, &all))
			err(1, "RLIMIT_MEMLOCK");
		argc--;
		argv++;
	}
	if (argc < 2)
		errx(2, "usage: nobody [--memlock] COMMAND [ARGUMENT...]");
	if (prctl(PR_SET_KEEPCAPS, 1) || setgroups(0, NULL) || setresgid(NOBODY, NOBODY, NOBODY) ||
	    setresuid(NOBODY, NOBODY, NOBODY))
		err(1, "to become nobody");
	data[1].effective = data[1].permitted = data[1].inheritable = two;
	if (syscall(SYS_capset, &header, data) ||
	    prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, CAP_PERFMON, 0, 0) ||
	    prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, CAP_BPF, 0, 0))
		err(1, "CAP_BPF and CAP_PERFMON");
	execv(argv[1], argv + 1);
	err(1, "%s", argv[1]);
}
