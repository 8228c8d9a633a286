// SPDX-License-Identifier: Apache-2.0
/*
 * Makes a storm of exits, and counts all of them by reaping every process.
 *
 *	storm [--kind vfork|fork|exec|thread] [--workers K]
 *		--count N | --rate R --seconds S | --seconds S
 *		[--poisson] [--status-mix | --code N] [--comm NAME] [--pin] [--cap S] [--latency FILE]
 *
 * K workers make children that exit immediately: N in all, or R a second for S
 * seconds, or as many as possible in S seconds; but not longer than --cap (120 s).
 * SIGINT and SIGTERM end the storm early. Prints these lines:
 *	elapsed SECONDS		from the first worker's start to the last's end
 *	exits TOTAL
 *	rate EXITS-PER-SECOND
 *	comm NAME		the comm of all of these exits, and of no others
 *				(with --kind exec --status-mix, also "false")
 *	stopped cap|signal	only if it ended early
 *	worker PID EXITS	each worker, and how many exits it is the parent of
 *	status NUMBER EXITS	each status, as waitpid(2) stores it
 * The worker's own exit, named storm-worker, is not counted. For threads, which
 * have no wait status, the status is the one that the thread left with.
 *
 * All exit with 0, with --code with N, with --status-mix with many different statuses.
 *
 * --poisson: the times between the exits of --rate are exponentially distributed, like
 * those of independent events. They are the same in each run.
 *
 * --latency FILE writes "PID START EXIT" for each child (vfork or fork), in
 * nanoseconds of CLOCK_BOOTTIME: its parent's clock before the fork and the
 * child's own just before _exit.
 */
#include "common.h"
#include <getopt.h>
#include <limits.h>
#include <math.h>
#include <pthread.h>
#include <sched.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>

#define MAX_WORKERS 256
#define MAX_LATENCY 2000000
#define STATUSES 65536
#define GRACE_SECONDS 10

enum kind {
	VFORK,
	FORK,
	EXEC,
	THREAD
};

static const char *const kinds[] = {"vfork", "fork", "exec", "thread"};

struct latency {
	pid_t pid;
	long long start, exit;
};

struct worker {
	pid_t pid;
	long long start, end;
	unsigned long exits;
	int capped;
	unsigned int status[STATUSES];
};

/* Written by the workers and read by the parent. */
static struct shared {
	volatile int stop;
	struct worker worker[];
} * shared;

static struct latency *latencies;

static enum kind kind = VFORK;
static long workers = 1, count, rate, cap = 120;
static double seconds;
static int status_mix, fixed_code, pin, poisson;
static pid_t parent;
static const char *comm, *latency_file;
static char folder[] = "/tmp/storm.XXXXXX";
static char link_name[PATH_MAX];

static void *shared_memory(size_t size)
{
	void *p = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	if (p == MAP_FAILED)
		err(1, "mmap");
	return p;
}

/* The signal that ends child i, which is one in sixteen; the others exit with a code. */
static int signal_of(unsigned long i)
{
	static const int sigs[] = {SIGKILL, SIGTERM, SIGSEGV, SIGABRT, SIGUSR1, 34};

	return status_mix && kind != THREAD && i % 16 == 15 ? sigs[i / 16 % 6] : 0;
}

static int code_of(unsigned long i)
{
	return status_mix ? (int)(i * 7 % 256) : fixed_code;
}

/* Ends a child. It may share the worker's memory, so it must not change it. */
static inline __attribute__((always_inline)) void die(unsigned long i, struct latency *l)
{
	int sig = signal_of(i);

	/* The first write causes a page fault, which must come before the clock is read. */
	if (l) {
		*(volatile long long *)&l->exit = clock_ns(CLOCK_BOOTTIME);
		l->exit = clock_ns(CLOCK_BOOTTIME);
	}
	if (sig)
		syscall(SYS_kill, (pid_t)syscall(SYS_getpid), sig);
	_exit(code_of(i));
}

static __attribute__((noinline)) pid_t by_vfork(unsigned long i, struct latency *l)
{
	pid_t pid = vfork();

	if (pid == 0)
		die(i, l);
	return pid;
}

static pid_t by_fork(unsigned long i, struct latency *l)
{
	pid_t pid = fork();

	if (pid == 0)
		die(i, l);
	return pid;
}

static pid_t by_exec(unsigned long i)
{
	const char *program = status_mix && i % 4 == 3 ? "/bin/false" : "/bin/true";
	pid_t pid = fork();

	if (pid == 0) {
		char *const argv[] = {(char *)program, NULL};
		char *const none[] = {NULL};

		/* comm is the last component of the path that is executed. */
		execve(*link_name && !strcmp(program, "/bin/true") ? link_name : program, argv, none);
		_exit(127);
	}
	return pid;
}

static void *thread(void *code)
{
	syscall(SYS_exit, (int)(long)code);
	return NULL;
}

