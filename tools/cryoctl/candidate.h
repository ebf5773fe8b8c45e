/*
 * candidate.h - a configuration that is not in force: a directory, or one file in the place of cryomon.yaml.
 */
#ifndef CRYOMON_CRYOCTL_CANDIDATE_H
#define CRYOMON_CRYOCTL_CANDIDATE_H

#include "cryoctl.h"

/* path: a directory like /etc/cryomon; or a file, which is read instead of the cryomon.yaml beside it, with
 * the conf.d/ and devices/ beside it. CTL_OK with a new reference, or the exit status after a complaint that
 * lists all mistakes. */
int candidate_load(const struct ctl *ctl, const char *path, struct config **ret);

#endif
