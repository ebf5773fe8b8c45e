/* fold_day.c - the chunks of hours become a chunk per point. See fold_internal.h.
 *
 * Point by point: so memory is that of one point's day. The readings themselves are not touched: sections go
 * over byte by byte.
 */
#include "fold_day.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

_Static_assert(FOLD_HOURS_MAX <= CHUNK_SECTIONS_MAX, "a day's chunk has a section per hour");

/* ---------------------------------------------------------------- summaries */

/* Adds an hour's bucket in its place. */
static bool add_bucket(struct fold_day *day, const struct summary *bucket)
{
    size_t i = day->n_buckets;
    while (i > 0 && day->buckets[i - 1].hour_ms > bucket->hour_ms)
        i--;
    if (i > 0 && day->buckets[i - 1].hour_ms == bucket->hour_ms) {
        summary_merge(&day->buckets[i - 1], bucket);
        return true;
    }
    if (day->n_buckets == FOLD_BUCKETS_MAX)
        return false;
    memmove(&day->buckets[i + 1], &day->buckets[i], (day->n_buckets - i) * sizeof *day->buckets);
    day->buckets[i] = *bucket;
    day->n_buckets++;
    return true;
}

static bool is_same(const struct summary_thresholds *a, const struct summary_thresholds *b)
{
    return a->n == b->n && memcmp(a->numbers, b->numbers, a->n * sizeof *a->numbers) == 0;
}

/* The hour's buckets anew, for thresholds that were changed during the day. */
static int make_buckets(struct fold_day *day, const struct fold_point *point, const struct section *section,
                        const struct summary_thresholds *thresholds, int64_t *ret_n)
{
    const int64_t *numbers = NULL;
    struct summary *buckets = NULL;
    int64_t count = section_count(section);
    struct frame_entry *entries = count > 0 ? malloc((size_t)count * sizeof *entries) : NULL;
    if (!entries)
        return count > 0 ? SQLITE_NOMEM : SQLITE_CORRUPT;
    int result = section_decode(section, entries, (size_t)count) == count ? SQLITE_OK : SQLITE_CORRUPT;
    if (result == SQLITE_OK)
        result = fold_numbers(day->fold, point, entries, (size_t)count, &numbers);
    if (result == SQLITE_OK) {
        int64_t n = summary_make(entries, numbers, (size_t)count, thresholds, &buckets);
        if (n < 0 || n > FOLD_BUCKETS_MAX)
            result = n < 0 ? SQLITE_NOMEM : SQLITE_CORRUPT;
        else
            memcpy(day->hour_buckets, buckets, (size_t)n * sizeof *buckets);
        *ret_n = n;
    }
    free(buckets);
    free(entries);
    return result;
}

/* Reads the hour's buckets, adds them to the day's, and to the total. */
static int add_summary(struct fold_day *day, const struct fold_point *point, const struct seal_chunk *row,
                       const struct section *section, struct summary_thresholds *thresholds,
                       struct summary *total)
{
    struct summary_thresholds its = {.n = 0};
    int64_t n = summary_decode(row->hours, row->hours_len, &its, day->hour_buckets, FOLD_BUCKETS_MAX);
    int result = n < 0 ? SQLITE_CORRUPT : SQLITE_OK;
    if (result == SQLITE_OK && total->count == 0)
        *thresholds = its;
    else if (result == SQLITE_OK && !is_same(&its, thresholds))
        result = make_buckets(day, point, section, thresholds, &n);
    for (int64_t i = 0; i < n && result == SQLITE_OK; i++) {
        if (total->count == 0)
            *total = day->hour_buckets[i];
        else
            summary_merge(total, &day->hour_buckets[i]);
        if (!add_bucket(day, &day->hour_buckets[i]))
            result = SQLITE_CORRUPT;
    }
    return result;
}

/* ---------------------------------------------------------------- folding */

