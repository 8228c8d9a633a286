// SPDX-License-Identifier: Apache-2.0
/*
 * A command for a script: prints "PID EXIT", its process ID and the time of its exit in
 * nanoseconds of CLOCK_BOOTTIME, and exits. Its comm is NAME, as that of a storm's processes.
 *
 *	stamp NAME
 */
#include "common.h"

int main(int argc, char **argv)
{
	char line[64];
	int size;

	if (argc != 2)
		errx(2, "usage: stamp NAME");
	set_comm(argv[1]);
	size = snprintf(line, sizeof(line), "%d %lld\n", getpid(), clock_ns(CLOCK_BOOTTIME));
	_exit(write(STDOUT_FILENO, line, size) != size);
}
