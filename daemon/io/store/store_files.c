/* store_files.c - the directory, its lock, the ballast. See store_internal.h. */
#include "store_internal.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#define DIR_MODE  0750
#define FILE_MODE 0640

#define BALLAST_BYTES (8LL << 20)
#define BALLAST_ROOM  (64LL << 20) /* free space from which on a ballast is laid in */

static void in_dir(const struct store_files *files, const char *name, char path[STORE_PATH_MAX])
{
    snprintf(path, STORE_PATH_MAX, "%s/%s", files->dir, name);
}

static int explain(const char *path, int error, char *detail, size_t cap)
{
    snprintf(detail, cap, "%s: %s", path, strerrordesc_np(error));
    return -error;
}

static int make_dir(const struct store_files *files, char *detail, size_t cap)
{
    if (mkdir(files->dir, DIR_MODE) == 0) {
        (void)chmod(files->dir, DIR_MODE); /* whatever the umask is */
        return 0;
    }
    struct stat st;
    if (errno != EEXIST)
        return explain(files->dir, errno, detail, cap);
    if (stat(files->dir, &st) < 0)
        return explain(files->dir, errno, detail, cap);
    return S_ISDIR(st.st_mode) ? 0 : explain(files->dir, ENOTDIR, detail, cap);
}

/* ---------------------------------------------------------------- lock */

/* True while the lock that we hold is the file at the path (another disk may have been mounted there since).
 */
static bool lock_is_current(const struct store_files *files, const char *path)
{
    struct stat ours, there;
    return files->lock_fd >= 0 && fstat(files->lock_fd, &ours) == 0 && stat(path, &there) == 0 &&
           ours.st_dev == there.st_dev && ours.st_ino == there.st_ino;
}

static int lock_is_taken(int fd, const char *path, char *detail, size_t cap)
{
    char text[16] = "";
    ssize_t n = pread(fd, text, sizeof text - 1, 0);
    long pid = n > 0 ? strtol(text, NULL, 10) : 0;
    if (pid > 0)
        snprintf(detail, cap, "%s: another cryomond (pid %ld) has it", path, pid);
    else
        snprintf(detail, cap, "%s: another cryomond has it", path);
    return -EBUSY;
}

/* Two writers can corrupt a WAL file (and would tell two stories), so only one daemon gets in. */
static int take_lock(struct store_files *files, char *detail, size_t cap)
{
    char path[STORE_PATH_MAX], text[16];
    in_dir(files, "lock", path);
    if (lock_is_current(files, path))
        return 0;
    store_files_close(files);
    int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, FILE_MODE);
    if (fd < 0)
        return explain(path, errno, detail, cap);
    (void)fchmod(fd, FILE_MODE);
    struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
    if (fcntl(fd, F_OFD_SETLK, &lock) < 0) {
        int error = errno;
        error = error == EAGAIN || error == EACCES ? lock_is_taken(fd, path, detail, cap)
                                                   : explain(path, error, detail, cap);
        close(fd);
        return error;
    }
    int n = snprintf(text, sizeof text, "%-10ld\n", (long)getpid());
    (void)!pwrite(fd, text, (size_t)n, 0); /* only to be helpful: a full disk must not matter here */
    files->lock_fd = fd;
    return 0;
}

int store_files_prepare(struct store_files *files, char *detail, size_t cap)
{
    int error = make_dir(files, detail, cap);
    return error < 0 ? error : take_lock(files, detail, cap);
}

void store_files_close(struct store_files *files)
{
    if (files->lock_fd >= 0)
        close(files->lock_fd);
    files->lock_fd = -1;
}

/* ---------------------------------------------------------------- new files */

static int sync_dir(const struct store_files *files)
{
    int fd = open(files->dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return -errno;
    int error = fsync(fd) < 0 ? -errno : 0;
    close(fd);
    return error;
}

int store_files_create(const struct store_files *files, const char *path, char *detail, size_t cap)
{
    char wal[STORE_PATH_MAX + 8];
    struct stat st;
    bool there = stat(path, &st) == 0;
    if (!there && errno != ENOENT)
        return explain(path, errno, detail, cap);
    if (there && !S_ISREG(st.st_mode)) {
        snprintf(detail, cap, "%s: not a file", path);
        return -EUCLEAN;
    }
    if (there && st.st_size > 0)
        return 0;
    snprintf(wal, sizeof wal, "%s-wal", path);
    if (stat(wal, &st) == 0 && st.st_size > 0) {
        snprintf(detail, cap, "%s: %s, but its log %s holds data; not touched", path,
                 there ? "empty" : "missing", wal);
        return -EUCLEAN;
    }
    if (there)
        return 0;
    /* We make the file, not SQLite: its mode, which the log inherits, must not depend on the umask. A
     * connection of this process can't have it open yet, so closing it here drops no lock of SQLite's. */
    int fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, FILE_MODE);
    if (fd < 0)
        return explain(path, errno, detail, cap);
    (void)fchmod(fd, FILE_MODE);
    close(fd);
    int error = sync_dir(files);
    return error < 0 ? explain(files->dir, -error, detail, cap) : 0;
}

bool store_files_have_history(const struct store_files *files)
{
    char path[STORE_PATH_MAX];
    struct stat st;
    in_dir(files, schema_name(SCHEMA_HISTORY), path);
    return stat(path, &st) == 0 && st.st_size > 0;
}

/* ---------------------------------------------------------------- room */

int64_t store_files_room(const struct store_files *files)
{
    struct statvfs vfs;
    if (statvfs(files->dir, &vfs) < 0 || vfs.f_blocks == 0)
        return INT64_MAX;
    uint64_t bytes;
    if (__builtin_mul_overflow((uint64_t)vfs.f_bavail, (uint64_t)vfs.f_frsize, &bytes) || bytes > INT64_MAX)
        return INT64_MAX;
    return (int64_t)bytes;
}

void store_files_keep_ballast(const struct store_files *files)
{
    char path[STORE_PATH_MAX];
    struct stat st;
    in_dir(files, "ballast", path);
    if (files->lock_fd < 0 || (stat(path, &st) == 0 && st.st_size == BALLAST_BYTES))
        return;
    if (store_files_room(files) < BALLAST_ROOM)
        return;
    int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, FILE_MODE);
    if (fd < 0)
        return; /* nothing is lost without it but comfort */
    (void)fchmod(fd, FILE_MODE);
    if (posix_fallocate(fd, 0, BALLAST_BYTES) != 0)
        (void)unlink(path);
    close(fd);
}

bool store_files_release_ballast(const struct store_files *files)
{
    char path[STORE_PATH_MAX];
    in_dir(files, "ballast", path);
    return files->lock_fd >= 0 && unlink(path) == 0;
}