/* One hour of the point: its section, and its summary. SQLITE_CORRUPT: what fits its hash makes no sense. */
static int take_chunk(struct fold_day *day, size_t i, const struct fold_point *point,
                      struct summary_thresholds *thresholds, struct summary *total)
{
    struct fold_day_hour *hour = &day->hours[i];
    struct seal_chunk row;
    sqlite3_stmt *stmt;
    int result = fold_day_read_chunk(day->fold, hour, &row, &stmt);
    if (result == SQLITE_OK && !stmt)
        result = SQLITE_CORRUPT;
    if (result == SQLITE_OK) {
        int error = chunk_unpack(row.body, row.body_len, &hour->chunk);
        if (error < 0 || hour->chunk.n != 1)
            result = error == -ENOMEM ? SQLITE_NOMEM : SQLITE_CORRUPT;
    }
    if (result == SQLITE_OK) {
        day->sections[i] = hour->chunk.sections[0];
        result = add_summary(day, point, &row, &day->sections[i], thresholds, total);
    }
    sqlite3_reset(stmt);
    if (result == SQLITE_CORRUPT && day->fold->n_bad < FOLD_BAD_MAX)
        day->fold->bad_hours[day->fold->n_bad++] = hour->id;
    if (result == SQLITE_OK && !fold_day_advance(hour))
        result = SQLITE_INTERNAL;
    return result;
}

/* What was packed gives the same sections again. */
static int check_body(struct fold_day *day)
{
    struct fold_chunk *chunk = &day->fold->chunk;
    int error = chunk_unpack(chunk->body.data, chunk->body.len, &chunk->check);
    if (error < 0)
        return error == -ENOMEM ? SQLITE_NOMEM : SQLITE_INTERNAL;
    if (chunk->check.n != day->n)
        return SQLITE_INTERNAL;
    for (size_t i = 0; i < day->n; i++) {
        const struct section *a = &day->sections[i], *b = &chunk->check.sections[i];
        if (a->head_len != b->head_len || a->values_len != b->values_len ||
            (a->head_len > 0 && memcmp(a->head, b->head, a->head_len) != 0) ||
            (a->values_len > 0 && memcmp(a->values, b->values, a->values_len) != 0))
            return SQLITE_INTERNAL;
    }
    return SQLITE_OK;
}

static int fold_point_of_day(struct fold_day *day, uint32_t id)
{
    struct fold *fold = day->fold;
    struct fold_chunk *chunk = &fold->chunk;
    const struct fold_point *point = fold_find_point(fold, id);
    struct summary_thresholds thresholds = {.n = 0};
    struct summary total = {.count = 0};
    int result = SQLITE_OK;
    memset(day->sections, 0, sizeof day->sections);
    day->n_buckets = 0;
    for (size_t i = 0; i < day->n && result == SQLITE_OK; i++) {
        if (day->hours[i].point == id)
            result = take_chunk(day, i, point, &thresholds, &total);
    }
    if (result != SQLITE_OK)
        return result;
    bytes_clear(&chunk->body);
    bytes_clear(&chunk->hours);
    int error = chunk_pack(day->sections, day->n, &chunk->body);
    if (error == 0)
        error = summary_encode(day->buckets, day->n_buckets, &thresholds, &chunk->hours);
    if (error < 0)
        return error == -ENOMEM ? SQLITE_NOMEM : SQLITE_INTERNAL;
    result = check_body(day);
    if (result != SQLITE_OK)
        return result;
    chunk->row.seal = day->seal->id;
    fold_fill_row(&chunk->row, &total);
    return fold_put_chunk(fold, point, &day->entries, &day->last_point);
}

static int fold_points(struct fold_day *day)
{
    int result = SQLITE_OK;
    for (size_t i = 0; i < day->n; i++) {
        if (!fold_day_rewind(&day->hours[i]))
            return SQLITE_INTERNAL; /* it was checked */
    }
    for (;;) {
        uint32_t next = 0;
        for (size_t i = 0; i < day->n; i++) {
            uint32_t point = day->hours[i].point;
            next = point && (next == 0 || point < next) ? point : next;
        }
        if (next == 0)
            return SQLITE_OK;
        result = fold_point_of_day(day, next);
        if (result == SQLITE_OK)
            result = fold_yield(day->fold);
        if (result != SQLITE_OK)
            return result;
    }
}

