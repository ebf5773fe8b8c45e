/*
 * clockshift.c - moves the wall clock of one process: LD_PRELOAD this, and write a number of nanoseconds
 * (int64_t) into the file that $CLOCKSHIFT names. For tests; setting the machine's clock is nobody's right.
 */
#include <dlfcn.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#define SECOND_NS INT64_C(1000000000)

typedef int clock_gettime_fn(clockid_t clock, struct timespec *ret);

static clock_gettime_fn *real_clock_gettime;
static const volatile int64_t *shift;

__attribute__((constructor)) static void clockshift_open(void)
{
    const char *path = getenv("CLOCKSHIFT");
    int fd = path != NULL ? open(path, O_RDONLY | O_CLOEXEC) : -1;

    *(void **)&real_clock_gettime = dlsym(RTLD_NEXT, "clock_gettime");
    if (fd >= 0) {
        void *map = mmap(NULL, sizeof *shift, PROT_READ, MAP_SHARED, fd, 0);
        if (map != MAP_FAILED)
            shift = map;
        close(fd);
    }
}

int clock_gettime(clockid_t clock, struct timespec *ret)
{
    const int result = real_clock_gettime(clock, ret);

    if (result == 0 && clock == CLOCK_REALTIME && shift != NULL) {
        const int64_t ns = (int64_t)ret->tv_sec * SECOND_NS + ret->tv_nsec + *shift;
        ret->tv_sec = (time_t)(ns / SECOND_NS);
        ret->tv_nsec = (long)(ns % SECOND_NS);
    }
    return result;
}
