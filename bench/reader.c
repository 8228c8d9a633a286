// SPDX-License-Identifier: Apache-2.0
/*
 * Reads lines from a pipe, slowly or with timestamps.
 *
 *	reader [--rate R] [--stamp]
 *
 * Copies lines from standard input to standard output: with --rate at most R lines a
 * second, with --stamp each after the time at which it came, in nanoseconds of
 * CLOCK_BOOTTIME. Ends when its input or its parent ends.
 */
#include "common.h"
#include <getopt.h>

#define BURSTS_PER_SECOND 100

static char bytes[64 << 10];

/* Waits until it is time for line n. It sleeps between bursts, as a program does that writes to a disk. */
static void pace(long long start, long n, long rate)
{
	long burst = rate / BURSTS_PER_SECOND ? rate / BURSTS_PER_SECOND : 1;
	long long at = start + n * 1000000000LL / rate;
	struct timespec t = {at / 1000000000, at % 1000000000};

	if (n % burst == 0)
		clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &t, NULL);
}

int main(int argc, char **argv)
{
	static const struct option options[] = {
	    {"rate", required_argument, NULL, 'r'}, {"stamp", no_argument, NULL, 's'}, {NULL, 0, NULL, 0}};
	int opt, stamp = 0, line_begins = 1;
	long rate = 0, lines = 0;
	long long start = 0, came;
	ssize_t size, i;

	while ((opt = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (opt == 'r')
			rate = number(optarg, 1, 10000000);
		else if (opt == 's')
			stamp = 1;
		else
			return 2;
	}
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	/* Reads little at a time, so that the pipe stays full while it waits. */
	while ((size = read(STDIN_FILENO, bytes, rate ? 4096 : sizeof(bytes))) > 0) {
		came = clock_ns(CLOCK_BOOTTIME);
		if (!start)
			start = clock_ns(CLOCK_MONOTONIC);
		for (i = 0; i < size; i++) {
			if (line_begins && stamp)
				printf("%lld ", came);
			putchar_unlocked(bytes[i]);
			line_begins = bytes[i] == '\n';
			if (line_begins && rate)
				pace(start, ++lines, rate);
		}
		/* The benchmark counts the lines in the file meanwhile. */
		fflush(stdout);
	}
	return 0;
}
