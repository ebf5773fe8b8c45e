/* outcome.h - what became of a message, put into words in one place. */
#ifndef CRYOMON_OUTCOME_H
#define CRYOMON_OUTCOME_H

#include "channel.h"

/* FAILED with a sentence. */
void outcome_fail(struct channel_result *result, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
/* One line of what the other side said, in clean UTF-8, into detail. */
void outcome_detail(struct channel_result *result, const char *text);
/* Takes each occurrence of the secret out of error and detail: a server may repeat what it was sent. */
void outcome_hide(struct channel_result *result, const char *secret);

#endif
