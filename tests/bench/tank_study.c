/* tank_study.c - what the tank estimators notice, how often they are wrong, and whether their intervals hold.
 *
 *     tank_study [HALLS [FIRST [JOBS [CASES]]]]
 *
 * Each hall is WORLD_TANKS tanks for WORLD_DAYS days in which random things go wrong (tank_world.c). The same
 * numbers give the same table. CASES: a file to which a line is added for each failure and each
 * false alarm, so that two estimators can be held against each other one by one. Halls from 1,000,000 on were
 * used to set the estimators' constants, those from 0 on to measure. */
#include "study_jobs.h"
#include "tank_world.h"

#include "tank.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CASES       20000
#define N(value)    ((micro_t)llround((value)*1e6))
#define ROUND_S     (8 * 86400.0) /* intervals are held against the truth each so often, */
#define ROUND_BAD_S (12 * 3600.0) /* and so often while something is wrong with the vacuum */
#define TEMP_LIMIT  (-160.0)
#define LIMIT_S     600.0
#define LID_RISE_K  25.0
#define LID_S       1800.0
#define OFF_CM      0.5 /* a level reading that is so far from the truth lies */
#define IN_TIME_H   24.0

enum detector { BY_INDEX, BY_WATCH, BY_FILLS, BY_TEMP, BY_LEVEL, BY_LID, DETECTORS };
static const char *const DETECTOR_NAMES[DETECTORS] = {
    "vacuum failing", "  (watch)",       "fill supervision",
    "top above -160", "level below low", "lid 25 K above usual",
};
enum left { LEFT_LOW, LEFT_EMPTY, LEFT_150, LEFTS };
static const char *const LEFT_NAMES[LEFTS] = {"to low", "to empty", "to -150"};
enum when { WHEN_USUAL, WHEN_FAILING, WHEN_ICE, WHEN_OFF, WHEN_DOUBT, WHENS };
static const char *const WHEN_NAMES[WHENS] = {"nothing wrong", "vacuum failing", "ice", "level off",
                                              "probe wrong"};

struct one_case {
    int fault;
    char kind;
    float warm_h;             /* from the fault to -150; INFINITY: not within the study */
    float noticed[DETECTORS]; /* hours from the fault; INFINITY: not before -150 */
};

struct sums {
    double tank_years, watched_years;
    unsigned false_temp, false_lid;
    unsigned false_alarms, false_kind[4], false_cause[6], missed_already;
    unsigned inside[LEFTS][WHENS], asked[LEFTS][WHENS], known[LEFTS][WHENS], below[LEFTS][WHENS];
    unsigned flags[16];
    unsigned n_cases;
    struct one_case cases[CASES];
};

struct study {
    uint64_t hall;
    unsigned number;
    FILE *cases;
    struct tank tank;
    struct world_vessel vessel;
    enum world_fault fault;
    double fault_s, round_s, start_s;
    double high_s, low_s, lid_s, lid_base, lid_closed_s, level_cm;
    bool failing, over, already;
    double noticed_s[DETECTORS];
    uint32_t flags;
    struct sums *sums;
};

static struct reading good(double value)
{
    if (isnan(value))
        return (struct reading){.quality = QUALITY_BAD, .reason = REASON_SENTINEL};
    return (struct reading){.value = N(value), .quality = QUALITY_GOOD};
}

static const struct reading absent = {.quality = QUALITY_BAD, .reason = REASON_NEVER_READ};
static const struct reading timeout = {.quality = QUALITY_BAD, .reason = REASON_TIMEOUT};

