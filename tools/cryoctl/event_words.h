/*
 * event_words.h - what events that bring no text of their own tell, in words for people.
 */
#ifndef CRYOMON_CRYOCTL_EVENT_WORDS_H
#define CRYOMON_CRYOCTL_EVENT_WORDS_H

#include "cryoctl.h"

#define EVENT_WORDS_MAX 2048

/* clock, key, start, retention, damage, gap, and what tools have recorded (backup, export ...). False: of
 * another kind, or without the members that are told. */
bool event_words(const struct ctl *ctl, const char *kind, const json_t *body, char text[EVENT_WORDS_MAX]);

#endif
