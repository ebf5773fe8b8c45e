/*
 * spans.h - hours and days of a point, printed: cryoctl history --resolution hour | day.
 */
#ifndef CRYOMON_CRYOCTL_SPANS_H
#define CRYOMON_CRYOCTL_SPANS_H

#include "output.h"
#include "reader.h"

/* Prints those that overlap the range. Returns how many, or -errno. */
int64_t spans_print(const struct ctl *ctl, struct history_reader *reader, enum output_format format,
                    bool days, const char *asset, const char *point, int64_t from_us, int64_t to_us);
void spans_csv_header(void);

#endif