static void start(struct study *s, const struct world *world, unsigned i, struct sums *sums)
{
    struct tank_vessel model;
    s->number = i;
    s->sums = sums;
    world_vessel(world, i, &s->vessel);
    s->fault = world_fault(world, i, &s->fault_s);
    const struct world_vessel *v = &s->vessel;
    tank_vessel_init(&model);
    model.n_shape = WORLD_SHAPE;
    for (unsigned k = 0; k < WORLD_SHAPE; k++)
        model.shape[k] = (struct tank_height){N(v->cm[k]), N(v->litres[k])};
    model.low_cm = N(v->low_cm);
    model.high_cm = N(v->high_cm);
    if (v->automatic) {
        model.fill_start_cm = N(v->start_cm);
        model.fill_stop_cm = N(v->stop_cm);
    }
    model.resolution_cm = N(v->resolution_cm);
    if (v->heat_capacity_j_k > 0)
        model.heat_capacity_j_k = N(v->heat_capacity_j_k);
    if (tank_init(&s->tank, &model) < 0)
        abort();
    for (int d = 0; d < DETECTORS; d++)
        s->noticed_s[d] = INFINITY;
    s->lid_base = NAN;
    s->round_s = (WORLD_LEARN_D + i) * 86400.0;
}

static void feed(struct study *s, const struct world_reading *r, double now_s)
{
    struct tank_input input = {.level = good(r->level_cm),
                               .temps = {good(r->top_c), good(r->middle_c), good(r->bottom_c), absent},
                               .lid = good(r->lid),
                               .valve = s->vessel.automatic ? good(r->valve) : absent,
                               .room = good(r->room_c),
                               .supply_bar = good(r->supply_bar),
                               .supply_l = good(r->supply_l)};
    if (r->gap) {
        input.level = input.lid = input.room = input.supply_bar = input.supply_l = timeout;
        input.valve = s->vessel.automatic ? timeout : absent;
        for (unsigned k = 0; k < 3; k++)
            input.temps[k] = timeout;
    }
    tank_feed(&s->tank, (int64_t)(now_s * 1e6), &input);
}

static void note(struct study *s, enum detector by, double now_s)
{
    if (now_s >= s->fault_s && isinf(s->noticed_s[by]))
        s->noticed_s[by] = now_s;
}

/* The plain limits that an ordinary monitor has. */
static void plain(struct study *s, const struct world_reading *r, double now_s, bool bad)
{
    bool was_high = s->high_s >= LIMIT_S, was_lid = s->lid_s >= LID_S;
    if (r->gap)
        return;
    s->level_cm = r->level_cm;
    s->high_s = r->top_c >= TEMP_LIMIT ? s->high_s + WORLD_STEP_S : 0;
    s->low_s = r->level_cm < s->vessel.low_cm ? s->low_s + WORLD_STEP_S : 0;
    s->lid_closed_s = r->lid ? 0 : s->lid_closed_s + WORLD_STEP_S;
    if (s->high_s >= LIMIT_S)
        note(s, BY_TEMP, now_s);
    s->sums->false_temp += s->high_s >= LIMIT_S && !was_high && !bad;
    if (s->low_s >= LIMIT_S)
        note(s, BY_LEVEL, now_s);
    if (isnan(s->lid_base))
        s->lid_base = r->lid_c;
    if (s->lid_closed_s > 3600) {
        bool high = r->lid_c > s->lid_base + LID_RISE_K;
        s->lid_s = high ? s->lid_s + WORLD_STEP_S : 0;
        if (now_s < s->fault_s)
            s->lid_base += (r->lid_c - s->lid_base) * WORLD_STEP_S / 86400;
    }
    if (s->lid_s >= LID_S)
        note(s, BY_LID, now_s);
    s->sums->false_lid += s->lid_s >= LID_S && !was_lid && !bad;
}

static void hold(struct study *s, enum left left, enum when when, const struct tank_quantity *q,
                 double truth_h)
{
    struct sums *sums = s->sums;
    sums->asked[left][when]++;
    if (!q->known || isinf(truth_h) || truth_h <= 0)
        return;
    sums->known[left][when]++;
    sums->inside[left][when] += truth_h >= (double)q->low / 1e6 && truth_h <= (double)q->high / 1e6;
    sums->below[left][when] += truth_h < (double)q->low / 1e6;
}

