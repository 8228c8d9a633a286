// SPDX-License-Identifier: Apache-2.0
/*
 * Loads exitsnoop.bpf.o, and prints a line of JSON for each process that exits, with
 * the names that `exitsnoop --json` has, until SIGTERM:
 *
 *	loader [--raw] [--claim] [--perf] OBJECT
 *
 * It runs where the console front end does not (arm64), and where a way to load is
 * wanted that this kernel would never be given: raw_tp, a death that is claimed,
 * a perf buffer. As the library does, it takes the best way that the kernel accepts,
 * and says on stderr which.
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
#include <time.h>
#include <unistd.h>
#include "config.h"
#include "record.h"

#define PERF_PAGES 64
#define RING_SIZE (16 << 20)

struct way {
	bool raw, claim, perf;
};

static struct bpf_object *object;
static struct bpf_link *links[8];
static int linked;
static struct ring_buffer *ring;
static struct perf_buffer *perf;

static volatile sig_atomic_t stopped;
static char messages[16384];
static long undecoded;

static void stop(int sig)
{
	(void)sig;
	stopped = 1;
}

/* Kept for the case that no way is accepted. */
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
	/* The transport may add bytes that align it. */
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

static void print_sample(void *context, int cpu, void *data, __u32 size)
{
	(void)cpu;
	print_record(context, data, size);
}

static void count_lost(void *context, int cpu, __u64 count)
{
	(void)context;
	fprintf(stderr, "loader: cpu %d lost %llu\n", cpu, count);
}

static void configure(const struct way *way)
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
	config->has_group_dead = !way->claim;
	/* All processors' records in one ring: config.ring_mask is 0. */
	for (map = bpf_object__next_map(object, NULL); map; map = bpf_object__next_map(object, map))
		if (!strncmp(bpf_map__name(map), "events_", 7))
			bpf_map__set_autocreate(map, !strcmp(bpf_map__name(map), "events_0"));
	map = bpf_object__find_map_by_name(object, "events_0");
	bpf_map__set_max_entries(map, RING_SIZE);
	if (!way->perf)
		return;
	config->perf_buffer = config->monotonic_clock = 1;
	bpf_map__set_type(map, BPF_MAP_TYPE_PERF_EVENT_ARRAY);
	bpf_map__set_key_size(map, sizeof(__u32));
	bpf_map__set_value_size(map, sizeof(__u32));
	bpf_map__set_max_entries(map, libbpf_num_possible_cpus());
}

static bool wanted(const char *program, const struct way *way)
{
	if (!strcmp(program, "process_exit"))
		return !way->raw;
	if (!strcmp(program, "process_exit_raw"))
		return way->raw;
	if (!strcmp(program, "process_exec"))
		return way->claim;
	return !strcmp(program, "signal_generate");
}

static bool attach(const struct way *way)
{
	struct bpf_program *program = NULL;
	int events = bpf_object__find_map_fd_by_name(object, "events_0");

	/* What is sent before there is a buffer is lost: attach last. */
	if (way->perf)
		perf = perf_buffer__new(events, PERF_PAGES, print_sample, count_lost, NULL, NULL);
	else
		ring = ring_buffer__new(events, print_record, NULL, NULL);
	if (!perf && !ring)
		return false;
	while ((program = bpf_object__next_program(object, program))) {
		if (!bpf_program__autoload(program))
			continue;
		links[linked] = bpf_program__attach(program);
		if (!links[linked])
			return false;
		linked++;
	}
	return true;
}

static void end(void)
{
	while (linked)
		bpf_link__destroy(links[--linked]);
	perf_buffer__free(perf);
	ring_buffer__free(ring);
	bpf_object__close(object);
	perf = NULL;
	ring = NULL;
}

static bool start(const char *path, const struct way *way)
{
	struct bpf_program *program = NULL;

	object = bpf_object__open_file(path, NULL);
	if (!object)
		return false;
	configure(way);
	while ((program = bpf_object__next_program(object, program)))
		bpf_program__set_autoload(program, wanted(bpf_program__name(program), way));
	if (!bpf_object__load(object) && attach(way))
		return true;
	end();
	return false;
}

/* The best way of those that are not ruled out. */
static bool start_best(const char *path, struct way *way)
{
	const struct way least = *way;
	int i;

	for (i = 0; i < 4; i++) {
		way->raw = i >> 1;
		way->claim = i & 1;
		if (way->raw >= least.raw && way->claim >= least.claim && start(path, way))
			return true;
	}
	return false;
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

int main(int argc, char **argv)
{
	const struct timespec moment = {0, 10000000};
	struct way way = {};
	__u64 failed;

	for (; argc > 2; argc--, argv++) {
		way.raw |= !strcmp(argv[1], "--raw");
		way.claim |= !strcmp(argv[1], "--claim");
		way.perf |= !strcmp(argv[1], "--perf");
	}
	if (argc != 2) {
		fprintf(stderr, "usage: loader [--raw] [--claim] [--perf] OBJECT\n");
		return 2;
	}
	setvbuf(stdout, NULL, _IOLBF, 0);
	signal(SIGTERM, stop);
	libbpf_set_print(keep_message);

	if (!start_best(argv[1], &way)) {
		fprintf(stderr, "%sloader: the kernel accepts no way to load\n", messages);
		return 1;
	}
	fprintf(stderr, "attached (%s, %s, %s)\n", way.raw ? "raw_tp" : "tp_btf",
		way.claim ? "claimed" : "group_dead", way.perf ? "perf buffer" : "ring buffer");

	/* The program wakes nobody that has not asked for it: look by a timer. */
	while (!stopped) {
		nanosleep(&moment, NULL);
		if (perf)
			perf_buffer__consume(perf);
		else
			ring_buffer__consume(ring);
	}
	failed = lost();
	end();
	fprintf(stderr, "lost %lld, not decoded %ld\n", failed, undecoded);
	return failed || undecoded;
}
