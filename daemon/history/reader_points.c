/* reader_points.c - the points and the calibrations. See reader.h. */
#include "reader_internal.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

bool reader_is_wanted(const struct reader_wanted *wanted, const struct reader_point *point)
{
    return (!wanted->asset || strcmp(wanted->asset, point->asset) == 0) &&
           (!wanted->point || strcmp(wanted->point, point->point) == 0) &&
           (!wanted->choose || wanted->choose(wanted->context, point));
}

static int add_point(struct history_reader *reader, sqlite3_stmt *stmt)
{
    if (reader->n_points == reader->cap_points) {
        size_t cap = reader->cap_points ? 2 * reader->cap_points : 64;
        struct reader_point *points = realloc(reader->points, cap * sizeof *points);
        if (!points)
            return -ENOMEM;
        reader->points = points;
        reader->cap_points = cap;
    }
    const char *texts[3];
    size_t sizes[3], size = 0;
    for (int i = 0; i < 3; i++) {
        texts[i] = (const char *)sqlite3_column_text(stmt, 1 + i);
        if (!texts[i])
            return -ENOMEM;
        sizes[i] = strlen(texts[i]) + 1;
        size += sizes[i];
    }
    char *copy = malloc(size);
    if (!copy)
        return -ENOMEM;
    memcpy(copy, texts[0], sizes[0]);
    memcpy(copy + sizes[0], texts[1], sizes[1]);
    memcpy(copy + sizes[0] + sizes[1], texts[2], sizes[2]);
    reader->points[reader->n_points++] = (struct reader_point){
        .id = sqlite3_column_int64(stmt, 0),
        .asset = copy,
        .point = copy + sizes[0],
        .unit = copy + sizes[0] + sizes[1],
        .decimals = (unsigned)sqlite3_column_int(stmt, 4),
    };
    return 0;
}

int reader_load_points(struct history_reader *reader, const struct reader_wanted *wanted)
{
    sqlite3_stmt *stmt = NULL;
    int result = sqlite3_prepare_v2(
        reader->history, "SELECT id, asset, point, unit, decimals FROM point WHERE id > ?1 ORDER BY id", -1,
        &stmt, NULL);
    if (result != SQLITE_OK)
        return reader_errno(reader->history, result);
    sqlite3_bind_int64(stmt, 1, reader->n_points ? reader->points[reader->n_points - 1].id : INT64_MIN);
    size_t old = reader->n_points;
    int error = 0;
    while (error == 0 && (result = sqlite3_step(stmt)) == SQLITE_ROW)
        error = add_point(reader, stmt);
    if (error == 0)
        error = reader_errno(reader->history, result);
    sqlite3_finalize(stmt);
    for (size_t i = old; wanted && i < reader->n_points; i++)
        reader->points[i].wanted = reader_is_wanted(wanted, &reader->points[i]);
    return error;
}

const struct reader_point *reader_find_point(const struct history_reader *reader, uint32_t id)
{
    /* Ids are given out in order from 1 and never taken back: nearly always the first guess is right. */
    if (id > 0 && id <= reader->n_points && reader->points[id - 1].id == (int64_t)id)
        return &reader->points[id - 1];
    size_t low = 0, high = reader->n_points;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (reader->points[middle].id < (int64_t)id)
            low = middle + 1;
        else
            high = middle;
    }
    return low < reader->n_points && reader->points[low].id == (int64_t)id ? &reader->points[low] : NULL;
}

int history_has_point(struct history_reader *reader, const char *asset, const char *point)
{
    if (!reader->history)
        return reader->history_error;
    int error = reader_load_points(reader, NULL);
    if (error < 0)
        return error;
    struct reader_wanted wanted = {.asset = asset, .point = point};
    for (size_t i = 0; i < reader->n_points; i++) {
        if (reader_is_wanted(&wanted, &reader->points[i]))
            return 1;
    }
    return 0;
}

