// SPDX-License-Identifier: Apache-2.0
/*
 * Crashes in one of many ways, each three calls deep: start() calls descend(), which calls
 * crash_way(). Built with -O2 and without frame pointers, as distributions build programs.
 */
#define _GNU_SOURCE
#include <assert.h>
#include <dlfcn.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define NOINLINE __attribute__((noinline, noclone))
/* Prevents tail calls, which would remove the frame of the caller. */
#define AND_RETURN asm volatile("" ::: "memory")

typedef void way(void);

static volatile int zero, numerator = 100;
static int *volatile null_pointer;
static way *volatile null_function;

/* This is on the stack while the process crashes, and must not be found in any output. */
static char secret[64];

NOINLINE void read_null(void)
{
	zero = *null_pointer;
	AND_RETURN;
}

NOINLINE void write_wild(void)
{
	*(volatile int *)0x123456789abcUL = 1;
	AND_RETURN;
}

/* Reads beyond the end of a mapped file. */
NOINLINE void read_cut_off(void)
{
	int file = memfd_create("cut-off", 0);

	zero = *(volatile int *)mmap(NULL, 4096, PROT_READ, MAP_SHARED, file, 0);
	AND_RETURN;
}

NOINLINE void read_noncanonical(void)
{
	zero = *(volatile int *)0x8123456789abcdefUL;
	AND_RETURN;
}

NOINLINE void call_null(void)
{
	null_function();
	AND_RETURN;
}

NOINLINE void call_bad(void)
{
	((way *)0x123456789000UL)();
	AND_RETURN;
}

NOINLINE int recurse(int depth)
{
	volatile char space[256];

	space[0] = depth;
	return recurse(depth + 1) + space[0];
}

NOINLINE void overflow(void)
{
	zero = recurse(0);
	AND_RETURN;
}

static void use_alternate_stack(void)
{
	stack_t alternate = { .ss_sp = malloc(65536), .ss_size = 65536 };

	sigaltstack(&alternate, NULL);
}

NOINLINE void call_abort(void)
{
	abort();
}

NOINLINE void fail_assertion(void)
{
	assert(zero == 1);
	AND_RETURN;
}

NOINLINE void corrupt_heap(void)
{
	char *volatile inside = malloc(100);

	inside += 8;
	free(inside);
	AND_RETURN;
}

NOINLINE void smash_fortified(void)
{
	char buffer[8];

	memset(buffer, 0, sizeof(buffer) + 8 + zero);
	asm volatile("" ::"r"(buffer) : "memory");
}

NOINLINE void divide(void)
{
	zero = numerator / zero;
	AND_RETURN;
}

NOINLINE void undefined_instruction(void)
{
	__builtin_trap();
}

NOINLINE void breakpoint(void)
{
#ifdef __x86_64__
	asm volatile("int3");
#else
	asm volatile("brk #0");
#endif
	AND_RETURN;
}

NOINLINE void raise_quit(void)
{
	raise(SIGQUIT);
	AND_RETURN;
}

NOINLINE void raise_segv(void)
{
	raise(SIGSEGV);
	AND_RETURN;
}

NOINLINE void raise_quit_later(void)
{
	puts("ready");
	fflush(stdout);
	getchar();
	raise_quit();
	AND_RETURN;
}

static void *wait_forever(void *unused)
{
	(void)unused;
	while (1)
		pause();
	return NULL;
}

static void *crash_in_thread(void *unused)
{
	(void)unused;
	prctl(PR_SET_NAME, "crasher");
	read_null();
	return NULL;
}

NOINLINE void in_thread(void)
{
	pthread_t thread;

	for (int i = 0; i < 4; i++)
		pthread_create(&thread, NULL, wait_forever, NULL);
	pthread_create(&thread, NULL, crash_in_thread, NULL);
	pthread_join(thread, NULL);
}

NOINLINE void in_library(void)
{
	void *library = dlopen(getenv("CRASH_LIBRARY"), RTLD_NOW);
	way *function = library ? (way *)dlsym(library, "crash_in_library") : NULL;

	if (!function)
		_exit(99);
	function();
	AND_RETURN;
}

NOINLINE void in_generated_code(void)
{
	unsigned char *code = mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
#ifdef __x86_64__
	/* push rbp; mov rbp,rsp; xor eax,eax; mov eax,[rax] */
	memcpy(code, "\x55\x48\x89\xe5\x31\xc0\x8b\x00", 8);
#else
	/* stp x29,x30,[sp,#-16]!; mov x29,sp; mov x0,#0; ldr x0,[x0] */
	memcpy(code, "\xfd\x7b\xbf\xa9\xfd\x03\x00\x91\x00\x00\x80\xd2\x00\x00\x40\xf9", 16);
	__builtin___clear_cache((char *)code, (char *)code + 16);
#endif
	((way *)code)();
	AND_RETURN;
}

