/* tamper_forge.c - what somebody would do who knows how the record is made. See tamper.h. */
#include "tamper.h"

#include <sodium.h>
#include <stdio.h>
#include <string.h>

#include "seal.h"
#include "test.h"

/* The ends of some tables, or of all: a head knows better. */
bool tamper_cut_off(struct expectation *e)
{
    sqlite3 *state = tamper_open(SCHEMA_STATE), *history = tamper_open(SCHEMA_HISTORY);
    unsigned which = 1 + tamper_below(7), events = 1 + tamper_below(5), frames = 1 + tamper_below(2),
             seals = 1 + tamper_below(3);
    snprintf(e->what, sizeof e->what, "the last %u events, %u frames, %u seals cut off (%u)", events, frames,
             seals, which);
    if (which & 1) {
        int64_t last = tamper_number(state, "SELECT max(seq) FROM event") - events;
        fixture_sql(state,
                    "DELETE FROM event WHERE seq > %lld; DELETE FROM outbox WHERE seq > %lld;"
                    "DELETE FROM alarm WHERE seq > %lld",
                    (long long)last, (long long)last, (long long)last);
    }
    if (which & 2)
        fixture_sql(history, "DELETE FROM frame WHERE id > (SELECT max(id) FROM frame) - %u", frames);
    if (which & 4) {
        int64_t last = tamper_number(history, "SELECT max(id) FROM seal") - seals;
        fixture_sql(history, "DELETE FROM chunk WHERE id >= %lld; DELETE FROM seal WHERE id > %lld",
                    (long long)((last + 1) << SEAL_POINT_BITS), (long long)last);
    }
    e->witness = tamper_below(2) == 0;
    sqlite3_close(state);
    sqlite3_close(history);
    return true;
}

bool tamper_roll_back(struct expectation *e)
{
    unsigned which = 1 + tamper_below(3);
    for (int i = 0; i < 2; i++)
        if (which & 1U << i)
            tamper_store(&tamper.older, i);
    e->witness = which == 3 || which == 1; /* an older state.db alone may fit a newer history.db's seals */
    snprintf(e->what, sizeof e->what, "an older %s put back",
             which == 3   ? "copy of both files"
             : which == 1 ? "state.db"
                          : "history.db");
    return true;
}

/* Texts with everything that belongs to them. */
bool tamper_replace_text(struct expectation *e)
{
    bool configuration = tamper_below(2) == 0;
    char text[64], hex[65];
    unsigned char hash[32];
    snprintf(text, sizeof text, "site: bank\nlimit: %u\n", tamper_below(100000));
    if (configuration) {
        sqlite3 *state = tamper_open(SCHEMA_STATE);
        crypto_hash_sha256(hash, (const unsigned char *)text, strlen(text));
        sodium_bin2hex(hex, sizeof hex, hash, sizeof hash);
        fixture_sql(state, "UPDATE configuration SET sha256 = x'%s', source = '%s' WHERE rowid = %u", hex,
                    text, 1 + tamper_below(2));
        sqlite3_close(state);
    } else {
        sqlite3 *history = tamper_open(SCHEMA_HISTORY);
        fixture_sql(history, "UPDATE calibration SET text = 'gain 1.0005 offset -%u' WHERE id = %u",
                    1 + tamper_below(10000), 1 + tamper_below(2));
        sqlite3_close(history);
    }
    e->table = configuration ? "configuration" : "calibration";
    snprintf(e->what, sizeof e->what, "a %s replaced", e->table);
    return true;
}

