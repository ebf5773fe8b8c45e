/* fold_point.c - points, calibrations, and the chunk of one point. See fold_internal.h. */
#include "fold_internal.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define CALIBRATION_IDS_MAX (1U << 20)

static int result_of(int error)
{
    return error == 0 ? SQLITE_OK : error == -ENOMEM ? SQLITE_NOMEM : SQLITE_INTERNAL;
}

/* Room for n elements in an array that is kept; false: no memory. */
static bool make_room(void **array, size_t *cap, size_t n, size_t size)
{
    if (n <= *cap)
        return true;
    size_t more = n + n / 2;
    void *grown = realloc(*array, more * size);
    if (!grown)
        return false;
    *array = grown;
    *cap = more;
    return true;
}

/* ---------------------------------------------------------------- points */

static int add_point(struct fold *fold, sqlite3_stmt *stmt)
{
    const char *texts[3];
    size_t sizes[3], size = 0;
    for (int i = 0; i < 3; i++) {
        texts[i] = (const char *)sqlite3_column_text(stmt, 1 + i);
        if (!texts[i])
            return sqlite3_column_type(stmt, 1 + i) == SQLITE_NULL ? SQLITE_CORRUPT : SQLITE_NOMEM;
        sizes[i] = strlen(texts[i]) + 1;
        size += sizes[i];
    }
    void *points = fold->points;
    bool room = make_room(&points, &fold->cap_points, fold->n_points + 1, sizeof *fold->points);
    fold->points = points;
    char *copy = room ? malloc(size) : NULL;
    if (!copy)
        return SQLITE_NOMEM;
    memcpy(copy, texts[0], sizes[0]);
    memcpy(copy + sizes[0], texts[1], sizes[1]);
    memcpy(copy + sizes[0] + sizes[1], texts[2], sizes[2]);
    fold->points[fold->n_points++] = (struct fold_point){
        .id = (uint32_t)sqlite3_column_int64(stmt, 0),
        .text = copy,
        .seal = {copy, copy + sizes[0], copy + sizes[0] + sizes[1], (unsigned)sqlite3_column_int(stmt, 4)},
    };
    return SQLITE_OK;
}

int fold_load_points(struct fold *fold)
{
    sqlite3_stmt *stmt = fold_stmt(fold, FOLD_STMT_POINTS);
    if (!stmt)
        return sqlite3_errcode(fold->db);
    sqlite3_bind_int64(stmt, 1, fold->n_points ? fold->points[fold->n_points - 1].id : 0);
    int result;
    while ((result = sqlite3_step(stmt)) == SQLITE_ROW) {
        if (sqlite3_column_int64(stmt, 0) > SEAL_POINT_MAX)
            break; /* readings of such a point are damage */
        int added = add_point(fold, stmt);
        if (added != SQLITE_OK) {
            sqlite3_reset(stmt);
            return added;
        }
    }
    sqlite3_reset(stmt);
    return result == SQLITE_DONE || result == SQLITE_ROW ? SQLITE_OK : result;
}

const struct fold_point *fold_find_point(const struct fold *fold, uint32_t id)
{
    /* Ids are given out in order from 1: nearly always the first guess is right. */
    if (id > 0 && id <= fold->n_points && fold->points[id - 1].id == id)
        return &fold->points[id - 1];
    size_t low = 0, high = fold->n_points;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (fold->points[middle].id < id)
            low = middle + 1;
        else
            high = middle;
    }
    return low < fold->n_points && fold->points[low].id == id ? &fold->points[low] : NULL;
}

void fold_free_points(struct fold *fold)
{
    for (size_t i = 0; i < fold->n_points; i++)
        free(fold->points[i].text);
    free(fold->points);
    fold->points = NULL;
    fold->n_points = fold->cap_points = 0;
    for (size_t i = 0; i < fold->n_calibrations; i++)
        free(fold->calibrations[i]);
    free(fold->calibrations);
    fold->calibrations = NULL;
    fold->n_calibrations = 0;
}

/* ---------------------------------------------------------------- calibrated values */

static int read_calibration(struct fold *fold, uint32_t id, struct calibration *ret)
{
    sqlite3_stmt *stmt = fold_stmt(fold, FOLD_STMT_CALIBRATION);
    if (!stmt)
        return sqlite3_errcode(fold->db);
    sqlite3_bind_int64(stmt, 1, id);
    int result = sqlite3_step(stmt);
    const char *text = result == SQLITE_ROW ? (const char *)sqlite3_column_text(stmt, 0) : NULL;
    /* Without its row a calibration can't be applied: what was read counts. Verification tells that it is
     * missing, and the reading keeps its id. */
    if (!text || !calibration_parse(text, ret))
        *ret = (struct calibration){.gain_ppb = 1000000000};
    sqlite3_reset(stmt);
    return result == SQLITE_ROW || result == SQLITE_DONE ? SQLITE_OK : result;
}

