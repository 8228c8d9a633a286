// SPDX-License-Identifier: Apache-2.0
/*
 * Ends by one cause.
 *
 *	victim [-w] [-i] MODE [ARG...]		victim --help lists the modes
 *
 * The first line of output is the pid. With -w it then waits for a line or the
 * end of standard input, so that a tracer can be started with the pid. With -i
 * a handler prints "signal NUMBER code CODE address 0xADDRESS" from the siginfo,
 * and the process then ends by the same signal, raised at the same place again.
 */
#include "common.h"
#include <fcntl.h>
#include <pthread.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/time.h>
#include <sys/wait.h>

#define LIFE_SECONDS 600 /* no mode lives longer than this */
#define MAX_TREE 4000

static const char usage[] = "victim [-w] [-i] MODE\n"
			    "  null-deref | fault ADDRESS | bus | ill | fpe | trap | stack\n"
			    "  abort | sigpipe | sigalrm\n"
			    "  exit STATUS | sleep SECONDS\n"
			    "  ignore-term [SECONDS] | handler-then-die [SECONDS]\n"
			    "  memory MB [SECONDS]       touches MB, prints \"ready\", lives on\n"
			    "  burn MILLISECONDS [THREADS]   of CPU, each thread\n"
			    "  io BYTES                  ends with /proc/self/io's two figures\n"
			    "  tree DEPTH WIDTH [MILLISECONDS]   pid, ppid, depth, exit status\n"
			    "  orphan MICROSECONDS       exits at once, its child so much later\n"
			    "  workers COUNT MILLISECONDS   each forks children of that age until it\n"
			    "                            is killed; a process group; prints pids\n";

static char **args;

/* The next argument as a number, or the default if there is none. */
static long long arg(long long min, long long max, long long otherwise)
{
	if (*args)
		return number(*args++, min, max);
	if (otherwise < min)
		errx(2, "an argument is missing; see --help");
	return otherwise;
}

/* ---- faults ---- */

static void read_at(unsigned long address)
{
	char *volatile p = (char *)address;

	for (;;)
		(void)*(volatile char *)p;
}

static void null_deref(void)
{
	read_at(0);
}

/* Reads any address, including those of the kernel's half and of the gap between the halves. */
static void fault(void)
{
	if (!*args)
		errx(2, "an address is missing");
	read_at(strtoul(*args, NULL, 0));
}

/* Reads a mapped page whose file was truncated. */
static void bus(void)
{
	long page = sysconf(_SC_PAGESIZE);
	int fd = memfd_create("victim", 0);
	void *p;

	if (fd < 0 || ftruncate(fd, page))
		err(1, "memfd");
	p = mmap(NULL, page, PROT_READ, MAP_SHARED, fd, 0);
	if (p == MAP_FAILED || ftruncate(fd, 0))
		err(1, "mmap");
	read_at((unsigned long)p);
}

static void ill(void)
{
	for (;;)
#if defined(__x86_64__)
		asm volatile("ud2");
#else
		asm volatile(".inst 0");
#endif
}

static void trap(void)
{
	for (;;)
#if defined(__x86_64__)
		asm volatile("int3");
#else
		asm volatile("brk #0");
#endif
}

/* If a division by zero does not trap on this architecture, raises the signal. */
static void fpe(void)
{
	for (;;)
#if defined(__x86_64__)
		asm volatile("xorl %%ecx, %%ecx\n\tidivl %%ecx" ::: "eax", "ecx", "edx", "cc");
#else
		raise(SIGFPE);
#endif
}

static volatile int bottomless = 1;

static __attribute__((noinline)) int deeper(volatile char *above)
{
	volatile char here[4096];

	here[0] = above[0];
	return (bottomless ? deeper(here) : 0) + here[0];
}

static void stack(void)
{
	struct rlimit limit = {1 << 20, 1 << 20};
	volatile char start = 0;

	setrlimit(RLIMIT_STACK, &limit);
	deeper(&start);
}

static void sigpipe(void)
{
	int ends[2];

	if (pipe(ends))
		err(1, "pipe");
	close(ends[0]);
	while (write(ends[1], "x", 1) < 0)
		;
}

