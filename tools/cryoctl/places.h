/*
 * places.h - where the daemon's socket and databases are: as told, as configured, or as installed.
 *
 * The configuration is that of --config, which then must be without mistakes; or that in CTL_CONFIG_DIR, if
 * there is one that we may read and that has none.
 */
#ifndef CRYOMON_CRYOCTL_PLACES_H
#define CRYOMON_CRYOCTL_PLACES_H

#include "cryoctl.h"

/* Sets ctl->socket unless --socket has; to control.socket, or CTL_SOCKET. False: complained about --config.
 */
bool places_socket(struct ctl *ctl);

/* --dir; else storage.directory; else CTL_HISTORY. False: complained about --config. */
bool places_history(const struct ctl *ctl, char *path, size_t cap);

#endif
