// SPDX-License-Identifier: Apache-2.0
/*
 * Ends itself or a child by a cause that is easily misreported. The first line of output is the pid of the
 * process that will end. See causes --help.
 */
#include "common.h"
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <pthread.h>
#include <sched.h>
#include <stddef.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/wait.h>

static const char usage[] = "causes MODE [ARG...]\n"
			    "  reraise-fault ADDRESS   faults; its handler restores the default and raises the signal\n"
			    "  reraise SIGNAL [MILLISECONDS]   handles a signal, and after a while raises it\n"
			    "  handle SIGNAL           handles a signal and goes on\n"
			    "  stack-handler           overflows its stack; its handler would run on that stack\n"
			    "  stack-thread            overflows the stack of a thread\n"
			    "  stack-frames            overflows by frames of many pages\n"
			    "  fsize                   writes beyond RLIMIT_FSIZE\n"
			    "  cpu-soft | cpu-hard     uses a second more than RLIMIT_CPU\n"
			    "  pdeathsig SIGNAL        its parent's thread leaves, its parent lives on\n"
			    "  inject SIGNAL           a debugger has it die of a signal that it handled before\n"
			    "  seccomp NUMBER [trap] [threads]   a system call that its filter kills for\n"
			    "  share-memory MEGABYTES [vfork]    two processes with one memory use too much\n"
			    "  raise SIGNAL            sends it to itself by kill(2)\n"
			    "  exec-after MEGABYTES    touches that much, then executes a small program\n"
			    "  burn-at-once MILLISECONDS THREADS   threads that die all at once\n"
			    "  burn-and-leave MILLISECONDS   in the main thread, which ends before another does\n"
			    "  leave                   its main thread ends; another waits for a line, and exits\n";

static char **args;
static char *self_path;

static char *next(void)
{
	if (!*args)
		errx(2, "an argument is missing; see --help");
	return *args++;
}

static void tell(pid_t pid)
{
	char line[16];
	int length = snprintf(line, sizeof(line), "%d\n", pid);

	if (write(STDOUT_FILENO, line, length) != length)
		_exit(97);
}

static void say(const char *word)
{
	if (write(STDOUT_FILENO, word, strlen(word)) < 0)
		_exit(97);
}

static void wait_for_input(void)
{
	char c = 0;

	while (c != '\n' && read(STDIN_FILENO, &c, 1) == 1)
		;
}

static void default_and_raise(int sig)
{
	signal(sig, SIG_DFL);
	raise(sig);
}

static void reraise_fault(void)
{
	unsigned long address = strtoul(next(), NULL, 0);

	signal(SIGSEGV, default_and_raise);
	tell(getpid());
	*(volatile char *)address;
}

static volatile sig_atomic_t handled;

static void note(int sig)
{
	handled = sig;
}

static void reraise(void)
{
	int sig = signal_number(next());
	long ms = *args ? number(next(), 0, 60000) : 0;

	signal(sig, note);
	tell(getpid());
	say("ready\n");
	while (!handled)
		sleep_ms(1);
	sleep_ms(ms);
	signal(sig, SIG_DFL);
	kill(getpid(), sig);
}

static void handle(void)
{
	int sig = signal_number(next());

	signal(sig, note);
	tell(getpid());
	say("ready\n");
	while (!handled)
		sleep_ms(1);
	signal(sig, SIG_DFL);
	say("handled\n");
	wait_for_input();
	_exit(0);
}

static void raise_it(void)
{
	int sig = signal_number(next());

	tell(getpid());
	kill(getpid(), sig);
	pause();
}

static volatile int bottomless = 1;

static __attribute__((noinline)) int deeper(volatile char *above)
{
	volatile char here[4000];

	here[0] = above[0];
	return (bottomless ? deeper(here) : 0) + here[0];
}

static __attribute__((noinline)) int deeper_by_pages(volatile char *above)
{
	volatile char here[60000];

	here[0] = above[0];
	return (bottomless ? deeper_by_pages(here) : 0) + here[0];
}

static void *overflow(void *unused)
{
	volatile char start = 0;

	(void)unused;
	deeper(&start);
	return NULL;
}

static void limit_stack(void)
{
	struct rlimit limit = {1 << 20, 1 << 20};

	setrlimit(RLIMIT_STACK, &limit);
}

static void stack_handler(void)
{
	limit_stack();
	signal(SIGSEGV, default_and_raise);
	tell(getpid());
	overflow(NULL);
}