static void sigalrm(void)
{
	struct itimerval soon = {.it_interval = {0, 20000}, .it_value = {0, 20000}};

	setitimer(ITIMER_REAL, &soon, NULL);
	for (;;)
		pause();
}

/* ---- ends that other processes cause ---- */

static void sleep_seconds(void)
{
	sleep_ms(arg(0, LIFE_SECONDS, 30) * 1000);
	_exit(0);
}

static void ignore_term(void)
{
	signal(SIGTERM, SIG_IGN);
	puts("ready");
	sleep_seconds();
}

static void raise_again(int sig)
{
	signal(sig, SIG_DFL);
	kill(getpid(), sig);
}

static void handler_then_die(void)
{
	signal(SIGTERM, raise_again);
	puts("ready");
	sleep_seconds();
}

static void exit_with(void)
{
	_exit(arg(-1000000, 1000000, -2000000));
}

/* ---- use of resources ---- */

static void memory(void)
{
	size_t size = arg(1, 16384, 0) << 20, i;
	volatile char *p = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (p == MAP_FAILED)
		err(1, "mmap");
	for (i = 0; i < size; i += 4096)
		p[i] = 1;
	puts("ready");
	sleep_ms(arg(0, LIFE_SECONDS, 0) * 1000);
	_exit(0);
}

static void *burn_thread(void *ms)
{
	volatile unsigned int i;

	while (clock_ns(CLOCK_THREAD_CPUTIME_ID) < (long)ms * 1000000LL)
		for (i = 0; i < 50000; i++)
			;
	return NULL;
}

static void burn(void)
{
	long ms = arg(0, 100000, -1);
	int threads = arg(1, 64, 1), i;
	pthread_t t[64];

	for (i = 1; i < threads; i++)
		if (pthread_create(&t[i], NULL, burn_thread, (void *)ms))
			errx(1, "pthread_create");
	burn_thread((void *)ms);
	for (i = 1; i < threads; i++)
		pthread_join(t[i], NULL);
	_exit(0);
}

/* Opens a file without a name on a disk, with O_DIRECT if the file system supports it. */
static int scratch_file(void)
{
	const char *tmp = getenv("TMPDIR");
	int fd = open(tmp ? tmp : "/tmp", O_TMPFILE | O_RDWR | O_DIRECT, 0600);

	if (fd < 0)
		fd = open(tmp ? tmp : "/tmp", O_TMPFILE | O_RDWR, 0600);
	if (fd < 0)
		err(1, "a temporary file");
	return fd;
}

static void print_io(void)
{
	char line[128];
	FILE *f = fopen("/proc/self/io", "r");

	while (f && fgets(line, sizeof(line), f))
		if (!strncmp(line, "read_bytes", 10) || !strncmp(line, "write_bytes", 11))
			fputs(line, stdout);
}

static void io(void)
{
	const size_t block = 1 << 16;
	long long size = arg(1, 1LL << 32, 0), done;
	char *buffer = aligned_alloc(4096, block);
	int fd = scratch_file();

	memset(buffer, 'x', block);
	for (done = 0; done < size; done += block)
		if (write(fd, buffer, block) != (ssize_t)block)
			err(1, "write");
	if (fsync(fd) || lseek(fd, 0, SEEK_SET))
		err(1, "fsync");
	posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED);
	for (done = 0; done < size; done += block)
		if (read(fd, buffer, block) != (ssize_t)block)
			err(1, "read");
	print_io();
	_exit(0);
}

/*
 * Every node has WIDTH children. Leaves live for a while, and a node waits for
 * its children. But a node with an odd place among its siblings exits immediately,
 * so that its children are orphans. Their leaves live three times as long, which
 * is longer than the root.
 */
static int node(int depth, int levels, int width, int place, int ms, int orphaned)
{
	int status = (depth * 16 + place) & 0xff, i;
	char line[64];

	alarm(60);
	snprintf(line, sizeof(line), "%d\t%d\t%d\t%d\n", getpid(), getppid(), depth, status);
	if (write(STDOUT_FILENO, line, strlen(line)) < 0)
		err(1, "write");
	for (i = 0; i < width && depth < levels; i++)
		if (fork() == 0)
			_exit(node(depth + 1, levels, width, i, ms, orphaned || place % 2));
	if (depth == levels)
		sleep_ms(orphaned ? ms * 3 : ms);
	else if (place % 2 == 0)
		while (wait(NULL) > 0)
			;
	return status;
}