static void calibrate(struct study *s, const struct world *world, unsigned i, const struct world_truth *truth)
{
    double now_s = world_time_s(world);
    if (now_s < s->round_s)
        return;
    s->round_s = now_s + (truth->vacuum_bad ? ROUND_BAD_S : ROUND_S);
    struct tank_view view;
    struct world_left left;
    tank_view(&s->tank, &view);
    world_left(world, i, &left);
    double off_cm = s->level_cm - truth->level_cm;
    bool off = truth->probe_bad && (off_cm > OFF_CM || off_cm < -OFF_CM); /* not so when it is not read */
    enum when when = off                 ? WHEN_OFF
                     : truth->probe_bad  ? WHEN_DOUBT
                     : truth->vacuum_bad ? WHEN_FAILING
                     : truth->ice > 0.5  ? WHEN_ICE
                                         : WHEN_USUAL;
    hold(s, LEFT_LOW, when, &view.left_low_h, left.low_h);
    hold(s, LEFT_EMPTY, when, &view.left_empty_h, left.empty_h);
    hold(s, LEFT_150, when, &view.left_150_h, left.h150);
}

static void judge(struct study *s, const struct world *world, unsigned i, const struct world_truth *truth)
{
    double now_s = world_time_s(world);
    bool failing = s->tank.failing_us != 0, bad = truth->vacuum_bad;
    if (failing && !s->failing && !bad) {
        s->sums->false_alarms++;
        s->sums->false_kind[i]++;
        if (s->cases != NULL)
            fprintf(s->cases, "false %llu %u %.0f h\n", (unsigned long long)s->hall, i, now_s / 3600);
        s->sums->false_cause[truth->probe_bad ? 0 : truth->lid_open ? 1 : truth->ice > 0.5 ? 2 : 3]++;
    }
    if (s->fault != WORLD_NONE && now_s >= s->fault_s) {
        if (now_s < s->fault_s + WORLD_STEP_S && failing)
            s->already = true;
        if (failing)
            note(s, BY_INDEX, now_s);
        if (failing || s->tank.cusum >= 4)
            note(s, BY_WATCH, now_s);
        if (s->tank.flags &
            (TANK_FILL_TOO_LONG | TANK_FILL_TOO_OFTEN | TANK_FILL_OVERDUE | TANK_FILL_INEFFECTIVE))
            note(s, BY_FILLS, now_s);
        s->over = truth->warmest_c >= -150;
    }
    uint32_t rising = s->tank.flags & ~s->flags;
    for (unsigned k = 0; k < 16; k++)
        s->sums->flags[k] += rising >> k & 1;
    s->flags = s->tank.flags;
    s->failing = failing;
    s->sums->tank_years += WORLD_STEP_S / (365.25 * 86400);
    if (!bad)
        s->sums->watched_years += WORLD_STEP_S / (365.25 * 86400);
}

static void end(struct study *s, double now_s)
{
    struct sums *sums = s->sums;
    if (s->fault == WORLD_NONE || sums->n_cases == CASES)
        return;
    if (s->cases != NULL) {
        fprintf(s->cases, "%s %llu %u at %.0f h, to -150 %.1f, noticed",
                s->fault == WORLD_SLOW ? "slow" : "fast", (unsigned long long)s->hall, s->number,
                s->fault_s / 3600, s->over ? (now_s - s->fault_s) / 3600 : INFINITY);
        for (int d = 0; d < DETECTORS; d++)
            fprintf(s->cases, " %.1f", (s->noticed_s[d] - s->fault_s) / 3600);
        fprintf(s->cases, "%s\n", s->already ? ", was false before" : "");
    }
    if (s->already) {
        sums->missed_already++;
        return;
    }
    struct one_case *c = &sums->cases[sums->n_cases++];
    *c = (struct one_case){.fault = (int)s->fault, .kind = s->vessel.kind[1]};
    c->warm_h = (float)(s->over ? (now_s - s->fault_s) / 3600 : INFINITY);
    for (int d = 0; d < DETECTORS; d++)
        c->noticed[d] = (float)((s->noticed_s[d] - s->fault_s) / 3600);
}