/* The chain of events anew from one on: all fits, but what was signed. */
static void rebuild_events(sqlite3 *state, int64_t from)
{
    unsigned char previous[32], hash[32];
    sqlite3_stmt *stmt = NULL, *put = NULL;
    assert_int_equal(
        sqlite3_prepare_v2(state,
                           "SELECT seq, utc_us, boot_us, boot_id, kind, asset, alarm, body, previous"
                           " FROM event WHERE seq >= ?1 ORDER BY seq",
                           -1, &stmt, NULL),
        SQLITE_OK);
    assert_int_equal(
        sqlite3_prepare_v2(state, "UPDATE event SET previous = ?2, hash = ?3 WHERE seq = ?1", -1, &put, NULL),
        SQLITE_OK);
    sqlite3_bind_int64(stmt, 1, from);
    for (bool first = true; sqlite3_step(stmt) == SQLITE_ROW; first = false) {
        if (first)
            memcpy(previous, sqlite3_column_blob(stmt, 8), sizeof previous);
        const char *texts[5];
        for (int i = 0; i < 5; i++)
            texts[i] = (const char *)sqlite3_column_text(stmt, 3 + i);
        struct chain_event event = {(uint64_t)sqlite3_column_int64(stmt, 0),
                                    sqlite3_column_int64(stmt, 1),
                                    sqlite3_column_int64(stmt, 2),
                                    texts[0],
                                    texts[1],
                                    texts[2],
                                    texts[3],
                                    texts[4]};
        chain_event_hash(previous, &event, hash);
        sqlite3_bind_int64(put, 1, (int64_t)event.seq);
        sqlite3_bind_blob(put, 2, previous, 32, SQLITE_TRANSIENT);
        sqlite3_bind_blob(put, 3, hash, 32, SQLITE_TRANSIENT);
        assert_int_equal(sqlite3_step(put), SQLITE_DONE);
        sqlite3_reset(put);
        memcpy(previous, hash, sizeof hash);
    }
    sqlite3_finalize(stmt);
    sqlite3_finalize(put);
}

bool tamper_forge_events(struct expectation *e)
{
    sqlite3 *state = tamper_open(SCHEMA_STATE);
    int64_t last = tamper_number(state, "SELECT max(seq) FROM event");
    int64_t seq = 1 + (int64_t)tamper_below((uint64_t)last);
    fixture_sql(state, "UPDATE event SET body = replace(body, '}', ' }'), utc_us = utc_us WHERE seq = %lld",
                (long long)seq);
    rebuild_events(state, seq);
    snprintf(e->what, sizeof e->what, "event %lld forged, and all hashes made anew", (long long)seq);
    sqlite3_close(state);
    return true;
}

static void put_blob(sqlite3 *db, const char *sql, int64_t id, const void *blob, size_t len)
{
    sqlite3_stmt *stmt = NULL;
    assert_int_equal(sqlite3_prepare_v2(db, sql, -1, &stmt, NULL), SQLITE_OK);
    sqlite3_bind_int64(stmt, 1, id);
    sqlite3_bind_blob(stmt, 2, blob, (int)len, SQLITE_STATIC);
    assert_int_equal(sqlite3_step(stmt), SQLITE_DONE);
    sqlite3_finalize(stmt);
}

/* The seals anew from one on, unsigned or with a key of the forger's own. */
static void rebuild_seals(sqlite3 *history, int64_t from, const struct signer *signer, struct seal *last)
{
    unsigned char previous[32] = {0};
    for (int64_t id = from; id <= tamper_number(history, "SELECT max(id) FROM seal"); id++) {
        sqlite3_stmt *stmt = NULL;
        struct seal seal;
        assert_int_equal(sqlite3_prepare_v2(history,
                                            "SELECT " SEAL_COLUMNS " FROM " SEAL_FROM " WHERE seal.id = ?1",
                                            -1, &stmt, NULL),
                         SQLITE_OK);
        sqlite3_bind_int64(stmt, 1, id);
        assert_int_equal(sqlite3_step(stmt), SQLITE_ROW);
        assert_int_equal(seal_read(stmt, &seal), 0);
        sqlite3_finalize(stmt);
        if (id > from)
            memcpy(seal.previous, previous, sizeof previous);
        if (signer)
            seal_sign(&seal, signer);
        else
            seal_hash(&seal, seal.hash);
        put_blob(history, "UPDATE seal SET previous = ?2 WHERE id = ?1", id, seal.previous, 32);
        put_blob(history, "UPDATE seal SET hash = ?2 WHERE id = ?1", id, seal.hash, 32);
        put_blob(history, "UPDATE seal SET signature = ?2 WHERE id = ?1", id, seal.signature, 64);
        seal_link(seal.hash, seal.signature, previous);
        *last = seal;
    }
}

