/*
 * width.h - how wide a UTF-8 text is on a terminal, whatever the locale.
 */
#ifndef CRYOMON_CRYOCTL_WIDTH_H
#define CRYOMON_CRYOCTL_WIDTH_H

#include <stddef.h>
#include <stdint.h>

/* Columns of one character: 2 for East Asian wide ones, 0 for combining ones. */
unsigned width_of(uint32_t character);

/* Reads the next character; *text moves on. Bytes that are no UTF-8 give U+FFFD, one each. 0 at the end. */
uint32_t width_next(const char **text);

unsigned width_text(const char *text);

/* Copies text for a terminal: control characters (a name must not move the cursor) and broken UTF-8 become
 * U+FFFD. At most columns wide, with an ellipsis where something was left out. Returns malloc'd text or NULL.
 */
char *width_clean(const char *text, unsigned columns);

#endif
