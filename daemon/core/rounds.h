/*
 * rounds.h - manual rounds: while an asset can't be read, people must look at it, and on time.
 *
 * PURE and deterministic, like the engine: no clock, no I/O, no malloc after rounds_create.
 *
 *     attended    --a device is bypassed, or gave no data for unattended_after-->  unattended
 *     unattended  --every device gives data again, and none is bypassed-->         attended
 *
 * While an asset is unattended, a reading is due every `every` from then on, or from the last manual reading;
 * it is overdue when it has not come `grace` later. What a person has read before (also in an earlier run)
 * counts. BOOTTIME decides: a clock that is set makes nothing due later.
 */
#ifndef CRYOMON_ROUNDS_H
#define CRYOMON_ROUNDS_H

#include "value.h"

struct rounds_model {
    uint32_t every_ms, grace_ms, unattended_after_ms; /* every_ms not 0 */
};

struct rounds;

/* For n assets, all attended. Returns NULL without memory. rounds_free(NULL) is a no-op. */
struct rounds *rounds_create(const struct rounds_model *model, uint16_t n, struct stamp now);
void rounds_free(struct rounds *rounds);

/* How it stands with an asset at a time: is one of its devices bypassed, and since when does the worst of
 * them give no data (its last data; INT64_MIN: never, then from the creation on). Call it about once a
 * second. */
void rounds_observe(struct rounds *rounds, uint16_t asset, struct stamp now, bool is_bypassed,
                    int64_t last_data_boot_us);

/* After rounds_observe: since when it is known to be unattended, by the wall clock (a bypass that an earlier
 * run has left, an alarm that it has raised); 0: not known. A restart must not begin the countdown anew. Only
 * the first one since the asset became unattended counts. */
void rounds_since(struct rounds *rounds, uint16_t asset, struct stamp now, int64_t since_utc_us);

/* A reading that was measured later than now (a watch may be a minute fast) is none. Any other is taken, in
 * whatever order they are entered: what was written down at night is typed in in the morning. */
bool rounds_is_future(struct stamp now, int64_t measured_utc_us);

/* A person has read it. Of several, the one that was measured last counts for what is due next. */
void rounds_read(struct rounds *rounds, uint16_t asset, struct stamp now, int64_t measured_utc_us);

struct rounds_view {
    bool is_unattended, is_overdue;
    int64_t since_utc_us; /* unattended since */
    int64_t due_utc_us;   /* of the next reading */
    int64_t last_utc_us;  /* of the last manual reading; 0: none */
};
struct rounds_view rounds_view(const struct rounds *rounds, uint16_t asset, struct stamp now);

/* What is known goes over to a new configuration. */
void rounds_inherit(struct rounds *rounds, uint16_t asset, const struct rounds *from, uint16_t from_asset);

#endif
