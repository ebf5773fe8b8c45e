/*
 * places.h - where the daemon's socket and databases are: as told, as configured, or as installed.
 *
 * The configuration is that of --config, or that in CTL_CONFIG_DIR if there is one that we may read. Nothing
 * but the one setting is looked at: the daemon goes on with what it had before somebody made a mistake, and
 * its alarms must be seen then too.
 */
#ifndef CRYOMON_CRYOCTL_PLACES_H
#define CRYOMON_CRYOCTL_PLACES_H

#include "cryoctl.h"

/* Sets ctl->socket unless --socket has; to control.socket, or CTL_SOCKET. False: complained that --config
 * can't be read, or that this very setting is wrong. */
bool places_socket(struct ctl *ctl);

/* --dir; else storage.directory; else CTL_HISTORY. False: as above. */
bool places_history(const struct ctl *ctl, char *path, size_t cap);

/* The whole configuration, for what it says about points; NULL when it can't be read or has mistakes (not
 * complained about: what was stored can be shown without it). Free with config_unref. */
struct config *places_config(const struct ctl *ctl);

#endif
