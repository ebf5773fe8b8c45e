#include "control_peer.h"

#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define NAME_SERVICE_BUFFER 16384 /* a group entry holds its member list */
#define PEER_GROUPS_MAX     65536 /* the kernel's own NGROUPS_MAX */

bool control_peer_group(const char *name, gid_t *ret)
{
    char *buffer = malloc(NAME_SERVICE_BUFFER);
    struct group entry, *found = NULL;
    bool known =
        buffer != NULL && getgrnam_r(name, &entry, buffer, NAME_SERVICE_BUFFER, &found) == 0 && found != NULL;
    if (known)
        *ret = entry.gr_gid;
    free(buffer);
    return known;
}

static bool contains(const gid_t *groups, size_t n, gid_t wanted)
{
    for (size_t i = 0; i < n; i++)
        if (groups[i] == wanted)
            return true;
    return false;
}

/* The peer's supplementary groups with its own one in front. */
static int peer_groups(int fd, gid_t own, gid_t **ret, size_t *ret_n)
{
    socklen_t size = 0;
    if (getsockopt(fd, SOL_SOCKET, SO_PEERGROUPS, NULL, &size) < 0 && errno != ERANGE)
        return -errno;
    if (size > PEER_GROUPS_MAX * sizeof(gid_t))
        return -E2BIG;
    gid_t *groups = malloc(sizeof(gid_t) + size);
    if (groups == NULL)
        return -ENOMEM;
    groups[0] = own;
    if (size > 0 && getsockopt(fd, SOL_SOCKET, SO_PEERGROUPS, groups + 1, &size) < 0) {
        int error = -errno;
        free(groups);
        return error;
    }
    *ret = groups;
    *ret_n = 1 + size / sizeof(gid_t);
    return 0;
}

int control_peer_identify(int fd, struct control_peer *ret)
{
    struct ucred cred;
    socklen_t size = sizeof cred;
    if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &cred, &size) < 0)
        return -errno;
    if (cred.uid == 0 || cred.uid == geteuid()) {
        *ret = (struct control_peer){.uid = cred.uid, .may_read = true, .may_command = true};
        return 0;
    }
    gid_t *groups = NULL, group;
    size_t n = 0;
    int result = peer_groups(fd, cred.gid, &groups, &n);
    if (result < 0)
        return result;
    bool command = control_peer_group(CONTROL_GROUP_COMMAND, &group) && contains(groups, n, group);
    bool read = command || (control_peer_group(CONTROL_GROUP_READ, &group) && contains(groups, n, group));
    free(groups);
    *ret = (struct control_peer){.uid = cred.uid, .may_read = read, .may_command = command};
    return 0;
}

static bool printable(const char *name)
{
    for (; *name != '\0'; name++)
        if ((unsigned char)*name <= 0x20 || (unsigned char)*name >= 0x7F)
            return false;
    return true;
}

void control_peer_name(uid_t uid, char *name, size_t cap)
{
    char *buffer = malloc(NAME_SERVICE_BUFFER);
    struct passwd entry, *found = NULL;
    if (buffer != NULL && getpwuid_r(uid, &entry, buffer, NAME_SERVICE_BUFFER, &found) == 0 &&
        found != NULL && entry.pw_name[0] != '\0' && strlen(entry.pw_name) < cap && printable(entry.pw_name))
        memcpy(name, entry.pw_name, strlen(entry.pw_name) + 1);
    else
        snprintf(name, cap, "uid:%lu", (unsigned long)uid);
    free(buffer);
}
