/*
 * report.h - facts, drawn: the report on paper.
 */
#ifndef CRYOMON_REPORT_H
#define CRYOMON_REPORT_H

#include "cryoctl.h"

struct report_identity {
    char id[128];    /* on each page */
    char sha256[65]; /* of the facts' text */
};
void report_identify(const json_t *facts, const char *text, size_t len, struct report_identity *ret);

/* Draws the PDF; brief: of a run, the one page of a batch record. CTL_OK, or the exit status after a
 * complaint; then there is no file. */
int report_write(struct ctl *ctl, const json_t *facts, const struct report_identity *identity, bool brief,
                 const char *path);

#endif
