// SPDX-License-Identifier: Apache-2.0
/*
 * For LD_PRELOAD: pwrite(2) and fsync(2) fail with EIO, as with a broken device, while there is a file with the
 * name of the call in the folder $FAILING.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static int fails(const char *call)
{
	const char *folder = getenv("FAILING");
	char path[PATH_MAX];

	snprintf(path, sizeof(path), "%s/%s", folder ? folder : "", call);
	if (!folder || access(path, F_OK))
		return 0;
	errno = EIO;
	return 1;
}

ssize_t pwrite(int fd, const void *bytes, size_t count, off_t offset)
{
	ssize_t (*real)(int, const void *, size_t, off_t) = dlsym(RTLD_NEXT, "pwrite");

	return fails("pwrite") ? -1 : real(fd, bytes, count, offset);
}

int fsync(int fd)
{
	int (*real)(int) = dlsym(RTLD_NEXT, "fsync");

	return fails("fsync") ? -1 : real(fd);
}
