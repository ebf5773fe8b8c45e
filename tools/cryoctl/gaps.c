/* gaps.c - finding them. What explains them is in gaps_explain.c. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "gaps_internal.h"
#include "in_force.h"

#define LATE_US  (60 * SECOND_US) /* what is so new may not be stored yet */
#define PAUSE_US (30 * SECOND_US) /* a device that does not answer is asked again within this */

/* A point while its readings go by. */
struct track {
    bool seen, in_gap;
    struct gap gap;                            /* the open one; its points are set when it ends */
    int64_t first_us, first_usual_us, last_us; /* slots; also those around the range */
    size_t first_gap;                          /* + 1: the gap that begins with the first reading; 0: none */
};

struct run {
    struct gaps out;
    struct track *tracks;
    size_t cap;
    walk_progress_fn *progress;
    void *context;
    int64_t now_us;
    struct gaps_skips skips;
    bool no_memory;
};

/* ---------------------------------------------------------------- a gap of one point */

static void open_gap(struct track *t, int64_t from_us)
{
    if (t->in_gap)
        return;
    t->in_gap = true;
    t->gap = (struct gap){.from_us = from_us};
}

static struct gap_cause *add_cause(struct track *t, const struct gap_cause *cause)
{
    for (unsigned i = 0; i < t->gap.n_causes; i++) {
        struct gap_cause *c = &t->gap.causes[i];
        if (c->kind == GAP_READING && cause->kind == GAP_READING && c->reason == cause->reason &&
            c->quality == cause->quality)
            return c;
    }
    if (t->gap.n_causes == GAP_CAUSES_MAX) {
        t->gap.more_causes = true;
        return NULL;
    }
    t->gap.causes[t->gap.n_causes] = *cause;
    return &t->gap.causes[t->gap.n_causes++];
}

/* The time that passed in a part of a stretch: without what the clock skipped. */
static int64_t passed(const struct run *run, int64_t from_us, int64_t to_us, int64_t part_from_us,
                      int64_t part_to_us)
{
    return part_to_us - part_from_us -
           gaps_skips_within(&run->skips, from_us, to_us, part_from_us, part_to_us);
}

/* Cuts a gap to the range and keeps what is left of it. False: no memory. */
static bool keep_gap(struct run *run, size_t i, struct gap gap, int64_t to_us, bool open)
{
    int64_t from_us = run->out.from_us;
    gap.open = open;
    gap.began_before = gap.from_us < from_us;
    gap.from_us = gap.began_before ? from_us : gap.from_us;
    gap.ends_after = to_us > run->out.to_us;
    gap.to_us = gap.ends_after ? run->out.to_us : to_us;
    if (gap.to_us <= gap.from_us || gap.n_causes == 0)
        return true;
    if (run->out.n_gaps == run->cap) {
        size_t cap = run->cap == 0 ? 64 : 2 * run->cap;
        struct gap *grown = realloc(run->out.gaps, cap * sizeof *grown);
        run->no_memory |= grown == NULL;
        if (grown == NULL)
            return false;
        run->out.gaps = grown;
        run->cap = cap;
    }
    gap.points = malloc(sizeof *gap.points);
    run->no_memory |= gap.points == NULL;
    if (gap.points == NULL)
        return false;
    gap.points[0] = (uint32_t)i;
    gap.n_points = 1;
    run->out.points[i].gaps_us += passed(run, gap.from_us, to_us, gap.from_us, gap.to_us);
    run->out.gaps[run->out.n_gaps++] = gap;
    return true;
}

static void close_gap(struct run *run, size_t i, int64_t to_us, bool open)
{
    struct track *t = &run->tracks[i];
    size_t n = run->out.n_gaps;
    bool first = t->gap.from_us == t->first_us && t->first_us >= run->out.from_us;
    t->in_gap = false;
    if (keep_gap(run, i, t->gap, to_us, open) && run->out.n_gaps > n && first && t->first_gap == 0)
        t->first_gap = n + 1;
}

static void add_missing(struct track *t, int64_t from_us, int64_t to_us)
{
    add_cause(t,
              &(struct gap_cause){.kind = GAP_UNKNOWN, .missing_from_us = from_us, .missing_to_us = to_us});
}

/* ---------------------------------------------------------------- readings */

static void count(struct run *run, size_t i, const struct walk_reading *r)
{
    struct gaps_point *p = &run->out.points[i];
    if (r->usual_us > 0)
        p->usual_us = r->usual_us;
    if (r->slot_us < run->out.from_us || r->slot_us >= run->out.to_us)
        return;
    if (p->stored++ == 0)
        p->first_us = r->slot_us;
    p->last_us = r->slot_us;
    p->good += r->quality == QUALITY_GOOD;
    p->uncertain += r->quality == QUALITY_UNCERTAIN;
    p->bad += r->quality == QUALITY_BAD;
}

