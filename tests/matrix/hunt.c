// SPDX-License-Identifier: Apache-2.0
/*
 * Hunts for a wake-up that is lost:
 *
 *	hunt SECONDS LONGEST <LINES
 *
 * LINES come from a tracer that is to print one for each child of this process that exits. A child exits
 * as soon as the line of the one before has come, and a delay later, which grows with each from 0 to
 * LONGEST microseconds and begins anew: so the exits fall on all moments at which the tracer's reader falls
 * asleep. Nothing else happens that would wake it. Prints how many exits there were; ends with 1 if the line
 * of one has not come within 10 s.
 */
#include "common.h"
#include <poll.h>
#include <sys/wait.h>

#define PATIENCE_MS 10000
#define QUIET_MS 500
#define STEP_US 7 /* no divisor of LONGEST, so that each round has other delays */

static void exit_once(void)
{
	pid_t pid = vfork();

	if (pid == 0)
		_exit(0);
	if (pid < 0 || waitpid(pid, NULL, 0) != pid)
		err(2, "child");
}

/* How many lines come: as soon as there is one, or 0 after so many milliseconds. */
static int lines(int patience)
{
	struct pollfd in = {.fd = STDIN_FILENO, .events = POLLIN};
	char text[4096];
	ssize_t length, i;
	int count = 0;

	while (!count && poll(&in, 1, patience) > 0) {
		length = read(STDIN_FILENO, text, sizeof(text));
		if (length <= 0)
			errx(2, "the tracer has ended");
		for (i = 0; i < length; i++)
			count += text[i] == '\n';
	}
	return count;
}

static void spin(long long us)
{
	long long end = clock_ns(CLOCK_MONOTONIC) + 1000 * us;

	while (clock_ns(CLOCK_MONOTONIC) < end)
		;
}

int main(int argc, char **argv)
{
	long long longest, end, i, delay;
	int came;

	if (argc != 3)
		errx(2, "usage: hunt SECONDS LONGEST <LINES");
	end = clock_ns(CLOCK_MONOTONIC) + number(argv[1], 1, 100000) * 1000000000LL;
	longest = number(argv[2], 1, 1000000);
	/* Until it is attached. */
	do
		exit_once();
	while (!lines(QUIET_MS));
	while (lines(QUIET_MS))
		;
	for (i = 0; clock_ns(CLOCK_MONOTONIC) < end; i++) {
		delay = i * STEP_US % longest;
		spin(delay);
		exit_once();
		came = lines(PATIENCE_MS);
		if (came != 1) {
			printf("%lld exits, then %d lines for one that came %lld us after a line\n", i, came,
			       delay);
			return 1;
		}
	}
	printf("%lld exits, each with its line\n", i);
	return 0;
}
