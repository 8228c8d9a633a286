// SPDX-License-Identifier: Apache-2.0
/* Processes whose threads exit in several orders. */
#include "scenario.h"
#include <pthread.h>

/* Sets the name of the calling thread, and notes the status with which it will exit. */
static int be(const char *comm, int status)
{
	int i = __atomic_fetch_add(&shared->threads, 1, __ATOMIC_RELAXED);

	set_comm(comm);
	shared->thread[i].comm = comm;
	shared->thread[i].tid = syscall(SYS_gettid);
	shared->thread[i].status = status;
	return i;
}

/* Waits until all threads have noted their names, so that none exits before. */
static void await_threads(int count)
{
	while (__atomic_load_n(&shared->threads, __ATOMIC_RELAXED) < count)
		sleep_ms(1);
	sleep_ms(50);
}

static pthread_t spawn(void *(*fn)(void *), void *arg)
{
	pthread_t t;

	if (pthread_create(&t, NULL, fn, arg))
		_exit(98);
	return t;
}

/* exit(2) of one thread. pthread_exit unwinds the stack, runs destructors, and has no exit status. */
static void leave(int code)
{
	syscall(SYS_exit, code);
}

static __attribute__((noreturn)) void wait_for_death(void)
{
	for (;;)
		pause();
}

static void fault(void)
{
	static int *volatile nowhere = (int *)8;

	*nowhere = 1;
}

static void *thr_sleep(void *status)
{
	be("thr_sleep", (long)status);
	wait_for_death();
}

static void *thr_short(void *arg)
{
	static const char *const names[] = {"", "thr_1", "thr_2", "thr_3"};

	be(names[(long)arg], 0);
	sleep_ms((long)arg * 20);
	return NULL;
}

static void *thr_exit5(void *arg)
{
	be("thr_exit5", CODE(5));
	leave(5);
	return arg;
}

void body_threads_first(int code)
{
	pthread_t t[4];
	long i;

	be("mt_first", CODE(code));
	for (i = 1; i <= 3; i++)
		t[i - 1] = spawn(thr_short, (void *)i);
	t[3] = spawn(thr_exit5, NULL);
	for (i = 0; i < 4; i++)
		pthread_join(t[i], NULL);
	sleep_ms(50);
	_exit(code);
}

static void *thr_late(void *arg)
{
	switch ((enum late)(long)arg) {
	case LATE_9:
		be("thr_late9", CODE(9));
		sleep_ms(600);
		_exit(9);
	case LATE_0:
		be("thr_late0", 0);
		sleep_ms(300);
		leave(0);
		break;
	case LATE_TERM:
		be("thr_latesig", AS_PROCESS);
		sleep_ms(300);
		kill(getpid(), SIGTERM);
		break;
	case LATE_SEGV:
		be("thr_latesegv", AS_PROCESS);
		sleep_ms(300);
		fault();
	}
	wait_for_death();
}

void body_leader_first(int late)
{
	static const char *const names[] = {"mt_leader1st", "mt_leader_5", "mt_leader_sig", "mt_leader_segv"};
	int code = late == LATE_0 ? 5 : 0;

	be(names[late], CODE(code));
	spawn(thr_late, (void *)(long)late);
	await_threads(2);
	leave(code);
}

static void *thr_group7(void *arg)
{
	be("thr_group7", CODE(7));
	await_threads(3);
	_exit(7);
	return arg;
}

void body_group_exit(int code)
{
	be("mt_group7", CODE(code));
	spawn(thr_sleep, (void *)(long)CODE(code));
	spawn(thr_group7, NULL);
	wait_for_death();
}

static void *thr_segv(void *arg)
{
	be("thr_segv", AS_PROCESS);
	await_threads(3);
	fault();
	return arg;
}

void body_segv(int arg)
{
	(void)arg;
	be("mt_segv", AS_PROCESS_NO_CORE);
	spawn(thr_sleep, (void *)AS_PROCESS_NO_CORE);
	spawn(thr_segv, NULL);
	wait_for_death();
}

void body_term(int arg)
{
	(void)arg;
	be("mt_term", AS_PROCESS);
	spawn(thr_sleep, (void *)AS_PROCESS);
	spawn(thr_sleep, (void *)AS_PROCESS);
	await_threads(3);
	kill(getpid(), SIGTERM);
	wait_for_death();
}

/*
 * execve gives this thread the pid of the process, so its own tid never exits.
 * It ends the main thread and thr_sleep, which exit with 0.
 */
static void *thr_exec(void *arg)
{
	await_threads(2);
	shared->thread[be("execed11", CODE(11))].tid = getpid();
	set_comm("thr_exec");
	execl("/proc/self/exe", "scenario", "--execed", NULL);
	_exit(97);
	return arg;
}

void body_exec(int arg)
{
	(void)arg;
	be("mt_exec", 0);
	spawn(thr_sleep, NULL);
	spawn(thr_exec, NULL);
	wait_for_death();
}
