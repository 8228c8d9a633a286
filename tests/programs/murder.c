// SPDX-License-Identifier: Apache-2.0
/*
 * Sends a signal that kills, in one of several ways.
 *
 *	murder [OPTION] kill SIGNAL PID
 *	murder [OPTION] sigqueue SIGNAL PID [VALUE]
 *	murder [OPTION] tgkill SIGNAL PID [TID]
 *	murder [OPTION] forge SIGNAL PID CODE	with the given si_code
 *	murder [OPTION] timer SIGNAL		to itself, by a POSIX timer
 *	murder --twice PID	KILL by killer_a, immediately followed by KILL by killer_b
 *
 *	--comm NAME	the sender's comm
 *	--uid UID	the sender's real uid (it stays privileged)
 *
 * SIGNAL is TERM, SIGTERM or 15. Prints the sender's pid; --twice prints
 * "first TAB pid TAB errno" and "second TAB pid TAB errno TAB state": errno is
 * the error of kill(2), state the state of the victim after that (see proc(5)).
 */
#include "common.h"
#include <getopt.h>
#include <sys/wait.h>

#define MAX_PID 4194304

static char *next(char ***args)
{
	if (!**args)
		errx(2, "an argument is missing: murder MODE SIGNAL PID");
	return *(*args)++;
}

static char state_of(pid_t pid)
{
	char path[32], line[256];
	char *p = NULL;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%d/stat", pid);
	f = fopen(path, "r");
	if (f && fgets(line, sizeof(line), f))
		p = strrchr(line, ')');
	if (f)
		fclose(f);
	return p ? p[2] : '-';
}

/* Makes a child with this comm that sends the signal when it reads a byte. */
static pid_t killer(const char *comm, pid_t victim, int go, int done)
{
	pid_t pid = fork();
	char c;

	if (pid < 0)
		err(1, "fork");
	if (pid)
		return pid;
	alarm(10);
	set_comm(comm);
	if (read(go, &c, 1) != 1)
		_exit(99);
	c = kill(victim, SIGKILL) ? errno : 0;
	if (write(done, &c, 1) != 1)
		_exit(99);
	_exit(0);
}

static int twice(pid_t victim)
{
	static const char *const comm[] = {"killer_a", "killer_b"};
	int go[2][2], done[2], i;
	char result[2], state;
	pid_t pid[2];

	if (pipe(done))
		err(1, "pipe");
	for (i = 0; i < 2; i++) {
		if (pipe(go[i]))
			err(1, "pipe");
		pid[i] = killer(comm[i], victim, go[i][0], done[1]);
	}
	/* Both are waiting, so only a few microseconds pass between the two signals. */
	for (i = 0; i < 2; i++)
		if (write(go[i][1], "", 1) != 1 || read(done[0], &result[i], 1) != 1)
			err(1, "%s", comm[i]);
	state = state_of(victim);
	for (i = 0; i < 2; i++)
		waitpid(pid[i], NULL, 0);
	printf("first\t%d\t%d\nsecond\t%d\t%d\t%c\n", pid[0], result[0], pid[1], result[1], state);
	return result[0] || result[1];
}

static __attribute__((noreturn)) void by_timer(int sig)
{
	struct sigevent event = {.sigev_notify = SIGEV_SIGNAL, .sigev_signo = sig};
	struct itimerspec soon = {.it_value = {0, 20000000}};
	timer_t timer;

	if (timer_create(CLOCK_MONOTONIC, &event, &timer) || timer_settime(timer, 0, &soon, NULL))
		err(1, "timer");
	sleep_ms(2000);
	errx(1, "signal %d did not kill", sig);
}

/* rt_sigqueueinfo(2) accepts any si_code, except for those of the kernel and of kill(2). */
static int forge(pid_t pid, int sig, int code)
{
	siginfo_t info = {.si_signo = sig, .si_code = code, .si_pid = 1};

	return syscall(SYS_rt_sigqueueinfo, pid, sig, &info);
}

static int murder(char **args)
{
	const char *mode = next(&args);
	int sig = signal_number(next(&args));
	int timer = !strcmp(mode, "timer");
	pid_t pid = timer ? 0 : number(next(&args), 1, MAX_PID);
	union sigval value = {0};

	printf("%d\n", getpid());
	fflush(stdout);
	if (timer)
		by_timer(sig);
	if (!strcmp(mode, "kill"))
		return kill(pid, sig);
	if (!strcmp(mode, "sigqueue")) {
		value.sival_int = *args ? number(*args, -0x7fffffff, 0x7fffffff) : 0;
		return sigqueue(pid, sig, value);
	}
	if (!strcmp(mode, "tgkill"))
		return syscall(SYS_tgkill, pid, *args ? (pid_t)number(*args, 1, MAX_PID) : pid, sig);
	if (!strcmp(mode, "forge"))
		return forge(pid, sig, number(next(&args), -0x7fffffff, 0x7fffffff));
	errx(2, "%s: kill, sigqueue, tgkill, forge or timer", mode);
}

int main(int argc, char **argv)
{
	static const struct option options[] = {{"comm", required_argument, NULL, 'c'},
						{"uid", required_argument, NULL, 'u'},
						{"twice", required_argument, NULL, '2'},
						{NULL, 0, NULL, 0}};
	int opt;

	default_signals();
	alarm(20);
	while ((opt = getopt_long(argc, argv, "+", options, NULL)) != -1) {
		if (opt == 'c')
			set_comm(optarg);
		else if (opt == 'u' && setresuid(number(optarg, 0, 0xfffffffe), 0, 0))
			err(1, "uid %s", optarg);
		else if (opt == '2')
			return twice(number(optarg, 1, MAX_PID));
		else if (opt == '?')
			return 2;
	}
	if (murder(argv + optind))
		err(1, "no signal");
	return 0;
}
