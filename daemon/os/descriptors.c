#include "descriptors.h"

#include <fcntl.h>
#include <sys/resource.h>
#include <sys/select.h>
#include <unistd.h>

void descriptors_raise(void)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) < 0 || limit.rlim_cur >= DESCRIPTORS_WANTED)
        return;
    limit.rlim_cur = limit.rlim_max < DESCRIPTORS_WANTED ? limit.rlim_max : DESCRIPTORS_WANTED;
    (void)setrlimit(RLIMIT_NOFILE, &limit);
}

/* One above the highest that a connection may have. */
static unsigned end(void)
{
    struct rlimit limit;
    rlim_t most = FD_SETSIZE;
    if (getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur < FD_SETSIZE + DESCRIPTORS_OWN)
        most = limit.rlim_cur > DESCRIPTORS_OWN ? limit.rlim_cur - DESCRIPTORS_OWN : 0;
    return most < FD_SETSIZE ? (unsigned)most : FD_SETSIZE;
}

unsigned descriptors_room(void)
{
    return end() > DESCRIPTORS_OWN ? end() - DESCRIPTORS_OWN : 0;
}

bool descriptors_fit(int fd)
{
    return fd >= 0 && (unsigned)fd < end();
}

int descriptors_aside(int fd)
{
    int aside = fd < 0 ? -1 : fcntl(fd, F_DUPFD_CLOEXEC, FD_SETSIZE);
    if (aside < 0)
        return fd;
    close(fd);
    return aside;
}
