/*
 * roomy.c - says that there are 48 MiB free on any disk: LD_PRELOAD this. For tests: so a disk is full in the
 * midst of what was begun when there was room, as when somebody else fills it meanwhile.
 */
#include <dlfcn.h>
#include <sys/statvfs.h>

#define FREE_BYTES (48UL << 20)

typedef int statvfs_fn(const char *path, struct statvfs *ret);

int statvfs(const char *path, struct statvfs *ret)
{
    statvfs_fn *real;
    *(void **)&real = dlsym(RTLD_NEXT, "statvfs");
    const int result = real(path, ret);
    if (result == 0 && ret->f_frsize > 0)
        ret->f_bavail = ret->f_bfree = FREE_BYTES / ret->f_frsize;
    return result;
}
