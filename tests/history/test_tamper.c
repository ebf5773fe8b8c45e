/* test_tamper [COUNT [SEED]]: changes a record in every way that we could think of, COUNT times (1,000), and
 * each time the verification finds it and says where; and it finds nothing where nothing was changed. */
#include <errno.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "chunk.h"
#include "seal.h"
#include "tamper_record.h"
#include "test.h"
#include "verify.h"

#define HOURS      54
#define MORE_HOURS 3

static unsigned long count = 1000;
static uint64_t seed = 20260922;

static struct record record;
static struct image { /* the two files */
    unsigned char *bytes[2];
    size_t len[2];
} older, newer;
static struct head witnessed; /* of newer */
static char work[64];
static uint64_t random_state;

/* ---------------------------------------------------------------- random numbers */

static uint64_t next_random(void)
{
    random_state += UINT64_C(0x9e3779b97f4a7c15);
    uint64_t z = random_state;
    z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
    return z ^ z >> 31;
}

static unsigned below(uint64_t n)
{
    return (unsigned)(next_random() % n);
}

/* ---------------------------------------------------------------- files */

static void path_in(const char *dir, enum schema_file file, char path[160])
{
    snprintf(path, 160, "%s/%s", dir, schema_name(file));
}

static void load(struct image *image)
{
    for (int i = 0; i < 2; i++) {
        char path[160];
        path_in(record.fixture.dir, (enum schema_file)i, path);
        FILE *file = fopen(path, "rb");
        assert_non_null(file);
        assert_int_equal(fseek(file, 0, SEEK_END), 0);
        image->len[i] = (size_t)ftell(file);
        rewind(file);
        image->bytes[i] = malloc(image->len[i]);
        assert_int_equal(fread(image->bytes[i], 1, image->len[i], file), image->len[i]);
        fclose(file);
    }
}

static void store(const struct image *image, int i)
{
    static const char *const behind[] = {"-wal", "-shm", "-journal"};
    char path[160], other[176];
    path_in(work, (enum schema_file)i, path);
    for (size_t k = 0; k < sizeof behind / sizeof *behind; k++) {
        snprintf(other, sizeof other, "%s%s", path, behind[k]);
        unlink(other);
    }
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(image->bytes[i], 1, image->len[i], file), image->len[i]);
    assert_int_equal(fclose(file), 0);
}

/* Open for changing, without what guards the tables. */
static sqlite3 *open_work(int i)
{
    char path[160];
    sqlite3 *db = NULL;
    path_in(work, (enum schema_file)i, path);
    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    sqlite3_exec(db, "PRAGMA synchronous=OFF; PRAGMA journal_mode=MEMORY; PRAGMA ignore_check_constraints=1",
                 NULL, NULL, NULL);
    sqlite3_db_config(db, SQLITE_DBCONFIG_ENABLE_TRIGGER, 0, NULL);
    return db;
}

static int64_t number(sqlite3 *db, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    char *sql = sqlite3_vmprintf(format, args);
    va_end(args);
    sqlite3_stmt *stmt = NULL;
    assert_int_equal(sqlite3_prepare_v2(db, sql, -1, &stmt, NULL), SQLITE_OK);
    int64_t value = sqlite3_step(stmt) == SQLITE_ROW ? sqlite3_column_int64(stmt, 0) : 0;
    sqlite3_finalize(stmt);
    sqlite3_free(sql);
    return value;
}

/* ---------------------------------------------------------------- what a finding must say */

struct expectation {
    const char *table; /* one of the findings must be about it; NULL: any finding will do */
    int64_t number;    /* of the row, or its neighbour (then it does for previous too); 0: any */
    char asset[16], point[16];
    char what[160]; /* for people */
    bool witness;
};

struct seen {
    const struct expectation *expectation;
    uint64_t problems;
    bool named;
    char first[256];
};

