#include "control_socket.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "control_peer.h"

#define BACKLOG 16

/* Removes the socket of a daemon that is gone; leaves a living one and anything that is no socket. */
static int clear_name(const struct sockaddr_un *address)
{
    struct stat st;
    if (lstat(address->sun_path, &st) < 0)
        return errno == ENOENT ? 0 : -errno;
    if (!S_ISSOCK(st.st_mode))
        return -EEXIST;
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0)
        return -errno;
    int result = connect(fd, (const struct sockaddr *)address, sizeof *address) == 0 ? 0 : errno;
    close(fd);
    if (result != ECONNREFUSED) /* 0, or EAGAIN: alive with a full backlog */
        return result == 0 || result == EAGAIN ? -EADDRINUSE : -result;
    return unlink(address->sun_path) < 0 && errno != ENOENT ? -errno : 0;
}

static void set_owner(const char *path)
{
    gid_t group;
    /* Best effort: without the group only root and the daemon's own user get in. */
    if (control_peer_group(CONTROL_GROUP_READ, &group) && lchown(path, (uid_t)-1, group) < 0)
        return;
}

int control_socket_open(const char *path, struct control_socket *ret)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    if (path[0] != '/' || strlen(path) >= sizeof address.sun_path)
        return -EINVAL;
    memcpy(address.sun_path, path, strlen(path) + 1);
    int result = clear_name(&address);
    if (result < 0)
        return result;

    struct control_socket s = {.fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)};
    if (s.fd < 0)
        return -errno;
    memcpy(s.path, address.sun_path, sizeof s.path);
    struct stat st;
    /* The mode is set before bind, so that there is no moment in which the name is open to everybody; after
     * it once more for the bits that umask took. */
    if (fchmod(s.fd, 0660) < 0 || bind(s.fd, (const struct sockaddr *)&address, sizeof address) < 0) {
        result = -errno;
        close(s.fd);
        return result;
    }
    set_owner(path);
    if (chmod(path, 0660) < 0 || lstat(path, &st) < 0 || listen(s.fd, BACKLOG) < 0) {
        result = -errno;
        close(s.fd);
        (void)unlink(path);
        return result;
    }
    s.device = st.st_dev;
    s.inode = st.st_ino;
    *ret = s;
    return 0;
}

void control_socket_close(struct control_socket *s)
{
    struct stat st;
    if (s->fd < 0)
        return;
    close(s->fd);
    s->fd = -1;
    if (lstat(s->path, &st) == 0 && st.st_dev == s->device && st.st_ino == s->inode)
        (void)unlink(s->path);
}
