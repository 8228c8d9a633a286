// SPDX-License-Identifier: Apache-2.0
/*
 * Measures how long a program takes from its exec to the first line with a text.
 *
 *	firstline TEXT PROGRAM [ARGUMENT...]
 *
 * Starts the program with a pipe for its standard output and prints the milliseconds
 * from just before the exec until a line with TEXT has been read. Then sends SIGINT
 * until the program ends. Gives up after ten seconds.
 */
#include "common.h"
#include <poll.h>
#include <sys/mman.h>
#include <sys/wait.h>

#define GIVE_UP_MS 10000
#define INTERRUPT_MS 500
#define INTERRUPTS 20

static char text[1 << 20];

static long long now_ms(void)
{
	return clock_ns(CLOCK_MONOTONIC) / 1000000;
}

/* Whether a complete line contains the text. */
static int has_line(const char *wanted)
{
	char *found = strstr(text, wanted);

	return found && strchr(found, '\n');
}

static int read_until(int fd, const char *wanted)
{
	struct pollfd in = {.fd = fd, .events = POLLIN};
	long long end = now_ms() + GIVE_UP_MS;
	size_t used = 0;
	ssize_t size;

	while (now_ms() < end && used < sizeof(text) - 1) {
		if (poll(&in, 1, 100) <= 0)
			continue;
		size = read(fd, text + used, sizeof(text) - 1 - used);
		if (size <= 0)
			break;
		used += size;
		text[used] = 0;
		if (has_line(wanted))
			return 1;
	}
	return 0;
}

/* One SIGINT is not always enough, because some programs ignore it at certain times. */
static void end(pid_t pid, int fd)
{
	struct pollfd out = {.fd = fd, .events = POLLIN};
	long long again = 0;
	int interrupts = 0;

	while (waitpid(pid, NULL, WNOHANG) == 0) {
		if (now_ms() >= again) {
			kill(pid, interrupts++ < INTERRUPTS ? SIGINT : SIGKILL);
			again = now_ms() + INTERRUPT_MS;
		}
		/* Reads on, so that the program does not block on a full pipe. */
		if (poll(&out, 1, 1) > 0 && read(fd, text, sizeof(text)) <= 0)
			sleep_ms(1);
	}
}

int main(int argc, char **argv)
{
	long long *start =
	    mmap(NULL, sizeof(*start), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	long long seen;
	int out[2], ok;
	pid_t pid;

	if (argc < 3)
		errx(2, "usage: firstline TEXT PROGRAM [ARGUMENT...]");
	if (start == MAP_FAILED || pipe(out))
		err(1, "pipe");
	default_signals();
	pid = fork();
	if (pid < 0)
		err(1, "fork");
	if (pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		dup2(out[1], STDOUT_FILENO);
		close(out[0]);
		close(out[1]);
		*start = clock_ns(CLOCK_MONOTONIC);
		execvp(argv[2], argv + 2);
		err(127, "%s", argv[2]);
	}
	close(out[1]);
	ok = read_until(out[0], argv[1]);
	seen = clock_ns(CLOCK_MONOTONIC);
	end(pid, out[0]);
	if (!ok)
		errx(1, "%s: no such line", argv[1]);
	printf("%.3f\n", (seen - *start) / 1e6);
	return 0;
}
