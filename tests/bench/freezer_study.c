/*
 * freezer_study [RUNS [FIRST]] PROGRAMS-DIR - how well daemon/core/freezer_* finds ice in simulated runs, and
 * how often its verdict is that of the simulator's truth. See README.md. Prints tables; passes or fails
 * nothing.
 */
#include "freezer_study.h"

#include "freezer_run.h"
#include "model.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define STEP_S  0.5
#define IDLE_S  120.0
#define RUN_MAX 20000.0

static const char *const names[] = {"cryomed-700", "hsc-planer", "cryomed-1"};
#define N_PROGRAMS 3

struct error {
    double s, c, c_lag;
};

struct results {
    struct error *errors;
    unsigned n, ice, seen, missed, flat, unsure, false_seen, blind;
    unsigned verdicts[3][3], near[3][3], faults[STUDY_FAULTS], right[STUDY_FAULTS];
};

struct pair {
    struct freezer_run plain, lag; /* the probe's lag not known; known */
};

static void give(struct pair *pair, enum freezer_input input, double t_s, micro_t value, bool bad)
{
    const struct stamp at = {(int64_t)(t_s * 1e6), (int64_t)(t_s * 1e6) + INT64_C(1795510000000000)};

    freezer_run_take(&pair->plain, input, at, value, bad ? QUALITY_BAD : QUALITY_GOOD);
    freezer_run_take(&pair->lag, input, at, value, bad ? QUALITY_BAD : QUALITY_GOOD);
}

static micro_t rounded(double value, double resolution)
{
    return (micro_t)llround(round(value / resolution) * resolution * 1e6);
}

static void read_all(struct pair *pair, const struct study_case *c, double t_s)
{
    const struct freezer *f = c->freezer;
    const enum freezer_phase status = f->status == FREEZER_COMPLETE ? FREEZER_STATUS_COMPLETE
                                      : f->status == FREEZER_RUN    ? FREEZER_STATUS_RUNNING
                                      : freezer_running(f)          ? FREEZER_STATUS_HELD
                                                                    : FREEZER_STATUS_IDLE;

    give(pair, FREEZER_INPUT_STATUS, t_s, status, false);
    give(pair, FREEZER_INPUT_SEGMENT, t_s, freezer_segment_number(f), false);
    give(pair, FREEZER_INPUT_SETPOINT, t_s, rounded(f->setpoint_c, c->resolution), false);
    give(pair, FREEZER_INPUT_CHAMBER, t_s, rounded(f->chamber_sensor.reading, c->resolution), false);
    give(pair, FREEZER_INPUT_SAMPLE, t_s, rounded(f->sample_sensor.reading, c->resolution),
         f->sample_sensor.mode == SENSOR_BROKEN);
}

static void go(struct study_case *c, const struct freezer_program *program, struct pair *pair,
               struct study_truth *truth)
{
    double polled_s = -1e9, end_s = RUN_MAX;

    model_freezer.start(c->freezer, &c->random);
    for (double t_s = 0; t_s < end_s; t_s += STEP_S) {
        const double since_s = t_s - IDLE_S;
        if (since_s == 0)
            study_start(c);
        study_step(c, STEP_S, since_s);
        study_watch(truth, c->freezer, program, STEP_S);
        if (since_s > 0 && !freezer_running(c->freezer) && end_s >= RUN_MAX)
            end_s = t_s + 30;
        if (t_s - polled_s < c->interval_s - 1e-6 || !study_is_read(c, since_s))
            continue;
        if (since_s > 0 && since_s < end_s - IDLE_S - 30)
            truth->gap_s = fmax(truth->gap_s, t_s - polled_s);
        polled_s = t_s;
        read_all(pair, c, t_s);
    }
}

/* ---------------------------------------------------------------- what came of it */

static void count_ice(struct results *r, const struct study_case *c, const struct pair *pair)
{
    const struct freezer_batch *b = &c->freezer->batch;
    const struct freezer_ice *ice = &pair->plain.record.samples[0].ice;
    /* Nobody could see it: data were missing, or the run was stopped while it began. */
    const bool hidden =
        pair->plain.record.samples[0].ice_hidden || !pair->plain.record.samples[0].is_read ||
        (b->nucleated && (double)pair->plain.record.end.boot_us / 1e6 - IDLE_S - b->onset_s < 30);
    const double late_s = (double)ice->onset_us / 1e6 - IDLE_S - b->onset_s;

    r->ice += b->nucleated;
    if (ice->state == ICE_NOT_SEEN) {
        r->blind += b->nucleated && hidden;
        r->flat += b->nucleated && !hidden && b->supercooling_k < 0.5;
        r->missed += b->nucleated && !hidden && b->supercooling_k >= 0.5;
        if (b->nucleated && !hidden && b->supercooling_k >= 0.5)
            printf("missed: case %lu, supercooling %.2f K, %s\n", (unsigned long)c->seed, b->supercooling_k,
                   study_fault_names[c->fault]);
        return;
    }
    if (!b->nucleated || fabs(late_s) > 120) {
        r->false_seen++;
        printf("false: case %lu, %.0f s from the truth, %s\n", (unsigned long)c->seed, late_s,
               study_fault_names[c->fault]);
        return;
    }
    r->seen++;
    r->unsure += ice->uncertain;
    if (ice->uncertain)
        return;
    r->errors[r->n++] =
        (struct error){fabs(late_s), fabs((double)ice->onset / 1e6 - b->onset_c),
                       fabs((double)pair->lag.record.samples[0].ice.onset / 1e6 - b->onset_c)};
}

