/*
 * findings.h - what cryoctl verify found, in words for people and as JSON.
 */
#ifndef CRYOMON_CRYOCTL_FINDINGS_H
#define CRYOMON_CRYOCTL_FINDINGS_H

#include "cryoctl.h"
#include "verify.h"

/* One sentence: where and what. */
void findings_text(const struct ctl *ctl, const struct verify_finding *finding, char *text, size_t cap);

/* {"kind":"chunk-altered","note":false,"file":..,"table":..,"number":..,...,"text":".."}; NULL: no memory. */
json_t *findings_json(const struct ctl *ctl, const struct verify_finding *finding);

#endif
