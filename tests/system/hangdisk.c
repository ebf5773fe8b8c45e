/*
 * hangdisk.c - holds up whatever is written to or forced out of a file whose path contains $HANGDISK_NAME
 * while the file that $HANGDISK names exists; if it holds a number, for so many milliseconds only, each time.
 * LD_PRELOAD this. For tests: it is what a disk does that is
 * there and does not answer (a controller that resets, a network share that is away).
 */
#include <dlfcn.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <unistd.h>

typedef ssize_t pwrite_fn(int fd, const void *data, size_t length, off_t offset);
typedef int sync_fn(int fd);

static void hold(int fd)
{
    char link[64], path[512];
    const char *flag = getenv("HANGDISK"), *name = getenv("HANGDISK_NAME");
    if (flag == NULL || name == NULL || access(flag, F_OK) != 0)
        return;
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    const ssize_t n = readlink(link, path, sizeof path - 1);
    if (n <= 0)
        return;
    path[n] = '\0';
    if (strstr(path, name) == NULL)
        return;
    FILE *file = fopen(flag, "re");
    unsigned ms = 0;
    const bool slow = file != NULL && fscanf(file, "%u", &ms) == 1;
    if (file != NULL)
        fclose(file);
    if (slow)
        usleep(ms * 1000);
    while (!slow && access(flag, F_OK) == 0)
        usleep(20000);
}

ssize_t pwrite(int fd, const void *data, size_t length, off_t offset)
{
    pwrite_fn *real;
    *(void **)&real = dlsym(RTLD_NEXT, "pwrite");
    hold(fd);
    return real(fd, data, length, offset);
}

ssize_t pwrite64(int fd, const void *data, size_t length, off_t offset)
{
    pwrite_fn *real;
    *(void **)&real = dlsym(RTLD_NEXT, "pwrite64");
    hold(fd);
    return real(fd, data, length, offset);
}

int fsync(int fd)
{
    sync_fn *real;
    *(void **)&real = dlsym(RTLD_NEXT, "fsync");
    hold(fd);
    return real(fd);
}

int fdatasync(int fd)
{
    sync_fn *real;
    *(void **)&real = dlsym(RTLD_NEXT, "fdatasync");
    hold(fd);
    return real(fd);
}