/* The slots from one reading to the next, as far as they are in the range. */
static void expect(struct run *run, size_t i, int64_t from_us, int64_t to_us, int64_t usual_us)
{
    int64_t part_from_us = from_us < run->out.from_us ? run->out.from_us : from_us;
    int64_t part_to_us = to_us > run->out.to_us ? run->out.to_us : to_us;
    if (part_to_us <= part_from_us)
        return;
    int64_t n = 1, due_us = passed(run, from_us, to_us, part_from_us, part_to_us);
    if (usual_us > 0)
        n = (due_us + usual_us / 2) / usual_us;
    /* A reading at its begin is one in any case; a part that lies in skipped time has none. */
    run->out.points[i].expected += (uint64_t)(n > 0 ? n : part_from_us == from_us || due_us > 0);
}

static void judge(struct run *run, size_t i, const struct walk_reading *r)
{
    struct track *t = &run->tracks[i];
    if (r->quality == QUALITY_GOOD) {
        if (t->in_gap)
            close_gap(run, i, r->slot_us, false);
        return;
    }
    open_gap(t, r->slot_us);
    struct gap_cause *cause =
        add_cause(t, &(struct gap_cause){.kind = GAP_READING, .reason = r->reason, .quality = r->quality});
    if (cause != NULL)
        cause->count++;
}

/* What comes between a reading and the next one. */
static void judge_distance(struct run *run, size_t i, const struct walk_reading *r)
{
    struct track *t = &run->tracks[i];
    int64_t distance_us = r->next_us - r->slot_us;
    if (r->usual_us == 0 || distance_us <= 0 || 2 * distance_us <= 3 * r->usual_us)
        return;
    bool asked_less = r->quality == QUALITY_BAD && reason_is_no_data(r->reason);
    if (asked_less && distance_us <= PAUSE_US)
        return;
    open_gap(t, r->slot_us + r->usual_us);
    add_missing(t, r->slot_us, r->next_us);
}

static bool take_reading(void *context, size_t i, const struct walk_reading *r)
{
    struct run *run = context;
    struct track *t = &run->tracks[i];
    if (!t->seen) {
        t->seen = true;
        t->first_us = r->slot_us;
        t->first_usual_us = r->usual_us;
    }
    t->last_us = r->slot_us;
    count(run, i, r);
    judge(run, i, r);
    if (r->next_us != INT64_MAX) {
        judge_distance(run, i, r);
        expect(run, i, r->slot_us, r->next_us > r->slot_us ? r->next_us : r->slot_us + r->usual_us,
               r->usual_us);
    } /* else it is the last: take_end looks what comes behind it */
    return !run->no_memory;
}

/* ---------------------------------------------------------------- the edges of the range */

/* Is the configured point gone? Without a configuration to look into it is expected to be there. */
static bool is_removed(const struct config *config, const struct walk_point *p)
{
    return config != NULL && config_find_point(config, p->asset, p->point) < 0;
}

/* Nothing in the range, nor an hour around it. */
static int take_absent(struct run *run, struct walk *walk, size_t i, const struct config *config)
{
    int64_t last_us = 0, next_us = 0;
    struct track *t = &run->tracks[i];
    int before = walk_last_before(walk, i, run->out.from_us, &last_us);
    int after = before > 0 ? walk_first_after(walk, i, run->out.to_us, &next_us) : before;
    if (before <= 0 || after < 0)
        return before <= 0 ? before : after;
    if (after == 0 && is_removed(config, &run->out.points[i].point)) {
        run->out.points[i].removed = true;
        return 0;
    }
    open_gap(t, last_us);
    add_missing(t, last_us, after > 0 ? next_us : run->out.to_us);
    close_gap(run, i, after > 0 ? next_us : run->out.to_us, after == 0);
    return 0;
}

/* The first reading is in the range, and not at its begin: is there an earlier one? */
static int take_begin(struct run *run, struct walk *walk, size_t i)
{
    struct track *t = &run->tracks[i];
    int64_t last_us, from_us = run->out.from_us;
    if (t->first_us <= from_us + t->first_usual_us + t->first_usual_us / 2)
        return 0;
    int before = walk_last_before(walk, i, from_us, &last_us);
    if (before <= 0)
        return before;
    expect(run, i, last_us, t->first_us, t->first_usual_us);
    struct gap *gap = t->first_gap > 0 ? &run->out.gaps[t->first_gap - 1] : NULL;
    if (gap == NULL) {
        struct track other = {0};
        open_gap(&other, last_us);
        add_missing(&other, last_us, t->first_us);
        return keep_gap(run, i, other.gap, t->first_us, false) ? 0 : -ENOMEM;
    }
    run->out.points[i].gaps_us += passed(run, last_us, t->first_us, from_us, gap->from_us);
    gap->from_us = from_us;
    gap->began_before = true;
    gap->more_causes |= gap->n_causes == GAP_CAUSES_MAX;
    gap->n_causes = gap->n_causes < GAP_CAUSES_MAX ? gap->n_causes + 1 : GAP_CAUSES_MAX;
    memmove(gap->causes + 1, gap->causes, (gap->n_causes - 1) * sizeof *gap->causes);
    gap->causes[0] =
        (struct gap_cause){.kind = GAP_UNKNOWN, .missing_from_us = last_us, .missing_to_us = t->first_us};
    return 0;
}

