#include "credential.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

bool credential_is_set(const struct secret_place *place)
{
    return place->file[0] != '\0' || place->credential[0] != '\0';
}

static int path_of(const struct secret_place *place, const char *what, char *path, size_t path_cap,
                   char *error, size_t cap)
{
    if (place->credential[0] == '\0') {
        (void)snprintf(path, path_cap, "%s", place->file);
        return 0;
    }
    const char *directory = getenv("CREDENTIALS_DIRECTORY");
    if (directory == NULL) {
        (void)snprintf(error, cap, "%s: credential %s: systemd gave no credentials (LoadCredential=)", what,
                       place->credential);
        return -ENOENT;
    }
    if (snprintf(path, path_cap, "%s/%s", directory, place->credential) >= (int)path_cap) {
        (void)snprintf(error, cap, "%s: the path is too long", what);
        return -ENAMETOOLONG;
    }
    return 0;
}

int credential_read(const struct secret_place *place, const char *what, char secret[CREDENTIAL_MAX],
                    char *error, size_t cap)
{
    char path[PATH_MAX];

    memset(secret, 0, CREDENTIAL_MAX);
    if (!credential_is_set(place))
        return 0;
    int result = path_of(place, what, path, sizeof path, error, cap);
    if (result < 0)
        return result;
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK); /* a FIFO must not stop us */
    ssize_t n = fd >= 0 ? read(fd, secret, CREDENTIAL_MAX - 1) : -1;
    if (n < 0)
        result = -errno;
    if (fd >= 0)
        close(fd);
    if (result < 0) {
        (void)snprintf(error, cap, "can't read %s: %s: %s", what, path, strerrordesc_np(-result));
        return result;
    }
    size_t len = strcspn(secret, "\r\n");
    explicit_bzero(secret + len, CREDENTIAL_MAX - len);
    if (len == 0) {
        (void)snprintf(error, cap, "%s: %s is empty", what, path);
        return -ENODATA;
    }
    return 0;
}