static void raise_again(int signal)
{
	struct sigaction action = { .sa_handler = SIG_DFL };

	sigaction(signal, &action, NULL);
	raise(signal);
}

static void handle(int flags)
{
	struct sigaction action = { .sa_handler = raise_again, .sa_flags = flags };

	sigaction(SIGSEGV, &action, NULL);
}

static sigjmp_buf before_fault;

static void jump_back(int signal)
{
	siglongjmp(before_fault, signal);
}

static void skip_breakpoint(int signal)
{
	(void)signal;
#ifndef __x86_64__
	/* If the instruction pointer is not after the instruction, the signal would come again. */
	jump_back(signal);
#endif
}

/* Handles a fault, continues, and some calls deeper crashes by another fault that is not handled. */
NOINLINE void recover_and_die(void)
{
	struct sigaction action = { .sa_handler = jump_back, .sa_flags = SA_ONSTACK };

	sigaction(SIGSEGV, &action, NULL);
	if (!sigsetjmp(before_fault, 1))
		read_null();
	action.sa_handler = SIG_DFL;
	sigaction(SIGSEGV, &action, NULL);
	write_wild();
	AND_RETURN;
}

/* The handler returns, so the program continues after the breakpoint, and then crashes. */
NOINLINE void pass_breakpoint_and_die(void)
{
	struct sigaction action = { .sa_handler = skip_breakpoint };

	sigaction(SIGTRAP, &action, NULL);
	if (!sigsetjmp(before_fault, 1))
		breakpoint();
	action.sa_handler = SIG_DFL;
	sigaction(SIGTRAP, &action, NULL);
	raise(SIGTRAP);
	AND_RETURN;
}

NOINLINE void forbidden_call(void)
{
	struct sock_filter filter[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, __NR_getppid, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_TRAP),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog program = { .len = 4, .filter = filter };

	prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
	prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program);
	getppid();
	AND_RETURN;
}

static const struct {
	const char *name;
	way *function;
} ways[] = {
	{ "null-read", read_null },
	{ "wild-write", write_wild },
	{ "noncanonical-read", read_noncanonical },
	{ "bus", read_cut_off },
	{ "null-call", call_null },
	{ "bad-call", call_bad },
	{ "overflow", overflow },
	{ "overflow-alternate", overflow },
	{ "abort", call_abort },
	{ "assert", fail_assertion },
	{ "heap", corrupt_heap },
	{ "fortify", smash_fortified },
	{ "divide", divide },
	{ "undefined", undefined_instruction },
	{ "breakpoint", breakpoint },
	{ "quit", raise_quit },
	{ "quit-later", raise_quit_later },
	{ "thread", in_thread },
	{ "library", in_library },
	{ "generated", in_generated_code },
	{ "handled", read_null },
	{ "handled-alternate", read_null },
	{ "handled-raise", raise_segv },
	{ "recovered", recover_and_die },
	{ "recovered-alternate", recover_and_die },
	{ "returned", pass_breakpoint_and_die },
	{ "seccomp", forbidden_call },
};

NOINLINE void descend(way *function)
{
	char copy[sizeof(secret)];

	memcpy(copy, secret, sizeof(copy));
	asm volatile("" ::"r"(copy) : "memory");
	function();
	AND_RETURN;
}

NOINLINE void start(way *function)
{
	descend(function);
	AND_RETURN;
}

/* Makes this many children, one after the other, each of which reads through a null pointer. */
static int crash_many(int count)
{
	struct rlimit no_core = { 0, 0 };

	setrlimit(RLIMIT_CORE, &no_core);
	while (count-- > 0) {
		pid_t child = fork();

		if (!child)
			start(read_null);
		waitpid(child, NULL, 0);
	}
	return 0;
}

int main(int argc, char **argv)
{
	const char *name = argc > 1 ? argv[1] : "";

	if (getenv("CRASH_SECRET"))
		strncpy(secret, getenv("CRASH_SECRET"), sizeof(secret) - 1);
	unsetenv("CRASH_SECRET");
	if (strstr(name, "-alternate"))
		use_alternate_stack();
	if (!strcmp(name, "overflow-alternate"))
		handle(SA_ONSTACK | SA_NODEFER);
	if (!strcmp(name, "handled") || !strcmp(name, "handled-raise"))
		handle(SA_NODEFER);
	if (!strcmp(name, "handled-alternate"))
		handle(SA_ONSTACK | SA_NODEFER);
	if (!strcmp(name, "many"))
		return crash_many(argc > 2 ? atoi(argv[2]) : 1);
	for (size_t i = 0; i < sizeof(ways) / sizeof(*ways); i++)
		if (!strcmp(name, ways[i].name))
			start(ways[i].function);
	fprintf(stderr, "usage: crash WAY\n");
	return 2;
}
