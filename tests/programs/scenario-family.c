// SPDX-License-Identifier: Apache-2.0
/* Cases in which the parent matters: orphans, zombies, vfork, a PID namespace. */
#include "scenario.h"
#include <sched.h>

/* Makes a child that outlives its parent and exits when it has got another parent. */
static void body_orphaner(const char *comm, int code)
{
	pid_t first = getpid(), pid = fork();

	if (pid) {
		shared->other.pid = pid;
		return;
	}
	enter(comm);
	while (getppid() == first)
		sleep_ms(1);
	sleep_ms(30);
	shared->other.ppid = getppid();
	shared->other.status = CODE(code);
	getrusage(RUSAGE_SELF, &shared->other.usage);
	_exit(code);
}

/*
 * The parent of the orphan is then init or another reaper, so this process cannot
 * wait for it. Its status is the argument of _exit, its usage is what it read just
 * before, and the end of the pipe shows that it has exited.
 */
void run_orphan(const struct scene *s)
{
	int ends[2];
	char c;
	pid_t pid;

	if (pipe(ends))
		err(1, "pipe");
	pid = start(s->comm);
	if (pid == 0) {
		body_orphaner(s->comm2, 21);
		_exit(s->arg);
	}
	close(ends[1]);
	wait_and_print(s, s->comm, pid);
	if (read(ends[0], &c, 1))
		err(1, "orphan");
	close(ends[0]);
	print_process(s, s->comm2, shared->other.pid, shared->other.ppid, shared->other.status,
		      &shared->other.usage);
}

static void subreaper(int on)
{
	if (prctl(PR_SET_CHILD_SUBREAPER, on))
		err(1, "PR_SET_CHILD_SUBREAPER");
}

/* This process is a subreaper, so it becomes the parent of the orphan, and wait4 works. */
void run_subreaper(const struct scene *s)
{
	pid_t pid;

	subreaper(1);
	pid = start(s->comm);
	if (pid == 0) {
		body_orphaner(s->comm2, 21);
		_exit(s->arg);
	}
	wait_and_print(s, s->comm, pid);
	wait_and_print(s, s->comm2, shared->other.pid);
	subreaper(0);
}

/* The parent stays a zombie until its child, which has this process as its parent then, was reaped. */
void run_zombie(const struct scene *s)
{
	siginfo_t info;
	pid_t pid;

	subreaper(1);
	pid = start(s->comm);
	if (pid == 0) {
		body_orphaner(s->comm2, 23);
		_exit(s->arg);
	}
	if (waitid(P_PID, pid, &info, WEXITED | WNOWAIT))
		err(1, "waitid");
	wait_and_print(s, s->comm2, shared->other.pid);
	sleep_ms(400);
	wait_and_print(s, s->comm, pid);
	subreaper(0);
}

static __attribute__((noinline)) pid_t vforked(const struct scene *s)
{
	pid_t pid = vfork();

	if (pid == 0) {
		set_comm(s->comm);
		_exit(s->arg);
	}
	return pid;
}

void run_vfork(const struct scene *s)
{
	pid_t pid = vforked(s);

	if (pid < 0)
		err(1, "vfork");
	wait_and_print(s, s->comm, pid);
}

/*
 * The first process of a new PID namespace, and its child. The child reads its
 * pid in the outer namespace from the outer /proc. Its parent waits for it.
 */
static void body_namespace(const struct scene *s)
{
	struct report *r = &shared->other;
	char text[16] = "";
	pid_t pid;

	/* An alarm does not end the init of a namespace, but the death of its parent does. */
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	set_comm(s->comm);
	pid = fork();
	if (pid == 0) {
		enter(s->comm2);
		if (readlink("/proc/self", text, sizeof(text) - 1) > 0)
			r->pid = atoi(text);
		_exit(26);
	}
	wait4(pid, &r->status, 0, &r->usage);
	_exit(s->arg);
}

void run_namespace(const struct scene *s)
{
	pid_t pid = syscall(SYS_clone, CLONE_NEWPID | SIGCHLD, 0, 0, 0, 0);
	struct rusage usage;
	int status;

	if (pid == 0)
		body_namespace(s);
	if (pid < 0)
		err(1, "a PID namespace");
	if (wait4(pid, &status, 0, &usage) != pid)
		err(1, "%s: wait4", s->name);
	print_process(s, s->comm2, shared->other.pid, pid, shared->other.status, &shared->other.usage);
	print_process(s, s->comm, pid, self, status, &usage);
}
