/* monitor_runs.c - runs of freezers: each is told once when it begins and once when it ends, also when the
 * daemon was away meanwhile; and those that are expected. */
#include <stdio.h>
#include <string.h>

#include "clock.h"
#include "monitor_internal.h"
#include "program.h"

#define DAY_US       (INT64_C(86400) * SECOND_US)
#define LOOK_BACK_US DAY_US /* what was expected earlier, before a start, is not asked for */
#define AGAIN_US     (60 * SECOND_US)
#define LATE_BIT     8                /* of FREEZER_FINDING_LATE: the index in freezer_config.alarms */
#define GUIDANCE_US  (60 * SECOND_US) /* the sample's last reading says so long what may become of it */

static const char *asset_of(const struct monitor *m, uint16_t freezer)
{
    return m->config->assets[m->config->freezers[freezer].asset].id;
}

static int64_t age_us(const struct monitor *m, uint16_t freezer)
{
    const int64_t gap_us = m->config->freezers[freezer].setup.gap_us;
    return gap_us > GUIDANCE_US ? gap_us : GUIDANCE_US;
}

/* ---------------------------------------------------------------- telling */

static void tell_began(struct monitor *m, uint16_t freezer, const struct freezer_record *record, bool last)
{
    const struct program *program = derive_run_program(m->derive.derive, freezer, last);
    const struct run_freezer *f = monitor_run_freezer(m, asset_of(m, freezer));
    struct run_row row = {.transition = "began",
                          .begin_utc_us = record->begin.utc_us,
                          .gap_us = m->config->freezers[freezer].setup.gap_us};

    snprintf(row.asset, sizeof row.asset, "%s", asset_of(m, freezer));
    snprintf(row.run, sizeof row.run, "%s@%lld", row.asset, (long long)(record->begin.utc_us / MS_US));
    snprintf(row.program, sizeof row.program, "%s", program != NULL ? program->id : "");
    if (f != NULL && f->is_prepared) {
        memcpy(row.operator, f->operator, sizeof row.operator);
        memcpy(row.lots, f->lots, sizeof row.lots);
    }
    const struct run_telling telling = {.row = &row, .record = record, .step = -1, .program = program};
    (void)monitor_run_tell(m, &telling);
}

static struct run_row row_of(const struct run_known *run, const char *transition)
{
    struct run_row row = {.begin_utc_us = run->begin_utc_us};

    snprintf(row.transition, sizeof row.transition, "%s", transition);
    memcpy(row.asset, run->asset, sizeof row.asset);
    memcpy(row.run, run->id, sizeof row.run);
    memcpy(row.program, run->program, sizeof row.program);
    memcpy(row.operator, run->operator, sizeof row.operator);
    memcpy(row.lots, run->lots, sizeof row.lots);
    return row;
}

/* ended NULL: nothing of it is known any more. */
static void tell_ended(struct monitor *m, uint16_t freezer, const struct run_known *run,
                       const struct derive_ended *ended)
{
    const struct run_row row = row_of(run, "ended");
    const struct run_telling telling = {
        .row = &row,
        .record = ended != NULL ? &ended->record : NULL,
        .step = ended != NULL ? ended->step : -1,
        .program = ended != NULL ? derive_run_program(m->derive.derive, freezer, true) : NULL,
        .age_us = age_us(m, freezer)};

    (void)monitor_run_tell(m, &telling);
}

/* A run that was told to have begun, and not to have ended; not the one that begins then. */
static struct run_known *find_open(const struct monitor *m, const char *asset, const struct run_known *but)
{
    for (unsigned i = m->runs->n; i > 0; i--) {
        struct run_known *run = &m->runs->runs[i - 1];
        if (run != but && run->end_utc_us == 0 && strcmp(run->asset, asset) == 0)
            return run;
    }
    return NULL;
}

void monitor_run_news(struct monitor *m, const struct derived_news *news)
{
    const char *asset = asset_of(m, news->freezer);

    if (news->kind == DERIVED_RUN_BEGAN) {
        const struct freezer_run *run = derive_run(m->derive.derive, news->freezer);
        if (monitor_run_near(m, asset, run->record.begin.utc_us) == NULL)
            tell_began(m, news->freezer, &run->record, false);
        return;
    }
    const struct derive_ended *ended = derive_last_run(m->derive.derive, news->freezer);
    if (ended == NULL)
        return;
    struct run_known *run = monitor_run_near(m, asset, ended->record.begin.utc_us);
    if (run == NULL)
        run = find_open(m, asset, NULL); /* seen from its middle on, by a start without the record */
    if (run == NULL) {
        tell_began(m, news->freezer, &ended->record, true);
        run = monitor_run_near(m, asset, ended->record.begin.utc_us);
    }
    if (run != NULL && run->end_utc_us == 0)
        tell_ended(m, news->freezer, run, ended);
}

