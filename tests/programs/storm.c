// SPDX-License-Identifier: Apache-2.0
/*
 * Makes storms of exits, and writes a ledger of every process that was reaped.
 *
 *	storm KIND COUNT >LEDGER
 *
 *	forks	8 workers fork children that exit immediately
 *	fifo	the same, while a task of the class FIFO preempts them every 0.2 ms and forks, too
 *	maps	the same as forks, beside three processes that constantly read a BPF map
 *	groups	process groups of 200 that are killed together
 *	stopped	stopped children that get TERM and CONT
 *	threads	processes of 8 threads that exit together, by exit_group of any of them
 *	burn	processes of 200 threads that use CPU time until they are killed
 *	ids	children that wait until a line comes on stdin and then exit; their ids are written
 *		to the file that $STORM_IDS names, separated by commas
 *	tree	a process that waits in the same way, and whose descendants then fork a busy tree
 *
 * COUNT is the approximate number of processes. With $STORM_GO, the last two kinds wait for a file
 * of that name instead of stdin. A line of the ledger has the process id, the id of the parent
 * (which reaped it), and what wait4(2) returned: the status and, for burn, the microseconds of CPU
 * time. For other kinds it has 0 there, because wait4(2) includes the CPU time of children.
 */
#include "common.h"
#include <fcntl.h>
#include <limits.h>
#include <linux/bpf.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#define WORKERS 8
#define LEDGER_SIZE (1 << 20)

/* Shared by all processes of the storm. */
static struct ledger {
	atomic_uint used;
	struct entry {
		int pid, parent, status;
		long long cpu_time;
	} entries[LEDGER_SIZE];
} * ledger;

static pid_t fork_or_die(void)
{
	pid_t pid = fork();

	if (pid < 0)
		err(3, "fork");
	return pid;
}

static void reap(pid_t which)
{
	struct rusage used;
	int status;
	pid_t pid;
	unsigned int at;

	do
		pid = wait4(which, &status, 0, &used);
	while (pid < 0 && errno == EINTR);
	if (pid < 0)
		err(3, "wait4");
	at = atomic_fetch_add(&ledger->used, 1);
	if (at >= LEDGER_SIZE)
		errx(3, "the ledger is full");
	ledger->entries[at] = (struct entry){pid, getpid(), status,
					     1000000LL * (used.ru_utime.tv_sec + used.ru_stime.tv_sec) +
						 used.ru_utime.tv_usec + used.ru_stime.tv_usec};
}

static void reap_all(int count)
{
	while (count--)
		reap(-1);
}

/* Ends the process in one of many ways. */
static _Noreturn void end(int number)
{
	static const int signals[] = {SIGKILL, SIGTERM, SIGABRT, SIGHUP};

	if (number % 5 == 0)
		raise(signals[number / 5 % 4]);
	_exit(number & 0xff);
}

/* Forks children that exit immediately, some of them in parallel. */
static void fork_loop(int count)
{
	int i, open = 0;

	for (i = 0; i < count; i++) {
		if (!fork_or_die())
			end(i);
		if (++open == 4) {
			reap_all(open);
			open = 0;
		}
	}
	reap_all(open);
}

static void start_workers(int count)
{
	int i;

	for (i = 0; i < WORKERS; i++) {
		if (!fork_or_die()) {
			fork_loop(count / WORKERS);
			_exit(0);
		}
	}
}

static void forks(int count)
{
	start_workers(count);
	reap_all(WORKERS);
}

static void fifo(int count)
{
	const struct sched_param highest = {.sched_priority = 50};
	const struct timespec pause = {0, 200000};
	int i;

	if (!fork_or_die()) {
		if (sched_setscheduler(0, SCHED_FIFO, &highest))
			err(3, "SCHED_FIFO");
		for (i = 0; i < count / 4; i++) {
			nanosleep(&pause, NULL);
			if (!fork_or_die())
				end(i);
			reap(-1);
		}
		_exit(0);
	}
	start_workers(count - count / 4);
	reap_all(1 + WORKERS);
}

