/*
 * backup_files.h - what a backup is on disk: a directory with
 *
 *   state.db history.db  the record, each a file on its own
 *   signing.pub          the public key, where there is one
 *   signing.key          the secret key, only if it was asked for (mode 0600)
 *   backup.json          of which site, when, how much
 *   MANIFEST             the SHA-256 of the others, for sha256sum --check
 *
 * All functions return 0 or -errno with a message in English (cap bytes), which names the file.
 */
#ifndef CRYOMON_CRYOCTL_BACKUP_FILES_H
#define CRYOMON_CRYOCTL_BACKUP_FILES_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "copy.h"

/* Copies a file, to a new one of this mode, synchronised to disk. */
int backup_files_copy(const char *from, const char *to, mode_t mode, char *message, size_t cap);
int backup_files_write(const char *path, const char *text, mode_t mode, char *message, size_t cap);
int backup_files_sync_dir(const char *dir, char *message, size_t cap);

/* Adds keys, backup.json and MANIFEST to a directory that holds the two copies. */
int backup_files_complete(const char *dir, const char *record_dir, const json_t *facts, bool with_key,
                          char *message, size_t cap);

/* Takes the backup to a directory: checks the MANIFEST, then copies both files and signing.pub; all are new
 * there. */
int backup_files_restore(const char *backup, const char *to, char *message, size_t cap);

/* Removes a backup (or a part of one): the files named above and the directory, and never anything else, so a
 * directory with something else in it stays. */
int backup_files_remove(const char *dir, char *message, size_t cap);

/* backup.json, or NULL. */
json_t *backup_files_read_facts(const char *dir);

#endif
