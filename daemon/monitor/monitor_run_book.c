/* monitor_run_book.c - what is known of the last runs of freezers, and of what was prepared: as their events
 * told, in this run of the daemon and in earlier ones. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "freezer_match.h"
#include "monitor_internal.h"
#include "program.h"

#define BEGINS_LATE_US (1800 * SECOND_US)  /* a run that is known by its temperature is noticed so late */
#define GOES_ON_US     (86400 * SECOND_US) /* and one whose end was not told is not longer */
#define PLANS_MAX      256

int monitor_find_freezer(const struct config *config, const char *asset)
{
    for (uint16_t i = 0; i < config->n_freezers; i++)
        if (strcmp(config->assets[config->freezers[i].asset].id, asset) == 0)
            return i;
    return -1;
}

struct run_known *monitor_run_find(const struct monitor *m, const char *asset, const char *id)
{
    struct run_book *book = m->runs;
    const bool last = strcmp(id, "last") == 0;

    for (unsigned i = book->n; i > 0; i--) {
        struct run_known *run = &book->runs[i - 1];
        if (strcmp(run->asset, asset) == 0 && (last || strcmp(run->id, id) == 0))
            return run;
    }
    return NULL;
}

static int64_t told_end(const struct run_known *run)
{
    return run->end_utc_us != 0 ? run->end_utc_us : FREEZER_NONE;
}

struct run_known *monitor_run_near(const struct monitor *m, const char *asset, int64_t begin_utc_us)
{
    struct run_book *book = m->runs;
    struct run_known *nearest = NULL;
    int64_t nearest_us = INT64_MAX;

    for (unsigned i = book->n; i > 0; i--) {
        struct run_known *run = &book->runs[i - 1];
        const int64_t off_us = strcmp(run->asset, asset) == 0
                                   ? freezer_match(run->begin_utc_us, told_end(run), begin_utc_us)
                                   : -1;
        if (off_us < 0 || off_us >= nearest_us)
            continue;
        nearest = run;
        nearest_us = off_us;
    }
    return nearest;
}

struct run_freezer *monitor_run_freezer(const struct monitor *m, const char *asset)
{
    for (unsigned i = 0; i < FREEZERS_MAX; i++) {
        struct run_freezer *f = &m->runs->freezers[i];
        if (f->asset[0] == '\0')
            snprintf(f->asset, sizeof f->asset, "%s", asset);
        if (strcmp(f->asset, asset) == 0)
            return f;
    }
    return NULL;
}

/* ---------------------------------------------------------------- taking up */

static void set(char *field, size_t cap, const char *text)
{
    if (text[0] != '\0')
        snprintf(field, cap, "%s", text);
}

/* The oldest that has ended gives its place; if none has, the oldest. */
static struct run_known *add(struct run_book *book)
{
    if (book->n == RUNS_KEPT) {
        unsigned oldest = 0;
        while (oldest < RUNS_KEPT && book->runs[oldest].end_utc_us == 0)
            oldest++;
        if (oldest == RUNS_KEPT)
            oldest = 0;
        memmove(&book->runs[oldest], &book->runs[oldest + 1], (RUNS_KEPT - 1 - oldest) * sizeof *book->runs);
        book->n--;
    }
    struct run_known *run = &book->runs[book->n++];
    *run = (struct run_known){.asset = ""};
    return run;
}

static void begin(struct run_book *book, struct run_freezer *f, const struct run_row *row)
{
    struct run_known *run = add(book);

    snprintf(run->asset, sizeof run->asset, "%s", row->asset);
    snprintf(run->id, sizeof run->id, "%s", row->run);
    snprintf(run->program, sizeof run->program, "%s", row->program);
    snprintf(run->program_hash, sizeof run->program_hash, "%s", row->program_hash);
    snprintf(run->operator, sizeof run->operator, "%s", row->operator);
    snprintf(run->lots, sizeof run->lots, "%s", row->lots);
    run->begin_utc_us = row->begin_utc_us != 0 ? row->begin_utc_us : row->utc_us;
    run->gap_us = row->gap_us > 0 ? row->gap_us : 0;
    if (f == NULL)
        return;
    f->is_prepared = false;
    f->program[0] = f->operator[0] = f->lots[0] = '\0';
    if (run->begin_utc_us > f->served_utc_us)
        f->served_utc_us = run->begin_utc_us;
    f->computed_us = 0;
}