/* A chunk with other readings, its list, and all seals from its own on. */
bool tamper_forge_readings(struct expectation *e)
{
    static const unsigned char seed_of_forger[32] = {66};
    sqlite3 *state = tamper_open(SCHEMA_STATE), *history = tamper_open(SCHEMA_HISTORY);
    bool signs = tamper_below(2) == 0;
    struct signer *signer = NULL;
    struct seal last;
    int64_t seal =
        tamper_number(history, "SELECT id FROM seal WHERE entries IS NOT NULL ORDER BY id LIMIT 1 OFFSET %u",
                      tamper_below((uint64_t)tamper_number(
                          history, "SELECT count(*) FROM seal WHERE entries IS NOT NULL")));
    fixture_sql(history, "UPDATE chunk SET minimum = minimum - 5 WHERE id >> 20 = %lld", (long long)seal);
    struct bytes entries = {0};
    uint32_t last_point = 0;
    sqlite3_stmt *stmt = NULL;
    assert_int_equal(
        sqlite3_prepare_v2(history,
                           "SELECT chunk.id & 1048575, chunk.count, \"values\", minimum, maximum, sum,"
                           " first, last, worst, hours, body, asset, point, unit, decimals FROM chunk"
                           " JOIN point ON point.id = (chunk.id & 1048575) WHERE chunk.id >> 20 = ?1"
                           " ORDER BY chunk.id",
                           -1, &stmt, NULL),
        SQLITE_OK);
    sqlite3_bind_int64(stmt, 1, seal);
    while (sqlite3_step(stmt) == SQLITE_ROW) {
        unsigned char hash[32];
        int64_t n[9];
        for (int i = 0; i < 9; i++)
            n[i] = sqlite3_column_int64(stmt, i);
        struct seal_chunk chunk = {seal, (uint32_t)n[0], n[1], n[2], n[3], n[4], n[5],
                                   n[6], n[7],           n[8], NULL, NULL, 0,    0};
        chunk.hours = sqlite3_column_blob(stmt, 9);
        chunk.hours_len = (size_t)sqlite3_column_bytes(stmt, 9);
        chunk.body = sqlite3_column_blob(stmt, 10);
        chunk.body_len = (size_t)sqlite3_column_bytes(stmt, 10);
        struct seal_point point = {
            (const char *)sqlite3_column_text(stmt, 11), (const char *)sqlite3_column_text(stmt, 12),
            (const char *)sqlite3_column_text(stmt, 13), (unsigned)sqlite3_column_int(stmt, 14)};
        seal_chunk_hash(&point, &chunk, hash);
        seal_entries_add(&entries, &last_point, chunk.point, hash);
    }
    sqlite3_finalize(stmt);
    unsigned char entries_hash[32];
    seal_entries_hash(entries.data, entries.len, entries_hash);
    put_blob(history, "UPDATE seal SET entries = ?2 WHERE id = ?1", seal, entries.data, entries.len);
    put_blob(history, "UPDATE seal SET entries_hash = ?2 WHERE id = ?1", seal, entries_hash, 32);
    bytes_free(&entries);
    if (signs) {
        assert_int_equal(signer_from_seed(seed_of_forger, &signer), 0);
        put_blob(history, "UPDATE signer SET public_key = ?2 WHERE id = ?1", 1, signer_public(signer), 32);
    }
    rebuild_seals(history, signs ? 1 : seal, signer, &last);
    if (signs) { /* and the head too */
        char text[HEAD_TEXT_MAX];
        struct head head = tamper.witnessed;
        memcpy(head.seal_hash, last.hash, 32);
        assert_true(head_write(&head, signer, text, sizeof text) > 0);
        fixture_sql(state, "UPDATE head SET text = '%s'", text);
    }
    signer_free(signer);
    snprintf(e->what, sizeof e->what, "readings of seal %lld forged, and all seals made anew%s",
             (long long)seal, signs ? " with another key" : "");
    sqlite3_close(state);
    sqlite3_close(history);
    return true;
}
