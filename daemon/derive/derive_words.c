/* derive_words.c - what an alarm says beside its text. */
#include "derive_internal.h"

void derive_words(const struct derive *d, uint16_t alarm, enum language language, char *text, size_t cap)
{
    (void)d, (void)alarm, (void)language;
    if (cap > 0)
        text[0] = '\0';
}
