/* SPDX-License-Identifier: Apache-2.0 */
/* Functions that the test programs share. Include it first, because it defines _GNU_SOURCE. */
#ifndef COMMON_H
#define COMMON_H

#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <err.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#define COMM_LEN 16 /* with the terminating NUL */
#define LAST_SIGNAL 64

/*
 * Sets all signals to their defaults and unblocks them. The parent may have
 * ignored or blocked some (a .NET host ignores SIGPIPE), and both survive
 * execve. Uses raw system calls, because libc does not change the two signals
 * that it reserves, and posix_spawn leaves them ignored.
 */
static inline void default_signals(void)
{
	/* The struct sigaction of the kernel. All fields are 0: SIG_DFL. */
	unsigned long action[4] = {0};
	unsigned long long none = 0;
	int s;

	for (s = 1; s <= LAST_SIGNAL; s++)
		syscall(SYS_rt_sigaction, s, action, NULL, sizeof(none));
	syscall(SYS_rt_sigprocmask, SIG_SETMASK, &none, NULL, sizeof(none));
}

/* Sets the comm of the calling thread. The kernel truncates it to 15 bytes. */
static inline void set_comm(const char *comm)
{
	prctl(PR_SET_NAME, comm);
}

static inline void sleep_ms(long ms)
{
	struct timespec t = {ms / 1000, ms % 1000 * 1000000};

	while (nanosleep(&t, &t) && errno == EINTR)
		;
}

static inline long long clock_ns(clockid_t clock)
{
	struct timespec t;

	clock_gettime(clock, &t);
	return t.tv_sec * 1000000000LL + t.tv_nsec;
}

static inline long long number(const char *text, long long min, long long max)
{
	char *end;
	long long n;

	errno = 0;
	n = strtoll(text, &end, 0);
	if (errno || end == text || *end || n < min || n > max)
		errx(2, "%s: not a number from %lld to %lld", text, min, max);
	return n;
}

/* Reads a signal: TERM, SIGTERM or 15. */
static inline int signal_number(const char *name)
{
	int s;

	if (!strncmp(name, "SIG", 3))
		name += 3;
	for (s = 1; s < 32; s++)
		if (sigabbrev_np(s) && !strcmp(sigabbrev_np(s), name))
			return s;
	return number(name, 1, LAST_SIGNAL);
}

/* Writes backslashes and bytes that are not printable ASCII as \xNN. */
static inline const char *escape(const char *bytes, char *out)
{
	char *p = out;

	for (; *bytes; bytes++) {
		unsigned char c = *bytes;

		if (c < ' ' || c > '~' || c == '\\')
			p += sprintf(p, "\\x%02x", c);
		else
			*p++ = c;
	}
	*p = 0;
	return out;
}

#endif
