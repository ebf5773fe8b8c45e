/* export_archive_internal.h - what packing and verifying share. Not for others. */
#ifndef CRYOMON_CRYOCTL_EXPORT_ARCHIVE_INTERNAL_H
#define CRYOMON_CRYOCTL_EXPORT_ARCHIVE_INTERNAL_H

#include <archive.h>

#include "export_archive.h"

#define EXPORT_ARCHIVE_PIECE ((size_t)1 << 18) /* bytes read at once */

/* Both fill in message, and return -errno: of an error number, and of what libarchive says. */
int export_archive_explain(const char *path, int error, char *message, size_t cap);
int export_archive_failed(struct archive *archive, const char *path, char *message, size_t cap);

#endif