static int find_calibration(struct fold *fold, uint32_t id, const struct calibration **ret)
{
    static const struct calibration none = {.gain_ppb = 1000000000};
    *ret = &none;
    if (id >= CALIBRATION_IDS_MAX)
        return SQLITE_OK;
    if (id >= fold->n_calibrations) {
        size_t n = 2 * (size_t)id + 16;
        struct calibration **grown = realloc(fold->calibrations, n * sizeof(struct calibration *));
        if (!grown)
            return SQLITE_NOMEM;
        for (size_t i = fold->n_calibrations; i < n; i++)
            grown[i] = NULL;
        fold->calibrations = grown;
        fold->n_calibrations = n;
    }
    if (!fold->calibrations[id]) {
        struct calibration *made = malloc(sizeof *made);
        int result = made ? read_calibration(fold, id, made) : SQLITE_NOMEM;
        if (result != SQLITE_OK) {
            free(made);
            return result;
        }
        fold->calibrations[id] = made;
    }
    *ret = fold->calibrations[id];
    return SQLITE_OK;
}

/* A micro_t as the nearest multiple of 10^-decimals, half away from zero. */
static int64_t steps_of(micro_t value, unsigned decimals)
{
    int64_t scale = MICRO_PER_UNIT;
    for (unsigned i = 0; i < decimals && i < DECIMALS_MAX; i++)
        scale /= 10;
    int64_t steps = value / scale, rest = value % scale;
    rest = rest < 0 ? -rest : rest;
    return 2 * rest >= scale && rest > 0 ? steps + (value < 0 ? -1 : 1) : steps;
}

static int64_t number_of(const struct frame_entry *entry, unsigned decimals,
                         const struct calibration *calibration)
{
    struct reading reading;
    if (!calibration && !entry->micro)
        return entry->number;
    if (frame_entry_reading(entry, decimals, &reading) < 0)
        return entry->number; /* refused when the frame was looked at */
    micro_t value = calibration ? calibration_apply(calibration, reading.value, decimals) : reading.value;
    return steps_of(value, decimals);
}

int fold_numbers(struct fold *fold, const struct fold_point *point, const struct frame_entry *entries,
                 size_t n, const int64_t **ret)
{
    struct fold_chunk *chunk = &fold->chunk;
    void *numbers = chunk->numbers;
    bool room = make_room(&numbers, &chunk->cap_numbers, n, sizeof *chunk->numbers);
    chunk->numbers = numbers;
    if (!room)
        return SQLITE_NOMEM;
    const struct calibration *calibration = NULL;
    for (size_t i = 0; i < n; i++) {
        int result = SQLITE_OK;
        calibration = NULL;
        if (entries[i].calibration && entries[i].quality != QUALITY_BAD)
            result = find_calibration(fold, entries[i].calibration, &calibration);
        if (result != SQLITE_OK)
            return result;
        chunk->numbers[i] =
            entries[i].quality == QUALITY_BAD ? 0 : number_of(&entries[i], point->seal.decimals, calibration);
    }
    *ret = chunk->numbers;
    return SQLITE_OK;
}

/* ---------------------------------------------------------------- a chunk */

void fold_free_chunk(struct fold_chunk *chunk)
{
    bytes_free(&chunk->head);
    bytes_free(&chunk->values);
    bytes_free(&chunk->body);
    bytes_free(&chunk->hours);
    chunk_free(&chunk->check);
    free(chunk->decoded);
    free(chunk->numbers);
}

static bool is_same(const struct frame_entry *a, const struct frame_entry *b)
{
    return a->slot_ms == b->slot_ms && a->taken_ms == b->taken_ms && a->number == b->number &&
           a->raw == b->raw && a->calibration == b->calibration && a->quality == b->quality &&
           a->reason == b->reason && a->micro == b->micro;
}