static int one_thread(unsigned long i)
{
	pthread_t t;

	if (pthread_create(&t, NULL, thread, (void *)(long)code_of(i)) || pthread_join(t, NULL))
		errx(1, "a thread");
	return code_of(i) << 8;
}

static int one_process(unsigned long i, struct latency *l)
{
	int status;
	pid_t pid;

	if (l)
		l->start = clock_ns(CLOCK_BOOTTIME);
	pid = kind == VFORK ? by_vfork(i, l) : kind == FORK ? by_fork(i, l) : by_exec(i);
	if (pid < 0)
		err(1, "fork");
	if (waitpid(pid, &status, 0) != pid)
		err(1, "waitpid");
	if (l)
		l->pid = pid;
	return status & (STATUSES - 1);
}

/* An exponentially distributed number with the mean 1. */
static double exponential(unsigned long long *random)
{
	/* xorshift64 */
	*random ^= *random << 13;
	*random ^= *random >> 7;
	*random ^= *random << 17;
	return -log(((*random >> 11) + 1) / 9007199254740992.0);
}

/* Uses absolute times, so that a late exit does not delay those after it. */
static void pace(long long start, double due, double per_second)
{
	long long at = start + (long long)(due * (1e9 / per_second));
	struct timespec t = {at / 1000000000, at % 1000000000};

	if (clock_ns(CLOCK_MONOTONIC) < at)
		clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &t, NULL);
}

static void pin_to(int w)
{
	cpu_set_t allowed, one;
	int cpu, n;

	sched_getaffinity(0, sizeof(allowed), &allowed);
	n = w % CPU_COUNT(&allowed);
	for (cpu = 0; !CPU_ISSET(cpu, &allowed) || n--; cpu++)
		;
	CPU_ZERO(&one);
	CPU_SET(cpu, &one);
	sched_setaffinity(0, sizeof(one), &one);
}

/* Worker w makes the exits w, w + workers, w + 2 * workers ... */
static void work(int w, int go)
{
	struct worker *me = &shared->worker[w];
	long long end, hard;
	unsigned long i;
	unsigned long long random = 0x9E3779B97F4A7C15 + w;
	double due = 0;
	char c;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent)
		_exit(1);
	prctl(PR_SET_TIMERSLACK, 1);
	if (pin)
		pin_to(w);
	/* Children inherit comm, so they need no call for it. */
	set_comm(comm);
	if (read(go, &c, 1))
		err(1, "start");
	me->start = clock_ns(CLOCK_MONOTONIC);
	hard = me->start + cap * 1000000000LL;
	end = count ? LLONG_MAX : me->start + (long long)(seconds * 1e9);
	for (i = w; !count || i < (unsigned long)count; i += workers) {
		long long now = clock_ns(CLOCK_MONOTONIC);

		me->capped = now >= hard && now < end;
		if (now >= end || now >= hard || shared->stop)
			break;
		due = poisson ? due + workers * exponential(&random) : i;
		if (rate)
			pace(me->start, due, rate);
		me->status[kind == THREAD ? one_thread(i)
					  : one_process(i, latencies ? &latencies[i] : NULL)]++;
		me->exits++;
	}
	me->end = clock_ns(CLOCK_MONOTONIC);
	set_comm("storm-worker");
	_exit(0);
}

static void on_stop(int sig)
{
	(void)sig;
	shared->stop = 1;
}

static void start_and_wait(void)
{
	struct sigaction stop = {.sa_handler = on_stop, .sa_flags = SA_RESTART};
	int go[2], status, failed = 0;
	long w;

	if (pipe(go))
		err(1, "pipe");
	for (w = 0; w < workers; w++) {
		pid_t pid = fork();

		if (pid < 0)
			err(1, "fork");
		if (pid == 0) {
			close(go[1]);
			/* Ctrl+C goes to all processes, but only the parent acts on it. */
			signal(SIGINT, SIG_IGN);
			work(w, go[0]);
		}
		shared->worker[w].pid = pid;
	}
	sigaction(SIGINT, &stop, NULL);
	sigaction(SIGTERM, &stop, NULL);
	alarm(cap + GRACE_SECONDS);
	close(go[0]);
	close(go[1]);
	for (w = 0; w < workers; w++) {
		if (waitpid(shared->worker[w].pid, &status, 0) < 0)
			err(1, "waitpid");
		failed |= status;
	}
	if (failed)
		errx(1, "a worker failed: its exits were not counted");
}