static void of_a_run(struct run_known *run, const struct run_row *row)
{
    if (strcmp(row->transition, "ended") == 0) {
        run->end_utc_us = row->end_utc_us != 0 ? row->end_utc_us : row->utc_us;
        snprintf(run->how, sizeof run->how, "%s", row->how);
        snprintf(run->verdict, sizeof run->verdict, "%s", row->verdict);
        set(run->program, sizeof run->program, row->program);
        set(run->program_hash, sizeof run->program_hash, row->program_hash);
        return;
    }
    run->is_attended |= run->end_utc_us != 0;
    if (strcmp(row->transition, "noted") == 0 || strcmp(row->transition, "prepared") == 0) {
        set(run->operator, sizeof run->operator, row->operator);
        set(run->lots, sizeof run->lots, row->lots);
        set(run->program, sizeof run->program, row->program);
        set(run->program_hash, sizeof run->program_hash, row->program_hash);
        return;
    }
    if (strcmp(row->transition, "accepted") == 0)
        run->decision = RUN_ACCEPTED;
    else if (strcmp(row->transition, "rejected") == 0)
        run->decision = RUN_REJECTED;
    else
        return;
    snprintf(run->decided_by, sizeof run->decided_by, "%s", row->who);
}

static void of_a_freezer(struct run_book *book, struct run_freezer *f, const struct run_row *row)
{
    if (strcmp(row->transition, "relearned") == 0) {
        const unsigned i = book->n_relearned++ % RELEARN_KEPT;
        snprintf(book->relearned[i].asset, sizeof book->relearned[i].asset, "%s", row->asset);
        book->relearned[i].utc_us = row->utc_us;
    } else if (f != NULL && strcmp(row->transition, "prepared") == 0) {
        f->is_prepared = true;
        set(f->program, sizeof f->program, row->program);
        set(f->operator, sizeof f->operator, row->operator);
        set(f->lots, sizeof f->lots, row->lots);
    } else if (f != NULL && strcmp(row->transition, "excused") == 0 && row->utc_us > f->excused_utc_us) {
        f->excused_utc_us = row->utc_us;
        f->computed_us = 0;
    }
}

void monitor_run_apply(struct monitor *m, const struct run_row *row)
{
    const bool of_vessel = strcmp(row->transition, "relearned") == 0;
    struct run_freezer *f = of_vessel ? NULL : monitor_run_freezer(m, row->asset);
    struct run_known *run = row->run[0] != '\0' ? monitor_run_find(m, row->asset, row->run) : NULL;

    if (row->run[0] == '\0')
        of_a_freezer(m->runs, f, row);
    else if (run != NULL)
        of_a_run(run, row);
    else if (strcmp(row->transition, "began") == 0)
        begin(m->runs, f, row);
    if (f != NULL)
        f->computed_us = 0; /* it may count for another expected time now */
}

void monitor_run_restore(struct monitor *m, struct run_row *row)
{
    if (!m->started) /* a state.db that came later knows nothing of this run of the daemon */
        monitor_run_apply(m, row);
    free(row);
}

/* ---------------------------------------------------------------- for a recall */

struct run_past {
    unsigned n_plans, n_relearned;
    struct {
        uint16_t freezer;
        struct derive_plan plan;
    } plans[PLANS_MAX];
    struct {
        uint16_t vessel;
        int64_t utc_us; /* INT64_MAX: done */
    } relearned[RELEARN_KEPT];
};

