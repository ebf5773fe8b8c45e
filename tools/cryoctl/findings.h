/*
 * findings.h - what cryoctl verify found, in words for people and as JSON.
 */
#ifndef CRYOMON_CRYOCTL_FINDINGS_H
#define CRYOMON_CRYOCTL_FINDINGS_H

#include "cryoctl.h"
#include "verify.h"

/* "2026-11-22 14:00 UTC" for an hour, "2026-11-22 (UTC day)", or from..to; "" when it is not known. */
#define FINDINGS_TIME_MAX 96
void findings_time(const struct ctl *ctl, const struct verify_finding *finding, char text[FINDINGS_TIME_MAX]);

/* One sentence: where and what. */
void findings_text(const struct ctl *ctl, const struct verify_finding *finding, char *text, size_t cap);

/* {"kind":"chunk-altered","note":false,"file":..,"table":..,"number":..,...,"text":".."}; NULL: no memory. */
json_t *findings_json(const struct ctl *ctl, const struct verify_finding *finding);

#endif
