#include "backup_files.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "manifest.h"

#define FACTS      "backup.json"
#define PUBLIC_KEY "signing.pub"
#define SECRET_KEY "signing.key"
#define PIECE      ((size_t)1 << 20)

static int explain(const char *path, int error, char *message, size_t cap)
{
    snprintf(message, cap, "%.400s: %s", path, strerrordesc_np(error));
    return -error;
}

static int in_dir(const char *dir, const char *name, char path[PATH_MAX], char *message, size_t cap)
{
    if (snprintf(path, PATH_MAX, "%s/%s", dir, name) < PATH_MAX)
        return 0;
    return explain(dir, ENAMETOOLONG, message, cap);
}

/* ---------------------------------------------------------------- one file */

/* The mode does not depend on the umask. */
static int create(const char *path, mode_t mode)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, mode);
    if (fd < 0)
        return -errno;
    (void)fchmod(fd, mode);
    return fd;
}

static int write_all(int fd, const unsigned char *bytes, size_t len)
{
    while (len > 0) {
        ssize_t n = write(fd, bytes, len);
        if (n < 0 && errno != EINTR)
            return -errno;
        if (n > 0) {
            bytes += n;
            len -= (size_t)n;
        }
    }
    return 0;
}

static int pump(int from, int to)
{
    unsigned char *piece = malloc(PIECE);
    int error = piece == NULL ? -ENOMEM : 0;
    for (ssize_t n = 1; error == 0 && n != 0;) {
        n = read(from, piece, PIECE);
        if (n < 0)
            error = errno == EINTR ? 0 : -errno;
        else
            error = write_all(to, piece, (size_t)n);
    }
    free(piece);
    return error;
}

static int finish(int fd, int error)
{
    if (error == 0 && fsync(fd) < 0)
        error = -errno;
    if (close(fd) < 0 && error == 0)
        error = -errno;
    return error;
}

int backup_files_copy(const char *from, const char *to, mode_t mode, char *message, size_t cap)
{
    int source = open(from, O_RDONLY | O_CLOEXEC);
    if (source < 0)
        return explain(from, errno, message, cap);
    int error = 0, target = create(to, mode);
    if (target < 0)
        error = target;
    else
        error = finish(target, pump(source, target));
    close(source);
    return error < 0 ? explain(to, -error, message, cap) : 0;
}

int backup_files_write(const char *path, const char *text, mode_t mode, char *message, size_t cap)
{
    int fd = create(path, mode);
    int error = fd < 0 ? fd : finish(fd, write_all(fd, (const unsigned char *)text, strlen(text)));
    return error < 0 ? explain(path, -error, message, cap) : 0;
}

int backup_files_sync_dir(const char *dir, char *message, size_t cap)
{
    int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    int error = fd < 0 || fsync(fd) < 0 ? errno : 0;
    if (fd >= 0)
        close(fd);
    return error != 0 ? explain(dir, error, message, cap) : 0;
}

/* ---------------------------------------------------------------- a backup */

/* Copies dir/name to a file of the same name. *ret_there: false when there is none, which is no failure. */
static int copy_if_there(const char *from_dir, const char *to_dir, const char *name, mode_t mode,
                         bool *ret_there, char *message, size_t cap)
{
    char from[PATH_MAX], to[PATH_MAX];
    int error = in_dir(from_dir, name, from, message, cap);
    if (error == 0)
        error = in_dir(to_dir, name, to, message, cap);
    *ret_there = error == 0 && (access(from, F_OK) == 0 || errno != ENOENT);
    return error == 0 && *ret_there ? backup_files_copy(from, to, mode, message, cap) : error;
}

int backup_files_complete(const char *dir, const char *record_dir, const json_t *facts, bool with_key,
                          char *message, size_t cap)
{
    const char *names[5] = {"state.db", "history.db", FACTS};
    size_t n = 3;
    bool there = false;
    char path[PATH_MAX], *text = json_dumps(facts, JSON_INDENT(2) | JSON_PRESERVE_ORDER);
    int error = text == NULL ? explain(dir, ENOMEM, message, cap) : in_dir(dir, FACTS, path, message, cap);
    if (error == 0)
        error = backup_files_write(path, text, 0640, message, cap);
    free(text);
    if (error == 0)
        error = copy_if_there(record_dir, dir, PUBLIC_KEY, 0644, &there, message, cap);
    if (there)
        names[n++] = PUBLIC_KEY;
    there = false;
    if (error == 0 && with_key) {
        error = copy_if_there(record_dir, dir, SECRET_KEY, 0600, &there, message, cap);
        if (error == 0 && !there)
            error = explain(SECRET_KEY, ENOENT, message, cap);
    }
    if (there)
        names[n++] = SECRET_KEY;
    if (error < 0)
        return error;
    error = manifest_write(dir, names, n);
    if (error < 0)
        return explain(dir, -error, message, cap);
    return backup_files_sync_dir(dir, message, cap);
}

int backup_files_restore(const char *backup, const char *to, char *message, size_t cap)
{
    static const char *const names[] = {"state.db", "history.db"};
    char name[MANIFEST_NAME_MAX] = "", from[PATH_MAX], target[PATH_MAX];
    bool there;
    int error = manifest_check(backup, name);
    if (error == -EBADMSG) {
        snprintf(message, cap, "%.300s/%.300s is not what was backed up (its SHA-256 differs)", backup, name);
        return error;
    }
    if (error < 0) {
        snprintf(message, cap, "%.300s/%.300s: %s", backup, name, strerrordesc_np(-error));
        return error;
    }
    for (size_t i = 0; i < 2 && error == 0; i++) {
        error = in_dir(backup, names[i], from, message, cap);
        if (error == 0)
            error = in_dir(to, names[i], target, message, cap);
        if (error == 0)
            error = backup_files_copy(from, target, 0640, message, cap);
    }
    if (error == 0)
        error = copy_if_there(backup, to, PUBLIC_KEY, 0644, &there, message, cap);
    return error == 0 ? backup_files_sync_dir(to, message, cap) : error;
}

int backup_files_remove(const char *dir, char *message, size_t cap)
{
    static const char *const names[] = {
        MANIFEST_NAME, /* first: without it, it is no backup any more */
        "state.db",    "state.db-wal",   "state.db-shm",   "state.db-journal",
        "history.db",  "history.db-wal", "history.db-shm", "history.db-journal",
        FACTS,         PUBLIC_KEY,       SECRET_KEY};
    char path[PATH_MAX];
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        if (snprintf(path, sizeof path, "%s/%s", dir, names[i]) >= (int)sizeof path)
            return explain(dir, ENAMETOOLONG, message, cap);
        if (unlink(path) < 0 && errno != ENOENT)
            return explain(path, errno, message, cap);
    }
    return rmdir(dir) < 0 && errno != ENOENT ? explain(dir, errno, message, cap) : 0;
}

json_t *backup_files_read_facts(const char *dir)
{
    char path[PATH_MAX];
    if (snprintf(path, sizeof path, "%s/" FACTS, dir) >= (int)sizeof path)
        return NULL;
    return json_load_file(path, 0, NULL);
}
