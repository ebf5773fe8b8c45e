/*
 * calibration.h - from what a sensor says to what is true: offset and gain, or a table.
 *
 * PURE. calibrated = read x gain + offset, or by straight lines between the points of a table (beyond its
 * ends: the correction at that end). Integers throughout: the product is exact, and rounded once, half away
 * from zero, to the point's resolution.
 */
#ifndef CRYOMON_CALIBRATION_H
#define CRYOMON_CALIBRATION_H

#include "value.h"

#define CALIBRATION_TABLE_MAX 16
#define CALIBRATION_TEXT_MAX  640

struct calibration {
    int64_t gain_ppb; /* gain x 10^9; 1000000000 is none */
    micro_t offset;
    unsigned n; /* > 0: the table counts, and gain and offset do not */
    struct {
        micro_t read, real;
    } table[CALIBRATION_TABLE_MAX]; /* read ascending, strictly */
};

micro_t calibration_apply(const struct calibration *calibration, micro_t read, unsigned decimals);

/* The canonical text, as in history.db and in events: "gain 1.0005 offset -0.3" or
 * "table -196:-195.8 -80:-80.1". Printing returns the length (cap at least CALIBRATION_TEXT_MAX); parsing is
 * false when it is no such text. What was printed parses to the same. */
int calibration_print(char *text, size_t cap, const struct calibration *calibration);
bool calibration_parse(const char *text, struct calibration *ret);

#endif
