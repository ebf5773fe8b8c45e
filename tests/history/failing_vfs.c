#include "failing_vfs.h"

#include <sqlite3.h>
#include <string.h>
#include <unistd.h>

/* A wrapped file: SQLite's part first, then that of the real VFS. */
struct file {
    sqlite3_file base;
    sqlite3_file *real;
};

static sqlite3_vfs *real_vfs, vfs;
static enum failing_how how;
static unsigned count, nth;

void failing_vfs_set(enum failing_how how_, unsigned nth_)
{
    how = how_;
    nth = nth_;
    count = 0;
}

unsigned failing_vfs_count(void)
{
    return count;
}

/* An error of this change, or SQLITE_OK. */
static int change(int io_error)
{
    count++;
    if (how == FAILING_NOT || count < nth || (how == FAILING_ONCE && count > nth))
        return SQLITE_OK;
    if (how == FAILING_KILLED)
        _exit(77);
    return how == FAILING_FULL ? SQLITE_FULL : io_error;
}

static sqlite3_file *real_of(sqlite3_file *file)
{
    return ((struct file *)(void *)file)->real;
}

#define REAL(file, call, ...) real_of(file)->pMethods->call(real_of(file), ##__VA_ARGS__)

static int file_close(sqlite3_file *file)
{
    return REAL(file, xClose);
}

static int file_read(sqlite3_file *file, void *to, int n, sqlite3_int64 at)
{
    return REAL(file, xRead, to, n, at);
}

static int file_write(sqlite3_file *file, const void *from, int n, sqlite3_int64 at)
{
    int result = change(SQLITE_IOERR_WRITE);
    if (result != SQLITE_OK) {
        if (n >= 2)
            (void)REAL(file, xWrite, from, n / 2, at);
        return result;
    }
    return REAL(file, xWrite, from, n, at);
}

static int file_truncate(sqlite3_file *file, sqlite3_int64 size)
{
    int result = change(SQLITE_IOERR_TRUNCATE);
    return result != SQLITE_OK ? result : REAL(file, xTruncate, size);
}

static int file_sync(sqlite3_file *file, int flags)
{
    (void)flags; /* the process may die here, but not the machine */
    (void)file;
    return change(SQLITE_IOERR_FSYNC);
}

static int file_size(sqlite3_file *file, sqlite3_int64 *ret)
{
    return REAL(file, xFileSize, ret);
}

static int file_lock(sqlite3_file *file, int lock)
{
    return REAL(file, xLock, lock);
}

static int file_unlock(sqlite3_file *file, int lock)
{
    return REAL(file, xUnlock, lock);
}

static int file_check(sqlite3_file *file, int *ret)
{
    return REAL(file, xCheckReservedLock, ret);
}

static int file_control(sqlite3_file *file, int op, void *argument)
{
    return REAL(file, xFileControl, op, argument);
}

static int file_sector(sqlite3_file *file)
{
    return REAL(file, xSectorSize);
}

static int file_device(sqlite3_file *file)
{
    return REAL(file, xDeviceCharacteristics);
}

static int file_shm_map(sqlite3_file *file, int region, int size, int extend, void volatile **ret)
{
    return REAL(file, xShmMap, region, size, extend, ret);
}

static int file_shm_lock(sqlite3_file *file, int offset, int n, int flags)
{
    return REAL(file, xShmLock, offset, n, flags);
}

static void file_shm_barrier(sqlite3_file *file)
{
    REAL(file, xShmBarrier);
}

static int file_shm_unmap(sqlite3_file *file, int flag)
{
    return REAL(file, xShmUnmap, flag);
}

static const sqlite3_io_methods methods = {
    .iVersion = 2,
    .xClose = file_close,
    .xRead = file_read,
    .xWrite = file_write,
    .xTruncate = file_truncate,
    .xSync = file_sync,
    .xFileSize = file_size,
    .xLock = file_lock,
    .xUnlock = file_unlock,
    .xCheckReservedLock = file_check,
    .xFileControl = file_control,
    .xSectorSize = file_sector,
    .xDeviceCharacteristics = file_device,
    .xShmMap = file_shm_map,
    .xShmLock = file_shm_lock,
    .xShmBarrier = file_shm_barrier,
    .xShmUnmap = file_shm_unmap,
};

static int vfs_open(sqlite3_vfs *self, sqlite3_filename name, sqlite3_file *file, int flags, int *ret_flags)
{
    (void)self;
    struct file *f = (struct file *)(void *)file;
    f->real = (sqlite3_file *)(void *)(f + 1);
    memset(f->real, 0, (size_t)real_vfs->szOsFile);
    int result = real_vfs->xOpen(real_vfs, name, f->real, flags, ret_flags);
    f->base.pMethods = f->real->pMethods ? &methods : NULL;
    return result;
}

static int vfs_delete(sqlite3_vfs *self, const char *name, int sync_dir)
{
    (void)self;
    int result = change(SQLITE_IOERR_DELETE);
    return result != SQLITE_OK ? result : real_vfs->xDelete(real_vfs, name, sync_dir);
}

int failing_vfs_register(void)
{
    if (real_vfs)
        return SQLITE_OK;
    real_vfs = sqlite3_vfs_find(NULL);
    vfs = *real_vfs; /* its other functions look at nothing but what they are given */
    vfs.zName = FAILING_VFS;
    vfs.pNext = NULL;
    vfs.szOsFile = (int)sizeof(struct file) + real_vfs->szOsFile;
    vfs.xOpen = vfs_open;
    vfs.xDelete = vfs_delete;
    return sqlite3_vfs_register(&vfs, 0);
}
