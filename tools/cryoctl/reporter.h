/*
 * reporter.h - runs cryomon-report, which is installed beside this program: it alone needs a PDF library.
 */
#ifndef CRYOMON_CRYOCTL_REPORTER_H
#define CRYOMON_CRYOCTL_REPORTER_H

#include <limits.h>

#include "cryoctl.h"

#define REPORTER_ARGUMENTS_MAX 40

struct reporter {
    char path[PATH_MAX];
    const char *arguments[REPORTER_ARGUMENTS_MAX]; /* borrowed */
    size_t n;
};

/* With the options that all reports take, of ctl. CTL_OK, or the exit status after a complaint. */
int reporter_begin(const struct ctl *ctl, struct reporter *ret);
/* An option with its value; none is added when the value is NULL, no value when it is "". */
void reporter_add(struct reporter *reporter, const char *option, const char *value);
/* Becomes that program; argument (may be NULL) is what it reports about. Returns only when that fails, after
 * a complaint. */
int reporter_run(const struct ctl *ctl, struct reporter *reporter, const char *argument);

#endif