static void stack_thread(void)
{
	pthread_t thread;

	tell(getpid());
	if (pthread_create(&thread, NULL, overflow, NULL))
		errx(1, "pthread_create");
	pthread_join(thread, NULL);
}

static void stack_frames(void)
{
	volatile char start = 0;

	limit_stack();
	tell(getpid());
	deeper_by_pages(&start);
}

static void fsize(void)
{
	struct rlimit limit = {4096, 4096};
	const char *tmp = getenv("TMPDIR");
	char block[8192] = {0};
	int fd = open(tmp ? tmp : "/tmp", O_TMPFILE | O_RDWR, 0600);

	if (fd < 0 || setrlimit(RLIMIT_FSIZE, &limit))
		err(1, "fsize");
	tell(getpid());
	for (;;)
		if (write(fd, block, sizeof(block)) < 0)
			err(1, "write");
}

static void use_cpu(rlim_t soft, rlim_t hard)
{
	struct rlimit limit = {soft, hard};
	volatile unsigned long i;

	if (setrlimit(RLIMIT_CPU, &limit))
		err(1, "RLIMIT_CPU");
	tell(getpid());
	for (i = 0;; i++)
		;
}

static void cpu_soft(void)
{
	use_cpu(1, 10);
}

static void cpu_hard(void)
{
	use_cpu(1, 1);
}

/* ---- children ---- */

static void *fork_and_leave(void *signal)
{
	int ready[2];
	pid_t pid;
	char c;

	if (pipe(ready))
		err(1, "pipe");
	pid = fork();
	if (pid < 0)
		err(1, "fork");
	if (pid == 0) {
		alarm(30);
		set_comm("orphan");
		prctl(PR_SET_PDEATHSIG, (long)signal);
		if (write(ready[1], "", 1) != 1)
			_exit(98);
		pause();
		_exit(98);
	}
	if (read(ready[0], &c, 1) != 1)
		err(1, "read");
	tell(pid);
	wait_for_input();
	return NULL;
}

static void pdeathsig(void)
{
	long sig = signal_number(next());
	pthread_t thread;

	if (pthread_create(&thread, NULL, fork_and_leave, (void *)sig))
		errx(1, "pthread_create");
	pthread_join(thread, NULL);
	wait(NULL);
	_exit(0);
}

static void inject(void)
{
	int sig = signal_number(next()), status, stop;
	pid_t pid = fork();

	if (pid < 0)
		err(1, "fork");
	if (pid == 0) {
		alarm(30);
		set_comm("debugged");
		signal(sig, note);
		ptrace(PTRACE_TRACEME, 0, NULL, NULL);
		tell(getpid());
		say("ready\n");
		while (!handled)
			sleep_ms(1);
		signal(sig, SIG_DFL);
		raise(SIGUSR2);
		_exit(98);
	}
	set_comm("debugger");
	while (waitpid(pid, &status, 0) == pid && WIFSTOPPED(status)) {
		stop = WSTOPSIG(status);
		ptrace(PTRACE_CONT, pid, NULL, (long)(stop == SIGUSR2 ? sig : stop));
	}
	_exit(0);
}

static __attribute__((noreturn)) void wait_for_death(void)
{
	for (;;)
		pause();
}

static void *sleep_on(void *unused)
{
	(void)unused;
	wait_for_death();
}

static void seccomp(void)
{
	long call = number(next(), 0, 1000);
	int trap = *args && !strcmp(*args, "trap") && next(), threads = *args && !strcmp(*args, "threads");
	struct sock_filter filter[] = {
	    BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
	    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, call, 0, 1),
	    BPF_STMT(BPF_RET | BPF_K, trap ? SECCOMP_RET_TRAP : SECCOMP_RET_KILL_PROCESS),
	    BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog program = {sizeof(filter) / sizeof(*filter), filter};
	pthread_t thread;
	int i;

	for (i = 0; threads && i < 4; i++)
		pthread_create(&thread, NULL, sleep_on, NULL);
	prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
	if (syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_TSYNC, &program))
		err(1, "seccomp");
	tell(getpid());
	syscall(call, 0, 0, 0, 0, 0, 0);
	_exit(98);
}

static long megabytes;

static void touch(void)
{
	size_t size = megabytes << 20, i;
	volatile char *p = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (p == MAP_FAILED)
		err(1, "mmap");
	for (i = 0; i < size; i += 4096)
		p[i] = 1;
}

