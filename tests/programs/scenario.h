/* SPDX-License-Identifier: Apache-2.0 */
/* Declarations for the three parts of scenario. */
#ifndef SCENARIO_H
#define SCENARIO_H

#include "common.h"
#include <sys/resource.h>
#include <sys/wait.h>

#define CHILD_SECONDS 20
#define MAX_THREADS 8
#define CODE(n) (((n)&0xff) << 8)
#define AS_PROCESS -1	      /* the thread dies with the process's status */
#define AS_PROCESS_NO_CORE -2 /* ... but another thread writes the core */

struct scene {
	const char *name;
	const char *comm;
	void (*body)(int arg); /* in the child, which has its comm; ends it */
	int arg;
	void (*run)(const struct scene *s); /* NULL: one child, waited for */
	const char *comm2;		    /* of a second process */
};

/* Written by a process for which the parent cannot wait, or whose pid it cannot find out. */
struct report {
	pid_t pid, ppid;
	int status;
	struct rusage usage;
};

/* Memory that the processes of a case share with the parent. */
struct shared {
	int threads;
	struct {
		const char *comm;
		pid_t tid;
		int status;
	} thread[MAX_THREADS];
	struct report other;
};

extern struct shared *shared;
extern pid_t self; /* the parent */

/* scenario.c */
void print_process(const struct scene *s, const char *comm, pid_t pid, pid_t ppid, int status,
		   const struct rusage *u);
void wait_and_print(const struct scene *s, const char *comm, pid_t pid);
void enter(const char *comm);
pid_t start(const char *comm);

/* scenario-threads.c: bodies of processes with threads */
enum late {
	LATE_9,
	LATE_0,
	LATE_TERM,
	LATE_SEGV
};

void body_threads_first(int code);
void body_leader_first(int late);
void body_group_exit(int code);
void body_segv(int arg);
void body_term(int arg);
void body_exec(int arg);

/* scenario-family.c: cases of parents and children */
void run_orphan(const struct scene *s);
void run_subreaper(const struct scene *s);
void run_zombie(const struct scene *s);
void run_vfork(const struct scene *s);
void run_namespace(const struct scene *s);

#endif
