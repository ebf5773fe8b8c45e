/* mapping_study.c - probes that are exchanged between two tanks: how many are found, after how long, and how
 * often tanks whose probes are right are suspected.
 *
 *     mapping_study [HALLS [FIRST [JOBS]]]
 *
 * Each hall lives WORLD_DAYS days with its faults, lids and fills (tank_world.c), and is read three times: as
 * it is; with the temperature probes of two tanks exchanged on day SWAP_D; and, in a second life, with their
 * level probes exchanged, which their controllers then see too. The same numbers give the same table. Halls
 * from 1,000,000 on were used to set the constants, those from 0 on to measure. */
#include "study_jobs.h"
#include "tank_world.h"

#include "tank_hall_lid.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define N(value) ((micro_t)llround((value)*1e6))
#define SWAP_D   30
#define FOUND    4000

enum reader { AS_IT_IS, TOPS_SWAPPED, LEVELS_SWAPPED, READERS };
enum by { BY_FILL, BY_LID, BYS };

struct found {
    unsigned tanks, right, wrong, n_days;
    double days[FOUND];
};

struct sums {
    double tank_years;
    unsigned false_by[BYS], false_near[BYS]; /* near: while a probe of either was wrong */
    struct found found[READERS][BYS];
};

struct view {
    struct tank tanks[WORLD_TANKS];
    struct hall hall;
    struct hall_lid lids;
    int other[BYS][WORLD_TANKS]; /* suspected now */
    bool found[BYS][WORLD_TANKS];
};

static struct reading good(double value)
{
    if (isnan(value))
        return (struct reading){.quality = QUALITY_BAD, .reason = REASON_SENTINEL};
    return (struct reading){.value = N(value), .quality = QUALITY_GOOD};
}

static const struct reading absent = {.quality = QUALITY_BAD, .reason = REASON_NEVER_READ};
static const struct reading timeout = {.quality = QUALITY_BAD, .reason = REASON_TIMEOUT};

static void start(struct view *view, const struct world *world)
{
    memset(view, 0, sizeof *view);
    for (unsigned i = 0; i < WORLD_TANKS; i++) {
        struct world_vessel v;
        struct tank_vessel model;
        world_vessel(world, i, &v);
        tank_vessel_init(&model);
        model.n_shape = WORLD_SHAPE;
        for (unsigned k = 0; k < WORLD_SHAPE; k++)
            model.shape[k] = (struct tank_height){N(v.cm[k]), N(v.litres[k])};
        model.low_cm = N(v.low_cm);
        model.high_cm = N(v.high_cm);
        if (v.automatic) {
            model.fill_start_cm = N(v.start_cm);
            model.fill_stop_cm = N(v.stop_cm);
        }
        model.resolution_cm = N(v.resolution_cm);
        if (tank_init(&view->tanks[i], &model) < 0)
            abort();
        view->other[BY_FILL][i] = view->other[BY_LID][i] = -1;
    }
    hall_init(&view->hall, WORLD_TANKS, 0);
    hall_lid_init(&view->lids, WORLD_TANKS);
}

static void feed(struct view *view, unsigned i, const struct world_reading *r, const struct world_vessel *v,
                 int64_t now_us)
{
    struct tank_input input = {.level = good(r->level_cm),
                               .temps = {good(r->top_c), good(r->middle_c), good(r->bottom_c), absent},
                               .lid = good(r->lid),
                               .valve = v->automatic ? good(r->valve) : absent,
                               .room = good(r->room_c),
                               .supply_bar = good(r->supply_bar),
                               .supply_l = good(r->supply_l)};
    if (r->gap) {
        input.level = input.lid = input.room = input.supply_bar = input.supply_l = timeout;
        input.valve = v->automatic ? timeout : absent;
        for (unsigned k = 0; k < 3; k++)
            input.temps[k] = timeout;
    }
    tank_feed(&view->tanks[i], now_us, &input);
    hall_tank(&view->hall, now_us, i, &view->tanks[i]);
    hall_lid_tank(&view->lids, now_us, i, &view->tanks[i]);
}

/* What is suspected now and was not before. */
static void judge(struct view *view, const struct world *world, enum reader reader, const unsigned pair[2],
                  struct sums *sums)
{
    double days = world_time_s(world) / 86400;
    for (unsigned i = 0; i < WORLD_TANKS; i++) {
        int other[BYS] = {hall_elsewhere(&view->hall, i), hall_lid_elsewhere(&view->lids, i)};
        if (other[BY_FILL] < 0)
            other[BY_FILL] = hall_shows(&view->hall, i);
        for (int by = 0; by < BYS; by++) {
            int before = view->other[by][i], now = other[by];
            view->other[by][i] = now;
            if (now < 0 || now == before)
                continue;
            bool in_pair = i == pair[0] || i == pair[1];
            struct found *found = &sums->found[reader][by];
            struct world_truth own, there;
            world_truth(world, i, &own);
            world_truth(world, (unsigned)now, &there);
            if (reader == AS_IT_IS) {
                sums->false_by[by]++;
                sums->false_near[by] += own.probe_bad || there.probe_bad;
            } else if (!in_pair || days < SWAP_D || now != (int)(i == pair[0] ? pair[1] : pair[0])) {
                found->wrong++;
            } else if (!view->found[by][i]) {
                view->found[by][i] = true;
                found->right++;
                if (found->n_days < FOUND)
                    found->days[found->n_days++] = days - SWAP_D;
            }
        }
    }
}

