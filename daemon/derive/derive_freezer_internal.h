/* derive_freezer_internal.h - what the files about freezers share. */
#ifndef CRYOMON_DERIVE_FREEZER_INTERNAL_H
#define CRYOMON_DERIVE_FREEZER_INTERNAL_H

#include "derive_internal.h"
#include "program.h"

/* In that time a run that begins follows this program, with that gap. */
struct derive_freezer {
    unsigned n_plans; /* so far; the last DERIVE_PLANS are kept */
    struct derive_plan plans[DERIVE_PLANS];
    const struct freezer_config *config;
    struct freezer_run run;
    int program; /* that the run (or the last one) was to follow: index in config->programs (also those kept),
                    or -1 */
    int next;    /* that the next one is to follow */
    struct derive_ended ended;
    int ended_program;
    bool has_ended;
    bool interrupted; /* the last run did not come to its end, and nobody has taken care of it */
    bool attended;    /* somebody has */
    bool expects;     /* derive_expect was called */
    bool was_running, untold_begin, untold_end;
    uint32_t n_ended; /* that are in ended */
    int64_t ready_us; /* when derive_ready was called */
    int told_step;
    int64_t due_us;                    /* the next readings */
    uint8_t told[FREEZER_ALARM_COUNT]; /* enum derive_known */
};

struct derive_freezers {
    struct derive_freezer *list; /* config->n_freezers */
};

/* derive_freezer_judge.c: what is known of an alarm now. */
enum derive_known derive_freezer_known(const struct derive_freezer *f, unsigned which, int64_t now_us);
/* By what it is told whether a run goes on: the status, or the chamber. */
enum freezer_input derive_freezer_by(const struct derive_freezer *f);

#endif