static long bpf(int command, union bpf_attr *attr)
{
	return syscall(SYS_bpf, command, attr, sizeof(*attr));
}

static _Noreturn void look_into_map(void)
{
	/* Before 5.11 the memory of maps counts as locked memory. If the limit cannot be raised, it goes on without. */
	const struct rlimit any = {RLIM_INFINITY, RLIM_INFINITY};
	union bpf_attr attr = {.map_type = BPF_MAP_TYPE_ARRAY, .key_size = 4, .value_size = 8, .max_entries = 1};
	unsigned long long value;
	unsigned int key = 0;
	long map;

	setrlimit(RLIMIT_MEMLOCK, &any);
	map = bpf(BPF_MAP_CREATE, &attr);
	if (map < 0)
		err(3, "BPF_MAP_CREATE");
	memset(&attr, 0, sizeof(attr));
	attr.map_fd = map;
	attr.key = (unsigned long)&key;
	attr.value = (unsigned long)&value;
	for (;;)
		bpf(BPF_MAP_LOOKUP_ELEM, &attr);
}

static void maps(int count)
{
	pid_t users[3];
	unsigned int i;

	for (i = 0; i < sizeof(users) / sizeof(*users); i++) {
		users[i] = fork_or_die();
		if (!users[i])
			look_into_map();
	}
	forks(count);
	for (i = 0; i < sizeof(users) / sizeof(*users); i++) {
		kill(users[i], SIGKILL);
		reap(users[i]);
	}
}

static void groups(int count)
{
	const int size = 200;
	int i;

	for (; count > 0; count -= size) {
		pid_t group = 0, pid;

		for (i = 0; i < size; i++) {
			pid = fork_or_die();
			if (!pid) {
				for (;;)
					pause();
			}
			if (!group)
				group = pid;
			if (setpgid(pid, group))
				err(3, "setpgid");
		}
		kill(-group, SIGKILL);
		reap_all(size);
	}
}

static void stopped(int count)
{
	pid_t *children = calloc(count, sizeof(*children));
	int i, status;

	if (!children)
		err(3, "calloc");
	for (i = 0; i < count; i++) {
		children[i] = fork_or_die();
		if (!children[i]) {
			raise(SIGSTOP);
			_exit(1);
		}
	}
	for (i = 0; i < count; i++)
		if (waitpid(children[i], &status, WUNTRACED) < 0 || !WIFSTOPPED(status))
			errx(3, "%d is not stopped", children[i]);
	for (i = 0; i < count; i++) {
		kill(children[i], SIGTERM);
		kill(children[i], SIGCONT);
	}
	reap_all(count);
	free(children);
}

static pthread_barrier_t together;

static void *exit_together(void *number)
{
	long n = (long)number;

	pthread_barrier_wait(&together);
	if (n % 3 == 0)
		_exit(n);
	return NULL;
}

static void threads(int count)
{
	const int size = 8;
	int open = 0;
	long i;

	for (; count > 0; count--) {
		if (!fork_or_die()) {
			pthread_t thread;

			pthread_barrier_init(&together, NULL, size);
			for (i = 1; i < size; i++)
				if (pthread_create(&thread, NULL, exit_together, (void *)(i + count)))
					errx(3, "pthread_create");
			exit_together((void *)(long)count);
			pthread_exit(NULL);
		}
		if (++open == 4) {
			reap_all(open);
			open = 0;
		}
	}
	reap_all(open);
}

static void *burn_on(void *unused)
{
	for (;;)
		;
	return unused;
}

static void burn(int count)
{
	const int size = 200;
	int i;

	for (; count > 0; count--) {
		pid_t pid = fork_or_die();

		if (!pid) {
			pthread_t thread;

			for (i = 1; i < size; i++)
				if (pthread_create(&thread, NULL, burn_on, NULL))
					errx(3, "pthread_create");
			burn_on(NULL);
		}
		sleep_ms(2000);
		kill(pid, SIGKILL);
		reap(pid);
	}
}

