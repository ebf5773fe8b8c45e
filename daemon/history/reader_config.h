/*
 * reader_config.h - the configurations that were in force, as they were stored.
 */
#ifndef CRYOMON_READER_CONFIG_H
#define CRYOMON_READER_CONFIG_H

#include "reader.h"

/* The text of a configuration by its hash (NUL-terminated, malloc'd, the caller frees), and when it was first
 * stored. 0, -ENOENT or -errno. */
int reader_config_text(struct history_reader *reader, const unsigned char sha256[32], char **ret_text,
                       size_t *ret_len, int64_t *ret_utc_us);

#endif
