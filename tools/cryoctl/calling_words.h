/*
 * calling_words.h - who is called when, as an event "notify-configuration" has it, in words for people.
 */
#ifndef CRYOMON_CRYOCTL_CALLING_WORDS_H
#define CRYOMON_CRYOCTL_CALLING_WORDS_H

#include <jansson.h>

#include "cryoctl.h"

/* The member "calling": the levels with their people and times, the ways to each person, the delays. What
 * finds no room is left out at the end, with "...". "" when there is nothing. */
void calling_words(const struct ctl *ctl, const json_t *calling, char *text, size_t cap);

#endif
