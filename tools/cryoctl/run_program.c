#include "run_program.h"

#include <errno.h>
#include <string.h>

#include "places.h"
#include "run_find.h"
#include "stored.h"
#include "when.h"

#define DAY_US       (INT64_C(86400) * SECOND_US)
#define LOOK_BACK_US (60 * DAY_US) /* for the last run, where no event tells */

bool run_program_load(const struct ctl *ctl, struct program **ret)
{
    struct problems problems = {.n = 0}, warnings = {.n = 0};
    bool ok = true;

    *ret = NULL;
    if (ctl->program != NULL && program_load(ctl->program, ctl->program, &problems, &warnings, ret) < 0) {
        problems_print(&problems, stderr);
        ok = false;
    }
    problems_free(&problems);
    problems_free(&warnings);
    return ok;
}

/* ---------------------------------------------------------------- the last run */

static bool take_begin(void *context, const struct freezer_record *record, const struct program *program)
{
    (void)program;
    *(int64_t *)context = record->begin.utc_us;
    return true;
}

/* Recognised in the readings, a week at a time. FREEZER_NONE: none. */
static int64_t last_begin(struct history_reader *reader, struct config *config, const char *asset)
{
    int64_t begin_us = FREEZER_NONE, first_us, last_us;
    struct run_book book;
    struct run_shelf shelf;
    struct run_find find;
    struct runs_from from;

    if (history_extent(reader, &first_us, &last_us) <= 0 || run_book_read(reader, asset, &book) < 0)
        return FREEZER_NONE;
    run_shelf_init(&shelf, reader, config);
    if (run_find_begin(&find, reader, asset, &book, &shelf, run_shelf_config(&shelf, last_us, NULL), NULL) ==
        0) {
        const int64_t limit_us = last_us - LOOK_BACK_US > first_us ? last_us - LOOK_BACK_US : first_us;
        for (int64_t to_us = last_us + DAY_US; begin_us == FREEZER_NONE && to_us > limit_us;
             to_us -= 7 * DAY_US)
            if (run_find_all(&find, to_us - 8 * DAY_US, to_us, take_begin, &begin_us, &from) < 0)
                break;
    }
    run_shelf_free(&shelf);
    run_book_free(&book);
    return begin_us;
}

/* ---------------------------------------------------------------- by name */

static int complain(const struct ctl *ctl, struct history_reader *reader, const char *asset, const char *name,
                    int error)
{
    if (error == -ENODATA)
        return stored_no_point(ctl, reader, asset, "chamber");
    if (error != -ENOENT)
        return stored_complain(ctl, error);
    ctl_complain(tr(ctl, "%s has no run \"%s\" in the record; cryoctl runs %s --from ... lists them",
                    "记录中 %s 没有运行“%s”；用 cryoctl runs %s --from ... 查看"),
                 asset, name, asset);
    return CTL_NEGATIVE;
}

int run_program_open(struct ctl *ctl, struct history_reader *reader, const struct program *program,
                     const char *asset, const char *name, struct run_file **ret)
{
    struct config *config = places_config(ctl);
    struct run_wish wish = {.asset = asset, .run = name, .program = program, .config = config};
    int64_t begin_us;
    int r = 0;

    if (strcmp(name, "last") == 0) {
        wish.run = NULL;
        wish.begin_us = last_begin(reader, config, asset);
        r = wish.begin_us == FREEZER_NONE
                ? history_has_point(reader, asset, "chamber") > 0 ? -ENOENT : -ENODATA
                : 0;
    } else if (strchr(name, '@') == NULL && !run_book_begin(name, asset, &begin_us)) {
        const bool no_time = when_parse(ctl, name, &wish.begin_us) == WHEN_NO_TIME;
        if (no_time)
            ctl_complain(tr(ctl, "RUN is an id such as %s@1790000600000, a time, or last; not \"%s\"",
                            "运行应为编号（如 %s@1790000600000）、时间或 last，而不是“%s”"),
                         asset, name);
        if (no_time || !when_option(ctl, "from", name, &wish.begin_us)) {
            config_unref(config);
            return CTL_USAGE;
        }
        wish.run = NULL;
    }
    if (r == 0)
        r = run_file_open(reader, &wish, ret);
    config_unref(config);
    return r == 0 ? CTL_OK : complain(ctl, reader, asset, name, r);
}
