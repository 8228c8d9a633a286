/* nap SECONDS: sleep(1), but five seconds longer than asked for. Examples of the help start a process for a second or
 * two and then watch it; on a busy machine a shell may take that long to come to the watch. Under a name of its own it
 * is also told from the sleep of anybody else. */
#include <stdlib.h>
#include <time.h>

int main(int argc, char **argv)
{
	double seconds = 5 + (argc > 1 ? atof(argv[1]) : 0);
	struct timespec left = { (time_t)seconds, (long)((seconds - (time_t)seconds) * 1e9) };

	return nanosleep(&left, NULL) != 0;
}
