/*
 * manifest.h - the SHA-256 of files, as sha256sum writes and checks them: a line "HASH  NAME" for each.
 */
#ifndef CRYOMON_CRYOCTL_MANIFEST_H
#define CRYOMON_CRYOCTL_MANIFEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#define MANIFEST_NAME     "MANIFEST"
#define MANIFEST_HEX_SIZE 65
#define MANIFEST_NAME_MAX 512

void manifest_hex(const unsigned char hash[32], char hex[MANIFEST_HEX_SIZE]);
/* Of some bytes. */
void manifest_hash_text(const void *bytes, size_t len, char hex[MANIFEST_HEX_SIZE]);
/* Of a file. 0 or -errno. */
int manifest_hash_file(const char *path, char hex[MANIFEST_HEX_SIZE]);

/* Reads a line (without newline; it may be changed). A name is relative and stays below its directory. False:
 * it is none. */
bool manifest_parse(char *line, const char **ret_hex, const char **ret_name);

/* Writes dir/MANIFEST over the n files. 0 or -errno. */
int manifest_write(const char *dir, const char *const *names, size_t n);
/* Checks all that dir/MANIFEST names. 0; -ENOENT, -EIO... when a file can't be read, -EBADMSG when one has
 * other bytes or the manifest makes no sense; name says which. */
int manifest_check(const char *dir, char name[MANIFEST_NAME_MAX]);

#endif