int64_t history_points(struct history_reader *reader, const char *asset, const char *point,
                       history_point_fn *each, void *context)
{
    if (!reader->history)
        return reader->history_error;
    int error = reader_load_points(reader, NULL);
    if (error < 0)
        return error;
    struct reader_wanted wanted = {.asset = asset, .point = point};
    int64_t n = 0;
    bool more = true;
    for (size_t i = 0; more && i < reader->n_points; i++) {
        const struct reader_point *p = &reader->points[i];
        if (!reader_is_wanted(&wanted, p))
            continue;
        struct history_point out = {(uint32_t)p->id, p->asset, p->point, p->unit, p->decimals};
        n++;
        more = each(context, &out);
    }
    return n;
}

/* ---------------------------------------------------------------- calibrations */

static int add_calibration(struct history_reader *reader, sqlite3_stmt *stmt)
{
    enum { TEXTS = 8 };
    if (reader->n_calibrations == reader->cap_calibrations) {
        size_t cap = reader->cap_calibrations ? 2 * reader->cap_calibrations : 16;
        struct reader_calibration *grown = realloc(reader->calibrations, cap * sizeof *grown);
        if (!grown)
            return -ENOMEM;
        reader->calibrations = grown;
        reader->cap_calibrations = cap;
    }
    struct history_calibration row = {.id = sqlite3_column_int64(stmt, 0),
                                      .utc_us = sqlite3_column_int64(stmt, 1),
                                      .from_utc_us = sqlite3_column_int64(stmt, 2)};
    const char **const places[TEXTS] = {&row.asset,       &row.point, &row.unit, &row.text,
                                        &row.certificate, &row.date,  &row.due,  &row.reference};
    size_t size = 0;
    for (int i = 0; i < TEXTS; i++) {
        if (!sqlite3_column_text(stmt, 3 + i))
            return -ENOMEM;
        size += (size_t)sqlite3_column_bytes(stmt, 3 + i) + 1;
    }
    char *at = malloc(size);
    if (!at)
        return -ENOMEM;
    for (int i = 0; i < TEXTS; i++) {
        size_t len = (size_t)sqlite3_column_bytes(stmt, 3 + i);
        memcpy(at, sqlite3_column_text(stmt, 3 + i), len + 1);
        *places[i] = at;
        at += len + 1;
    }
    row.sound = calibration_parse(row.text, &row.calibration);
    reader->calibrations[reader->n_calibrations++] = (struct reader_calibration){row};
    return 0;
}

static int load_calibrations(struct history_reader *reader)
{
    sqlite3_stmt *stmt = NULL;
    if (reader->history_version < 2)
        return 0;
    int result =
        sqlite3_prepare_v2(reader->history,
                           "SELECT id, utc_us, from_utc_us, asset, point, unit, text, certificate, date,"
                           " due, reference FROM calibration WHERE id > ?1 ORDER BY id",
                           -1, &stmt, NULL);
    if (result != SQLITE_OK)
        return reader_errno(reader->history, result);
    size_t n = reader->n_calibrations;
    sqlite3_bind_int64(stmt, 1, n ? reader->calibrations[n - 1].row.id : INT64_MIN);
    int error = 0;
    while (error == 0 && (result = sqlite3_step(stmt)) == SQLITE_ROW)
        error = add_calibration(reader, stmt);
    if (error == 0)
        error = reader_errno(reader->history, result);
    sqlite3_finalize(stmt);
    return error;
}

static const struct history_calibration *look_up(const struct history_reader *reader, int64_t id)
{
    size_t low = 0, high = reader->n_calibrations;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (reader->calibrations[middle].row.id < id)
            low = middle + 1;
        else
            high = middle;
    }
    return low < reader->n_calibrations && reader->calibrations[low].row.id == id
               ? &reader->calibrations[low].row
               : NULL;
}

const struct history_calibration *reader_find_calibration(struct history_reader *reader, int64_t id)
{
    const struct history_calibration *found = look_up(reader, id);
    if (!found && load_calibrations(reader) == 0)
        found = look_up(reader, id);
    return found;
}

int history_calibration(struct history_reader *reader, int64_t id, struct history_calibration *ret)
{
    if (!reader->history)
        return reader->history_error;
    const struct history_calibration *found = reader_find_calibration(reader, id);
    if (!found)
        return -ENOENT;
    *ret = *found;
    return 0;
}