static bool see(void *context, const struct verify_finding *finding)
{
    struct seen *seen = context;
    const struct expectation *e = seen->expectation;
    if (finding->note)
        return true;
    if (seen->problems++ < 3) {
        size_t n = strlen(seen->first);
        snprintf(seen->first + n, sizeof seen->first - n, "[%s %s %lld/%lld %s %s %s]",
                 verify_kind_name(finding->kind), finding->table, (long long)finding->number,
                 (long long)finding->previous, finding->asset, finding->point, finding->detail);
    }
    bool names = !e->table || strcmp(finding->table, e->table) == 0;
    names = names && (e->number == 0 || finding->number == e->number || finding->previous == e->number ||
                      (finding->previous < e->number && e->number < finding->number)); /* missing between */
    names = names && (e->asset[0] == '\0' || strcmp(finding->asset, e->asset) == 0);
    names = names && (e->point[0] == '\0' || strcmp(finding->point, e->point) == 0);
    seen->named = seen->named || names;
    return true;
}

static int verify_work(const char *dir, const struct expectation *expectation, struct seen *seen)
{
    char message[200] = "";
    struct verify_result result;
    unsigned char key[1][SIGNER_KEY_SIZE];
    memcpy(key[0], witnessed.public_key, SIGNER_KEY_SIZE);
    *seen = (struct seen){.expectation = expectation};
    const struct verify_options options = {.from_utc_us = INT64_MIN,
                                           .to_utc_us = INT64_MAX,
                                           .keys = (const unsigned char(*)[SIGNER_KEY_SIZE])(const void *)key,
                                           .n_keys = 1,
                                           .heads = &witnessed,
                                           .n_heads = expectation->witness ? 1 : 0,
                                           .found = see,
                                           .context = seen};
    int error = verify_record(dir, &options, &result, message, sizeof message);
    if (error < 0)
        snprintf(seen->first, sizeof seen->first, "can't be read: %s", message);
    return error;
}

/* ---------------------------------------------------------------- tables and columns of the record */

/* Not here: outbox and run, which are working data, and configuration.utc_us, of which the events tell. */
static const struct table {
    int file;
    const char *name, *key;
    const char *columns[20];
} tables[] = {
    {SCHEMA_STATE,
     "event",
     "seq",
     {"seq", "utc_us", "boot_us", "boot_id", "kind", "asset", "alarm", "body", "previous", "hash"}},
    {SCHEMA_STATE,
     "alarm",
     "seq",
     {"asset", "alarm", "state", "raised_utc_us", "who", "acked_utc_us", "seq"}},
    {SCHEMA_STATE, "configuration", "rowid", {"sha256", "source"}},
    {SCHEMA_STATE, "head", "id", {"text"}},
    {SCHEMA_HISTORY, "point", "id", {"id", "asset", "point", "unit", "decimals"}},
    {SCHEMA_HISTORY,
     "calibration",
     "id",
     {"id", "asset", "point", "unit", "utc_us", "from_utc_us", "text", "certificate", "date", "due",
      "reference"}},
    {SCHEMA_HISTORY, "frame", "id", {"id", "first_utc_us", "last_utc_us", "count", "body", "hash"}},
    {SCHEMA_HISTORY,
     "chunk",
     "id",
     {"id", "count", "\"values\"", "minimum", "maximum", "sum", "first", "last", "worst", "hours", "body"}},
    {SCHEMA_HISTORY, "chunk", "id", {"body", "hours"}},
    {SCHEMA_HISTORY,
     "seal",
     "id",
     {"id", "kind", "utc_us", "first_utc_us", "last_utc_us", "count", "from_id", "to_id", "frames_head",
      "content", "entries", "entries_hash", "event_seq", "event_hash", "previous", "hash", "signer",
      "signature"}},
    {SCHEMA_HISTORY, "signer", "id", {"id", "utc_us", "public_key"}},
};
#define TABLES (sizeof tables / sizeof *tables)

static int64_t pick_row(sqlite3 *db, const struct table *table)
{
    int64_t n = number(db, "SELECT count(*) FROM %s", table->name);
    return n == 0 ? 0
                  : number(db, "SELECT %s FROM %s ORDER BY %s LIMIT 1 OFFSET %u", table->key, table->name,
                           table->key, below((uint64_t)n));
}

