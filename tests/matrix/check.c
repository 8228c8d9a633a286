// SPDX-License-Identifier: Apache-2.0
/*
 * Compares what a tracer reported with the ledger of a storm (tests/programs/storm.c):
 *
 *	check LEDGER EVENTS
 *
 * EVENTS has a JSON object a line. Each process of the ledger has to be reported once, with its
 * status, with who killed it, and with the CPU time of all its threads. Prints the first differences and then
 *"RIGHT of ALL, MISSING missing, AGAIN again, WRONG wrong"; ends with 1 if they are not the same.
 */
#include <err.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PIDS (1 << 22) /* PID_MAX_LIMIT of include/linux/threads.h */
#define SHOWN 5

/* By pid. A storm is short: no id is used twice in it, as the guest's pid_max is the highest. */
static struct process {
	int status, parent;
	double cpu_time; /* seconds */
	unsigned char reaped, reported, wrong;
} * processes;

/* Negative where the tracer says that it does not know. */
static double seconds(const char *line, const char *key)
{
	const char *at = strstr(line, key);

	return !at ? 0 : at[strlen(key)] == 'n' ? -1 : atof(at + strlen(key));
}

static int number(const char *line, const char *key, int missing)
{
	const char *at = strstr(line, key);

	return at ? atoi(at + strlen(key)) : missing;
}

/* In a storm a process is killed by its parent or raises the signal itself. */
static int knows_killer(int sender, int pid, const struct process *p)
{
	return !(p->status & 0x7f) || sender == pid || sender == p->parent;
}

/*
 * The kernel adds to what wait4(2) says what the end of each thread takes, which can be long where processors
 * are emulated. A sum that misses threads is far from it; where too many end at once there is none.
 */
static int knows_cpu_time(double said, const struct process *p)
{
	return !p->cpu_time || said < 0 || (said > 0.8 * p->cpu_time && said < p->cpu_time + 0.01);
}

/* The exit code as the tracer has it: 128 and the signal, or what the process gave. */
static int exit_code(int status)
{
	return status & 0x7f ? 128 + (status & 0x7f) : status >> 8 & 0xff;
}

static FILE *open_or_die(const char *path)
{
	FILE *file = fopen(path, "r");

	if (!file)
		err(2, "%s", path);
	return file;
}

int main(int argc, char **argv)
{
	double cpu_time;
	struct process *p;
	int pid, parent, status, code, sender, all = 0, right = 0, missing = 0, again = 0, wrong = 0,
					       unknown = 0, shown = 0;
	char *line = NULL;
	size_t size = 0;
	FILE *file;

	if (argc != 3)
		errx(2, "usage: check LEDGER EVENTS");
	processes = calloc(PIDS, sizeof(*processes));
	if (!processes)
		err(2, "calloc");

	file = open_or_die(argv[1]);
	while (fscanf(file, "%d %d %d %lf", &pid, &parent, &status, &cpu_time) == 4) {
		if (pid < 1 || pid >= PIDS || processes[pid].reaped++)
			errx(2, "%s: process %d a second time", argv[1], pid);
		processes[pid].status = status;
		processes[pid].parent = parent;
		processes[pid].cpu_time = cpu_time / 1e6;
		all++;
	}
	fclose(file);

	file = open_or_die(argv[2]);
	while (getline(&line, &size, file) > 0) {
		pid = number(line, "\"Id\":", 0);
		if (pid < 1 || pid >= PIDS || !processes[pid].reaped)
			continue;
		p = &processes[pid];
		p->reported++;
		code = number(line, "\"ExitCode\":", -1);
		parent = number(line, "\"ParentId\":", -1);
		sender = number(line, "\"SenderId\":", 0);
		cpu_time = seconds(line, "\"TotalProcessorTime\":");
		unknown += p->cpu_time && cpu_time < 0;
		if (code == exit_code(p->status) && parent == p->parent && knows_killer(sender, pid, p) &&
		    knows_cpu_time(cpu_time, p))
			continue;
		p->wrong = 1;
		if (shown++ < SHOWN)
			printf("process %d (child of %d, status %#x, %.2f s): reported as %d of %d, killed "
			       "by %d, %.2f s\n",
			       pid, p->parent, p->status, p->cpu_time, code, parent, sender, cpu_time);
	}
	fclose(file);
	free(line);

	for (pid = 1; pid < PIDS; pid++) {
		p = &processes[pid];
		if (!p->reaped)
			continue;
		missing += !p->reported;
		again += p->reported > 1;
		wrong += p->wrong;
		right += p->reported == 1 && !p->wrong;
		if (p->reported != 1 && shown++ < SHOWN)
			printf("process %d (child of %d, status %#x): reported %d times\n", pid, p->parent,
			       p->status, p->reported);
	}
	printf("%d of %d, %d missing, %d again, %d wrong, %d of unknown CPU time\n", right, all, missing,
	       again, wrong, unknown);
	return !all || right != all;
}
