/*
 * suggest.h - "did you mean 'xxx'?": the candidate nearest to a word that is not known.
 */
#ifndef CRYOMON_SUGGEST_H
#define CRYOMON_SUGGEST_H

#include <stdbool.h>

#define SUGGEST_WORD_MAX 64
#define SUGGEST_TEXT_MAX 96

struct suggest {
    const char *wanted;
    unsigned best_distance; /* a candidate must come nearer than this */
    bool none;              /* a word that is too long to be a slip of somebody's finger */
    char best[SUGGEST_WORD_MAX];
};

void suggest_begin(struct suggest *s, const char *wanted);
void suggest_try(struct suggest *s, const char *candidate);

/* "; did you mean 'xxx'?", or "" when nothing is near. */
const char *suggest_text(const struct suggest *s, char text[SUGGEST_TEXT_MAX]);

#endif
