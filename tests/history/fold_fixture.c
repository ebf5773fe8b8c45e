#include "fold_fixture.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "chunk.h"
#include "test.h"

int64_t fold_fixture_number(sqlite3 *db, const char *sql)
{
    sqlite3_stmt *stmt = NULL;
    assert_int_equal(sqlite3_prepare_v2(db, sql, -1, &stmt, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_step(stmt), SQLITE_ROW);
    int64_t number = sqlite3_column_int64(stmt, 0);
    sqlite3_finalize(stmt);
    return number;
}

void fold_fixture_free(struct fold_readings *readings)
{
    free(readings->entries);
    *readings = (struct fold_readings){.n = 0};
}

static struct frame_entry *more(struct fold_readings *readings, size_t n)
{
    if (readings->n + n > readings->cap) {
        readings->cap = 2 * (readings->n + n);
        readings->entries = realloc(readings->entries, readings->cap * sizeof *readings->entries);
        assert_non_null(readings->entries);
    }
    readings->n += n;
    return &readings->entries[readings->n - n];
}

/* ---------------------------------------------------------------- seals */

static void check_seals(sqlite3 *db)
{
    unsigned char previous[CHAIN_HASH_SIZE] = {0}, hash[CHAIN_HASH_SIZE];
    sqlite3_stmt *stmt = NULL;
    struct seal seal;
    int64_t id = 0;
    assert_int_equal(sqlite3_prepare_v2(db, "SELECT " SEAL_COLUMNS " FROM " SEAL_FROM " ORDER BY seal.id", -1,
                                        &stmt, NULL),
                     SQLITE_OK);
    while (sqlite3_step(stmt) == SQLITE_ROW) {
        assert_int_equal(seal_read(stmt, &seal), 0);
        assert_int_equal(seal.id, ++id);
        assert_memory_equal(seal.previous, previous, CHAIN_HASH_SIZE);
        seal_hash(&seal, hash);
        assert_memory_equal(seal.hash, hash, CHAIN_HASH_SIZE);
        assert_true(signer_verify(seal.public_key, seal.hash, CHAIN_HASH_SIZE, seal.signature));
        seal_link(hash, seal.signature, previous);
    }
    sqlite3_finalize(stmt);
    assert_int_equal(id, fold_fixture_number(db, "SELECT count(*) FROM seal"));
}

/* ---------------------------------------------------------------- chunks */

struct segment {
    int64_t id;
    int kind;
    sqlite3 *db;
    struct seal_content content; /* of an hour */
    int64_t count;
};

static void read_sections(struct segment *segment, const struct seal_point *texts,
                          const struct seal_chunk *row, struct fold_readings *ret)
{
    struct chunk chunk = {.n = 0};
    int64_t total = 0;
    assert_int_equal(chunk_unpack(row->body, row->body_len, &chunk), 0);
    assert_true(segment->kind == SEAL_DAY || chunk.n == 1);
    for (size_t i = 0; i < chunk.n; i++) {
        int64_t n = chunk.sections[i].head_len ? section_count(&chunk.sections[i]) : 0;
        if (segment->kind == SEAL_HOUR)
            seal_content_add(&segment->content, texts, chunk.sections[i].head, chunk.sections[i].head_len,
                             chunk.sections[i].values, chunk.sections[i].values_len);
        total += n;
        if (!ret || n == 0)
            continue;
        struct frame_entry *entries = more(ret, (size_t)n);
        assert_int_equal(section_decode(&chunk.sections[i], entries, (size_t)n), n);
        for (int64_t k = 0; k < n; k++)
            entries[k].point = row->point;
    }
    assert_int_equal(total, row->count);
    segment->count += total;
    chunk_free(&chunk);
}

static void read_chunk(struct segment *segment, uint32_t point, const unsigned char expected[CHAIN_HASH_SIZE],
                       struct fold_readings *ret)
{
    unsigned char hash[CHAIN_HASH_SIZE];
    sqlite3_stmt *stmt = NULL;
    assert_int_equal(
        sqlite3_prepare_v2(segment->db,
                           "SELECT count, \"values\", minimum, maximum, sum, first, last, worst, hours,"
                           " body, asset, point, unit, decimals FROM chunk, point"
                           " WHERE chunk.id = ?1 AND point.id = ?2",
                           -1, &stmt, NULL),
        SQLITE_OK);
    sqlite3_bind_int64(stmt, 1, seal_chunk_id(segment->id, point));
    sqlite3_bind_int64(stmt, 2, point);
    assert_int_equal(sqlite3_step(stmt), SQLITE_ROW);
    int64_t n[8];
    for (int i = 0; i < 8; i++)
        n[i] = sqlite3_column_int64(stmt, i);
    struct seal_chunk row = {segment->id, point, n[0], n[1], n[2], n[3], n[4],
                             n[5],        n[6],  n[7], NULL, NULL, 0,    0};
    row.hours = sqlite3_column_blob(stmt, 8);
    row.hours_len = (size_t)sqlite3_column_bytes(stmt, 8);
    row.body = sqlite3_column_blob(stmt, 9);
    row.body_len = (size_t)sqlite3_column_bytes(stmt, 9);
    struct seal_point texts = {
        (const char *)sqlite3_column_text(stmt, 10), (const char *)sqlite3_column_text(stmt, 11),
        (const char *)sqlite3_column_text(stmt, 12), (unsigned)sqlite3_column_int(stmt, 13)};
    seal_chunk_hash(&texts, &row, hash);
    assert_memory_equal(hash, expected, CHAIN_HASH_SIZE);
    read_sections(segment, &texts, &row, ret);
    sqlite3_finalize(stmt);
}

static void read_segment(sqlite3 *db, sqlite3_stmt *stmt, uint32_t point, struct fold_readings *ret)
{
    struct segment segment = {
        .id = sqlite3_column_int64(stmt, 0), .kind = sqlite3_column_int(stmt, 1), .db = db};
    unsigned char hash[CHAIN_HASH_SIZE];
    const unsigned char *at = sqlite3_column_blob(stmt, 2);
    const unsigned char *end = at ? at + sqlite3_column_bytes(stmt, 2) : NULL;
    uint32_t id = 0;
    int n = 0, next;
    char sql[128];
    seal_entries_hash(at, (size_t)(end - at), hash);
    assert_memory_equal(hash, sqlite3_column_blob(stmt, 3), CHAIN_HASH_SIZE);
    seal_content_begin(&segment.content);
    while ((next = seal_entries_next(&at, end, &id, hash)) > 0) {
        read_chunk(&segment, id, hash, point == 0 || point == id ? ret : NULL);
        n++;
    }
    assert_int_equal(next, 0);
    assert_int_equal(segment.count, sqlite3_column_int64(stmt, 5));
    if (segment.kind == SEAL_HOUR) {
        seal_content_end(&segment.content, hash);
        assert_memory_equal(hash, sqlite3_column_blob(stmt, 4), CHAIN_HASH_SIZE);
    }
    snprintf(sql, sizeof sql, "SELECT count(*) FROM chunk WHERE id >> 20 = %lld", (long long)segment.id);
    assert_int_equal(fold_fixture_number(db, sql), n);
}

static void read_frames(sqlite3 *db, uint32_t point, struct fold_readings *ret)
{
    sqlite3_stmt *stmt = NULL;
    assert_int_equal(sqlite3_prepare_v2(db, "SELECT body FROM frame ORDER BY id", -1, &stmt, NULL),
                     SQLITE_OK);
    while (sqlite3_step(stmt) == SQLITE_ROW) {
        struct frame_cursor cursor;
        struct frame_entry entry;
        assert_int_equal(
            frame_begin(&cursor, sqlite3_column_blob(stmt, 0), (size_t)sqlite3_column_bytes(stmt, 0)), 0);
        while (frame_next(&cursor, &entry) > 0) {
            if (point == 0 || entry.point == point)
                *more(ret, 1) = entry;
        }
    }
    sqlite3_finalize(stmt);
}

void fold_fixture_read(sqlite3 *db, uint32_t point, struct fold_readings *ret)
{
    sqlite3_stmt *stmt = NULL;
    check_seals(db);
    assert_int_equal(fold_fixture_number(db, "SELECT count(*) FROM chunk WHERE id >> 20 NOT IN"
                                             " (SELECT id FROM seal WHERE entries IS NOT NULL)"),
                     0);
    *ret = (struct fold_readings){.n = 0};
    assert_int_equal(sqlite3_prepare_v2(db,
                                        "SELECT id, kind, entries, entries_hash, content, count FROM seal"
                                        " WHERE entries IS NOT NULL"
                                        " ORDER BY CASE kind WHEN 2 THEN from_id ELSE id END",
                                        -1, &stmt, NULL),
                     SQLITE_OK);
    while (sqlite3_step(stmt) == SQLITE_ROW)
        read_segment(db, stmt, point, ret);
    sqlite3_finalize(stmt);
    read_frames(db, point, ret);
}

void fold_fixture_same(const struct fold_readings *a, const struct frame_entry *b, size_t n)
{
    assert_int_equal(a->n, n);
    for (size_t i = 0; i < n; i++) {
        const struct frame_entry *x = &a->entries[i], *y = &b[i];
        if (x->slot_ms != y->slot_ms || x->taken_ms != y->taken_ms || x->number != y->number ||
            x->raw != y->raw || x->point != y->point || x->calibration != y->calibration ||
            x->quality != y->quality || x->reason != y->reason || x->micro != y->micro)
            fail_msg("reading %zu: slot %lld, should be %lld", i, (long long)x->slot_ms,
                     (long long)y->slot_ms);
    }
}
