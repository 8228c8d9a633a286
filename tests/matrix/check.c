// SPDX-License-Identifier: Apache-2.0
/*
 * Compares what a tracer reported with the ledger of a storm (tests/programs/storm.c):
 *
 *	check LEDGER EVENTS
 *
 * EVENTS has a JSON object a line. Each process of the ledger has to be reported once, with its
 * status. Prints the first differences and then "RIGHT of ALL, MISSING missing, AGAIN again,
 * WRONG wrong"; ends with 1 if they are not the same.
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
	unsigned char reaped, reported, wrong;
} * processes;

static int number(const char *line, const char *key, int missing)
{
	const char *at = strstr(line, key);

	return at ? atoi(at + strlen(key)) : missing;
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
	int pid, parent, status, all = 0, right = 0, missing = 0, again = 0, wrong = 0, shown = 0;
	char *line = NULL;
	size_t size = 0;
	FILE *file;

	if (argc != 3)
		errx(2, "usage: check LEDGER EVENTS");
	processes = calloc(PIDS, sizeof(*processes));
	if (!processes)
		err(2, "calloc");

	file = open_or_die(argv[1]);
	while (fscanf(file, "%d %d %d", &pid, &parent, &status) == 3) {
		if (pid < 1 || pid >= PIDS || processes[pid].reaped++)
			errx(2, "%s: process %d a second time", argv[1], pid);
		processes[pid].status = status;
		processes[pid].parent = parent;
		all++;
	}
	fclose(file);

	file = open_or_die(argv[2]);
	while (getline(&line, &size, file) > 0) {
		pid = number(line, "\"Id\":", 0);
		if (pid < 1 || pid >= PIDS || !processes[pid].reaped)
			continue;
		processes[pid].reported++;
		if (number(line, "\"ExitCode\":", -1) != exit_code(processes[pid].status) ||
		    number(line, "\"ParentId\":", -1) != processes[pid].parent)
			processes[pid].wrong = 1;
	}
	fclose(file);
	free(line);

	for (pid = 1; pid < PIDS; pid++) {
		const struct process *p = &processes[pid];

		if (!p->reaped)
			continue;
		missing += !p->reported;
		again += p->reported > 1;
		wrong += p->wrong;
		if (p->reported == 1 && !p->wrong)
			right++;
		else if (shown++ < SHOWN)
			printf("process %d (child of %d, status %#x): reported %d times%s\n", pid, p->parent,
			       p->status, p->reported, p->wrong ? ", with another status or parent" : "");
	}
	printf("%d of %d, %d missing, %d again, %d wrong\n", right, all, missing, again, wrong);
	return !all || right != all;
}
