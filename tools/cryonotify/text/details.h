/* details.h - what stands below the first line. Only text.c uses it. */
#ifndef CRYOMON_DETAILS_H
#define CRYOMON_DETAILS_H

#include <stdio.h>

#include "notice.h"

/* The details, a line each. */
void details_write(FILE *out, const struct notice *notice);
/* One line per member: none is left out. */
void details_members(FILE *out, const struct notice *notice);
/* Below the members of a hold: who, why, for which order. */
void details_hold(FILE *out, const struct notice *notice);
/* How to acknowledge. */
void details_answer(FILE *out, const struct notice *notice);

#endif