static void expect_row(sqlite3 *db, const struct table *table, int64_t row, struct expectation *e)
{
    e->table = table->name;
    e->number = row;
    if (strcmp(table->name, "point") == 0 || strcmp(table->name, "signer") == 0 ||
        strcmp(table->name, "configuration") == 0 || strcmp(table->name, "head") == 0) {
        /* Seen at what refers to them, or without a number of their own. */
        e->number = 0;
        if (table->name[0] != 'c' && table->name[0] != 'h')
            e->table = NULL;
    }
    if (strcmp(table->name, "chunk") != 0)
        return;
    e->number = row >> SEAL_POINT_BITS;
    sqlite3_stmt *stmt = NULL;
    assert_int_equal(sqlite3_prepare_v2(db, "SELECT asset, point FROM point WHERE id = ?1", -1, &stmt, NULL),
                     SQLITE_OK);
    sqlite3_bind_int64(stmt, 1, row & SEAL_POINT_MAX);
    if (sqlite3_step(stmt) == SQLITE_ROW) {
        snprintf(e->asset, sizeof e->asset, "%s", sqlite3_column_text(stmt, 0));
        snprintf(e->point, sizeof e->point, "%s", sqlite3_column_text(stmt, 1));
    }
    sqlite3_finalize(stmt);
}

/* ---------------------------------------------------------------- the ways: each false when it changed
 * nothing */

