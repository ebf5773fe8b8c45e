/* announce_internal.h - what the files of the announcer share. Nobody else includes it. */
#ifndef CRYOMON_ANNOUNCE_INTERNAL_H
#define CRYOMON_ANNOUNCE_INTERNAL_H

#include "announce.h"
#include "json_text.h"

#define SENTENCE_MAX (NAME_MAX_BYTES + 2 * TEXT_MAX + 4 * NOTE_MAX + 64)

/* Opens an event's body (BODY_MAX bytes) with what each has: number (0: it is a state, and has none), time,
 * site, run and kind. */
void announce_begin(struct json_text *j, char *body, const struct config *config, const char *run_id,
                    uint64_t seq, struct stamp at, const char *kind);

/* "2026-11-24 12:00 UTC" */
#define MINUTE_TEXT_MAX 40
void announce_minute(char text[MINUTE_TEXT_MAX], int64_t utc_us);

/* "-149.2 °C", or the state's name. */
void announce_value(const struct point_config *point, enum language language, micro_t value, char *text,
                    size_t cap);

/* Of RATE, DEVIATION, DISAGREE, GROUP: the condition's part of the sentence. */
void announce_rate_words(const struct alarm_news *news, enum language language, const char *name, char *text,
                         size_t cap);
void announce_deviation_words(const struct alarm_news *news, enum language language, const char *name,
                              char *text, size_t cap);
void announce_disagree_words(const struct alarm_news *news, enum language language, char *text, size_t cap);
void announce_group_words(const struct alarm_news *news, enum language language, char *text, size_t cap);

/* What is said behind the condition: who has shelved it and until when, that it is worse ...; "": nothing. */
void announce_tail(const struct alarm_news *news, enum language language, char *text, size_t cap);

/* The members of the body that tell of holds, trend, group. */
void announce_more_members(struct json_text *j, const struct alarm_news *news, unsigned members_max);

/* Of those, what goes on changing while nothing happens to the alarm: trend, time left, group. */
void announce_now_members(struct json_text *j, const struct alarm_news *news, unsigned members_max);
/* And the point's: its value, quality, limit. For kinds that have a reading, but not DATE. */
void announce_point_members(struct json_text *j, const struct alarm_news *news);

#endif
