// SPDX-License-Identifier: Apache-2.0
/*
 * Runs a command as the first process of a new PID namespace.
 *
 *	pidns [--proc] [--pid-max N] COMMAND [ARG...]
 *
 * --proc gives it a /proc of its own, --pid-max sets the namespace's own
 * kernel.pid_max. At the end it prints "PID TAB STATUS" to standard error: the
 * pid of the command outside of the namespace, and its status as waitpid(2)
 * stores it. The exit status is the one that a shell would show.
 */
#include "common.h"
#include <fcntl.h>
#include <getopt.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/utsname.h>
#include <sys/wait.h>

#define PID_MAX "/proc/sys/kernel/pid_max"

/* Before 6.14 there is only the pid_max of the machine, which must not be changed. */
static void check_kernel(void)
{
	struct utsname u;
	int major = 0, minor = 0;

	uname(&u);
	if (sscanf(u.release, "%d.%d", &major, &minor) != 2 || major < 6 || (major == 6 && minor < 14))
		errx(2, "--pid-max: kernel %s has no pid_max of a namespace's own", u.release);
}

static void own_proc(void)
{
	if (unshare(CLONE_NEWNS) || mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) ||
	    mount("proc", "/proc", "proc", MS_NOSUID | MS_NOEXEC | MS_NODEV, NULL))
		err(126, "/proc");
}

/* The file has the value of the namespace of the process that opens it. */
static void set_pid_max(const char *value)
{
	int fd = open(PID_MAX, O_WRONLY);

	if (fd < 0 || write(fd, value, strlen(value)) < 0)
		err(126, PID_MAX);
	close(fd);
}

int main(int argc, char **argv)
{
	static const struct option options[] = {
	    {"proc", no_argument, NULL, 'p'}, {"pid-max", required_argument, NULL, 'm'}, {NULL, 0, NULL, 0}};
	const char *pid_max = NULL;
	int opt, proc = 0, status;
	pid_t pid;

	while ((opt = getopt_long(argc, argv, "+", options, NULL)) != -1) {
		if (opt == 'p')
			proc = 1;
		else if (opt == 'm' && number(optarg, 301, 4194304))
			pid_max = optarg;
		else
			return 2;
	}
	if (!argv[optind])
		errx(2, "usage: pidns [--proc] [--pid-max N] COMMAND [ARG...]");
	if (pid_max)
		check_kernel();
	default_signals();
	pid = syscall(SYS_clone, CLONE_NEWPID | SIGCHLD, 0, 0, 0, 0);
	if (pid < 0)
		err(1, "a PID namespace");
	if (pid == 0) {
		/* If this process ends, all processes of the namespace end, too. */
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		if (proc)
			own_proc();
		if (pid_max)
			set_pid_max(pid_max);
		execvp(argv[optind], argv + optind);
		err(127, "%s", argv[optind]);
	}
	if (waitpid(pid, &status, 0) != pid)
		err(1, "waitpid");
	fprintf(stderr, "%d\t%d\n", pid, status);
	return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}
