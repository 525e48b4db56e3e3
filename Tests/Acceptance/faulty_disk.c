/* Preloaded into the service by test_faults.py: a disk that fails or is slow, for the files whose path has a certain part,
 * for as long as a file says so. The file has one of: "eio", "erofs", "slow MILLISECONDS",
 * "kill N" (the process dies at the N-th operation); without it all is well. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum fault { WELL, EIO_FAULT, EROFS_FAULT, SLOW };

static atomic_long operations;

/* What is wrong with the disk under this file now; how slow it is goes into milliseconds. */
static enum fault fault_of(int descriptor, long *milliseconds) {
    const char *control = getenv("FAULTY_DISK_CONTROL"), *part = getenv("FAULTY_DISK_PART");
    char text[64] = "", link[64], path[4096];
    int saved = errno, file;
    ssize_t length;
    if (!control || !part || (file = open(control, O_RDONLY | O_CLOEXEC)) < 0) {
        errno = saved;
        return WELL;
    }
    length = read(file, text, sizeof text - 1);
    close(file);
    text[length > 0 ? length : 0] = 0;
    snprintf(link, sizeof link, "/proc/self/fd/%d", descriptor);
    length = readlink(link, path, sizeof path - 1);
    path[length > 0 ? length : 0] = 0;
    errno = saved;
    if (!strstr(path, part)) return WELL;
    if (!strncmp(text, "eio", 3)) return EIO_FAULT;
    if (!strncmp(text, "erofs", 5)) return EROFS_FAULT;
    if (!strncmp(text, "kill ", 5) && atomic_fetch_add(&operations, 1) + 1 == atol(text + 5)) raise(SIGKILL);
    if (sscanf(text, "slow %ld", milliseconds) == 1) return SLOW;
    return WELL;
}

/* 1 if the operation fails, with errno set. */
static int fails(int descriptor, int is_sync) {
    long milliseconds = 0;
    switch (fault_of(descriptor, &milliseconds)) {
    case EIO_FAULT: errno = EIO; return 1;
    case EROFS_FAULT: errno = EROFS; return 1;
    case SLOW:
        if (is_sync) nanosleep(&(struct timespec){milliseconds / 1000, milliseconds % 1000 * 1000000}, NULL);
        return 0;
    default: return 0;
    }
}

#define REAL(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

ssize_t write(int descriptor, const void *bytes, size_t count) {
    static __typeof__(&write) real;
    if (!real) real = REAL(write);
    return fails(descriptor, 0) ? -1 : real(descriptor, bytes, count);
}

ssize_t pwrite(int descriptor, const void *bytes, size_t count, off_t offset) {
    static __typeof__(&pwrite) real;
    if (!real) real = REAL(pwrite);
    return fails(descriptor, 0) ? -1 : real(descriptor, bytes, count, offset);
}

ssize_t pwrite64(int descriptor, const void *bytes, size_t count, off64_t offset) {
    static __typeof__(&pwrite64) real;
    if (!real) real = REAL(pwrite64);
    return fails(descriptor, 0) ? -1 : real(descriptor, bytes, count, offset);
}

int ftruncate(int descriptor, off_t size) {
    static __typeof__(&ftruncate) real;
    if (!real) real = REAL(ftruncate);
    return fails(descriptor, 0) ? -1 : real(descriptor, size);
}

int ftruncate64(int descriptor, off64_t size) {
    static __typeof__(&ftruncate64) real;
    if (!real) real = REAL(ftruncate64);
    return fails(descriptor, 0) ? -1 : real(descriptor, size);
}

int fsync(int descriptor) {
    static __typeof__(&fsync) real;
    if (!real) real = REAL(fsync);
    return fails(descriptor, 1) ? -1 : real(descriptor);
}

int fdatasync(int descriptor) {
    static __typeof__(&fdatasync) real;
    if (!real) real = REAL(fdatasync);
    return fails(descriptor, 1) ? -1 : real(descriptor);
}
