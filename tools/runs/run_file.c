#include "run_file.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "run_find.h"
#include "run_trace.h"

/* ---------------------------------------------------------------- earlier runs */

/* The curve of an earlier run; what can't be read again stays without. */
static void compare(struct history_reader *reader, struct run_file *run, struct run_earlier *earlier,
                    struct run_found *scratch)
{
    struct run_find find;
    struct config *config = run_shelf_config(&run->shelf, earlier->begin_us, NULL);

    if (run_find_begin(&find, reader, run->asset, &run->book, &run->shelf, config, NULL) < 0 ||
        run_find_one(&find, earlier->begin_us, false, scratch) < 0)
        return;
    earlier->is_known =
        freezer_record_distance(&run->record.trace, &scratch->record.trace, &earlier->distance);
    if (earlier->is_known)
        earlier->trace = scratch->record.trace;
}

static int find_earlier(struct history_reader *reader, struct run_file *run)
{
    struct run_found *scratch = malloc(sizeof *scratch);

    if (scratch == NULL)
        return -ENOMEM;
    for (size_t i = run->book.n; i > 0 && run->n_earlier < RUN_EARLIER_MAX && run->program != NULL; i--) {
        const struct run_entry *e = &run->book.entries[i - 1];
        if (e->decision != RUN_ACCEPTED || strcmp(e->program_sha256, run->program->hash) != 0 ||
            e == run->entry || e->begin_us >= run->record.begin.utc_us)
            continue;
        struct run_earlier *earlier = &run->earlier[run->n_earlier++];
        *earlier = (struct run_earlier){.begin_us = e->begin_us};
        (void)snprintf(earlier->id, sizeof earlier->id, "%s", e->id);
        compare(reader, run, earlier, scratch);
    }
    free(scratch);
    return 0;
}

/* ---------------------------------------------------------------- the run itself */

static enum run_program_from program_from(const struct run_file *run, const struct run_wish *wish)
{
    if (wish->program != NULL)
        return RUN_PROGRAM_GIVEN;
    if (run->entry != NULL && run->entry->program_sha256[0] != '\0')
        return run->program != NULL ? RUN_PROGRAM_EVENT : RUN_PROGRAM_TEXT_GONE;
    return run->program != NULL ? RUN_PROGRAM_CONFIGURED : RUN_PROGRAM_NONE;
}

/* The begin that is asked for. False: no id. */
static bool begin_of(struct run_file *run, const struct run_wish *wish, int64_t *ret_us)
{
    *ret_us = wish->begin_us;
    if (wish->run == NULL)
        return true;
    run->entry = run_book_find(&run->book, wish->run);
    if (run->entry != NULL) {
        *ret_us = run->entry->begin_us;
        return true;
    }
    return run_book_begin(wish->run, run->asset, ret_us);
}

/* From its own program, what is judged. */
static void judge(struct run_file *run)
{
    const struct freezer_record *r = &run->record;
    const struct freezer_program *steps = run->program != NULL ? &run->program->steps : NULL;

    freezer_record_judge(r, steps, &run->verdict);
    run->is_broken_off = r->how == FREEZER_END_STOPPED || r->how == FREEZER_END_LOST;
    run->guidance = run->is_broken_off
                        ? freezer_record_guidance(r, steps, r->end.boot_us, r->samples[0].ice.gap_us)
                        : FREEZER_GUIDANCE_NONE;
}

static int compute(struct history_reader *reader, const struct run_wish *wish, int64_t begin_us,
                   struct run_file *run)
{
    struct run_find find;
    struct run_found *found = malloc(sizeof *found);

    if (found == NULL)
        return -ENOMEM;
    run->config = run_shelf_config(&run->shelf, begin_us, &run->config_in_force);
    if (run->config != NULL)
        config_ref(run->config);
    int r = run_find_begin(&find, reader, run->asset, &run->book, &run->shelf, run->config, wish->program);
    if (r == -ENOENT)
        r = -ENODATA;
    if (r == 0)
        r = run_find_one(&find, begin_us, wish->run == NULL, found);
    if (r == 0) {
        run->record = found->record;
        run->program = found->program;
        run->freezer = find.inputs.freezer;
        run->gap_us = found->from.gap_us;
        run->left_out = found->from.left_out;
        run->clock = found->from.clock;
        run->utc_minus_us = found->from.utc_minus_us;
        if (run->entry == NULL)
            run->entry = run_book_near(&run->book, run->record.begin.utc_us);
        run->program_from = program_from(run, wish);
        judge(run);
        r = run_trace_read(reader, &find.inputs, run);
    }
    free(found);
    return r;
}

int run_file_open(struct history_reader *reader, const struct run_wish *wish, struct run_file **ret)
{
    struct run_file *run = calloc(1, sizeof *run);
    int64_t begin_us;

    if (run == NULL)
        return -ENOMEM;
    run->fallback = wish->config != NULL ? config_ref(wish->config) : NULL;
    run_shelf_init(&run->shelf, reader, wish->config);
    (void)snprintf(run->asset, sizeof run->asset, "%s", wish->asset);
    int r = run_book_read(reader, run->asset, &run->book);
    if (r == 0 && !begin_of(run, wish, &begin_us))
        r = -ENOENT;
    if (r == 0)
        r = compute(reader, wish, begin_us, run);
    if (r == 0)
        r = run_trace_lapses(run);
    if (r == 0)
        r = run_trace_alarms(reader, run);
    if (r == 0)
        r = find_earlier(reader, run);
    if (r == 0 && run->entry != NULL)
        (void)snprintf(run->id, sizeof run->id, "%s", run->entry->id);
    else if (r == 0)
        run_book_id(run->id, run->asset, run->record.begin.utc_us);
    if (r == 0)
        *ret = run;
    else
        run_file_close(run);
    return r;
}

void run_file_close(struct run_file *run)
{
    if (run == NULL)
        return;
    run_trace_free(run);
    run_book_free(&run->book);
    run_shelf_free(&run->shelf);
    config_unref(run->config);
    config_unref(run->fallback);
    free(run);
}

const char *run_file_lapse_name(enum run_lapse_kind kind)
{
    static const char *const names[] = {"gap", "lid", "power", "ln2"};

    return (unsigned)kind < sizeof names / sizeof *names ? names[kind] : "?";
}
