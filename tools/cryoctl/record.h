/*
 * record.h - tells the daemon what a tool has done, for the audit chain.
 */
#ifndef CRYOMON_CRYOCTL_RECORD_H
#define CRYOMON_CRYOCTL_RECORD_H

#include "cryoctl.h"

/* An event of that kind: "backup", "restore", "restore-test", "chain-check", "export", "report" (see
 * cryomond-control(7), Record; the daemon refuses others). detail is consumed: an object of at most 16
 * members named [a-z0-9_]+, each a text of at most 255 bytes, a number or a flag.
 *
 * The daemon is asked at ctl->socket, or where the configuration says. Returns CTL_OK, or the exit status
 * that belongs to the failure, after a complaint that the audit event could not be recorded: whether the
 * tool's own work is then worth something is for the caller to say. */
int record_event(const struct ctl *ctl, const char *kind, json_t *detail);

#endif
