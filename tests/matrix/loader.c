// SPDX-License-Identifier: Apache-2.0
/*
 * Loads exitsnoop.bpf.o, and prints a line of JSON for each process that exits, with
 * the names that `exitsnoop --json` has, until SIGTERM:
 *
 *	loader [--hook HOOK] OBJECT
 *
 * HOOK is a name of the table below. It runs where the console program does not (arm64), and where a hook is
 * wanted that the library would not choose on this kernel. Without HOOK it takes the first that
 * the kernel accepts, in the order of the library's choice, and says on stderr which.
 */
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <linux/types.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>
#include "config.h"
#include "record.h"

#define RING_SIZE (16 << 20)

struct hook {
	const char *name;
	const char *programs[3]; /* in the order to attach them */
	bool group_dead, two, fentry;
};

static const struct hook hooks[] = {
    {"tp_btf", {"process_exit"}, true, false, false},
    {"kprobe.multi", {"process_exit_kprobe"}, true, false, false},
    {"fentry", {"process_exit"}, true, false, true},
    {"fentry+raw_tp", {"process_exit", "process_exit_raw"}, false, true, true},
    {"kprobe.multi+raw_tp", {"process_exit_kprobe", "process_exit_raw"}, true, true, false},
    {"kprobe.multi+claimed", {"process_exit_kprobe", "process_exit_raw"}, false, true, false},
    {"raw_tp", {"process_exit_raw"}, true, false, false},
    {"claimed", {"process_exec", "process_exit_raw"}, false, false, false},
    {},
};

static struct bpf_object *object;
static struct bpf_link *links[8];
static int linked;
static struct ring_buffer *ring;

static volatile sig_atomic_t stopped;
static char messages[16384];
static long undecoded;

static void stop(int sig)
{
	(void)sig;
	stopped = 1;
}

/* Kept for the case that no hook is accepted. */
static int keep_message(enum libbpf_print_level level, const char *format, va_list args)
{
	size_t used = strlen(messages);

	if (level == LIBBPF_DEBUG)
		return 0;
	return vsnprintf(messages + used, sizeof(messages) - used, format, args);
}

static void print_name(const unsigned char *comm)
{
	size_t i;

	for (i = 0; i < COMM_SIZE && comm[i]; i++) {
		if (comm[i] == '"' || comm[i] == '\\')
			printf("\\%c", comm[i]);
		else if (comm[i] < ' ')
			printf("\\u%04x", comm[i]);
		else
			putchar(comm[i]);
	}
}

static bool decodes(const struct exit_record *r, size_t size)
{
	const struct exit_detail *d = (const void *)(r + 1);

	if (size < sizeof(*r) || r->kind > RECORD_EXEC)
		return false;
	if (!(r->flags & RECORD_DETAIL))
		return true;
	if (size < sizeof(*r) + sizeof(*d))
		return false;
	return size >= sizeof(*r) + sizeof(*d) + d->path_size + d->cgroup_size + d->args_size;
}

static int print_record(void *context, void *data, size_t size)
{
	const struct exit_record *r = data;
	unsigned int status, sig;

	(void)context;
	if (!decodes(r, size)) {
		undecoded++;
		return 0;
	}
	if (r->kind != RECORD_EXIT)
		return 0;
	status = r->wait_status;
	sig = status & 0x7f;
	printf("{\"Name\":\"");
	print_name(r->comm);
	printf("\",\"Id\":%u,\"ParentId\":%u,\"ExitCode\":%u,\"Signal\":%u,\"CoreDumped\":%s,\"Age\":%.6f}\n",
	       r->pid, r->ppid, sig ? 128 + sig : status >> 8 & 0xff, sig, status & 0x80 ? "true" : "false",
	       (r->exit_time - r->start_time) / 1e9);
	return 0;
}

static void configure(const struct hook *hook)
{
	struct exit_config *config = NULL;
	struct bpf_map *map;
	size_t size;

	for (map = bpf_object__next_map(object, NULL); map; map = bpf_object__next_map(object, map))
		if (strstr(bpf_map__name(map), ".rodata"))
			config = (void *)bpf_map__initial_value(map, &size);
	if (!config || size < sizeof(*config)) {
		fprintf(stderr, "loader: no configuration in the object\n");
		exit(1);
	}
	memset(config, 0, sizeof(*config));
	config->detail = 1;
	config->has_group_dead = hook->group_dead;
	config->two_hooks = hook->two;
	/* All processors' records in one ring: config.ring_mask is 0. */
	for (map = bpf_object__next_map(object, NULL); map; map = bpf_object__next_map(object, map))
		if (!strncmp(bpf_map__name(map), "events_", 7))
			bpf_map__set_autocreate(map, !strcmp(bpf_map__name(map), "events_0"));
	map = bpf_object__find_map_by_name(object, "events_0");
	bpf_map__set_max_entries(map, RING_SIZE);
}

static bool attach(const char *name)
{
	struct bpf_program *program = bpf_object__find_program_by_name(object, name);
	const char *function = "taskstats_exit";
	LIBBPF_OPTS(bpf_kprobe_multi_opts, options, .syms = &function, .cnt = 1);

	if (bpf_program__type(program) == BPF_PROG_TYPE_KPROBE)
		links[linked] = bpf_program__attach_kprobe_multi_opts(program, NULL, &options);
	else
		links[linked] = bpf_program__attach(program);
	return links[linked] && ++linked;
}

