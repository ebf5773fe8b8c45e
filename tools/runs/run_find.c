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
    const struct run_entry *next = NULL, *last = NULL;

    for (size_t i = 0; i < book->n; i++) {
        const struct run_entry *e = &book->entries[i];
        if (e->begin_us <= utc_us + RUN_NEAR_US)
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
    int64_t begin_us;
    bool is_about, found;
    struct run_found *ret;
};

static bool look(void *context, const struct freezer_record *record, const struct program *program)
{
    struct one *one = context;
    const int64_t begin_us = record->begin.utc_us;
    const int64_t off_us = begin_us - one->begin_us;
    const bool is_near = off_us >= -RUN_NEAR_US && off_us <= RUN_NEAR_US;

    if (is_near || (one->is_about && one->begin_us <= record->end.utc_us && off_us <= NEXT_US)) {
        one->found = true;
        one->ret->record = *record;
        one->ret->program = program;
        return false;
    }
    return off_us <= NEXT_US;
}

int run_find_one(struct run_find *find, int64_t begin_us, bool is_about, struct run_found *ret)
{
    struct one one = {begin_us, is_about, false, ret};
    const int64_t from_us = begin_us - (is_about ? ABOUT_US : BEFORE_US);
    const int r = run_find_all(find, from_us, begin_us + AFTER_US, look, &one, &ret->from);

    return r < 0 ? r : one.found ? 0 : -ENOENT;
}
