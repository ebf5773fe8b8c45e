#include "listener.h"

#include "world.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

static speed_t speed_of(int baud)
{
    static const struct {
        int baud;
        speed_t speed;
    } speeds[] = {{1200, B1200},   {2400, B2400},   {4800, B4800},   {9600, B9600},
                  {19200, B19200}, {38400, B38400}, {57600, B57600}, {115200, B115200}};
    for (size_t i = 0; i < sizeof speeds / sizeof speeds[0]; i++) {
        if (speeds[i].baud == baud)
            return speeds[i].speed;
    }
    return B0;
}

static int make_raw(int fd, const struct serial *serial)
{
    struct termios t;
    if (tcgetattr(fd, &t) < 0)
        return -errno;
    speed_t speed = speed_of(serial->baud);
    if (speed == B0)
        return -EINVAL;
    cfmakeraw(&t);
    t.c_cflag |= CLOCAL | CREAD;
    t.c_cflag &= (tcflag_t) ~(CSIZE | CSTOPB | PARENB | PARODD);
    t.c_cflag |= serial->data_bits == 7 ? CS7 : CS8;
    if (serial->stop_bits == 2)
        t.c_cflag |= CSTOPB;
    if (serial->parity != 'N')
        t.c_cflag |= PARENB | (serial->parity == 'O' ? PARODD : 0U);
    cfsetispeed(&t, speed);
    cfsetospeed(&t, speed);
    return tcsetattr(fd, TCSANOW, &t) < 0 ? -errno : 0;
}

/* Points the symlink at the pty. A stale symlink is replaced; anything else under that name is not ours. */
static int place_symlink(const char *target, const char *path)
{
    char there[64];
    ssize_t n = readlink(path, there, sizeof there - 1);
    if (n > 0) {
        there[n] = '\0';
        if (strncmp(there, "/dev/pts/", 9) != 0)
            return -EEXIST;
        unlink(path);
    } else if (errno == EINVAL) {
        return -EEXIST;
    }
    return symlink(target, path) < 0 ? -errno : 0;
}

static int open_pty(struct listener *listener)
{
    int r;
    int master = posix_openpt(O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
    if (master < 0)
        return -errno;
    int slave = -1;
    if (grantpt(master) < 0 || unlockpt(master) < 0 ||
        ptsname_r(master, listener->pty, sizeof listener->pty) != 0) {
        r = -errno;
        goto fail;
    }
    slave = open(listener->pty, O_RDWR | O_NOCTTY | O_CLOEXEC);
    if (slave < 0) {
        r = -errno;
        goto fail;
    }
    r = make_raw(slave, &listener->serial);
    if (r < 0)
        goto fail;
    if (listener->symlink[0] != '\0') {
        r = place_symlink(listener->pty, listener->symlink);
        if (r < 0)
            goto fail;
    }
    listener->pty_slave = slave;
    return master;
fail:
    if (slave >= 0)
        close(slave);
    close(master);
    return r;
}

static int open_tty(const struct listener *listener)
{
    int fd = open(listener->device, O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
    if (fd < 0)
        return -errno;
    int r = ioctl(fd, TIOCEXCL) < 0 ? -errno : make_raw(fd, &listener->serial);
    if (r < 0) {
        close(fd);
        return r;
    }
    tcflush(fd, TCIOFLUSH);
    return fd;
}

int listener_open_rtu(struct listener *listener)
{
    int fd = listener->device[0] != '\0' ? open_tty(listener) : open_pty(listener);
    if (fd < 0)
        return fd;
    struct link *link;
    int r = link_open(listener, true, fd, &link);
    if (r < 0) {
        listener_close_rtu(listener);
        return r;
    }
    listener_add_link(listener, link);
    return 0;
}

void listener_close_rtu(struct listener *listener)
{
    if (listener->pty_slave >= 0)
        close(listener->pty_slave);
    listener->pty_slave = -1;
    char there[64];
    ssize_t n = listener->symlink[0] != '\0' ? readlink(listener->symlink, there, sizeof there - 1) : -1;
    if (n > 0) {
        there[n] = '\0';
        if (strcmp(there, listener->pty) == 0) /* not one that somebody else has made since */
            unlink(listener->symlink);
    }
}
