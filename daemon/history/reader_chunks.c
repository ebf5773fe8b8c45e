/* reader_chunks.c - the readings that were folded. See reader_internal.h.
 *
 * While a caller looks through segments, hours are folded into days, and frames into hours. Segments are
 * listed in one transaction, and then each chunk is read in one of its own. A segment that is gone when its
 * chunk is looked for was folded further (or removed): segments are listed again from the last hour that is
 * done. Each point knows how far it is, so that a day gives only those of its hours that did not come before.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "reader_internal.h"

#define GONE 1 /* the segment has no chunks any more */

/* ---------------------------------------------------------------- the list */

static int by_hour(const void *a, const void *b)
{
    const struct reader_segment *x = a, *y = b;
    return x->last_hour < y->last_hour ? -1 : x->last_hour > y->last_hour;
}

static int add_segment(struct reader_segment **list, size_t *n, size_t *cap, sqlite3_stmt *stmt)
{
    if (*n == *cap) {
        size_t more = *cap ? 2 * *cap : 64;
        struct reader_segment *grown = realloc(*list, more * sizeof *grown);
        if (!grown)
            return -ENOMEM;
        *list = grown;
        *cap = more;
    }
    int64_t id = sqlite3_column_int64(stmt, 0);
    bool is_hour = sqlite3_column_int(stmt, 1) == SEAL_HOUR;
    (*list)[(*n)++] = (struct reader_segment){
        .id = id,
        .first_hour = is_hour ? id : sqlite3_column_int64(stmt, 2),
        .last_hour = is_hour ? id : sqlite3_column_int64(stmt, 3),
    };
    return 0;
}

int64_t reader_list_segments(struct history_reader *reader, int64_t hour, int64_t first_us, int64_t last_us,
                             struct reader_segment **ret, int64_t *ret_newest_hour)
{
    struct reader_segment *list = NULL;
    sqlite3_stmt *stmt = NULL;
    size_t n = 0, cap = 0;
    int error = 0;
    /* One statement is one transaction; the newest hour comes with each row, or alone. A day has a later id
     * than the hours of the next day that came before it: what counts are the hours in it. */
    int result = sqlite3_prepare_v2(
        reader->history,
        "SELECT s.id, s.kind, s.from_id, s.to_id, newest.id"
        " FROM (SELECT coalesce((SELECT id FROM seal WHERE kind = 1 ORDER BY id DESC LIMIT 1), 0) AS id) AS "
        "newest"
        " LEFT JOIN seal AS s ON s.entries IS NOT NULL AND s.first_utc_us < ?2 AND s.last_utc_us >= ?1"
        " AND (CASE s.kind WHEN 1 THEN s.id ELSE s.to_id END) > ?3",
        -1, &stmt, NULL);
    if (result == SQLITE_OK) {
        sqlite3_bind_int64(stmt, 1, first_us);
        sqlite3_bind_int64(stmt, 2, last_us);
        sqlite3_bind_int64(stmt, 3, hour);
    }
    while (result == SQLITE_OK || result == SQLITE_ROW) {
        result = sqlite3_step(stmt);
        if (result != SQLITE_ROW)
            break;
        *ret_newest_hour = sqlite3_column_int64(stmt, 4);
        error = sqlite3_column_type(stmt, 0) != SQLITE_NULL ? add_segment(&list, &n, &cap, stmt) : 0;
        if (error < 0)
            break;
    }
    if (error == 0)
        error = reader_errno(reader->history, result);
    sqlite3_finalize(stmt);
    if (error < 0) {
        free(list);
        return error;
    }
    if (n > 0)
        qsort(list, n, sizeof *list, by_hour);
    *ret = list;
    return (int64_t)n;
}

int reader_is_live(struct history_reader *reader, int64_t seal)
{
    sqlite3_stmt *stmt = NULL;
    int result = sqlite3_prepare_v2(reader->history, "SELECT entries IS NOT NULL FROM seal WHERE id = ?1", -1,
                                    &stmt, NULL);
    if (result == SQLITE_OK) {
        sqlite3_bind_int64(stmt, 1, seal);
        result = sqlite3_step(stmt);
    }
    int live = result == SQLITE_ROW ? sqlite3_column_int(stmt, 0) : 0;
    int error = reader_errno(reader->history, result);
    sqlite3_finalize(stmt);
    return error < 0 ? error : live;
}

/* ---------------------------------------------------------------- a segment */

struct hour {
    int64_t id, from_frame, to_frame;
};

struct visit {
    struct history_reader *reader;
    struct reader_search *search;
    struct reader_segment segment;
    struct bytes entries;
    struct hour *hours; /* of a segment some of which came before; else NULL: all of it is new */
    size_t n_hours;
};

