// SPDX-License-Identifier: Apache-2.0
/*
 * Does something to the memory that holds its own arguments and environment, and exits with 0:
 *
 *	arguments MODE [ARG...]
 *
 *	late-exec		executes a program for which execve fails after the old memory was released
 *	last-nul		overwrites the last NUL, so that the arguments continue into the environment
 *	title TEXT		sets the text, repeated, as a title that continues where the environment was;
 *				the rest of the environment is cleared (setproctitle(3))
 *	map ARG_START ARG_END ENV_START ENV_END
 *				sets the addresses of both (prctl(2), PR_SET_MM_MAP): a, e and E are the start of the
 *				arguments, the start and the end of the environment, as in a+100, or 0x10000
 *	drop PAGE COUNT		puts arguments of two pages elsewhere, and drops one (0, 1) or both
 *
 * Then it prints "ready" and waits for the end of its input.
 */
#include "common.h"
#include <elf.h>
#include <fcntl.h>
#include <linux/prctl.h>
#include <sys/mman.h>

static unsigned long arg_start, env_start, env_end;

static void find_strings(char **argv, char **envp)
{
	arg_start = (unsigned long)argv[0];
	env_start = env_end = (unsigned long)envp[0];
	for (; *envp; envp++)
		env_end = (unsigned long)*envp + strlen(*envp) + 1;
}

static void ready(void)
{
	char c;

	if (write(STDOUT_FILENO, "ready\n", 6) != 6)
		_exit(3);
	while (read(STDIN_FILENO, &c, 1) == 1)
		;
	_exit(0);
}

/* The program has a segment at an invalid address, which execve finds after the old memory was released. */
static void late_exec(char **argv, char **envp)
{
	struct {
		Elf64_Ehdr header;
		Elf64_Phdr segment;
	} image = {
	    .header = {.e_ident = {ELFMAG0, ELFMAG1, ELFMAG2, ELFMAG3, ELFCLASS64, ELFDATA2LSB, EV_CURRENT},
		       .e_type = ET_EXEC,
		       .e_version = EV_CURRENT,
		       .e_phoff = sizeof(Elf64_Ehdr),
		       .e_ehsize = sizeof(Elf64_Ehdr),
		       .e_phentsize = sizeof(Elf64_Phdr),
		       .e_phnum = 1},
	    .segment = {.p_type = PT_LOAD,
			.p_flags = PF_R,
			.p_vaddr = 0xffff800000000000,
			.p_filesz = sizeof(image),
			.p_memsz = sizeof(image),
			.p_align = 4096},
	};
	char path[64], c;
	int fd = memfd_create("late", MFD_CLOEXEC);

#if defined(__aarch64__)
	image.header.e_machine = EM_AARCH64;
#else
	image.header.e_machine = EM_X86_64;
#endif
	if (fd < 0 || write(fd, &image, sizeof(image)) != sizeof(image))
		err(3, "memfd");
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	while (read(STDIN_FILENO, &c, 1) == 1)
		;
	execve(path, argv, envp);
	err(3, "execve");
}

/* Reads an address: a number, or a, e or E with an offset. */
static unsigned long place(const char *text)
{
	unsigned long base = 0;

	if (*text == 'a')
		base = arg_start;
	else if (*text == 'e')
		base = env_start;
	else if (*text == 'E')
		base = env_end;
	else
		return strtoul(text, NULL, 0);
	return base + (text[1] ? strtol(text + 1, NULL, 0) : 0);
}

static unsigned long field_of_stat(int number)
{
	char line[2048], *p = NULL;
	FILE *f = fopen("/proc/self/stat", "r");
	int i;

	if (f && fgets(line, sizeof(line), f))
		p = strrchr(line, ')') + 2;
	for (i = 3; p && i < number; i++)
		p = strchr(p, ' ') + 1;
	if (!p)
		errx(3, "/proc/self/stat");
	fclose(f);
	return strtoul(p, NULL, 10);
}

static void set_map(unsigned long from, unsigned long to, unsigned long env_from, unsigned long env_to,
		    unsigned long stack)
{
	struct prctl_mm_map map = {
	    .start_code = field_of_stat(26),
	    .end_code = field_of_stat(27),
	    .start_data = field_of_stat(45),
	    .end_data = field_of_stat(46),
	    .start_brk = field_of_stat(47),
	    .brk = (unsigned long)sbrk(0),
	    .start_stack = stack,
	    .arg_start = from,
	    .arg_end = to,
	    .env_start = env_from,
	    .env_end = env_to,
	    .exe_fd = -1,
	};

	if (prctl(PR_SET_MM, PR_SET_MM_MAP, &map, sizeof(map), 0))
		err(3, "PR_SET_MM_MAP");
}

/* Makes arguments of two pages, beginning at byte 100 of the first: numbers of four digits, as one text. */
static void drop(char **args)
{
	long page = sysconf(_SC_PAGESIZE), first = number(args[0], 0, 1), count = number(args[1], 1, 2);
	char *memory = mmap(NULL, 2 * page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0), *p;
	int i = 1000;

	if (memory == MAP_FAILED)
		err(3, "mmap");
	for (p = memory + 100; p < memory + 2 * page - 8; p += 5)
		sprintf(p, "%d ", i++);
	set_map((unsigned long)memory + 100, (unsigned long)p, env_start, env_end, field_of_stat(28));
	if (madvise(memory + first * page, count * page, MADV_DONTNEED))
		err(3, "madvise");
}

int main(int argc, char **argv, char **envp)
{
	const char *mode = argc > 1 ? argv[1] : "";
	size_t length;

	default_signals();
	alarm(60);
	find_strings(argv, envp);
	if (!strcmp(argv[0], "last-nul")) {
		((char *)env_start)[-1] = '!';
	} else if (!strcmp(mode, "late-exec")) {
		late_exec(argv, envp);
	} else if (!strcmp(mode, "last-nul")) {
		execl("/proc/self/exe", "last-nul", NULL);
		err(3, "execl");
	} else if (!strcmp(mode, "title") && argc > 2) {
		char *title = malloc(2 * strlen(argv[2]) + 1);

		length = sprintf(title, "%s%s", argv[2], argv[2]);
		if (arg_start + length >= env_end)
			errx(3, "a title that is too long");
		memset((void *)arg_start, 0, env_end - arg_start);
		memcpy((void *)arg_start, title, length);
	} else if (!strcmp(mode, "map") && argc > 5) {
		set_map(place(argv[2]), place(argv[3]), place(argv[4]), place(argv[5]),
			argc > 6 ? place(argv[6]) : field_of_stat(28));
	} else if (!strcmp(mode, "drop") && argc > 3) {
		drop(argv + 2);
	} else {
		errx(2, "arguments late-exec | last-nul | title TEXT | map A B C D [STACK] | drop PAGE COUNT");
	}
	ready();
}
