/*
 * clockshift.c - moves the clocks of one process: LD_PRELOAD this, and write two numbers of nanoseconds
 * (int64_t) into the file that $CLOCKSHIFT names: by how much the wall clock is set forward, and for how long
 * the machine has been suspended (which all clocks but MONOTONIC count). For tests; setting the machine's
 * clock is nobody's right, and nobody may put it to sleep.
 */
#include <dlfcn.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#define SECOND_NS INT64_C(1000000000)
#define WALL_S    1000000000 /* seconds since a boot are fewer, those of the wall clock are more */

typedef int clock_gettime_fn(clockid_t clock, struct timespec *ret);

static clock_gettime_fn *real_clock_gettime;
static const volatile int64_t *shift; /* [0] the wall clock, [1] the sleep */

__attribute__((constructor)) static void clockshift_open(void)
{
    const char *path = getenv("CLOCKSHIFT");
    int fd = path != NULL ? open(path, O_RDONLY | O_CLOEXEC) : -1;

    *(void **)&real_clock_gettime = dlsym(RTLD_NEXT, "clock_gettime");
    if (fd >= 0) {
        void *map = mmap(NULL, 2 * sizeof *shift, PROT_READ, MAP_SHARED, fd, 0);
        if (map != MAP_FAILED)
            shift = map;
        close(fd);
    }
}

int clock_gettime(clockid_t clock, struct timespec *ret)
{
    if (real_clock_gettime == NULL) /* a library asks at its start, before ours has begun */
        *(void **)&real_clock_gettime = dlsym(RTLD_NEXT, "clock_gettime");
    const int result = real_clock_gettime(clock, ret);

    int64_t ahead_ns = 0;
    if (shift != NULL && (clock == CLOCK_REALTIME || clock == CLOCK_BOOTTIME))
        ahead_ns = shift[1] + (clock == CLOCK_REALTIME ? shift[0] : 0);
    if (result == 0 && ahead_ns != 0) {
        const int64_t ns = (int64_t)ret->tv_sec * SECOND_NS + ret->tv_nsec + ahead_ns;
        ret->tv_sec = (time_t)(ns / SECOND_NS);
        ret->tv_nsec = (long)(ns % SECOND_NS);
    }
    return result;
}

/* Until a time of the wall clock: the kernel knows only the real one. Without this, paho, which looks once a
 * second whether there is something to send, would look again in days. */
int pthread_cond_timedwait(pthread_cond_t *cond, pthread_mutex_t *mutex, const struct timespec *abstime)
{
    typedef int timedwait_fn(pthread_cond_t *, pthread_mutex_t *, const struct timespec *);
    timedwait_fn *real;
    *(void **)&real =
        dlvsym(RTLD_NEXT, "pthread_cond_timedwait", "GLIBC_2.3.2"); /* x86: there is an older one */
    if (real == NULL)
        *(void **)&real = dlsym(RTLD_NEXT, "pthread_cond_timedwait");
    struct timespec until = *abstime;
    if (shift != NULL && until.tv_sec > WALL_S) {
        const int64_t ns = (int64_t)until.tv_sec * SECOND_NS + until.tv_nsec - shift[0] - shift[1];
        until.tv_sec = (time_t)(ns / SECOND_NS);
        until.tv_nsec = (long)(ns % SECOND_NS);
    }
    return real(cond, mutex, &until);
}
