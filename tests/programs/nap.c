/* SPDX-License-Identifier: Apache-2.0 */
/* nap SECONDS: like sleep(1), but the time begins when there is a file with its own name and ".go", or 15 seconds after
 * its start. Examples in the help start a process for a second or two and then watch it; the test creates the file when
 * the watch runs. With its own name, the process is also distinguished from other sleep processes. */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

static void sleep_for(double seconds)
{
	struct timespec left = {(time_t)seconds, (long)((seconds - (time_t)seconds) * 1e9)};

	nanosleep(&left, NULL);
}

int main(int argc, char **argv)
{
	char self[4096], go[4096 + 4];
	ssize_t size = readlink("/proc/self/exe", self, sizeof(self) - 1);

	self[size > 0 ? size : 0] = 0;
	snprintf(go, sizeof(go), "%s.go", self);
	for (int i = 0; i < 750 && access(go, F_OK); i++)
		sleep_for(0.02);
	sleep_for(argc > 1 ? atof(argv[1]) : 0);
	return 0;
}