static void end(void)
{
	while (linked)
		bpf_link__destroy(links[--linked]);
	ring_buffer__free(ring);
	bpf_object__close(object);
	ring = NULL;
}

static bool start(const char *path, const struct hook *hook)
{
	struct bpf_program *program = NULL;
	int i;

	object = bpf_object__open_file(path, NULL);
	if (!object)
		return false;
	configure(hook);
	while ((program = bpf_object__next_program(object, program)))
		bpf_program__set_autoload(program, !strncmp(bpf_program__name(program), "signal_", 7));
	for (i = 0; hook->programs[i]; i++)
		bpf_program__set_autoload(bpf_object__find_program_by_name(object, hook->programs[i]), true);
	if (hook->fentry) {
		program = bpf_object__find_program_by_name(object, "process_exit");
		bpf_program__set_expected_attach_type(program, BPF_TRACE_FENTRY);
		if (bpf_program__set_attach_target(program, 0, "taskstats_exit"))
			goto refused;
	}
	if (bpf_object__load(object))
		goto refused;
	ring =
	    ring_buffer__new(bpf_object__find_map_fd_by_name(object, "events_0"), print_record, NULL, NULL);
	if (!ring || !attach("signal_generate") || !attach("signal_deliver"))
		goto refused;
	/* The exits last: what they need is there. */
	for (i = 0; hook->programs[i]; i++)
		if (!attach(hook->programs[i]))
			goto refused;
	return true;
refused:
	end();
	return false;
}

static const struct hook *find(const char *name)
{
	const struct hook *hook;

	for (hook = hooks; hook->name; hook++)
		if (!strcmp(hook->name, name))
			return hook;
	fprintf(stderr, "loader: no hook '%s'\n", name);
	exit(2);
}

static const struct hook *start_best(const char *path)
{
	static const char *const since_7_0[] = {"kprobe.multi+raw_tp", "tp_btf", "raw_tp", NULL},
				 *const since_6_16[] = {"tp_btf", "raw_tp", NULL},
				 *const before[] = {"kprobe.multi+claimed", "fentry+raw_tp", "fentry",
						    "claimed", NULL};
	const char *const *names;
	int major = 0, minor = 0;
	struct utsname kernel;

	uname(&kernel);
	sscanf(kernel.release, "%d.%d", &major, &minor);
	names = major >= 7 ? since_7_0 : major == 6 && minor >= 16 ? since_6_16 : before;
	for (; *names; names++)
		if (start(path, find(*names)))
			return find(*names);
	return NULL;
}

static __u64 lost(void)
{
	int map = bpf_object__find_map_fd_by_name(object, "lost"), cpus = libbpf_num_possible_cpus(), i;
	__u64 *each = calloc(cpus, sizeof(*each)), total = 0;
	__u32 zero = 0;

	if (!each || bpf_map_lookup_elem(map, &zero, each))
		return -1;
	for (i = 0; i < cpus; i++)
		total += each[i];
	free(each);
	return total;
}

/* Runs that the kernel skipped, of all programs. */
static __u64 skipped(void)
{
	struct bpf_program *program = NULL;
	struct bpf_prog_info info;
	__u64 total = 0;
	__u32 size;

	while ((program = bpf_object__next_program(object, program))) {
		memset(&info, 0, sizeof(info));
		size = sizeof(info);
		if (!bpf_program__autoload(program) ||
		    bpf_obj_get_info_by_fd(bpf_program__fd(program), &info, &size))
			continue;
		if (info.recursion_misses)
			fprintf(stderr, "%s was skipped %llu times\n", bpf_program__name(program),
				info.recursion_misses);
		total += info.recursion_misses;
	}
	return total;
}

int main(int argc, char **argv)
{
	const struct timespec moment = {0, 10000000};
	const struct hook *hook = NULL;
	__u64 failed;

	if (argc > 3 && !strcmp(argv[1], "--hook")) {
		hook = find(argv[2]);
		argc -= 2;
		argv += 2;
	}
	if (argc != 2) {
		fprintf(stderr, "usage: loader [--hook HOOK] OBJECT\n");
		return 2;
	}
	setvbuf(stdout, NULL, _IOLBF, 0);
	signal(SIGTERM, stop);
	libbpf_set_print(keep_message);

	if (hook ? !start(argv[1], hook) : !(hook = start_best(argv[1]))) {
		fprintf(stderr, "%sloader: the kernel accepts no hook\n", messages);
		return 1;
	}
	fprintf(stderr, "attached (%s)\n", hook->name);

	/* The program wakes nobody that has not asked for it: look by a timer. */
	while (!stopped) {
		nanosleep(&moment, NULL);
		ring_buffer__consume(ring);
	}
	ring_buffer__consume(ring);
	skipped();
	failed = lost();
	end();
	fprintf(stderr, "lost %lld, not decoded %ld\n", failed, undecoded);
	return failed || undecoded;
}