static void count_verdict(struct results *r, const struct study_case *c,
                          const struct freezer_program *program, const struct study_truth *truth,
                          const struct pair *pair)
{
    struct freezer_verdict v;
    bool near;
    const int is = study_verdict(truth, c->freezer, program, &near);

    freezer_record_judge(&pair->plain.record, program, &v);
    (near ? r->near : r->verdicts)[is][v.kind]++;
    if (near)
        return;
    r->faults[c->fault]++;
    r->right[c->fault] += is == (int)v.kind;
    if (is == (int)v.kind)
        return;
    printf("verdict: case %lu, truth %d, said %d, %s:", (unsigned long)c->seed, is, (int)v.kind,
           study_fault_names[c->fault]);
    for (unsigned i = 0; i < v.n && i < FREEZER_REASONS_MAX; i++)
        printf(" %s/%d/%s %.2f>%.2f", freezer_record_why_name(v.reasons[i].why), v.reasons[i].step,
               freezer_record_why_name(v.reasons[i].about), (double)v.reasons[i].value / 1e6,
               (double)v.reasons[i].limit / 1e6);
    printf("\n");
}

static int by_size(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;

    return (x > y) - (x < y);
}

static void print_errors(const struct results *r, size_t offset, const char *what)
{
    double *all = calloc(r->n + 1, sizeof *all);

    if (all == NULL)
        abort();
    for (unsigned i = 0; i < r->n; i++)
        memcpy(&all[i], (const char *)&r->errors[i] + offset, sizeof all[i]);
    qsort(all, r->n, sizeof *all, by_size);
    if (r->n > 0)
        printf("| %s | %.2f | %.2f | %.2f |\n", what, all[r->n / 2], all[(size_t)r->n * 9 / 10],
               all[r->n - 1]);
    free(all);
}

static void print(const struct results *r, unsigned runs)
{
    static const char *const kinds[] = {"within", "outside", "not known"};

    printf("\n%u runs: ice in %u, found %u (%u of them said to be uncertain), missed %u, false %u; not "
           "visible %u, without supercooling %u\n\n",
           runs, r->ice, r->seen, r->unsure, r->missed, r->false_seen, r->blind, r->flat);
    printf("| onset, error | median | 90 %% | worst |\n|---|---|---|---|\n");
    print_errors(r, offsetof(struct error, s), "time, s");
    print_errors(r, offsetof(struct error, c), "temperature, K (lag of the probe not known)");
    print_errors(r, offsetof(struct error, c_lag), "temperature, K (lag known)");
    printf("\n| truth | said within | outside | not known | near a limit |\n|---|---|---|---|---|\n");
    for (int i = 0; i < 3; i++)
        printf("| %s | %u | %u | %u | %u/%u/%u |\n", kinds[i], r->verdicts[i][0], r->verdicts[i][1],
               r->verdicts[i][2], r->near[i][0], r->near[i][1], r->near[i][2]);
    printf("\n| fault | runs | verdict right |\n|---|---|---|\n");
    for (int i = 0; i < STUDY_FAULTS; i++)
        printf("| %s | %u | %u |\n", study_fault_names[i], r->faults[i], r->right[i]);
}

static struct program *load(const char *dir, const char *name)
{
    struct problems problems = {.n = 0}, warnings = {.n = 0};
    struct program *program = NULL;
    char path[4096];

    (void)snprintf(path, sizeof path, "%s/%s.yaml", dir, name);
    if (program_load(path, path, &problems, &warnings, &program) < 0) {
        problems_print(&problems, stderr);
        exit(1);
    }
    problems_free(&problems);
    problems_free(&warnings);
    return program;
}

int main(int argc, char **argv)
{
    const unsigned runs = argc > 2 ? (unsigned)strtoul(argv[1], NULL, 10) : 500;
    const unsigned first = argc > 3 ? (unsigned)strtoul(argv[2], NULL, 10) : 0;
    struct results r = {.errors = calloc(runs + 1, sizeof *r.errors)};
    struct program *programs[N_PROGRAMS];

    if (argc < 2 || r.errors == NULL)
        return 2;
    for (int i = 0; i < N_PROGRAMS; i++)
        programs[i] = load(argv[argc - 1], names[i]);
    for (unsigned i = 0; i < runs; i++) {
        const struct freezer_program *program = &programs[i % N_PROGRAMS]->steps;
        struct study_case c = study_make(first + i, program);
        struct freezer_setup setup = {.program = program,
                                      .has = 0x1f,
                                      .gap_us = INT64_C(16000000),
                                      .lost_us = FREEZER_LOST_US,
                                      .deviation_after_us = FREEZER_AFTER_US,
                                      .due_us = FREEZER_NONE};
        struct study_truth truth = {.sample_seen = c.fault != STUDY_BLIND};
        struct pair *pair = malloc(sizeof *pair);
        if (pair == NULL)
            abort();
        freezer_run_init(&pair->plain, &setup);
        setup.sample_lag_us = (int64_t)(c.freezer->probe_lag_s * 1e6);
        freezer_run_init(&pair->lag, &setup);
        go(&c, program, pair, &truth);
        count_ice(&r, &c, pair);
        count_verdict(&r, &c, program, &truth, pair);
        free(c.freezer);
        free(pair);
    }
    print(&r, runs);
    for (int i = 0; i < N_PROGRAMS; i++)
        program_free(programs[i]);
    free(r.errors);
    return 0;
}
