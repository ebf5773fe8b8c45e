/* failing_vfs.h - an SQLite VFS over the system's own, that fails or dies at the Nth change of a file: a
 * write, a sync, a truncation, or a deletion. From then on all of them fail (a disk that is full, or gone),
 * until it is set anew. */
#ifndef CRYOMON_FAILING_VFS_H
#define CRYOMON_FAILING_VFS_H

#define FAILING_VFS "failing"

enum failing_how {
    FAILING_NOT,
    FAILING_IO,     /* the system says EIO; a write leaves half of it behind */
    FAILING_FULL,   /* no room; half of it is written */
    FAILING_ONCE,   /* EIO once, and then it works again */
    FAILING_KILLED, /* the process ends, before the change */
};

int failing_vfs_register(void);
/* Counts from now on; the nth change (from 1) fails. */
void failing_vfs_set(enum failing_how how, unsigned nth);
unsigned failing_vfs_count(void); /* changes since then */

#endif