/* ---------------------------------------------------------------- after a start, or a reload */

static void settle(struct monitor *m, uint16_t freezer, bool final)
{
    const char *asset = asset_of(m, freezer);
    struct derive *derive = m->derive.derive;
    const struct freezer_run *run = derive_run(derive, freezer);
    const struct derive_ended *last = derive_last_run(derive, freezer);
    struct run_freezer *f = monitor_run_freezer(m, asset);
    struct run_known *open;

    if (f != NULL && f->is_prepared && f->program[0] != '\0')
        (void)derive_prepare(derive, freezer, config_find_program(m->config, f->program, NULL));
    if (final && last != NULL && monitor_run_near(m, asset, last->record.begin.utc_us) == NULL) {
        tell_began(m, freezer, &last->record, true);
        tell_ended(m, freezer, monitor_run_near(m, asset, last->record.begin.utc_us), last);
    }
    /* While the record is still being read, one that was told is taken to be the one that goes on. */
    const struct run_known *now =
        run->is_running ? monitor_run_near(m, asset, run->record.begin.utc_us) : NULL;
    while (final && (open = find_open(m, asset, now)) != NULL) {
        const bool is_last = last != NULL && monitor_run_near(m, asset, last->record.begin.utc_us) == open;
        tell_ended(m, freezer, open, is_last ? last : NULL);
    }
    if (run->is_running && now == NULL && find_open(m, asset, NULL) == NULL)
        tell_began(m, freezer, &run->record, false);
    const struct run_known *newest = monitor_run_find(m, asset, "last");
    if (newest != NULL && newest->is_attended)
        derive_attend(derive, freezer);
    monitor_tempo(m, freezer, run->is_running);
}

void monitor_runs_settle(struct monitor *m)
{
    const bool final = m->derive.recall == NULL;

    for (uint16_t i = 0; i < m->config->n_freezers; i++) {
        struct run_freezer *f = monitor_run_freezer(m, asset_of(m, i));
        settle(m, i, final);
        if (f != NULL)
            f->computed_us = f->due_boot_us = 0;
    }
}

/* ---------------------------------------------------------------- expected runs */

/* Those that are known of it, in order of their begin. */
static unsigned past_of(const struct monitor *m, const char *asset, struct expected_past past[RUNS_KEPT])
{
    unsigned n = 0;

    for (unsigned i = 0; i < m->runs->n; i++) {
        const struct run_known *run = &m->runs->runs[i];
        unsigned at = n;
        if (strcmp(run->asset, asset) != 0)
            continue;
        for (; at > 0 && past[at - 1].begin_utc_us > run->begin_utc_us; at--)
            past[at] = past[at - 1];
        past[at] = (struct expected_past){run->begin_utc_us, run->end_utc_us};
        n++;
    }
    return n;
}

static void compute(struct monitor *m, uint16_t freezer, struct run_freezer *f, struct stamp now)
{
    const struct freezer_config *config = &m->config->freezers[freezer];
    struct expected_past past[RUNS_KEPT];
    const int alarm = config->alarms[LATE_BIT];
    const bool is_late = alarm >= 0 && engine_hold(m->engine, (uint16_t)alarm).active;

    f->computed_us = now.boot_us;
    if (f->served_utc_us == 0 && f->excused_utc_us == 0 && is_late) {
        f->expected_utc_us = f->due_utc_us = now.utc_us; /* an earlier run of the daemon knew since when */
        return;
    }
    if (f->due_boot_us == 0 && !is_late && f->served_utc_us < now.utc_us - LOOK_BACK_US &&
        f->excused_utc_us < now.utc_us - LOOK_BACK_US)
        f->excused_utc_us =
            f->served_utc_us == 0 && f->excused_utc_us == 0 ? now.utc_us : now.utc_us - LOOK_BACK_US;
    f->expected_utc_us =
        monitor_expected_next(config, past, past_of(m, asset_of(m, freezer), past), f->excused_utc_us);
    f->due_utc_us = f->expected_utc_us != 0 ? f->expected_utc_us + (int64_t)config->late_after_ms * MS_US : 0;
}

void monitor_watch_runs(struct monitor *m)
{
    const struct stamp now = clock_now();

    if (!derive_is_ready(m->derive.derive))
        return;
    for (uint16_t i = 0; i < m->config->n_freezers; i++) {
        struct run_freezer *f = monitor_run_freezer(m, asset_of(m, i));
        if (f == NULL || m->config->freezers[i].n_expected == 0)
            continue;
        if (f->computed_us == 0 || now.boot_us - f->computed_us > AGAIN_US)
            compute(m, i, f, now);
        const int64_t due_us = f->due_utc_us != 0 ? f->due_utc_us - (now.utc_us - now.boot_us) : FREEZER_NONE;
        f->due_boot_us = due_us;
        derive_expect(m->derive.derive, i, due_us);
    }
}
