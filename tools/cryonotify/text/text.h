/*
 * text.h - a notice in words, in the person's language.
 *
 * The first line says: site, tank, what, how bad, time left, what to do. It is the mail's subject and what a
 * phone shows while it is locked:
 *
 *     Demo cell bank · Tank 1: Vapour too warm, -149.2 °C is above -150.0 °C [CRITICAL] · about 3 h left ·
 *     Check LN2 level and lid
 *
 * PURE but for the time zone: no I/O, no clock (ages are counted to notice.sent_utc_us); times are written in
 * the zone of the process (localtime_r), with their offset. What is late says how late; what is in
 * maintenance or a drill says so first; a value that is not good is never shown without that word; a time
 * left that is not known is said not to be known where the alarm could have one.
 */
#ifndef CRYOMON_TEXT_H
#define CRYOMON_TEXT_H

#include "notice.h"

/* All malloced, UTF-8, without control characters but '\n'; text_free releases them. */
struct text {
    char *title; /* short: site, tank, priority; no line break. For services that have a title of their own */
    char *first; /* the first line; no line break */
    char *details; /* the rest, lines ended by '\n'; "" when there is none. Without the link */
    char *answer;  /* how to acknowledge: link and hint, lines ended by '\n'; "" when there is no way */
};

/* Returns 0 or -ENOMEM (ret is then untouched). */
int text_make(const struct notice *notice, struct text *ret);
void text_free(struct text *text); /* NULL is a no-op; the struct is emptied */

/* What a service allows in one message. */
enum text_unit {
    TEXT_BYTES, /* of UTF-8 */
    TEXT_UTF16, /* UTF-16 code units: an SMS that holds Chinese has 70 of them */
    TEXT_SMS,   /* as TEXT_UTF16, but GSM 03.38 characters count 70/160: a message holds 70 of either kind */
};
size_t text_length(const char *text, enum text_unit unit);

/* Cuts text to max units at the end of a sentence or part (". ", "。", " · ", newline), else at a word, else
 * between characters, and puts "…" where something was left out. For
 * TEXT_SMS, "·" and "°" are written otherwise where that keeps the text in the GSM alphabet. Returns a
 * malloced text, or NULL (no memory).
 */
char *text_shorten(const char *text, size_t max, enum text_unit unit);

/* Several messages, because one does not hold it all. */
struct text_parts {
    char **parts; /* n malloced texts, each at most max units long */
    size_t n;
};

/* Splits first line + answer + details at line ends into parts of at most max units, and at most n_max parts
 * (>= 1). Each of several parts begins with "(1/3) "; the first has the first line. Of what doesn't fit into
 * n_max parts the last one says how many lines are missing: nothing is left out in silence. A line that is
 * longer than a part is split between characters. max must be at least 60. Returns 0, -EINVAL or -ENOMEM. */
int text_split(const struct text *text, enum language language, size_t max, enum text_unit unit, size_t n_max,
               struct text_parts *ret);
void text_parts_free(struct text_parts *parts); /* NULL is a no-op */

#endif
