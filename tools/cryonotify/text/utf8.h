/*
 * utf8.h - UTF-8, one character at a time, with nothing believed.
 */
#ifndef CRYOMON_UTF8_H
#define CRYOMON_UTF8_H

#include <stddef.h>
#include <stdint.h>

#define UTF8_REPLACEMENT 0xFFFDU
#define UTF8_BYTES       4 /* of one character, at most */

/* The character at **text, which moves on behind it; 0 at the end (and does not move). What is not UTF-8
 * (overlong forms, surrogates, beyond U+10FFFF, cut sequences) gives U+FFFD for one byte. */
uint32_t utf8_next(const char **text);

/* Writes the character's bytes; returns how many. No NUL. */
size_t utf8_put(char bytes[UTF8_BYTES], uint32_t character);

/* Copies text into to[cap] (cap > 0, with NUL) as clean UTF-8: see notice_copy. Cut between characters, then
 * with "…" as the last one if cap allows. Returns the length. */
size_t utf8_clean(char *to, size_t cap, const char *text);

#endif
