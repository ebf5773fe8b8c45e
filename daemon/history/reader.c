/* reader.c - the readings: segments, then frames. See reader.h. */
#include "reader_internal.h"

#include <stdlib.h>

#define LATE_US INT64_C(3600000000) /* so far from its slot a reading may be taken and is still found */

uint64_t history_damaged(const struct history_reader *reader)
{
    return reader->damaged;
}

/* ---------------------------------------------------------------- a search */

static int64_t add_bounded(int64_t a, int64_t b)
{
    int64_t sum;
    return !__builtin_add_overflow(a, b, &sum) ? sum : b < 0 ? INT64_MIN : INT64_MAX;
}

int reader_search_begin(struct history_reader *reader, struct reader_search *search)
{
    search->hour = search->first_frame = search->frame = search->last_frame = 0;
    search->first = add_bounded(search->from, -LATE_US);
    search->last = add_bounded(search->to, LATE_US);
    for (size_t i = 0; i < reader->n_points; i++) {
        struct reader_point *point = &reader->points[i];
        point->wanted = reader_is_wanted(&search->wanted, point);
        point->done_hour = 0;
        point->in_frame = false;
    }
    int error = reader_load_points(reader, &search->wanted);
    /* Frames first: from here on they can only become segments, which are listed after. */
    return error == 0 ? reader_find_frames(reader, search) : error;
}

/* Gives all there is: segments, then frames, and what was folded meanwhile. Returns 0 or -errno. */
static int run_search(struct history_reader *reader, struct reader_search *search)
{
    int more = 1;
    while (more > 0 && !search->stopped) {
        more = reader->history_version >= 2 ? reader_each_segment(reader, search) : 0;
        if (more == 0 && !search->stopped)
            more = reader_each_frame(reader, search);
    }
    return more;
}

void reader_search_end(struct reader_search *search)
{
    sqlite3_finalize(search->chunk_stmt);
    sqlite3_finalize(search->frame_stmt);
    sqlite3_finalize(search->hour_stmt);
    chunk_free(&search->chunk);
    free(search->entries);
}

/* ---------------------------------------------------------------- rows */

struct rows {
    history_row_fn *row;
    void *context;
    int64_t total;
};

/* Milliseconds at or after so many microseconds. */
static int64_t ms_from(int64_t us)
{
    return us / 1000 + (us % 1000 > 0);
}

static micro_t step_of(unsigned decimals)
{
    micro_t step = MICRO_PER_UNIT;
    for (unsigned i = 0; i < decimals && i < DECIMALS_MAX; i++)
        step /= 10;
    return step;
}

/* The value that counts. A calibration that is gone can't be applied: the value stays as read, and the
 * reading shows what is missing. */
static micro_t calibrate(struct history_reader *reader, const struct history_calibration **known,
                         const struct frame_entry *entry, micro_t value, unsigned decimals)
{
    if (!*known || (*known)->id != (int64_t)entry->calibration)
        *known = reader_find_calibration(reader, entry->calibration);
    if (!*known || !(*known)->sound) {
        reader->damaged++;
        return value;
    }
    return calibration_apply(&(*known)->calibration, value, decimals);
}

static void give_rows(struct history_reader *reader, struct reader_search *search, struct reader_point *point,
                      const struct frame_entry *entries, size_t n)
{
    struct rows *rows = search->context;
    const struct history_calibration *known = NULL;
    const int64_t from_ms = ms_from(search->from), to_ms = ms_from(search->to);
    const micro_t step = step_of(point->decimals);
    struct history_row out = {.asset = point->asset,
                              .point = point->point,
                              .unit = point->unit,
                              .decimals = point->decimals,
                              .id = (uint32_t)point->id};
    for (size_t i = 0; i < n; i++) {
        const struct frame_entry *entry = &entries[i];
        micro_t value = entry->number;
        if (entry->taken_ms < from_ms || entry->taken_ms >= to_ms ||
            (!entry->micro && __builtin_mul_overflow(entry->number, step, &value)))
            continue;
        out.slot_utc_us = entry->slot_ms * 1000;
        out.taken_utc_us = entry->taken_ms * 1000;
        out.reading.value = out.calibrated = value;
        out.reading.raw = entry->raw;
        out.reading.quality = (enum quality)entry->quality;
        out.reading.reason = (enum reason)entry->reason;
        out.calibration = entry->calibration;
        out.certificate = NULL;
        if (entry->calibration != 0 && entry->quality != QUALITY_BAD)
            out.calibrated = calibrate(reader, &known, entry, value, point->decimals);
        if (entry->calibration != 0 && known)
            out.certificate = known->certificate;
        rows->total++;
        if (!rows->row(rows->context, &out)) {
            search->stopped = true;
            return;
        }
    }
}

int64_t history_each(struct history_reader *reader, const char *asset, const char *point, int64_t from_utc_us,
                     int64_t to_utc_us, history_row_fn *row, void *context)
{
    const struct reader_wanted wanted = {.asset = asset, .point = point};
    return reader_each(reader, &wanted, from_utc_us, to_utc_us, row, context);
}

int64_t reader_each(struct history_reader *reader, const struct reader_wanted *wanted, int64_t from_utc_us,
                    int64_t to_utc_us, history_row_fn *row, void *context)
{
    struct rows rows = {.row = row, .context = context};
    struct reader_search search = {
        .wanted = *wanted, .from = from_utc_us, .to = to_utc_us, .give = give_rows, .context = &rows};
    if (!reader->history)
        return reader->history_error;
    if (from_utc_us >= to_utc_us)
        return 0;
    int error = reader_search_begin(reader, &search);
    if (error == 0)
        error = run_search(reader, &search);
    reader_search_end(&search);
    return error < 0 ? error : rows.total;
}