static int load_entries(struct visit *v)
{
    sqlite3_stmt *stmt = NULL;
    int result =
        sqlite3_prepare_v2(v->reader->history, "SELECT entries FROM seal WHERE id = ?1", -1, &stmt, NULL);
    if (result == SQLITE_OK) {
        sqlite3_bind_int64(stmt, 1, v->segment.id);
        result = sqlite3_step(stmt);
    }
    bool is_there = result == SQLITE_ROW && sqlite3_column_type(stmt, 0) != SQLITE_NULL;
    if (is_there)
        bytes_append(&v->entries, sqlite3_column_blob(stmt, 0), (size_t)sqlite3_column_bytes(stmt, 0));
    int error = reader_errno(v->reader->history, result);
    sqlite3_finalize(stmt);
    return error < 0 ? error : v->entries.failed ? -ENOMEM : is_there ? 0 : GONE;
}

static int load_hours(struct visit *v)
{
    sqlite3_stmt *stmt = NULL;
    size_t cap = 0;
    int error = 0;
    int result =
        sqlite3_prepare_v2(v->reader->history,
                           "SELECT id, from_id, to_id FROM seal WHERE id >= ?1 AND id <= ?2 AND kind = 1"
                           " ORDER BY id",
                           -1, &stmt, NULL);
    if (result == SQLITE_OK) {
        sqlite3_bind_int64(stmt, 1, v->segment.first_hour);
        sqlite3_bind_int64(stmt, 2, v->segment.last_hour);
    }
    while (result == SQLITE_OK || result == SQLITE_ROW) {
        result = sqlite3_step(stmt);
        if (result != SQLITE_ROW)
            break;
        if (v->n_hours == cap) {
            cap = cap ? 2 * cap : 32;
            struct hour *grown = realloc(v->hours, cap * sizeof *grown);
            if (!grown) {
                error = -ENOMEM;
                break;
            }
            v->hours = grown;
        }
        v->hours[v->n_hours++] = (struct hour){sqlite3_column_int64(stmt, 0), sqlite3_column_int64(stmt, 1),
                                               sqlite3_column_int64(stmt, 2)};
    }
    if (error == 0)
        error = reader_errno(v->reader->history, result);
    sqlite3_finalize(stmt);
    return error;
}

/* Reads the chunk and checks it. 0: it is in search->chunk. -EBADMSG: damaged. GONE. */
static int load_chunk(struct visit *v, const struct reader_point *point,
                      const unsigned char hash[CHAIN_HASH_SIZE])
{
    struct reader_search *search = v->search;
    sqlite3 *db = v->reader->history;
    int result = SQLITE_OK;
    if (!search->chunk_stmt)
        result = sqlite3_prepare_v2(
            db,
            "SELECT count, \"values\", minimum, maximum, sum, first, last, worst, hours, body"
            " FROM chunk WHERE id = ?1",
            -1, &search->chunk_stmt, NULL);
    if (result != SQLITE_OK)
        return reader_errno(db, result);
    sqlite3_stmt *stmt = search->chunk_stmt;
    sqlite3_bind_int64(stmt, 1, seal_chunk_id(v->segment.id, (uint32_t)point->id));
    result = sqlite3_step(stmt);
    int error = reader_errno(db, result);
    if (result == SQLITE_DONE) {
        sqlite3_reset(stmt);
        int live = reader_is_live(v->reader, v->segment.id);
        return live < 0 ? live : live ? -EBADMSG : GONE;
    }
    if (error == 0) {
        struct seal_point name = {point->asset, point->point, point->unit, point->decimals};
        struct seal_chunk row = {.seal = v->segment.id, .point = (uint32_t)point->id};
        int64_t *const numbers[] = {&row.count, &row.values, &row.minimum, &row.maximum,
                                    &row.sum,   &row.first,  &row.last,    &row.worst};
        unsigned char its[CHAIN_HASH_SIZE];
        for (int i = 0; i < 8; i++)
            *numbers[i] = sqlite3_column_int64(stmt, i);
        row.hours = sqlite3_column_blob(stmt, 8);
        row.hours_len = (size_t)sqlite3_column_bytes(stmt, 8);
        row.body = sqlite3_column_blob(stmt, 9);
        row.body_len = (size_t)sqlite3_column_bytes(stmt, 9);
        seal_chunk_hash(&name, &row, its);
        error = memcmp(its, hash, sizeof its) == 0 ? chunk_unpack(row.body, row.body_len, &search->chunk)
                                                   : -EBADMSG;
    }
    sqlite3_reset(stmt);
    return error;
}

/* ---------------------------------------------------------------- its readings */

/* How many of the hour's readings came before: all, those up to the last one that came in a frame, or none.
 */
