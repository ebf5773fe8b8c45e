#include "run_find.h"

#include <errno.h>
#include <stdlib.h>

#define HOUR_US   INT64_C(3600000000)
#define BEFORE_US (3 * HOUR_US)  /* is read before a run, so that its begin is seen */
#define ABOUT_US  (24 * HOUR_US) /* a run is not longer */
#define NEXT_US   (12 * HOUR_US)
#define AFTER_US  (INT64_C(8) * 24 * HOUR_US) /* no run goes on for so long */

int run_find_begin(struct run_find *find, struct history_reader *reader, const char *asset,
                   const struct run_book *book, struct run_shelf *shelf, struct config *config,
                   const struct program *given)
{
    *find = (struct run_find){reader, asset, book, shelf, config, given, {.freezer = NULL}};
    return runs_find_inputs(reader, config, asset, &find->inputs);
}

/* The run that goes on at a time, or, as it was known before it began, the next. */
static const struct run_entry *entry_at(const struct run_book *book, int64_t utc_us)
{
    const struct run_entry *near = run_book_near(book, utc_us), *next = NULL, *last = NULL;

    if (near != NULL)
        return near;
    for (size_t i = 0; i < book->n; i++) {
        const struct run_entry *e = &book->entries[i];
        if (e->begin_us <= utc_us)
            last = e;
        else if (next == NULL && e->begin_us - BEFORE_US <= utc_us)
            next = e;
    }
    if (last != NULL && (last->end_us != FREEZER_NONE ? last->end_us : last->begin_us + ABOUT_US) >= utc_us)
        return last;
    return next;
}

static const struct program *choose(struct run_find *find, int64_t utc_us)
{
    if (find->given != NULL)
        return find->given;
    const struct run_entry *entry = entry_at(find->book, utc_us);
    if (entry == NULL)
        return run_shelf_usual(find->config, find->asset);
    return entry->program_sha256[0] != '\0'
               ? run_shelf_program(find->shelf, entry->begin_us, entry->program_sha256)
               : NULL;
}

/* ---------------------------------------------------------------- all */

struct all {
    struct run_find *find;
    runs_fn *run;
    void *context;
    int64_t to_us;
    struct freezer_record scratch;
};

static const struct program *choose_for_all(void *context, int64_t utc_us)
{
    return choose(((struct all *)context)->find, utc_us);
}

static bool give(void *context, const struct freezer_record *record, const struct program *program)
{
    struct all *all = context;
    const struct run_entry *entry =
        record->how == FREEZER_END_NONE ? run_book_near(all->find->book, record->begin.utc_us) : NULL;

    if (entry == NULL || entry->how[0] == '\0' || all->to_us < entry->ended_us)
        return all->run(all->context, record, program);
    all->scratch = *record; /* its end was told, and can't be found in the readings: it does not go on */
    all->scratch.how = FREEZER_END_LOST;
    return all->run(all->context, &all->scratch, program);
}

int run_find_all(struct run_find *find, int64_t from_us, int64_t to_us, runs_fn *run, void *context,
                 struct runs_from *ret)
{
    struct all *all = calloc(1, sizeof *all);

    if (all == NULL)
        return -ENOMEM;
    all->find = find;
    all->run = run;
    all->context = context;
    all->to_us = to_us;
    const int r = runs_each(find->reader, &find->inputs, choose_for_all, from_us, to_us, give, all, ret);
    free(all);
    return r;
}

/* ---------------------------------------------------------------- one */

struct one {
    int64_t begin_us, off_us; /* off_us: how far the begin of what was found is from that */
    bool is_about, found;
    bool is_past; /* others were looked at behind it: what is told of the clock is theirs */
    struct run_found *ret;
};

static void keep(struct one *one, const struct freezer_record *record, const struct program *program,
                 int64_t off_us)
{
    one->found = true;
    one->is_past = false;
    one->off_us = off_us;
    one->ret->record = *record;
    one->ret->program = program;
}

/* One that was broken off and the one that was started at once are near each other: by its id the nearest is
 * meant, by a time the one that went on then. */
static bool look(void *context, const struct freezer_record *record, const struct program *program)
{
    struct one *one = context;
    const int64_t off_us = record->begin.utc_us - one->begin_us;
    const int64_t far_us = off_us < 0 ? -off_us : off_us;

    one->is_past = true;
    if (one->is_about && one->begin_us <= record->end.utc_us && off_us <= NEXT_US) {
        if (off_us <= 0 || !one->found)
            keep(one, record, program, far_us);
        return false;
    }
    if (far_us <= FREEZER_MATCH_NEAR_US && (!one->found || far_us < one->off_us))
        keep(one, record, program, far_us);
    return !(one->found && one->off_us == 0) && off_us <= (one->found ? FREEZER_MATCH_NEAR_US : NEXT_US);
}

int run_find_one(struct run_find *find, int64_t begin_us, bool is_about, struct run_found *ret)
{
    struct one one = {.begin_us = begin_us, .is_about = is_about, .ret = ret};
    const int64_t from_us = begin_us - (is_about ? ABOUT_US : BEFORE_US);
    int r = run_find_all(find, from_us, begin_us + AFTER_US, look, &one, &ret->from);

    if (r >= 0 && one.found && one.is_past) { /* once more, up to it */
        one = (struct one){.begin_us = ret->record.begin.utc_us, .ret = ret};
        r = run_find_all(find, from_us, begin_us + AFTER_US, look, &one, &ret->from);
    }

    return r < 0 ? r : one.found ? 0 : -ENOENT;
}