/* Behind the last reading. */
static int take_end(struct run *run, struct walk *walk, size_t i, const struct config *config)
{
    struct track *t = &run->tracks[i];
    int64_t last_us = t->last_us, usual_us = run->out.points[i].usual_us, to_us = run->out.to_us,
            next_us = to_us;
    int64_t grace_us = to_us >= run->now_us - LATE_US ? LATE_US : 0;
    int after = 0;
    bool ends = usual_us == 0 || to_us - last_us <= usual_us + usual_us / 2 + grace_us;
    if (!ends)
        after = walk_first_after(walk, i, to_us, &next_us);
    if (after < 0)
        return after;
    if (ends || (after == 0 && is_removed(config, &run->out.points[i].point))) {
        expect(run, i, last_us, last_us + (usual_us > 0 ? usual_us : 1), usual_us);
        if (t->in_gap)
            close_gap(run, i, ends ? to_us : last_us + usual_us, true);
        return 0;
    }
    expect(run, i, last_us, next_us, usual_us);
    open_gap(t, last_us + usual_us);
    add_missing(t, last_us, next_us);
    close_gap(run, i, next_us, after == 0);
    return 0;
}

/* ---------------------------------------------------------------- all of it */

static void tell(void *context, int64_t utc_us)
{
    struct run *run = context;
    if (run->progress != NULL)
        run->progress(run->context, utc_us);
}

static int take_edges(struct run *run, struct walk *walk, const struct config *config)
{
    int error = run->no_memory ? -ENOMEM : 0;
    for (size_t i = 0; error == 0 && i < run->out.n_points; i++) {
        if (!run->tracks[i].seen) {
            error = take_absent(run, walk, i, config);
            continue;
        }
        error = take_end(run, walk, i, config);
        if (error == 0)
            error = take_begin(run, walk, i);
    }
    return error == 0 && run->no_memory ? -ENOMEM : error;
}

static int find(struct run *run, struct walk *walk, const struct config *config)
{
    size_t n = walk_count(walk);
    run->out.points = calloc(n + 1, sizeof *run->out.points);
    run->tracks = calloc(n + 1, sizeof *run->tracks);
    if (run->out.points == NULL || run->tracks == NULL)
        return -ENOMEM;
    run->out.n_points = n;
    for (size_t i = 0; i < n; i++)
        run->out.points[i].point = *walk_point(walk, i);
    int error = walk_run(walk, run->out.from_us, run->out.to_us, take_reading, tell, run);
    return error < 0 ? error : take_edges(run, walk, config);
}

/* What cryomon derives is missing because something else is, or because it is learning: nobody failed to
 * read it. */
static bool is_derived(const void *context, const struct walk_point *p)
{
    const struct config *config = context;
    const int index = config_find_point(config, p->asset, p->point);
    return index >= 0 && config_is_derived(config, (uint16_t)index);
}

static void leave_derived_out(struct history_reader *reader, struct walk *walk, const struct config *config)
{
    struct in_force last;
    struct config *recorded = NULL;
    if (config == NULL && in_force_before(reader, INT64_MAX, &last) > 0)
        config = recorded = in_force_load(reader, last.sha256);
    if (config != NULL)
        walk_leave_out(walk, is_derived, config);
    config_unref(recorded);
}

int gaps_find(struct history_reader *reader, const char *asset, const char *point, int64_t from_us,
              int64_t to_us, const struct config *config, walk_progress_fn *progress, void *context,
              struct gaps *ret)
{
    int64_t now_us = clock_now().utc_us;
    struct run run = {.progress = progress, .context = context, .now_us = now_us};
    struct walk *walk = NULL;
    run.out.from_us = from_us;
    run.out.to_us = to_us > now_us && from_us < now_us ? now_us : to_us;
    int error = walk_create(reader, asset, point, &walk);
    if (error == 0 && point == NULL)
        leave_derived_out(reader, walk, config);
    if (error == 0)
        error = gaps_skips_load(reader, from_us, &run.skips);
    if (error == 0)
        error = find(&run, walk, config);
    if (error == 0)
        error = gaps_join(&run.out);
    if (error == 0)
        error = gaps_explain(reader, &run.out);
    if (error == 0)
        *ret = run.out;
    else
        gaps_free(&run.out);
    walk_free(walk);
    gaps_skips_free(&run.skips);
    free(run.tracks);
    return error;
}

void gaps_free(struct gaps *gaps)
{
    for (size_t i = 0; i < gaps->n_gaps; i++)
        free(gaps->gaps[i].points);
    free(gaps->gaps);
    free(gaps->points);
    *gaps = (struct gaps){0};
}