static bool flip_value(sqlite3 *db, const struct table *table, int64_t row, const char *column, char *what)
{
    char *sql = sqlite3_mprintf("SELECT %s FROM %s WHERE %s = %lld", column, table->name, table->key, row);
    char *update =
        sqlite3_mprintf("UPDATE %s SET %s = ?1 WHERE %s = %lld", table->name, column, table->key, row);
    sqlite3_stmt *stmt = NULL, *put = NULL;
    unsigned char copy[65536];
    assert_int_equal(sqlite3_prepare_v2(db, sql, -1, &stmt, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_prepare_v2(db, update, -1, &put, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_step(stmt), SQLITE_ROW);
    int type = sqlite3_column_type(stmt, 0), len = sqlite3_column_bytes(stmt, 0);
    unsigned bit = below(type == SQLITE_INTEGER || len == 0 ? 63 : (uint64_t)len * 8);
    if (type == SQLITE_INTEGER) {
        sqlite3_bind_int64(put, 1, sqlite3_column_int64(stmt, 0) ^ INT64_C(1) << bit);
    } else if (type == SQLITE_NULL) {
        if (strcmp(column, "entries") == 0)
            sqlite3_bind_blob(put, 1, "", 0, SQLITE_STATIC);
        else
            sqlite3_bind_int64(put, 1, 0);
    } else {
        assert_true((size_t)len < sizeof copy);
        memcpy(copy, sqlite3_column_blob(stmt, 0) ? sqlite3_column_blob(stmt, 0) : (const void *)"",
               (size_t)len);
        copy[len] = 'x';
        if (len == 0)
            len = 1; /* an empty text becomes one that is not */
        else
            copy[bit / 8] ^= (unsigned char)(1U << bit % 8);
        if (type == SQLITE_TEXT)
            sqlite3_bind_text(put, 1, (const char *)copy, len, SQLITE_STATIC);
        else
            sqlite3_bind_blob(put, 1, copy, len, SQLITE_STATIC);
    }
    int result = sqlite3_step(put);
    snprintf(what, 160, "bit %u of %s.%s where %s = %lld", bit, table->name, column, table->key,
             (long long)row);
    sqlite3_finalize(stmt);
    sqlite3_finalize(put);
    sqlite3_free(sql);
    sqlite3_free(update);
    return result == SQLITE_DONE;
}

static bool flip_column(struct expectation *e)
{
    const struct table *table = &tables[below(TABLES)];
    sqlite3 *db = open_work(table->file);
    int64_t row = pick_row(db, table);
    unsigned n = 0;
    while (n < 20 && table->columns[n])
        n++;
    bool done = row != 0;
    if (done) {
        expect_row(db, table, row, e);
        done = flip_value(db, table, row, table->columns[below(n)], e->what);
    }
    sqlite3_close(db);
    return done;
}

/* All that is recorded, as a hash; zeros when it can't be read. */
static void dump(const char *dir, unsigned char ret[32])
{
    crypto_hash_sha256_state state;
    crypto_hash_sha256_init(&state);
    for (int i = 0; i < 2; i++) {
        char path[160];
        sqlite3 *db = NULL;
        sqlite3_stmt *stmt = NULL;
        path_in(dir, (enum schema_file)i, path);
        sqlite3_open_v2(path, &db, SQLITE_OPEN_READONLY, NULL);
        for (size_t t = 0; t < TABLES + 3; t++) {
            char sql[256];
            if (t < TABLES && tables[t].file != i)
                continue;
            if (t >= TABLES) /* how it is made, and whether it fits itself */
                snprintf(sql, sizeof sql, "%s",
                         (const char *[]){"SELECT * FROM sqlite_schema", "PRAGMA integrity_check",
                                          "SELECT user_version, application_id FROM pragma_user_version,"
                                          " pragma_application_id"}[t - TABLES]);
            else if (strcmp(tables[t].name, "configuration") == 0)
                snprintf(sql, sizeof sql, "SELECT sha256, source FROM configuration ORDER BY rowid");
            else
                snprintf(sql, sizeof sql, "SELECT * FROM %s NOT INDEXED", tables[t].name);
            int result = sqlite3_prepare_v2(db, sql, -1, &stmt, NULL);
            while (result == SQLITE_OK && (result = sqlite3_step(stmt)) == SQLITE_ROW) {
                for (int c = 0; c < sqlite3_column_count(stmt); c++) {
                    int type = sqlite3_column_type(stmt, c), len = sqlite3_column_bytes(stmt, c);
                    crypto_hash_sha256_update(&state, (const void *)&type, sizeof type);
                    crypto_hash_sha256_update(&state, (const void *)&len, sizeof len);
                    if (len > 0)
                        crypto_hash_sha256_update(&state, sqlite3_column_blob(stmt, c), (unsigned)len);
                }
                result = SQLITE_OK;
            }
            crypto_hash_sha256_update(&state, (const void *)&result, sizeof result);
            sqlite3_finalize(stmt);
            stmt = NULL;
        }
        sqlite3_close(db);
    }
    crypto_hash_sha256_final(&state, ret);
}

static unsigned char clean_dump[32];
static uint64_t flips_in_free_space;

static bool flip_in_file(struct expectation *e)
{
    unsigned char now[32];
    int i = (int)below(2);
    unsigned at = below(newer.len[i]), bit = below(8);
    newer.bytes[i][at] ^= (unsigned char)(1U << bit);
    store(&newer, i);
    newer.bytes[i][at] ^= (unsigned char)(1U << bit);
    snprintf(e->what, sizeof e->what, "bit %u of byte %u of %s", bit, at, schema_name((enum schema_file)i));
    dump(work, now);
    if (memcmp(now, clean_dump, sizeof now) != 0)
        return true;
    flips_in_free_space++;
    return false;
}

static bool remove_row(struct expectation *e)
{
    const struct table *table = &tables[below(TABLES)];
    sqlite3 *db = open_work(table->file);
    int64_t row = pick_row(db, table);
    if (row != 0) {
        expect_row(db, table, row, e);
        snprintf(e->what, sizeof e->what, "row %lld of %s removed", (long long)row, table->name);
        fixture_sql(db, "DELETE FROM %s WHERE %s = %lld", table->name, table->key, (long long)row);
        /* The row behind it tells; the last one is missed by the head. */
        if (strcmp(table->name, "event") == 0 || strcmp(table->name, "frame") == 0 ||
            strcmp(table->name, "seal") == 0)
            e->number = 0;
    }
    sqlite3_close(db);
    return row != 0;
}

/* All columns but the key. */
static bool swap_rows(struct expectation *e)
{
    const struct table *table = &tables[below(TABLES)];
    sqlite3 *db = open_work(table->file);
    int64_t a = pick_row(db, table), b = pick_row(db, table);
    bool done = a != 0 && b != 0 && a != b && strcmp(table->name, "alarm") != 0 &&
                strcmp(table->name, "configuration") != 0;
    if (done) {
        char columns[512] = "";
        for (int i = 0; i < 20 && table->columns[i]; i++)
            snprintf(columns + strlen(columns), sizeof columns - strlen(columns), "%s%s", i > 0 ? ", " : "",
                     table->columns[i]);
        expect_row(db, table, a, e);
        snprintf(e->what, sizeof e->what, "rows %lld and %lld of %s exchanged", (long long)a, (long long)b,
                 table->name);
        fixture_sql(db, "CREATE TEMP TABLE two AS SELECT %s AS k, %s FROM %s WHERE %s IN (%lld, %lld)",
                    table->key, columns, table->name, table->key, (long long)a, (long long)b);
        for (int side = 0; side < 2; side++) {
            int64_t to = side == 0 ? a : b, from = side == 0 ? b : a;
            for (int i = 0; i < 20 && table->columns[i]; i++)
                if (strcmp(table->columns[i], table->key) != 0) {
                    char *update = sqlite3_mprintf(
                        "UPDATE OR IGNORE %s SET %s = (SELECT %s FROM two WHERE k = %lld)"
                        " WHERE %s = %lld",
                        table->name, table->columns[i], table->columns[i], from, table->key, to);
                    sqlite3_exec(db, update, NULL, NULL, NULL);
                    sqlite3_free(update);
                }
        }
        unsigned char now[32];
        sqlite3_close(db);
        db = NULL;
        dump(work, now);
        done = memcmp(now, clean_dump, sizeof now) != 0;
    }
    sqlite3_close(db);
    return done;
}

/* A copy of a row under another key: behind the last one, or in a hole made for it. */
static bool insert_row(struct expectation *e)
{
    const struct table *table = &tables[below(TABLES)];
    char columns[512] = "";
    sqlite3 *db = open_work(table->file);
    int64_t row = pick_row(db, table);
    bool has_key = false;
    for (int i = 0; i < 20 && table->columns[i]; i++) {
        bool is_key = strcmp(table->columns[i], table->key) == 0;
        has_key = has_key || is_key;
        if (!is_key)
            snprintf(columns + strlen(columns), sizeof columns - strlen(columns), "%s%s",
                     columns[0] != '\0' ? ", " : "", table->columns[i]);
    }
    bool done = row != 0 && has_key && table->columns[4] != NULL && strcmp(table->name, "alarm") != 0 &&
                strcmp(table->name, "point") != 0 && strcmp(table->name, "calibration") != 0;
    if (done) {
        int64_t last = number(db, "SELECT max(%s) FROM %s", table->key, table->name);
        int64_t key = last + 1 + (below(2) == 0 ? 0 : (int64_t)below(1000));
        e->table = table->name;
        snprintf(e->what, sizeof e->what, "row %lld of %s put in again as %lld", (long long)row, table->name,
                 (long long)key);
        fixture_sql(db, "INSERT INTO %s(%s, %s) SELECT %lld, %s FROM %s WHERE %s = %lld", table->name,
                    table->key, columns, (long long)key, columns, table->name, table->key, (long long)row);
    }
    sqlite3_close(db);
    return done;
}

/* The ends of some tables, or of all: a head knows better. */
static bool cut_off(struct expectation *e)
{
    sqlite3 *state = open_work(SCHEMA_STATE), *history = open_work(SCHEMA_HISTORY);
    unsigned which = 1 + below(7), events = 1 + below(5), frames = 1 + below(2), seals = 1 + below(3);
    snprintf(e->what, sizeof e->what, "the last %u events, %u frames, %u seals cut off (%u)", events, frames,
             seals, which);
    if (which & 1) {
        int64_t last = number(state, "SELECT max(seq) FROM event") - events;
        fixture_sql(state,
                    "DELETE FROM event WHERE seq > %lld; DELETE FROM outbox WHERE seq > %lld;"
                    "DELETE FROM alarm WHERE seq > %lld",
                    (long long)last, (long long)last, (long long)last);
    }
    if (which & 2)
        fixture_sql(history, "DELETE FROM frame WHERE id > (SELECT max(id) FROM frame) - %u", frames);
    if (which & 4) {
        int64_t last = number(history, "SELECT max(id) FROM seal") - seals;
        fixture_sql(history, "DELETE FROM chunk WHERE id >= %lld; DELETE FROM seal WHERE id > %lld",
                    (long long)((last + 1) << SEAL_POINT_BITS), (long long)last);
    }
    e->witness = below(2) == 0;
    sqlite3_close(state);
    sqlite3_close(history);
    return true;
}

static bool roll_back(struct expectation *e)
{
    unsigned which = 1 + below(3);
    for (int i = 0; i < 2; i++)
        if (which & 1U << i)
            store(&older, i);
    e->witness = which == 3 || which == 1; /* an older state.db alone may fit a newer history.db's seals */
    snprintf(e->what, sizeof e->what, "an older %s put back",
             which == 3   ? "copy of both files"
             : which == 1 ? "state.db"
                          : "history.db");
    return true;
}

/* Texts with everything that belongs to them. */
static bool replace_text(struct expectation *e)
{
    bool configuration = below(2) == 0;
    char text[64], hex[65];
    unsigned char hash[32];
    snprintf(text, sizeof text, "site: bank\nlimit: %u\n", below(100000));
    if (configuration) {
        sqlite3 *state = open_work(SCHEMA_STATE);
        crypto_hash_sha256(hash, (const unsigned char *)text, strlen(text));
        sodium_bin2hex(hex, sizeof hex, hash, sizeof hash);
        fixture_sql(state, "UPDATE configuration SET sha256 = x'%s', source = '%s' WHERE rowid = %u", hex,
                    text, 1 + below(2));
        sqlite3_close(state);
    } else {
        sqlite3 *history = open_work(SCHEMA_HISTORY);
        fixture_sql(history, "UPDATE calibration SET text = 'gain 1.0005 offset -%u' WHERE id = %u",
                    1 + below(10000), 1 + below(2));
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

static bool forge_events(struct expectation *e)
{
    sqlite3 *state = open_work(SCHEMA_STATE);
    int64_t last = number(state, "SELECT max(seq) FROM event");
    int64_t seq = 1 + (int64_t)below((uint64_t)last);
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
    for (int64_t id = from; id <= number(history, "SELECT max(id) FROM seal"); id++) {
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
        memcpy(previous, seal.hash, sizeof previous);
        *last = seal;
    }
}

/* A chunk with other readings, its list, and all seals from its own on. */
static bool forge_readings(struct expectation *e)
{
    static const unsigned char seed_of_forger[32] = {66};
    sqlite3 *state = open_work(SCHEMA_STATE), *history = open_work(SCHEMA_HISTORY);
    bool signs = below(2) == 0;
    struct signer *signer = NULL;
    struct seal last;
    int64_t seal =
        number(history, "SELECT id FROM seal WHERE entries IS NOT NULL ORDER BY id LIMIT 1 OFFSET %u",
               below((uint64_t)number(history, "SELECT count(*) FROM seal WHERE entries IS NOT NULL")));
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
        struct head head = witnessed;
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

static bool (*const ways[])(struct expectation *) = {
    flip_column, flip_column, flip_column, flip_in_file, flip_in_file, remove_row,     swap_rows,
    insert_row,  cut_off,     roll_back,   replace_text, forge_events, forge_readings,
};
static const char *const way_names[] = {
    "bit of a column",
    "",
    "",
    "bit of a file",
    "",
    "row removed",
    "rows exchanged",
    "row put in",
    "end cut off",
    "older file",
    "text replaced",
    "events forged",
    "readings forged",
};

/* ---------------------------------------------------------------- the tests */

static int setup(void **state)
{
    (void)state;
    random_state = seed;
    record_make(&record, HOURS);
    fixture_sql(record.fixture.state, "PRAGMA wal_checkpoint(TRUNCATE)");
    fixture_sql(record.fixture.history, "PRAGMA wal_checkpoint(TRUNCATE)");
    load(&older);
    record_add(&record, MORE_HOURS);
    fixture_sql(record.fixture.state, "PRAGMA wal_checkpoint(TRUNCATE)");
    fixture_sql(record.fixture.history, "PRAGMA wal_checkpoint(TRUNCATE)");
    load(&newer);
    witnessed = record.head;
    strcpy(work, "/tmp/cryomon-tamper-XXXXXX");
    assert_non_null(mkdtemp(work));
    store(&newer, 0);
    store(&newer, 1);
    dump(work, clean_dump);
    return 0;
}

static int teardown(void **state)
{
    char command[160];
    (void)state;
    for (int i = 0; i < 2; i++) {
        store(&newer, i); /* removes what SQLite left beside them */
        path_in(work, (enum schema_file)i, command);
        unlink(command);
        free(newer.bytes[i]);
        free(older.bytes[i]);
    }
    rmdir(work);
    record_free(&record);
    return 0;
}

static void assert_clean(const char *dir, bool witness)
{
    struct expectation e = {.witness = witness};
    struct seen seen;
    assert_int_equal(verify_work(dir, &e, &seen), 0);
    if (seen.problems > 0)
        fail_msg("found where nothing was changed: %s", seen.first);
}

static void test_nothing_is_found_in_what_was_not_changed(void **state)
{
    (void)state;
    assert_clean(work, true);
    assert_clean(work, false);
    assert_clean(record.fixture.dir, true); /* open for writing, as by the daemon */
    assert_true(number(record.fixture.history, "SELECT count(*) FROM seal WHERE kind = 2") > 0);
    assert_true(number(record.fixture.history, "SELECT count(*) FROM seal WHERE kind = 3") > 0);
    assert_true(
        number(record.fixture.history, "SELECT count(*) FROM seal WHERE kind = 1 AND entries NOT NULL") > 0);
    assert_true(number(record.fixture.history, "SELECT count(*) FROM frame") > 0);
}

static void test_every_change_is_found(void **state)
{
    (void)state;
    unsigned long caught = 0, named = 0, of_way[sizeof ways / sizeof *ways] = {0}, missed = 0;
    for (unsigned long i = 0; i < count;) {
        struct expectation e = {.table = NULL};
        struct seen seen;
        size_t way = below(sizeof ways / sizeof *ways);
        store(&newer, 0);
        store(&newer, 1);
        if (!ways[way](&e))
            continue;
        i++;
        of_way[way]++;
        int error = verify_work(work, &e, &seen);
        if (error < 0 || seen.problems > 0)
            caught++;
        else if (missed++ < 10)
            print_message("NOT FOUND: %s\n", e.what);
        if (error < 0 || seen.named)
            named++;
        else if (seen.problems > 0 && missed++ < 10)
            print_message("found elsewhere: %s: %s\n", e.what, seen.first);
    }
    print_message("seed %llu: %lu changes, %lu found, %lu named; %llu flips in free space changed nothing\n",
                  (unsigned long long)seed, count, caught, named, (unsigned long long)flips_in_free_space);
    for (size_t i = 0; i < sizeof ways / sizeof *ways; i++)
        print_message("  %5lu  %s\n", of_way[i], way_names[i]);
    assert_int_equal(caught, count);
    assert_int_equal(named, count);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_nothing_is_found_in_what_was_not_changed),
        cmocka_unit_test(test_every_change_is_found),
    };
    if (argc > 1)
        count = strtoul(argv[1], NULL, 10);
    if (argc > 2)
        seed = strtoull(argv[2], NULL, 10);
    return cmocka_run_group_tests(tests, setup, teardown);
}