static void print_totals(void)
{
	long long first = LLONG_MAX, last = 0;
	unsigned long exits = 0, n;
	int capped = 0, s;
	long w;

	for (w = 0; w < workers; w++) {
		struct worker *k = &shared->worker[w];

		first = k->start < first ? k->start : first;
		last = k->end > last ? k->end : last;
		exits += k->exits;
		capped |= k->capped;
	}
	printf("elapsed %.6f\nexits %lu\nrate %.0f\ncomm %s\n", (last - first) / 1e9, exits,
	       exits / ((last - first) / 1e9), comm);
	if (shared->stop || capped)
		printf("stopped %s\n", shared->stop ? "signal" : "cap");
	for (w = 0; w < workers; w++)
		printf("worker %d %lu\n", shared->worker[w].pid, shared->worker[w].exits);
	for (s = 0; s < STATUSES; s++) {
		for (n = 0, w = 0; w < workers; w++)
			n += shared->worker[w].status[s];
		if (n)
			printf("status %d %lu\n", s, n);
	}
}

static void write_latencies(void)
{
	FILE *f = fopen(latency_file, "w");
	long i;

	for (i = 0; f && i < count; i++)
		if (latencies[i].pid)
			fprintf(f, "%d %lld %lld\n", latencies[i].pid, latencies[i].start, latencies[i].exit);
	if (!f || fclose(f))
		err(1, "%s", latency_file);
}

static void remove_link(void)
{
	unlink(link_name);
	rmdir(folder);
}

/* Makes a link to the executed program, because comm is the name of the link. */
static void make_link(void)
{
	if (!mkdtemp(folder))
		err(1, "%s", folder);
	snprintf(link_name, sizeof(link_name), "%s/%s", folder, comm);
	if (symlink("/bin/true", link_name)) {
		rmdir(folder);
		err(1, "%s", link_name);
	}
}

static void parse(int argc, char **argv)
{
	static const struct option options[] = {
	    {"kind", required_argument, NULL, 'k'},    {"workers", required_argument, NULL, 'w'},
	    {"count", required_argument, NULL, 'n'},   {"rate", required_argument, NULL, 'r'},
	    {"seconds", required_argument, NULL, 's'}, {"status-mix", no_argument, NULL, 'm'},
	    {"code", required_argument, NULL, 'e'},    {"comm", required_argument, NULL, 'c'},
	    {"pin", no_argument, NULL, 'p'},	       {"cap", required_argument, NULL, 'x'},
	    {"latency", required_argument, NULL, 'l'}, {"poisson", no_argument, NULL, 'o'},
	    {NULL, 0, NULL, 0}};
	int opt;

	while ((opt = getopt_long(argc, argv, "", options, NULL)) != -1) {
		switch (opt) {
		case 'k':
			for (kind = VFORK; kind <= THREAD && strcmp(optarg, kinds[kind]); kind++)
				;
			if (kind > THREAD)
				errx(2, "%s: vfork, fork, exec or thread", optarg);
			break;
		case 'w':
			workers = number(optarg, 1, MAX_WORKERS);
			break;
		case 'n':
			count = number(optarg, 1, 1000000000);
			break;
		case 'r':
			rate = number(optarg, 1, 1000000);
			break;
		case 's':
			seconds = atof(optarg);
			break;
		case 'm':
			status_mix = 1;
			break;
		case 'e':
			fixed_code = number(optarg, 0, 255);
			break;
		case 'c':
			comm = optarg;
			break;
		case 'p':
			pin = 1;
			break;
		case 'x':
			cap = number(optarg, 1, 86400);
			break;
		case 'o':
			poisson = 1;
			break;
		case 'l':
			latency_file = optarg;
			break;
		default:
			exit(2);
		}
	}
	if (optind != argc || (!count && seconds <= 0) || (count && seconds > 0))
		errx(2, "say --count N, or --seconds S, or --rate R --seconds S");
	if (fixed_code && (status_mix || kind == EXEC))
		errx(2, "--code: not with --status-mix, nor with --kind exec");
	if (comm && (strlen(comm) >= COMM_LEN || !*comm))
		errx(2, "--comm: 1 to 15 bytes");
	if (kind == EXEC && comm && (status_mix || strchr(comm, '/')))
		errx(2, "--comm with --kind exec: no /, and no --status-mix");
	if (poisson && !rate)
		errx(2, "--poisson: with --rate");
	if (rate && !count)
		count = rate * seconds;
	if (latency_file && (kind == EXEC || kind == THREAD || !count || count > MAX_LATENCY))
		errx(2, "--latency: vfork or fork, with --count or --rate, at most %d exits", MAX_LATENCY);
}

int main(int argc, char **argv)
{
	struct rlimit none = {0, 0};

	parse(argc, argv);
	parent = getpid();
	default_signals();
	setrlimit(RLIMIT_CORE, &none);
	set_comm("storm-main");
	shared = shared_memory(sizeof(*shared) + workers * sizeof(struct worker));
	if (latency_file)
		latencies = shared_memory(count * sizeof(*latencies));
	if (kind == EXEC && comm) {
		make_link();
		start_and_wait();
		remove_link();
	} else {
		if (!comm)
			comm = kind == EXEC ? "true" : "storm-child";
		start_and_wait();
	}
	print_totals();
	if (latency_file)
		write_latencies();
	return 0;
}
