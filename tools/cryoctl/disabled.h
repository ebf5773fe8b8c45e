/*
 * disabled.h - the block of a Status answer that says what is kept quiet: who, why, until when, how often.
 */
#ifndef CRYOMON_CRYOCTL_DISABLED_H
#define CRYOMON_CRYOCTL_DISABLED_H

#include "cryoctl.h"

/* Prints nothing when nothing is disabled, and no manual reading is due. */
void disabled_print(const struct ctl *ctl, const json_t *status);

#endif
