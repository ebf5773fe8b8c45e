#include "suggest.h"

#include <stdio.h>
#include <string.h>

static unsigned char lower(char c)
{
    if (c >= 'A' && c <= 'Z')
        return (unsigned char)(c - 'A' + 'a');
    return c == '_' ? '-' : (unsigned char)c;
}

static unsigned least(unsigned a, unsigned b, unsigned c)
{
    unsigned ab = a < b ? a : b;
    return ab < c ? ab : c;
}

/* Edit distance with transpositions of neighbours (optimal string alignment), capital letters and '_' for '-'
 * free. Gives up with limit when it can't come below. Both at most SUGGEST_WORD_MAX - 1 long. */
static unsigned distance(const char *a, const char *b, unsigned limit)
{
    unsigned rows[3][SUGGEST_WORD_MAX];
    unsigned *before = rows[0];
    unsigned *last = rows[1];
    unsigned *row = rows[2];
    size_t n = strlen(b);

    for (size_t j = 0; j <= n; j++)
        last[j] = before[j] = (unsigned)j;
    for (size_t i = 1; a[i - 1] != '\0'; i++) {
        unsigned row_min = row[0] = (unsigned)i;
        for (size_t j = 1; j <= n; j++) {
            unsigned cost = lower(a[i - 1]) == lower(b[j - 1]) ? 0 : 1;
            row[j] = least(last[j] + 1, row[j - 1] + 1, last[j - 1] + cost);
            if (i > 1 && j > 1 && lower(a[i - 1]) == lower(b[j - 2]) && lower(a[i - 2]) == lower(b[j - 1]) &&
                before[j - 2] + 1 < row[j])
                row[j] = before[j - 2] + 1;
            if (row[j] < row_min)
                row_min = row[j];
        }
        if (row_min >= limit)
            return limit;
        unsigned *old = before;
        before = last;
        last = row;
        row = old;
    }
    return last[n];
}

void suggest_begin(struct suggest *s, const char *wanted)
{
    size_t len = strlen(wanted);

    *s = (struct suggest){.wanted = wanted, .none = len == 0 || len >= SUGGEST_WORD_MAX};
    /* One slip in three letters, at most three in all; a word of one or two letters may be one off. */
    s->best_distance = 1 + (len < 6 ? 1 : len < 9 ? 2 : 3);
}

void suggest_try(struct suggest *s, const char *candidate)
{
    size_t len = strlen(candidate);
    size_t want = strlen(s->wanted);

    if (s->none || len == 0 || len >= SUGGEST_WORD_MAX)
        return;
    if ((len > want ? len - want : want - len) >= s->best_distance)
        return;
    unsigned d = distance(s->wanted, candidate, s->best_distance);
    /* A word all of whose letters changed is another word. */
    if (d >= s->best_distance || d >= len)
        return;
    s->best_distance = d;
    memcpy(s->best, candidate, len + 1);
}

const char *suggest_text(const struct suggest *s, char text[SUGGEST_TEXT_MAX])
{
    text[0] = '\0';
    if (s->best[0] != '\0')
        (void)snprintf(text, SUGGEST_TEXT_MAX, "; did you mean '%s'?", s->best);
    return text;
}