static int share_child(void *unused)
{
	(void)unused;
	tell(getpid());
	touch();
	wait_for_death();
}

/* The second line of output is the pid of the other process. */
static void share_memory(void)
{
	char *stack = malloc(65536);
	int flags;
	pid_t pid;

	megabytes = number(next(), 1, 16384);
	flags = *args && !strcmp(*args, "vfork") ? CLONE_VM | CLONE_VFORK : CLONE_VM;
	tell(getpid());
	pid = clone(share_child, stack + 65536, flags | SIGCHLD, NULL);
	if (pid < 0)
		err(1, "clone");
	wait_for_death();
}

/* ---- use of resources ---- */

static void exec_after(void)
{
	megabytes = number(next(), 1, 16384);
	touch();
	execl(self_path, self_path, "handle", "TERM", NULL);
	err(1, "execl");
}

static long burn_ms;
static pthread_barrier_t burnt;

static void *burn(void *unused)
{
	volatile unsigned int i;

	(void)unused;
	while (clock_ns(CLOCK_THREAD_CPUTIME_ID) < burn_ms * 1000000)
		for (i = 0; i < 20000; i++)
			;
	pthread_barrier_wait(&burnt);
	wait_for_death();
}

static void burn_at_once(void)
{
	pthread_attr_t small;
	pthread_t thread;
	int threads, i;

	burn_ms = number(next(), 0, 10000);
	threads = number(next(), 1, 3000);
	pthread_barrier_init(&burnt, NULL, threads + 1);
	pthread_attr_init(&small);
	pthread_attr_setstacksize(&small, 65536);
	for (i = 0; i < threads; i++)
		if (pthread_create(&thread, &small, burn, NULL))
			errx(1, "pthread_create");
	pthread_barrier_wait(&burnt);
	tell(getpid());
	kill(getpid(), SIGKILL);
}

static void *outlive_main_thread(void *unused)
{
	char stat[256];
	ssize_t size;
	int fd;

	(void)unused;
	do {
		fd = open("/proc/self/stat", O_RDONLY);
		size = read(fd, stat, sizeof(stat) - 1);
		close(fd);
		stat[size > 0 ? size : 0] = 0;
	} while (!strstr(stat, ") Z "));
	_exit(0);
}

/* The kernel releases the main thread only together with the process. */
static void *exit_on_input(void *unused)
{
	(void)unused;
	wait_for_input();
	_exit(0);
}

static void leave(void)
{
	pthread_t thread;

	if (pthread_create(&thread, NULL, exit_on_input, NULL))
		errx(1, "pthread_create");
	tell(getpid());
	pthread_exit(NULL);
}

static void burn_and_leave(void)
{
	pthread_t thread;

	burn_ms = number(next(), 0, 10000);
	while (clock_ns(CLOCK_THREAD_CPUTIME_ID) < burn_ms * 1000000)
		;
	if (pthread_create(&thread, NULL, outlive_main_thread, NULL))
		errx(1, "pthread_create");
	pthread_exit(NULL);
}

static const struct mode {
	const char *name;
	void (*run)(void);
} modes[] = {
    {"reraise-fault", reraise_fault},
    {"reraise", reraise},
    {"handle", handle},
    {"raise", raise_it},
    {"stack-handler", stack_handler},
    {"stack-thread", stack_thread},
    {"stack-frames", stack_frames},
    {"fsize", fsize},
    {"cpu-soft", cpu_soft},
    {"cpu-hard", cpu_hard},
    {"pdeathsig", pdeathsig},
    {"inject", inject},
    {"seccomp", seccomp},
    {"share-memory", share_memory},
    {"exec-after", exec_after},
    {"burn-at-once", burn_at_once},
    {"burn-and-leave", burn_and_leave},
    {"leave", leave},
};

int main(int argc, char **argv)
{
	size_t i;

	if (argc > 1 && !strcmp(argv[1], "--help"))
		return fputs(usage, stdout) < 0;
	default_signals();
	alarm(60);
	for (i = 0; argc > 1 && i < sizeof(modes) / sizeof(*modes); i++) {
		if (strcmp(argv[1], modes[i].name))
			continue;
		self_path = argv[0];
		args = argv + 2;
		modes[i].run();
	}
	fputs(usage, stderr);
	return 2;
}