static void run_hall(uint64_t number, struct sums *sums, FILE *cases)
{
    struct world *world = world_new(number);
    struct study *all = calloc(WORLD_TANKS, sizeof *all);
    if (world == NULL || all == NULL)
        abort();
    for (unsigned i = 0; i < WORLD_TANKS; i++) {
        all[i].hall = number;
        all[i].cases = cases;
        start(&all[i], world, i, sums);
    }
    while (world_time_s(world) < WORLD_DAYS * 86400.0) {
        world_step(world);
        for (unsigned i = 0; i < WORLD_TANKS; i++) {
            struct world_reading reading;
            struct world_truth truth;
            if (all[i].over)
                continue;
            world_read(world, i, &reading);
            world_truth(world, i, &truth);
            feed(&all[i], &reading, world_time_s(world));
            plain(&all[i], &reading, world_time_s(world), truth.vacuum_bad);
            judge(&all[i], world, i, &truth);
            calibrate(&all[i], world, i, &truth);
            if (all[i].over)
                end(&all[i], world_time_s(world));
        }
    }
    for (unsigned i = 0; i < WORLD_TANKS; i++) {
        if (!all[i].over)
            end(&all[i], world_time_s(world));
    }
    free(all);
    world_free(world);
}

static int by_size(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static double quantile(double *values, unsigned n, double share)
{
    if (n == 0)
        return NAN;
    qsort(values, n, sizeof *values, by_size);
    return values[(unsigned)(share * (n - 1) + 0.5)];
}

/* kind 0: all. warm: those that reached -150. */
static void print_cases(const struct sums *sums, int fault, char kind, const char *name)
{
    static double lead[CASES], after[CASES];
    unsigned n_all = 0, n_warm = 0;
    for (unsigned i = 0; i < sums->n_cases; i++) {
        const struct one_case *c = &sums->cases[i];
        if (c->fault == fault && (kind == 0 || c->kind == kind)) {
            n_all++;
            n_warm += !isinf(c->warm_h);
        }
    }
    printf("\n%s: %u failures, %u of them warmed to -150\n", name, n_all, n_warm);
    printf("  %-22s %9s %26s %9s %26s\n", "", "of warmed", "h before -150: median, 5 %,", "noticed",
           "h after it began: median,");
    printf("  %-22s %9s %26s %9s %26s\n", "", "noticed", "worst", "of all", "95 %");
    for (int d = 0; d < DETECTORS; d++) {
        unsigned n = 0, m = 0;
        for (unsigned i = 0; i < sums->n_cases; i++) {
            const struct one_case *c = &sums->cases[i];
            if (c->fault != fault || (kind != 0 && c->kind != kind) || isinf(c->noticed[d]))
                continue;
            after[m++] = c->noticed[d];
            if (!isinf(c->warm_h))
                lead[n++] = c->warm_h - c->noticed[d];
        }
        printf("  %-22s %8.1f%% %10.1f %7.1f %7.1f %8.1f%% %12.1f %8.1f\n", DETECTOR_NAMES[d],
               n_warm ? 100.0 * n / n_warm : 0, quantile(lead, n, 0.5), quantile(lead, n, 0.05),
               quantile(lead, n, 0), n_all ? 100.0 * m / n_all : 0, quantile(after, m, 0.5),
               quantile(after, m, 0.95));
    }
}

/* Against the goal, and against the plain limit of temperature: case by case. */
static void print_late(const struct sums *sums, int fault, const char *name)
{
    unsigned warm = 0, missed = 0, late = 0, n = 0, first = 0, only = 0;
    for (unsigned i = 0; i < sums->n_cases; i++) {
        const struct one_case *c = &sums->cases[i];
        if (c->fault != fault)
            continue;
        float by = c->noticed[BY_INDEX], temp = c->noticed[BY_TEMP];
        n++;
        first += temp < by ? 1 : 0;
        only += isinf(by) && !isinf(temp) ? 1 : 0;
        if (isinf(c->warm_h))
            continue;
        warm++;
        missed += isinf(by) != 0;
        late += !isinf(by) && c->warm_h - by < IN_TIME_H ? 1 : 0;
    }
    printf("%s: of %u that warmed %u not noticed, %u less than %.0f h before; of all %u the top's limit was "
           "first in %u, and alone in %u\n",
           name, warm, missed, late, IN_TIME_H, n, first, only);
}

static void print(void *counted)
{
    const struct sums *sums = counted;
    printf("%.0f tank-years, %.0f of them with a good vacuum\n", sums->tank_years, sums->watched_years);
    printf("false \"vacuum failing\": %u, %.3f per tank-year with a good vacuum (standard %u, large %u, "
           "small %u; while "
           "a probe was wrong %u, lid open %u, ice %u, none of these %u)\n",
           sums->false_alarms, sums->false_alarms / sums->watched_years,
           sums->false_kind[0] + sums->false_kind[1], sums->false_kind[2], sums->false_kind[3],
           sums->false_cause[0], sums->false_cause[1], sums->false_cause[2], sums->false_cause[3]);
    printf("failures that began under a false alarm, left out below: %u\n", sums->missed_already);
    print_cases(sums, WORLD_SLOW, 't', "slow, standard vessel");
    print_cases(sums, WORLD_SLOW, 'a', "slow, large vessel");
    print_cases(sums, WORLD_SLOW, 'm', "slow, small dewar");
    print_cases(sums, WORLD_SLOW, 0, "slow, all");
    print_cases(sums, WORLD_FAST, 0, "fast, all");
    printf("\n");
    print_late(sums, WORLD_SLOW, "slow");
    print_late(sums, WORLD_FAST, "fast");
    printf("false by plain limits, per tank-year with a good vacuum: top above -160 %.2f, lid %.2f\n",
           sums->false_temp / sums->watched_years, sums->false_lid / sums->watched_years);
    printf(
        "\ntime left: the truth inside the 90 %% interval (n; known, of those asked; below the interval)\n");
    for (int l = 0; l < LEFTS; l++) {
        for (int w = 0; w < WHENS; w++) {
            unsigned n = sums->known[l][w];
            printf("  %-9s %-15s %5.1f%%  (%u; %.0f %%; %.1f %%)\n", LEFT_NAMES[l], WHEN_NAMES[w],
                   n ? 100.0 * sums->inside[l][w] / n : NAN, n,
                   sums->asked[l][w] ? 100.0 * n / sums->asked[l][w] : NAN,
                   n ? 100.0 * sums->below[l][w] / n : NAN);
        }
    }
    printf("\nflags raised per tank-year:");
    for (int k = 0; k < 15; k++)
        printf(" %d:%.2f", k, sums->flags[k] / sums->tank_years);
    printf("\n");
}

static void add(void *to, const void *from)
{
    struct sums *all = to;
    const struct sums *one = from;
    all->tank_years += one->tank_years;
    all->watched_years += one->watched_years;
    all->false_alarms += one->false_alarms;
    all->missed_already += one->missed_already;
    all->false_temp += one->false_temp;
    all->false_lid += one->false_lid;
    for (int k = 0; k < 4; k++) {
        all->false_kind[k] += one->false_kind[k];
        all->false_cause[k] += one->false_cause[k];
    }
    for (int k = 0; k < 16; k++)
        all->flags[k] += one->flags[k];
    for (int l = 0; l < LEFTS; l++) {
        for (int w = 0; w < WHENS; w++) {
            all->inside[l][w] += one->inside[l][w];
            all->asked[l][w] += one->asked[l][w];
            all->known[l][w] += one->known[l][w];
            all->below[l][w] += one->below[l][w];
        }
    }
    for (unsigned i = 0; i < one->n_cases && all->n_cases < CASES; i++)
        all->cases[all->n_cases++] = one->cases[i];
}

static int live_all(unsigned long first, unsigned long end, unsigned long step, void *sums, const char *path)
{
    FILE *cases = path != NULL ? fopen(path, "a") : NULL;
    if (path != NULL && cases == NULL)
        return 1;
    if (cases != NULL)
        setvbuf(cases, NULL, _IOLBF, 4096); /* the jobs share it: whole lines */
    for (unsigned long k = first; k < end; k += step)
        run_hall(k, sums, cases);
    return cases != NULL && fclose(cases) != 0;
}

int main(int argc, char **argv)
{
    static const struct study_work work = {
        .halls = 860, .size = sizeof(struct sums), .live = live_all, .add = add, .print = print};
    return study_run(&work, argc, argv);
}
