/* append_event DIR KIND BODY [SEED]: what the daemon's store does when an event comes, in the databases of
 * DIR, which are brought to today's version: appends it to the chain, and signs the head with a key made of
 * the seed's first letter ("a"). With EVENT_UTC_MS, EVENT_ASSET and EVENT_ALARM in the environment: as if it
 * were then, and of these. Without KIND and BODY the databases are only brought to today's version. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "chain.h"
#include "head.h"
#include "schema.h"
#include "signer.h"

static void die(const char *what, sqlite3 *db)
{
    fprintf(stderr, "append_event: %s: %s\n", what, db != NULL ? sqlite3_errmsg(db) : "");
    exit(1);
}

static sqlite3 *open_file(const char *dir, enum schema_file file)
{
    char path[4096], message[256] = "";
    sqlite3 *db;
    snprintf(path, sizeof path, "%s/%s", dir, schema_name(file));
    if (sqlite3_open_v2(path, &db, SQLITE_OPEN_READWRITE, NULL) != SQLITE_OK ||
        sqlite3_exec(db, "PRAGMA journal_mode=WAL; PRAGMA busy_timeout=5000", NULL, NULL, NULL) != SQLITE_OK)
        die(path, db);
    if (schema_migrate(db, file, message, sizeof message) < 0)
        die(message, NULL);
    return db;
}

static sqlite3_stmt *prepare(sqlite3 *db, const char *sql)
{
    sqlite3_stmt *statement;
    if (sqlite3_prepare_v2(db, sql, -1, &statement, NULL) != SQLITE_OK)
        die(sql, db);
    return statement;
}

/* The number and the hash of the last row. */
static int64_t last_row(sqlite3 *db, const char *sql, unsigned char hash[CHAIN_HASH_SIZE])
{
    sqlite3_stmt *statement = prepare(db, sql);
    int64_t number = 0;
    memset(hash, 0, CHAIN_HASH_SIZE);
    if (sqlite3_step(statement) == SQLITE_ROW) {
        number = sqlite3_column_int64(statement, 0);
        memcpy(hash, sqlite3_column_blob(statement, 1), CHAIN_HASH_SIZE);
    }
    sqlite3_finalize(statement);
    return number;
}

static const char *given(const char *name)
{
    const char *value = getenv(name);
    return value != NULL ? value : "";
}

static void append(sqlite3 *db, struct head *head, const char *kind, const char *body)
{
    unsigned char previous[CHAIN_HASH_SIZE];
    struct chain_event event = {
        .seq = 1 + (uint64_t)last_row(db, "SELECT seq, hash FROM event ORDER BY seq DESC LIMIT 1", previous),
        .utc_us = head->utc_us,
        .boot_us = 1,
        .boot_id = "0",
        .kind = kind,
        .asset = given("EVENT_ASSET"),
        .alarm = given("EVENT_ALARM"),
        .body = body};
    chain_event_hash(previous, &event, head->event_hash);
    head->event_seq = (int64_t)event.seq;
    sqlite3_stmt *statement =
        prepare(db, "INSERT INTO event VALUES(?1, ?2, ?3, '0', ?4, ?8, ?9, ?5, ?6, ?7)");
    sqlite3_bind_int64(statement, 1, (int64_t)event.seq);
    sqlite3_bind_int64(statement, 2, event.utc_us);
    sqlite3_bind_int64(statement, 3, event.boot_us);
    sqlite3_bind_text(statement, 4, kind, -1, SQLITE_STATIC);
    sqlite3_bind_text(statement, 5, body, -1, SQLITE_STATIC);
    sqlite3_bind_blob(statement, 6, previous, CHAIN_HASH_SIZE, SQLITE_STATIC);
    sqlite3_bind_blob(statement, 7, head->event_hash, CHAIN_HASH_SIZE, SQLITE_STATIC);
    sqlite3_bind_text(statement, 8, event.asset, -1, SQLITE_STATIC);
    sqlite3_bind_text(statement, 9, event.alarm, -1, SQLITE_STATIC);
    if (sqlite3_step(statement) != SQLITE_DONE)
        die("event", db);
    sqlite3_finalize(statement);
}

static void write_public_key(const char *dir, const struct signer *signer)
{
    char path[4096], text[SIGNER_TEXT_MAX];
    snprintf(path, sizeof path, "%s/signing.pub", dir);
    signer_print(signer_public(signer), text);
    FILE *file = fopen(path, "w");
    if (file == NULL)
        die(path, NULL);
    fprintf(file, "%s\n", text);
    fclose(file);
}

static void sign(sqlite3 *db, const struct head *head, const struct signer *signer)
{
    char text[HEAD_TEXT_MAX];
    if (head_write(head, signer, text, sizeof text) < 0)
        die("head_write", NULL);
    sqlite3_stmt *statement = prepare(db, "INSERT OR REPLACE INTO head VALUES(1, ?1)");
    sqlite3_bind_text(statement, 1, text, -1, SQLITE_STATIC);
    if (sqlite3_step(statement) != SQLITE_DONE)
        die("head", db);
    sqlite3_finalize(statement);
}

int main(int argc, char **argv)
{
    unsigned char seed[32];
    struct signer *signer;
    struct timespec now;
    if ((argc != 2 && argc != 4 && argc != 5) || chain_init() < 0)
        return 2;
    sqlite3 *state = open_file(argv[1], SCHEMA_STATE), *history = open_file(argv[1], SCHEMA_HISTORY);
    if (argc > 2) {
        clock_gettime(CLOCK_REALTIME, &now);
        struct head head = {.site = "demo", .utc_us = (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000};
        memset(seed, argc > 4 ? argv[4][0] : 'a', sizeof seed);
        if (getenv("EVENT_UTC_MS") != NULL) /* as if it had been then */
            head.utc_us = strtoll(getenv("EVENT_UTC_MS"), NULL, 10) * 1000;
        if (signer_from_seed(seed, &signer) < 0)
            die("signer", NULL);
        append(state, &head, argv[2], argv[3]);
        head.frame_id =
            last_row(history, "SELECT id, hash FROM frame ORDER BY id DESC LIMIT 1", head.frame_hash);
        sign(state, &head, signer);
        write_public_key(argv[1], signer);
        signer_free(signer);
    }
    sqlite3_close(state);
    sqlite3_close(history);
    return 0;
}