static size_t came_before(const struct visit *v, size_t section, const struct reader_point *point,
                          const struct frame_entry *entries, size_t n)
{
    if (!v->hours)
        return 0;
    if (section >= v->n_hours || v->hours[section].id <= point->done_hour ||
        v->hours[section].id <= v->search->hour)
        return n;
    const struct hour *hour = &v->hours[section];
    if (hour->to_frame <= v->search->first_frame)
        return 0; /* folded when the search began */
    if (hour->to_frame <= v->search->frame)
        return n;
    if (hour->from_frame > v->search->frame || !point->in_frame)
        return 0;
    while (n > 0 &&
           (entries[n - 1].slot_ms != point->last_slot_ms || entries[n - 1].taken_ms != point->last_taken_ms))
        n--;
    return n;
}

static int give_section(struct visit *v, size_t i, struct reader_point *point)
{
    struct reader_search *search = v->search;
    const struct section *section = &search->chunk.sections[i];
    if (section->head_len == 0)
        return 0;
    int64_t n = section_count(section);
    if (n < 0)
        return (int)n;
    if ((size_t)n > search->cap) {
        struct frame_entry *grown = realloc(search->entries, (size_t)n * sizeof *grown);
        if (!grown)
            return -ENOMEM;
        search->entries = grown;
        search->cap = (size_t)n;
    }
    n = section_decode(section, search->entries, search->cap);
    if (n < 0)
        return (int)n;
    size_t skip = came_before(v, i, point, search->entries, (size_t)n);
    if ((size_t)n > skip)
        search->give(v->reader, search, point, search->entries + skip, (size_t)n - skip);
    return 0;
}

static int give_chunk(struct visit *v, struct reader_point *point, const unsigned char hash[CHAIN_HASH_SIZE])
{
    int error = load_chunk(v, point, hash);
    for (size_t i = 0; error == 0 && i < v->search->chunk.n && !v->search->stopped; i++)
        error = give_section(v, i, point);
    if (error == -EBADMSG || error == -EPROTONOSUPPORT) { /* this chunk only */
        v->reader->damaged++;
        error = 0;
    }
    if (error == 0)
        point->done_hour = v->segment.last_hour;
    return error;
}

/* The last point that is wanted: behind it the entries need not be read. */
static uint32_t last_wanted(const struct history_reader *reader)
{
    for (size_t i = reader->n_points; i > 0; i--)
        if (reader->points[i - 1].wanted)
            return (uint32_t)reader->points[i - 1].id;
    return 0;
}

static int give_points(struct visit *v)
{
    const unsigned char *at = v->entries.data, *end = at + v->entries.len;
    unsigned char hash[CHAIN_HASH_SIZE];
    uint32_t id = 0, last = last_wanted(v->reader);
    int more = 0, error = 0;
    while (error == 0 && !v->search->stopped && id < last && at < end &&
           (more = seal_entries_next(&at, end, &id, hash)) > 0) {
        const struct reader_point *point = reader_find_point(v->reader, id);
        if (point && point->wanted && point->done_hour < v->segment.last_hour)
            error = give_chunk(v, &v->reader->points[point - v->reader->points], hash);
    }
    if (more < 0) /* the rest of the segment can't be told from other bytes */
        v->reader->damaged++;
    return error;
}

/* 0, GONE or -errno. */
static int give_segment(struct history_reader *reader, struct reader_search *search,
                        const struct reader_segment *segment)
{
    struct visit v = {.reader = reader, .search = search, .segment = *segment};
    bool is_new = segment->first_hour > search->hour && !search->frame_stmt;
    for (size_t i = 0; is_new && i < reader->n_points; i++)
        is_new = !reader->points[i].wanted || reader->points[i].done_hour < segment->first_hour;
    int error = load_entries(&v);
    if (error == 0 && !is_new)
        error = load_hours(&v);
    if (error == 0)
        error = give_points(&v);
    bytes_free(&v.entries);
    free(v.hours);
    return error;
}

int reader_each_segment(struct history_reader *reader, struct reader_search *search)
{
    int result = GONE;
    while (result == GONE && !search->stopped) {
        struct reader_segment *list = NULL;
        int64_t newest = 0;
        int64_t n = reader_list_segments(reader, search->hour, search->first, search->last, &list, &newest);
        result = n < 0 ? (int)n : 0;
        /* Points are written before the readings that use them. */
        if (result == 0)
            result = reader_load_points(reader, &search->wanted);
        for (int64_t i = 0; i < n && result == 0 && !search->stopped; i++) {
            result = give_segment(reader, search, &list[i]);
            if (result == 0)
                search->hour = list[i].last_hour;
        }
        if (result == 0 && newest > search->hour)
            search->hour = newest;
        free(list);
    }
    return result;
}
