// SPDX-License-Identifier: Apache-2.0
/*
 * Makes many short processes with several threads, each of which can be the last one.
 *
 *	threads [-j AT_ONCE] COUNT THREADS
 *
 * Process i ends with i % 256, in turn in one of four ways (enum way). Prints
 * "pid TAB status" for each, the status as waitpid(2) stores it. THREADS counts
 * the main thread.
 */
#include "common.h"
#include <pthread.h>
#include <sys/wait.h>

#define MAX_THREADS 256
#define PARENT_SECONDS 120
#define CHILD_SECONDS 30

/* The exit status of threads that do not determine the status of the process. No tracer may report it. */
#define DECOY 119

enum way {
	MAIN_LAST,	  /* the main thread ends the process, the others are gone */
	MAIN_FIRST,	  /* the main thread goes first, the last calls exit_group */
	MAIN_FIRST_QUIET, /* ... the last leaves like any other thread */
	TOGETHER,	  /* all leave at the same moment, on all CPUs */
	WAYS
};

static pthread_t thread[MAX_THREADS];
static pthread_barrier_t barrier;
static int threads;
static int code;
static enum way way;

/* exit(2) of this thread only. The exit functions of libc end the process. */
static void leave(int status)
{
	syscall(SYS_exit, status);
}

/* Waits for all other threads, including the main thread, which has a pthread_t, too. */
static void wait_for_the_others(int me)
{
	int i;

	for (i = 0; i < threads; i++)
		if (i != me)
			pthread_join(thread[i], NULL);
}

static void *run(void *arg)
{
	int me = (long)arg;
	int last = way == MAIN_LAST ? 0 : threads - 1;

	/* After this, thread[] is complete for all threads. */
	pthread_barrier_wait(&barrier);
	if (way == TOGETHER)
		leave(code);
	if (me != last)
		leave(DECOY);
	wait_for_the_others(me);
	if (way == MAIN_FIRST_QUIET)
		leave(code);
	_exit(code);
}

static void child(int i)
{
	long t;

	alarm(CHILD_SECONDS);
	code = i % 256;
	way = i % WAYS;
	pthread_barrier_init(&barrier, NULL, threads);
	thread[0] = pthread_self();
	for (t = 1; t < threads; t++)
		if (pthread_create(&thread[t], NULL, run, (void *)t))
			_exit(98);
	run(NULL);
}

static void reap(void)
{
	int status;
	pid_t pid = wait(&status);

	if (pid < 0)
		err(1, "wait");
	printf("%d\t%d\n", pid, status);
}

int main(int argc, char **argv)
{
	int at_once = 1, count, i, opt;

	while ((opt = getopt(argc, argv, "j:")) == 'j')
		at_once = number(optarg, 1, 1000);
	if (opt != -1 || argc - optind != 2)
		errx(2, "usage: threads [-j AT_ONCE] COUNT THREADS");
	count = number(argv[optind], 1, 1000000);
	threads = number(argv[optind + 1], 1, MAX_THREADS);
	default_signals();
	alarm(PARENT_SECONDS);
	for (i = 0; i < count; i++) {
		pid_t pid;

		if (i >= at_once)
			reap();
		fflush(stdout);
		pid = fork();
		if (pid < 0)
			err(1, "fork");
		if (pid == 0)
			child(i);
	}
	for (i = count < at_once ? count : at_once; i; i--)
		reap();
	return 0;
}
