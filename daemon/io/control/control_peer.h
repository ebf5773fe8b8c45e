/*
 * control_peer.h - who is at the other end of a socket, and what that person may do.
 *
 * The kernel says who (SO_PEERCRED, SO_PEERGROUPS: as they were at connect time); nothing that the caller
 * writes can change it. A group that does not exist on this system gives nobody anything.
 */
#ifndef CRYOMON_CONTROL_PEER_H
#define CRYOMON_CONTROL_PEER_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#define CONTROL_GROUP_READ    "cryomon"
#define CONTROL_GROUP_COMMAND "cryomon-operator"

struct control_peer {
    uid_t uid;
    bool may_read, may_command;
};

/* Returns 0 or -errno. May take as long as the system's name service does. */
int control_peer_identify(int fd, struct control_peer *ret);

/* The group's number, or false when there is none. */
bool control_peer_group(const char *name, gid_t *ret);

/* The login name for the audit trail; "uid:N" for a user who has none (or one that doesn't fit cap). */
void control_peer_name(uid_t uid, char *name, size_t cap);

#endif