/* Writes the ids, waits for the line or file, and then releases the processes that read from the pipe. */
static void tell(const char *ids)
{
	const char *name = getenv("STORM_IDS"), *go = getenv("STORM_GO");
	char partial[PATH_MAX];
	FILE *file;

	if (!name)
		errx(2, "STORM_IDS is not set");
	snprintf(partial, sizeof(partial), "%s.partial", name);
	file = fopen(partial, "w");
	if (!file || fputs(ids, file) < 0 || fclose(file) || rename(partial, name))
		err(3, "%s", name);
	if (go)
		while (access(go, F_OK))
			sleep_ms(10);
	else
		getchar();
}

static void hold(int pipe_end)
{
	char byte;

	if (read(pipe_end, &byte, 1) < 0)
		err(3, "read");
}

static void ids(int count)
{
	char *text = calloc(count, 12), *at = text;
	int gate[2], i;
	pid_t pid;

	if (!text || pipe(gate))
		err(3, "ids");
	for (i = 0; i < count; i++) {
		pid = fork_or_die();
		if (!pid) {
			close(gate[1]);
			hold(gate[0]);
			end(i);
		}
		at += sprintf(at, "%s%d", i ? "," : "", pid);
	}
	close(gate[0]);
	tell(text);
	close(gate[1]);
	reap_all(count);
	free(text);
}

/* Forks generations of children. Each process forks all its children before it reaps any. */
static void grow(int generations, int width, int number)
{
	int i;

	if (!generations)
		return;
	for (i = 0; i < width; i++) {
		if (!fork_or_die()) {
			grow(generations - 1, width, number + i);
			end(number + i);
		}
	}
	reap_all(width);
}

static void tree(int count)
{
	const int width = 4, size = 4 * (1 + 4 * (1 + 4));
	char text[12];
	int gate[2];
	pid_t root;

	if (pipe(gate))
		err(3, "pipe");
	root = fork_or_die();
	if (!root) {
		int i, open = 0;

		close(gate[1]);
		hold(gate[0]);
		for (i = 0; i * size < count; i++) {
			for (int branch = 0; branch < width; branch++) {
				if (!fork_or_die()) {
					grow(2, width, i + branch);
					end(i + branch);
				}
			}
			open += width;
			if (open >= 3 * width) {
				reap_all(open);
				open = 0;
			}
		}
		reap_all(open);
		_exit(0);
	}
	close(gate[0]);
	snprintf(text, sizeof(text), "%d", root);
	tell(text);
	close(gate[1]);
	reap(root);
}

static const struct {
	const char *name;
	void (*run)(int count);
} kinds[] = {
    {"forks", forks},	  {"fifo", fifo},	{"maps", maps}, {"groups", groups},
    {"stopped", stopped}, {"threads", threads}, {"burn", burn}, {"ids", ids},
    {"tree", tree},
};

int main(int argc, char **argv)
{
	unsigned int i;
	int count, burns;

	if (argc != 3)
		errx(2, "usage: storm KIND COUNT");
	default_signals();
	count = number(argv[2], 1, LEDGER_SIZE / 2);
	ledger = mmap(NULL, sizeof(*ledger), PROT_READ | PROT_WRITE,
		      MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (ledger == MAP_FAILED)
		err(3, "mmap");
	for (i = 0; i < sizeof(kinds) / sizeof(*kinds); i++) {
		if (strcmp(kinds[i].name, argv[1]))
			continue;
		burns = kinds[i].run == burn;
		kinds[i].run((count + 3) & ~3);
		for (i = 0; i < ledger->used; i++)
			printf("%d\t%d\t%d\t%lld\n", ledger->entries[i].pid, ledger->entries[i].parent,
			       ledger->entries[i].status, burns ? ledger->entries[i].cpu_time : 0);
		return 0;
	}
	errx(2, "%s: no such storm", argv[1]);
}