static int fill_seal(struct fold_day *day)
{
    struct seal *seal = day->seal;
    unsigned char contents[FOLD_HOURS_MAX][CHAIN_HASH_SIZE];
    seal->from_id = day->hours[0].id;
    seal->to_id = day->hours[day->n - 1].id;
    seal->first_utc_us = INT64_MAX;
    seal->last_utc_us = INT64_MIN;
    int result = SQLITE_OK;
    for (size_t i = 0; i < day->n && result == SQLITE_OK; i++) {
        const struct fold_day_hour *hour = &day->hours[i];
        seal->first_utc_us =
            hour->first_utc_us < seal->first_utc_us ? hour->first_utc_us : seal->first_utc_us;
        seal->last_utc_us = hour->last_utc_us > seal->last_utc_us ? hour->last_utc_us : seal->last_utc_us;
        seal->count += hour->count;
        memcpy(contents[i], hour->content, CHAIN_HASH_SIZE);
        result = fold_drop_entries(day->fold, hour->id);
        if (result == SQLITE_OK)
            result = fold_yield(day->fold);
    }
    seal_content_of(SEAL_DAY, contents, day->n, seal->content);
    return result;
}

static int write_day(struct fold_day *day, const struct fold_head *head)
{
    struct fold *fold = day->fold;
    int result = fold_next_seal(fold, day->seal);
    if (result == SQLITE_OK)
        result = fold_points(day);
    if (result == SQLITE_OK)
        result = fill_seal(day);
    if (result == SQLITE_OK)
        result = fold_put_seal(fold, day->seal, head, &day->entries);
    return result == SQLITE_OK ? sqlite3_exec(fold->db, "COMMIT", NULL, NULL, NULL) : result;
}

static int try_day(struct fold_day *day, int64_t after, const struct fold_head *head, bool *ret_complete)
{
    int result = sqlite3_exec(day->fold->db, "BEGIN IMMEDIATE", NULL, NULL, NULL);
    if (result == SQLITE_OK)
        result = fold_day_find(day, after, ret_complete);
    if (result != SQLITE_OK)
        return result;
    if (!*ret_complete)
        return sqlite3_exec(day->fold->db, "ROLLBACK", NULL, NULL, NULL);
    return write_day(day, head);
}

static void free_day(struct fold_day *day)
{
    for (size_t i = 0; day && i < FOLD_HOURS_MAX; i++)
        fold_day_free_hour(&day->hours[i]);
    if (day) {
        bytes_free(&day->entries);
        free(day->buckets);
        free(day->hour_buckets);
    }
    free(day);
}

static int do_day(struct fold *fold, int64_t after, int64_t now_utc_us, const struct fold_head *head,
                  struct fold_done *done)
{
    bool complete = false;
    struct fold_day *day = calloc(1, sizeof *day);
    if (day) {
        day->buckets = malloc(FOLD_BUCKETS_MAX * sizeof *day->buckets);
        day->hour_buckets = malloc(FOLD_BUCKETS_MAX * sizeof *day->hour_buckets);
    }
    if (!day || !day->buckets || !day->hour_buckets) {
        free_day(day);
        return SQLITE_NOMEM;
    }
    day->fold = fold;
    day->seal = &done->seal;
    done->seal = (struct seal){.kind = SEAL_DAY, .utc_us = now_utc_us};
    int result = try_day(day, after, head, &complete);
    if (result == SQLITE_OK && complete) {
        done->kind = FOLD_DAY;
        done->damage = day->damage;
    }
    free_day(day);
    return result;
}

int fold_day(struct fold *fold, int64_t now_utc_us, const struct fold_head *head, struct fold_done *done)
{
    int64_t after = 0;
    if (!fold->day_may_be)
        return SQLITE_OK;
    int result = fold_last_day(fold, &after);
    if (result == SQLITE_OK)
        result = fold_day_look(fold, after, &fold->day_may_be);
    if (result == SQLITE_OK && fold->day_may_be)
        result = fold_load_points(fold);
    if (result != SQLITE_OK || !fold->day_may_be)
        return result;
    size_t n_bad = fold->n_bad;
    result = do_day(fold, after, now_utc_us, head, done);
    fold->day_may_be = result != SQLITE_OK || done->kind == FOLD_DAY;
    if (result == SQLITE_CORRUPT && fold->n_bad != n_bad) {
        /* An hour that can't be unpacked: the next step leaves it out. */
        sqlite3_exec(fold->db, "ROLLBACK", NULL, NULL, NULL);
        fold->day_may_be = true;
        return SQLITE_OK;
    }
    return result;
}
