/* notice_json.h - a notice as JSON: what templates can use, and what the generic webhook sends. */
#ifndef CRYOMON_NOTICE_JSON_H
#define CRYOMON_NOTICE_JSON_H

#include <jansson.h>

#include "text.h"

/* Every member is always there; what is not known is null. message is the text to send (a part of several).
 * Returns 0 or -ENOMEM. */
int notice_json_make(const struct notice *notice, const struct text *text, const char *message, json_t **ret);

/* Notices to try a template with: everything known, with all that could break a format; and nothing known. */
int notice_json_make_sample(bool full, json_t **ret);

#endif
