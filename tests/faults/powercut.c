/* Writes down what a process asks of the disk, in order: every write, truncation, removal and sync
 * of the files under POWERCUT_FOLDER, appended to POWERCUT_LOG. Nothing is changed or held back:
 * tests/faults/powercut.py works out from the record what a power cut at any moment would leave.
 *
 * A record: kind (1 byte), length of the path (2), offset (8), length of the data (8), path, data.
 * A write is noted before the call returns, a sync after it has succeeded: so whatever a caller
 * may rely on stands in the record before it can act on it.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#define MOST 4096
#define REAL(name) \
	static __typeof__(&name) real; \
	if (!real) real = (__typeof__(&name))dlsym(RTLD_NEXT, #name)

static char *paths[MOST]; /* by file descriptor; NULL: none of ours */
static int out = -1;

static void note(char kind, const char *path, int64_t offset, const void *data, uint64_t length)
{
	uint16_t named = (uint16_t)strlen(path);
	char head[19];
	struct iovec parts[3] = {{head, sizeof head}, {(void *)path, named}, {(void *)data, length}};

	if (out < 0) {
		const char *log = getenv("POWERCUT_LOG");
		if (!log) return;
		out = (int)syscall(SYS_openat, AT_FDCWD, log, O_WRONLY | O_CREAT | O_APPEND, 0600);
	}
	head[0] = kind;
	memcpy(head + 1, &named, 2);
	memcpy(head + 3, &offset, 8);
	memcpy(head + 11, &length, 8);
	syscall(SYS_writev, out, parts, data ? 3 : 2);
}

static int keep(int fd, const char *path)
{
	static char folder[PATH_MAX];
	char whole[PATH_MAX];
	if (fd < 0 || fd >= MOST) return fd;
	if (!folder[0]) {
		const char *wanted = getenv("POWERCUT_FOLDER");
		if (!wanted || !realpath(wanted, folder)) return fd;
	}
	free(paths[fd]);
	paths[fd] = realpath(path, whole) && !strncmp(whole, folder, strlen(folder)) ? strdup(whole) : NULL;
	return fd;
}

static const char *ours(int fd) { return fd >= 0 && fd < MOST ? paths[fd] : NULL; }

#define OPEN(name) \
	int name(const char *path, int flags, ...) \
	{ \
		va_list more; \
		mode_t mode = 0; \
		REAL(name); \
		va_start(more, flags); \
		if (flags & O_CREAT) mode = (mode_t)va_arg(more, int); \
		va_end(more); \
		return keep(real(path, flags, mode), path); \
	}
OPEN(open)
OPEN(open64)

int close(int fd)
{
	REAL(close);
	if (fd >= 0 && fd < MOST) { free(paths[fd]); paths[fd] = NULL; }
	return real(fd);
}

#define PWRITE(name, offset_t) \
	ssize_t name(int fd, const void *data, size_t length, offset_t offset) \
	{ \
		ssize_t done; \
		REAL(name); \
		done = real(fd, data, length, offset); \
		if (done > 0 && ours(fd)) note('w', ours(fd), offset, data, (uint64_t)done); \
		return done; \
	}
PWRITE(pwrite, off_t)
PWRITE(pwrite64, off64_t)

ssize_t write(int fd, const void *data, size_t length)
{
	ssize_t done;
	REAL(write);
	done = real(fd, data, length);
	if (done > 0 && ours(fd)) note('w', ours(fd), lseek(fd, 0, SEEK_CUR) - done, data, (uint64_t)done);
	return done;
}

#define TRUNCATE(name, offset_t) \
	int name(int fd, offset_t length) \
	{ \
		int failed; \
		REAL(name); \
		failed = real(fd, length); \
		if (!failed && ours(fd)) note('t', ours(fd), length, NULL, 0); \
		return failed; \
	}
TRUNCATE(ftruncate, off_t)
TRUNCATE(ftruncate64, off64_t)

#define SYNC(name) \
	int name(int fd) \
	{ \
		int failed; \
		REAL(name); \
		failed = real(fd); \
		if (!failed && ours(fd)) note('s', ours(fd), 0, NULL, 0); \
		return failed; \
	}
SYNC(fsync)
SYNC(fdatasync)

int unlink(const char *path)
{
	char whole[PATH_MAX];
	const char *folder = getenv("POWERCUT_FOLDER");
	REAL(unlink);
	if (folder && realpath(path, whole) && strstr(whole, folder)) note('t', whole, 0, NULL, 0);
	return real(path);
}
