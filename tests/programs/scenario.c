// SPDX-License-Identifier: Apache-2.0
/*
 * Runs processes that each end in a special way, and prints the result of wait4(2)
 * for each. The report of a tracer is compared with it.
 *
 *	scenario [--cores] [CASE...]	a CASE is a case's name or its comm
 *	scenario --list			the cases: name, comm
 *
 * Output, tab separated. A line for each process, when it has been waited for:
 *	case comm pid ppid-at-exit wait-status utime_us stime_us maxrss_kb
 *		minflt majflt nvcsw nivcsw
 * and before it, if the process had threads, one for each thread that
 * exited, including the main one, with the status that it should have:
 *	"thread" comm pid tid status case
 * Backslashes and bytes of a comm that are not printable ASCII are written as
 * \xNN. A status is the number that waitpid(2) stores.
 */
#include "scenario.h"
#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <sys/mman.h>

#define PARENT_SECONDS 60

static char folder[PATH_MAX];
pid_t self;
struct shared *shared;

void print_process(const struct scene *s, const char *comm, pid_t pid, pid_t ppid, int status,
		   const struct rusage *u)
{
	char text[4 * COMM_LEN];
	char name[COMM_LEN];
	int i;

	for (i = 0; i < shared->threads; i++) {
		int st = shared->thread[i].status;

		if (st == AS_PROCESS)
			st = status;
		else if (st == AS_PROCESS_NO_CORE)
			st = status & ~0x80;
		printf("thread\t%s\t%d\t%d\t%d\t%s\n", shared->thread[i].comm, pid, shared->thread[i].tid, st,
		       s->name);
	}
	shared->threads = 0;
	snprintf(name, sizeof(name), "%s", comm);
	printf("%s\t%s\t%d\t%d\t%d\t%lld\t%lld\t%ld\t%ld\t%ld\t%ld\t%ld\n", s->name, escape(name, text), pid,
	       ppid, status, u->ru_utime.tv_sec * 1000000LL + u->ru_utime.tv_usec,
	       u->ru_stime.tv_sec * 1000000LL + u->ru_stime.tv_usec, u->ru_maxrss, u->ru_minflt, u->ru_majflt,
	       u->ru_nvcsw, u->ru_nivcsw);
}

void wait_and_print(const struct scene *s, const char *comm, pid_t pid)
{
	struct rusage usage;
	int status;

	if (wait4(pid, &status, 0, &usage) != pid)
		err(1, "%s: wait4", s->name);
	print_process(s, comm, pid, self, status, &usage);
}

/* Sets an alarm, so that no descendant stays, whatever happens. */
void enter(const char *comm)
{
	alarm(CHILD_SECONDS);
	set_comm(comm);
}

pid_t start(const char *comm)
{
	pid_t pid = fork();

	if (pid < 0)
		err(1, "fork");
	if (pid == 0) {
		default_signals();
		enter(comm);
	}
	return pid;
}

static void run_child(const struct scene *s)
{
	pid_t pid = start(s->comm);

	if (pid == 0) {
		s->body(s->arg);
		_exit(99);
	}
	wait_and_print(s, s->comm2 ? s->comm2 : s->comm, pid);
}

static void body_exit(int code)
{
	_exit(code);
}

static void body_signal(int sig)
{
	kill(getpid(), sig);
	pause(); /* the alarm tells that sig did not kill */
}

static void body_age(int ms)
{
	sleep_ms(ms);
	_exit(0);
}

static const char *const comms[] = {
    "a b c",
    "x   ",
    "  y",
    "\xc3\xbcn\xc3\xaf"
    "c\xc3\xb6"
    "d\xc3\xa9",
    "\xd0\xbf\xd1\x80\xd0\xbe\xd1\x86\xd0\xb5\xd1\x81\xd1\x81\xd1\x8b",
    "\xf0\x9f\x90\x9d\xf0\x9f\x90\x9d",
    "\xff\xfe bad",
    "ok\xc3",
    "\x1b[31mred\x1b[0m",
    "\x1b]0;ttl\x07",
    "new\nline",
    "tab\there",
    "cr\rback",
    "\x01\x7f",
    "123456789012345",
    "%s%n%d",
    "a,b\"c'd",
    "c:\\dos",
    "",
    "[kthr/0]",
    "(sd-pam)",
    "\xe4\xb8\xad\xe6\x96\x87",
    "\xc2\x9b"
    "31mC1",
    "\xe2\x80\xaertl",
};

