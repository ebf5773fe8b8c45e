/*
 * control_socket.h - the listening socket: bound with the right owner and mode, and removed if still ours.
 */
#ifndef CRYOMON_CONTROL_SOCKET_H
#define CRYOMON_CONTROL_SOCKET_H

#include <sys/types.h>

struct control_socket {
    int fd; /* -1: none */
    char path[108];
    dev_t device; /* of the bound name: another daemon may have put its own there */
    ino_t inode;
};

/* Binds path (its directory must exist), mode 0660, group CONTROL_GROUP_READ if it exists and we may. A dead
 * socket is replaced; -EADDRINUSE when somebody listens there, -EEXIST when the name is no socket.
 * Returns 0 or -errno. */
int control_socket_open(const char *path, struct control_socket *ret);
/* Closes it and removes the name; an fd of -1 is a no-op. */
void control_socket_close(struct control_socket *s);

#endif
