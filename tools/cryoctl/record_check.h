/*
 * record_check.h - is the record in a directory whole? What a backup and a restored record must stand.
 */
#ifndef CRYOMON_CRYOCTL_RECORD_CHECK_H
#define CRYOMON_CRYOCTL_RECORD_CHECK_H

#include "copy.h"
#include "cryoctl.h"

#define RECORD_CHECK_MAX 768

/* Opens both files, lets SQLite look at every page, verifies the chains, and compares with the figures that
 * it should have (NULL: none). True when all is well; else message says in English what is wrong. */
bool record_check(const struct ctl *ctl, const char *dir, const struct copy_counts *expected,
                  char message[RECORD_CHECK_MAX]);

#endif
