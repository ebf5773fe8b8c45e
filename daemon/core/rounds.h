/*
 * rounds.h - manual rounds: while an asset can't be read, people must look at it, and on time.
 *
 * PURE and deterministic, like the engine: no clock, no I/O, no malloc after rounds_create.
 *
 *     attended    --it is bypassed or out of service, or gave no data for unattended_after-->  unattended
 *     unattended  --none of that any more-->                                                   attended
 *
 * While a point is unattended, a reading of it is due every `every` from then on, or from its last manual
 * reading; it is overdue when it has not come `grace` later. What a person has read before (also in an
 * earlier run) counts. BOOTTIME decides: a clock that is set makes nothing due later.
 */
#ifndef CRYOMON_ROUNDS_H
#define CRYOMON_ROUNDS_H

#include "value.h"

struct rounds_model {
    uint32_t every_ms, grace_ms, unattended_after_ms; /* every_ms not 0 */
};

struct rounds;

/* For n points, all attended. Returns NULL without memory. rounds_free(NULL) is a no-op. */
struct rounds *rounds_create(const struct rounds_model *model, uint16_t n, struct stamp now);
void rounds_free(struct rounds *rounds);

/* How it stands with a point at a time: does nobody hear of it (bypassed, out of service), and since when is
 * there no data (the last of its device; INT64_MIN: never, then from the creation on). Call it about once a
 * second. */
void rounds_observe(struct rounds *rounds, uint16_t point, struct stamp now, bool is_left,
                    int64_t last_data_boot_us);

/* After rounds_observe: since when it is known to be unattended, by the wall clock (a bypass that an earlier
 * run has left, an alarm that it has raised); 0: not known. A restart must not begin the countdown anew. Only
 * the first one since the point became unattended counts. */
void rounds_since(struct rounds *rounds, uint16_t point, struct stamp now, int64_t since_utc_us);

/* May a reading that was measured then be recorded? The record begins at begins_utc_us (0: it is not known).
 * Returns 0, -ERANGE: it is of the future, or -ESTALE: of before the record. *ret_late: it is entered more
 * than an hour (or than one round) after it was measured, or after a newer one of the point. */
int rounds_check(const struct rounds *rounds, uint16_t point, struct stamp now, int64_t begins_utc_us,
                 int64_t measured_utc_us, bool *ret_late);

/* A person has read it. False: there is a newer one already, and only the newest counts. */
bool rounds_read(struct rounds *rounds, uint16_t point, struct stamp now, int64_t measured_utc_us);

struct rounds_view {
    bool is_unattended, is_overdue;
    int64_t since_utc_us; /* unattended since */
    int64_t due_utc_us;   /* of the next reading */
    int64_t last_utc_us;  /* of the last manual reading; 0: none */
};
struct rounds_view rounds_view(const struct rounds *rounds, uint16_t point, struct stamp now);

/* What is known goes over to a new configuration. */
void rounds_inherit(struct rounds *rounds, uint16_t point, const struct rounds *from, uint16_t from_point);

#endif