/* From when on a run that begins is this one: not while another goes on. */
static int64_t may_begin_us(const struct monitor *m, const struct run_known *run)
{
    int64_t from_us = run->begin_utc_us - FREEZER_MATCH_NEAR_US;

    for (unsigned i = 0; i < m->runs->n; i++) {
        const struct run_known *other = &m->runs->runs[i];
        if (other != run && strcmp(other->asset, run->asset) == 0 &&
            freezer_match_is_over(other->begin_utc_us, told_end(other), run->begin_utc_us) &&
            other->end_utc_us - FREEZER_MATCH_STORED_US > from_us)
            from_us = other->end_utc_us - FREEZER_MATCH_STORED_US;
    }
    return from_us;
}

/* The program that the run was to follow when it began. One that was edited or taken away meanwhile is known
 * only if that happened in this run of the daemon; else the run has none that is known. -1: none was told. */
static int program_of(const struct config *config, const struct run_known *run)
{
    if (run->program[0] == '\0')
        return -1;
    if (run->program_hash[0] == '\0')
        return config_find_program(config, run->program, NULL);
    const int program = config_find_program(config, run->program, run->program_hash);
    return program >= 0 ? program : DERIVE_NO_PROGRAM;
}

static void add_plan(const struct monitor *m, struct run_past *past, const struct run_known *run)
{
    const int freezer = monitor_find_freezer(m->config, run->asset);
    const int program = program_of(m->config, run);
    int64_t to_us = run->begin_utc_us + (run->end_utc_us == 0 ? GOES_ON_US : BEGINS_LATE_US);

    if (freezer < 0 || (program == -1 && run->gap_us == 0) || past->n_plans == PLANS_MAX)
        return;
    if (run->end_utc_us != 0 && run->end_utc_us - FREEZER_MATCH_STORED_US - 1 < to_us)
        to_us = run->end_utc_us - FREEZER_MATCH_STORED_US - 1;
    past->plans[past->n_plans].freezer = (uint16_t)freezer;
    past->plans[past->n_plans++].plan =
        (struct derive_plan){.from_utc_us = may_begin_us(m, run),
                             .late_utc_us = run->begin_utc_us + FREEZER_MATCH_NEAR_US,
                             .to_utc_us = to_us,
                             .gap_us = run->gap_us,
                             .program = program};
}

static void add_relearned(const struct monitor *m, struct run_past *past)
{
    const unsigned n = m->runs->n_relearned < RELEARN_KEPT ? m->runs->n_relearned : RELEARN_KEPT;

    for (unsigned i = 0; i < n; i++) {
        for (uint16_t v = 0; v < m->config->n_vessels; v++) {
            if (strcmp(m->config->assets[m->config->vessels[v].asset].id, m->runs->relearned[i].asset) != 0)
                continue;
            past->relearned[past->n_relearned].vessel = v;
            past->relearned[past->n_relearned++].utc_us = m->runs->relearned[i].utc_us;
            break;
        }
    }
}

struct run_past *monitor_runs_past(const struct monitor *m)
{
    struct run_past *past = calloc(1, sizeof *past);

    if (past == NULL)
        return NULL;
    for (unsigned i = 0; i < m->runs->n; i++)
        add_plan(m, past, &m->runs->runs[i]);
    add_relearned(m, past);
    return past;
}

void monitor_runs_plan(const struct run_past *past, struct derive *derive)
{
    for (unsigned i = 0; past != NULL && i < past->n_plans; i++)
        derive_plan(derive, past->plans[i].freezer, &past->plans[i].plan);
}

void monitor_runs_pass(struct run_past *past, struct derive *derive, int64_t utc_us)
{
    for (unsigned i = 0; past != NULL && i < past->n_relearned; i++) {
        if (past->relearned[i].utc_us > utc_us)
            continue;
        derive_relearn(derive, past->relearned[i].vessel);
        past->relearned[i].utc_us = INT64_MAX;
    }
}
