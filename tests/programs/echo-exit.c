// SPDX-License-Identifier: Apache-2.0
/*
 * echo-exit MICROSECONDS: for each byte of standard input, makes a child that exits after a
 * random time of at most this many microseconds.
 */
#include "common.h"
#include <sys/wait.h>

static void spin(long long ns)
{
	long long end = clock_ns(CLOCK_MONOTONIC) + ns;

	while (clock_ns(CLOCK_MONOTONIC) < end)
		;
}

int main(int argc, char **argv)
{
	long long most = argc == 2 ? 1000 * number(argv[1], 0, 1000000) : 0;
	char byte;

	srandom(1);
	while (read(STDIN_FILENO, &byte, 1) == 1) {
		pid_t child;

		spin(most * random() / RAND_MAX);
		child = vfork();
		if (child == 0)
			_exit(0);
		if (child < 0 || waitpid(child, NULL, 0) != child)
			err(1, "child");
	}
	return 0;
}