/* Frames are deleted only when what was made of them gives the same readings again. */
static int check_body(struct fold_chunk *chunk, const struct frame_entry *entries, size_t n)
{
    void *decoded = chunk->decoded;
    bool room = make_room(&decoded, &chunk->cap_decoded, n, sizeof *chunk->decoded);
    chunk->decoded = decoded;
    if (!room)
        return SQLITE_NOMEM;
    int error = chunk_unpack(chunk->body.data, chunk->body.len, &chunk->check);
    if (error < 0)
        return result_of(error);
    if (chunk->check.n != 1 || section_decode(&chunk->check.sections[0], chunk->decoded, n) != (int64_t)n)
        return SQLITE_INTERNAL;
    for (size_t i = 0; i < n; i++) {
        if (!is_same(&chunk->decoded[i], &entries[i]))
            return SQLITE_INTERNAL;
    }
    return SQLITE_OK;
}

void fold_fill_row(struct seal_chunk *row, const struct summary *total)
{
    bool has_values = total->values > 0;
    row->count = (int64_t)total->count;
    row->values = (int64_t)total->values;
    row->minimum = has_values ? total->minimum : 0;
    row->maximum = has_values ? total->maximum : 0;
    row->sum = has_values ? total->sum : 0;
    row->first = has_values ? total->first : 0;
    row->last = has_values ? total->last : 0;
    row->worst = total->worst;
}

static int make_summary(struct fold *fold, const struct fold_point *point, const struct frame_entry *entries,
                        size_t n)
{
    struct fold_chunk *chunk = &fold->chunk;
    struct summary_thresholds thresholds = {.n = 0};
    struct summary *buckets = NULL;
    const int64_t *numbers = NULL;
    int result = fold_numbers(fold, point, entries, n, &numbers);
    if (result != SQLITE_OK)
        return result;
    fold->thresholds(fold->thresholds_context, &point->seal, &thresholds);
    int64_t n_buckets = summary_make(entries, numbers, n, &thresholds, &buckets);
    if (n_buckets <= 0)
        return result_of(n_buckets < 0 ? (int)n_buckets : -EINVAL);
    bytes_clear(&chunk->hours);
    int error = summary_encode(buckets, (size_t)n_buckets, &thresholds, &chunk->hours);
    struct summary total = buckets[0];
    for (int64_t i = 1; i < n_buckets; i++)
        summary_merge(&total, &buckets[i]);
    free(buckets);
    fold_fill_row(&chunk->row, &total);
    return result_of(error);
}

int fold_make_chunk(struct fold *fold, const struct fold_point *point, const struct frame_entry *entries,
                    size_t n)
{
    struct fold_chunk *chunk = &fold->chunk;
    bytes_clear(&chunk->head);
    bytes_clear(&chunk->values);
    bytes_clear(&chunk->body);
    int error = section_encode(entries, n, &chunk->head, &chunk->values);
    if (error < 0)
        return result_of(error);
    struct section section = {chunk->head.data, chunk->values.data, chunk->head.len, chunk->values.len};
    error = chunk_pack(&section, 1, &chunk->body);
    if (error < 0)
        return result_of(error);
    int result = check_body(chunk, entries, n);
    return result == SQLITE_OK ? make_summary(fold, point, entries, n) : result;
}

int fold_put_chunk(struct fold *fold, const struct fold_point *point, struct bytes *entries,
                   uint32_t *last_point)
{
    struct seal_chunk *row = &fold->chunk.row;
    unsigned char hash[CHAIN_HASH_SIZE];
    sqlite3_stmt *stmt = fold_stmt(fold, FOLD_STMT_ADD_CHUNK);
    if (!stmt)
        return sqlite3_errcode(fold->db);
    row->point = point->id;
    row->hours = fold->chunk.hours.data;
    row->hours_len = fold->chunk.hours.len;
    row->body = fold->chunk.body.data;
    row->body_len = fold->chunk.body.len;
    seal_chunk_hash(&point->seal, row, hash);
    seal_entries_add(entries, last_point, point->id, hash);
    const int64_t numbers[] = {row->minimum, row->maximum, row->sum, row->first, row->last};
    sqlite3_bind_int64(stmt, 1, seal_chunk_id(row->seal, row->point));
    sqlite3_bind_int64(stmt, 2, row->count);
    sqlite3_bind_int64(stmt, 3, row->values);
    for (int i = 0; i < (int)(sizeof numbers / sizeof *numbers); i++) {
        if (row->values > 0)
            sqlite3_bind_int64(stmt, 4 + i, numbers[i]);
        else
            sqlite3_bind_null(stmt, 4 + i);
    }
    sqlite3_bind_int64(stmt, 9, row->worst);
    sqlite3_bind_blob64(stmt, 10, row->hours, row->hours_len, SQLITE_STATIC);
    sqlite3_bind_blob64(stmt, 11, row->body, row->body_len, SQLITE_STATIC);
    return fold_run(stmt);
}
