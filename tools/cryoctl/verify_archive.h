/*
 * verify_archive.h - cryoctl verify of an archive that cryoctl export has written.
 */
#ifndef CRYOMON_CRYOCTL_VERIFY_ARCHIVE_H
#define CRYOMON_CRYOCTL_VERIFY_ARCHIVE_H

#include "cryoctl.h"
#include "signer.h"

/* key: known from elsewhere; NULL: none. The exit status: CTL_OK only if it is whole, recorded and signed. */
int verify_archive_run(const struct ctl *ctl, const char *path, const unsigned char key[SIGNER_KEY_SIZE]);

#endif