static void live(uint64_t number, bool swaps_levels, struct sums *sums)
{
    static const unsigned pairs[6][2] = {{0, 1}, {0, 2}, {0, 3}, {1, 2}, {1, 3}, {2, 3}};
    const unsigned *pair = pairs[number % 6];
    struct world *world = world_new(number);
    struct view *views = calloc(READERS, sizeof *views);
    struct world_vessel vessels[WORLD_TANKS];
    bool swapped = false;
    if (world == NULL || views == NULL)
        abort();
    for (int v = 0; v < READERS; v++)
        start(&views[v], world);
    for (unsigned i = 0; i < WORLD_TANKS; i++)
        world_vessel(world, i, &vessels[i]);
    while (world_time_s(world) < WORLD_DAYS * 86400.0) {
        struct world_reading r[WORLD_TANKS];
        world_step(world);
        bool is_time = world_time_s(world) >= SWAP_D * 86400.0;
        if (is_time && !swapped && swaps_levels)
            world_swap_levels(world, pair[0], pair[1]);
        swapped = is_time;
        int64_t now_us = (int64_t)(world_time_s(world) * 1e6);
        for (unsigned i = 0; i < WORLD_TANKS; i++)
            world_read(world, i, &r[i]);
        for (unsigned i = 0; i < WORLD_TANKS; i++)
            feed(&views[swaps_levels ? LEVELS_SWAPPED : AS_IT_IS], i, &r[i], &vessels[i], now_us);
        if (!swaps_levels) {
            double top_c = r[pair[0]].top_c;
            if (swapped) {
                r[pair[0]].top_c = r[pair[1]].gap ? NAN : r[pair[1]].top_c;
                r[pair[1]].top_c = r[pair[0]].gap ? NAN : top_c;
            }
            for (unsigned i = 0; i < WORLD_TANKS; i++)
                feed(&views[TOPS_SWAPPED], i, &r[i], &vessels[i], now_us);
            judge(&views[AS_IT_IS], world, AS_IT_IS, pair, sums);
            judge(&views[TOPS_SWAPPED], world, TOPS_SWAPPED, pair, sums);
            sums->tank_years += WORLD_TANKS * WORLD_STEP_S / (365.25 * 86400);
        } else {
            judge(&views[LEVELS_SWAPPED], world, LEVELS_SWAPPED, pair, sums);
        }
    }
    for (int by = 0; by < BYS; by++)
        sums->found[swaps_levels ? LEVELS_SWAPPED : TOPS_SWAPPED][by].tanks += 2;
    free(views);
    world_free(world);
}

static int by_size(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static void print(void *counted)
{
    struct sums *sums = counted;
    static const char *const names[BYS] = {"by fills", "by lids"};
    printf(
        "%.0f tank-years as they are; suspected without a reason: by fills %u (%u of them while a probe was "
        "wrong), by lids %u (%u)\n",
        sums->tank_years, sums->false_by[BY_FILL], sums->false_near[BY_FILL], sums->false_by[BY_LID],
        sums->false_near[BY_LID]);
    for (int r = TOPS_SWAPPED; r < READERS; r++) {
        for (int by = 0; by < BYS; by++) {
            struct found *f = &sums->found[r][by];
            unsigned n = f->n_days;
            qsort(f->days, n, sizeof *f->days, by_size);
            printf("%s swapped, %s: %u of %u tanks found, after days: median %.1f, 90 %% %.1f, worst %.1f; "
                   "suspected of something else %u\n",
                   r == TOPS_SWAPPED ? "temperatures" : "levels", names[by], f->right, f->tanks,
                   n ? f->days[n / 2] : NAN, n ? f->days[n * 9 / 10] : NAN, n ? f->days[n - 1] : NAN,
                   f->wrong);
        }
    }
}

static void add(void *to, const void *from)
{
    struct sums *all = to;
    const struct sums *one = from;
    all->tank_years += one->tank_years;
    for (int by = 0; by < BYS; by++) {
        all->false_by[by] += one->false_by[by];
        all->false_near[by] += one->false_near[by];
        for (int r = 0; r < READERS; r++) {
            struct found *a = &all->found[r][by];
            const struct found *b = &one->found[r][by];
            a->tanks += b->tanks;
            a->right += b->right;
            a->wrong += b->wrong;
            for (unsigned i = 0; i < b->n_days && a->n_days < FOUND; i++)
                a->days[a->n_days++] = b->days[i];
        }
    }
}

static int live_all(unsigned long first, unsigned long end, unsigned long step, void *sums, const char *path)
{
    (void)path;
    for (unsigned long k = first; k < end; k += step) {
        live(k, false, sums);
        live(k, true, sums);
    }
    return 0;
}

int main(int argc, char **argv)
{
    static const struct study_work work = {
        .halls = 50, .size = sizeof(struct sums), .live = live_all, .add = add, .print = print};
    return study_run(&work, argc, argv);
}