static const struct scene specials[] = {
    {"threads-first", "mt_first", body_threads_first, 3, NULL, NULL},
    {"leader-first-late9", "mt_leader1st", body_leader_first, LATE_9, NULL, NULL},
    {"leader-first-5", "mt_leader_5", body_leader_first, LATE_0, NULL, NULL},
    {"leader-first-sigterm", "mt_leader_sig", body_leader_first, LATE_TERM, NULL, NULL},
    {"leader-first-sigsegv", "mt_leader_segv", body_leader_first, LATE_SEGV, NULL, NULL},
    {"thread-exit-group", "mt_group7", body_group_exit, 7, NULL, NULL},
    {"thread-segv", "mt_segv", body_segv, 0, NULL, NULL},
    {"threads-sigterm", "mt_term", body_term, 0, NULL, NULL},
    {"thread-exec", "mt_exec", body_exec, 0, NULL, "execed11"},
    {"age", "age_1250ms", body_age, 1250, NULL, NULL},
    {"orphan", "orphaner", NULL, 20, run_orphan, "orphan"},
    {"orphan-subreaper", "orphaner_sr", NULL, 20, run_subreaper, "orphan_sr"},
    {"zombie", "zparent", NULL, 22, run_zombie, "zchild"},
    {"vfork", "vforked", NULL, 24, run_vfork, NULL},
    {"pidns", "in_pidns", NULL, 25, run_namespace, "in_pidns2"},
};

static const int codes[] = {0, 1, 2, 42, 127, 128, 255, 256, 511, -1};

static struct scene scenes[160];
static int scene_count;

static void add(const char *name, const char *comm, void (*body)(int), int arg)
{
	scenes[scene_count++] = (struct scene){name, comm, body, arg, NULL, NULL};
}

static void add_all(void)
{
	static char names[LAST_SIGNAL + 16][COMM_LEN];
	char(*next)[COMM_LEN] = names;
	size_t i;
	int sig;

	for (i = 0; i < sizeof(codes) / sizeof(*codes); i++) {
		snprintf(*next, COMM_LEN, "exit_%d", codes[i]);
		add("exit", *next++, body_exit, codes[i]);
	}
	for (sig = 1; sig <= LAST_SIGNAL; sig++) {
		/* These do not end a process. */
		if ((sig >= SIGCHLD && sig <= SIGURG) || sig == SIGWINCH)
			continue;
		snprintf(*next, COMM_LEN, "sig_%d", sig);
		add("signal", *next++, body_signal, sig);
	}
	for (i = 0; i < sizeof(comms) / sizeof(*comms); i++)
		add("comm", comms[i], body_exit, 100 + i);
	for (i = 0; i < sizeof(specials) / sizeof(*specials); i++)
		scenes[scene_count++] = specials[i];
}

static int wanted(const struct scene *s, char **names)
{
	char text[8 * COMM_LEN];

	if (!*names)
		return 1;
	for (; *names; names++)
		if (!strcmp(*names, s->name) || !strcmp(*names, s->comm) ||
		    !strcmp(*names, escape(s->comm, text)))
			return 1;
	return 0;
}

static void remove_folder(void)
{
	DIR *dir;
	struct dirent *e;

	if (getpid() != self || !*folder)
		return;
	dir = opendir(".");
	while (dir && (e = readdir(dir)))
		unlink(e->d_name);
	if (chdir("/") || rmdir(folder))
		warn("%s", folder);
}

/* With a relative core_pattern, cores are written to the current folder, which is deleted. */
static void allow_cores(void)
{
	const char *tmp = getenv("TMPDIR");
	char first = 0;
	int fd = open("/proc/sys/kernel/core_pattern", O_RDONLY);

	if (fd < 0 || read(fd, &first, 1) != 1 || first == '/')
		errx(2, "cores are not written to the current folder");
	close(fd);
	snprintf(folder, sizeof(folder) - 1, "%s/scenario.XXXXXX", tmp ? tmp : "/tmp");
	if (!mkdtemp(folder) || chdir(folder))
		err(1, "%s", folder);
	atexit(remove_folder);
}

static void on_stop(int sig)
{
	(void)sig; /* no SA_RESTART: the wait ends with EINTR, we clean up */
}

int main(int argc, char **argv)
{
	struct sigaction stop = {.sa_handler = on_stop};
	struct rlimit core = {0, 0};
	char text[8 * COMM_LEN];
	int i, ran = 0;

	if (argc > 1 && !strcmp(argv[1], "--execed")) {
		set_comm("execed11");
		sleep_ms(20);
		return 11;
	}
	add_all();
	if (argc > 1 && !strcmp(argv[1], "--list")) {
		for (i = 0; i < scene_count; i++)
			printf("%s\t%s\n", scenes[i].name, escape(scenes[i].comm, text));
		return 0;
	}
	self = getpid();
	default_signals();
	sigaction(SIGALRM, &stop, NULL);
	sigaction(SIGTERM, &stop, NULL);
	sigaction(SIGINT, &stop, NULL);
	alarm(PARENT_SECONDS);
	setvbuf(stdout, NULL, _IOLBF, 0);
	argv++;
	if (*argv && !strcmp(*argv, "--cores")) {
		argv++;
		allow_cores();
		core.rlim_cur = core.rlim_max = RLIM_INFINITY;
	}
	if (setrlimit(RLIMIT_CORE, &core))
		err(1, "RLIMIT_CORE");
	shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (shared == MAP_FAILED)
		err(1, "mmap");
	for (i = 0; i < scene_count; i++) {
		if (!wanted(&scenes[i], argv))
			continue;
		ran++;
		if (scenes[i].run)
			scenes[i].run(&scenes[i]);
		else
			run_child(&scenes[i]);
	}
	if (!ran)
		errx(2, "no such case; see --list");
	return 0;
}
