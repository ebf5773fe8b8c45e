/*
 * nitrogen.h - liquid nitrogen that was filled in, by vessel and day or month, from the record's events of
 * kind "fill"; beside it the boil-off as it was derived and stored.
 *
 * What was filled in is what the vessel gained, by its shape: losses on the way are not in it. A fill whose
 * litres are not known (no shape) is counted, and nothing is assumed for it.
 */
#ifndef CRYOMON_CRYOCTL_NITROGEN_H
#define CRYOMON_CRYOCTL_NITROGEN_H

#include "cryoctl.h"
#include "reader.h"

struct nitrogen_row {
    char period[16]; /* "2026-11-22", "2026-11"; "" in sums */
    char asset[ID_MAX];
    uint64_t n_fills, n_unknown; /* unknown: those of them whose litres are not known */
    micro_t litres;              /* of the others */
    double boil_off_sum;         /* L/d, over boil_off_n readings of the derived point */
    uint64_t boil_off_n;
};

struct nitrogen {
    size_t n;
    struct nitrogen_row *rows; /* by period, then asset */
    size_t n_sums;
    struct nitrogen_row *sums; /* by asset, of all periods */
    struct nitrogen_row total;
};

/* Goes through from <= end of the fill < to. asset: NULL for all. by_month: else by day; local days unless
 * ctl->utc. 0 with *ret (nitrogen_free, also after a failure), or -errno. */
int nitrogen_count(const struct ctl *ctl, struct history_reader *reader, const char *asset, int64_t from_us,
                   int64_t to_us, bool by_month, struct nitrogen *ret);
void nitrogen_free(struct nitrogen *nitrogen);

#endif