static void tree(void)
{
	int levels = arg(0, 10, -1), width = arg(1, 1000, -1), ms = arg(0, 15000, 300);
	long nodes = 1, row = 1;
	int i;

	for (i = 0; i < levels && nodes <= MAX_TREE; i++)
		nodes += row *= width;
	if (nodes > MAX_TREE)
		errx(2, "a tree of more than %d processes", MAX_TREE);
	_exit(node(0, levels, width, 0, ms, 0));
}

static void orphan(void)
{
	long us = arg(0, 10000000, -1), start;

	if (fork())
		_exit(0);
	start = clock_ns(CLOCK_MONOTONIC);
	while (clock_ns(CLOCK_MONOTONIC) - start < us * 1000)
		;
	_exit(0);
}

static void workers(void)
{
	int count = arg(1, 1000, 0), ms = arg(1, 10000, 10), i;

	setpgid(0, 0);
	for (i = 1; i < count; i++) {
		if (fork())
			continue;
		printf("%d\n", getpid());
		break;
	}
	alarm(60);
	for (;;) {
		pid_t child = fork();

		if (!child) {
			sleep_ms(ms);
			_exit(0);
		}
		waitpid(child, NULL, 0);
	}
}

static const struct mode {
	const char *name;
	void (*die)(void);
} modes[] = {
    {"null-deref", null_deref},
    {"fault", fault},
    {"bus", bus},
    {"ill", ill},
    {"fpe", fpe},
    {"trap", trap},
    {"stack", stack},
    {"abort", abort},
    {"sigpipe", sigpipe},
    {"sigalrm", sigalrm},
    {"exit", exit_with},
    {"sleep", sleep_seconds},
    {"ignore-term", ignore_term},
    {"handler-then-die", handler_then_die},
    {"memory", memory},
    {"burn", burn},
    {"io", io},
    {"tree", tree},
    {"orphan", orphan},
    {"workers", workers},
};

static void on_signal(int sig, siginfo_t *info, void *context)
{
	/* For other signals the same bytes contain the sender's pid and uid. */
	int by_fault = sig != SIGABRT && sig != SIGPIPE && sig != SIGALRM;
	char line[80];

	(void)context;
	snprintf(line, sizeof(line), "signal %d code %d address 0x%lx\n", sig, info->si_code,
		 by_fault ? (unsigned long)info->si_addr : 0);
	if (write(STDOUT_FILENO, line, strlen(line)) < 0)
		_exit(96);
}

static void tell_signals(void)
{
	static const int fatal[] = {SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGTRAP, SIGABRT, SIGPIPE, SIGALRM};
	/* The handler needs an alternate stack, because the stack may have overflowed. */
	stack_t own = {.ss_sp = malloc(65536), .ss_size = 65536};
	struct sigaction tell = {.sa_sigaction = on_signal,
				 .sa_flags = SA_SIGINFO | SA_RESETHAND | SA_ONSTACK};
	size_t i;

	sigaltstack(&own, NULL);
	for (i = 0; i < sizeof(fatal) / sizeof(*fatal); i++)
		sigaction(fatal[i], &tell, NULL);
}

int main(int argc, char **argv)
{
	int opt, wait_first = 0, tell = 0;
	char c = 0;
	size_t i;

	if (argc > 1 && !strcmp(argv[1], "--help"))
		return fputs(usage, stdout) < 0;
	default_signals();
	while ((opt = getopt(argc, argv, "+wi")) != -1) {
		if (opt == '?')
			return 2;
		wait_first |= opt == 'w';
		tell |= opt == 'i';
	}
	setvbuf(stdout, NULL, _IOLBF, 0);
	for (i = 0; i < sizeof(modes) / sizeof(*modes); i++) {
		if (!argv[optind] || strcmp(argv[optind], modes[i].name))
			continue;
		args = argv + optind + 1;
		alarm(LIFE_SECONDS + 10);
		printf("%d\n", getpid());
		while (wait_first && c != '\n' && read(STDIN_FILENO, &c, 1) == 1)
			;
		if (tell)
			tell_signals();
		modes[i].die();
	}
	fputs(usage, stderr);
	return 2;
}
