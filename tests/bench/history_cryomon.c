/*
 * history_cryomon - the same readings as history_plain, in a history.db as the daemon writes it: frames,
 * hours, days.
 *
 *   history_cryomon DIR POINTS DAYS [noisy] [quick]    quick: without fsync (the bytes are the same, the time
 * is not)
 *
 * One commit each 5 s of readings, WAL, synchronous FULL, the daemon's page size. Prints one JSON object.
 * Also makes an empty state.db, so that cryoctl opens the directory.
 */
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "chain.h"
#include "fold.h"
#include "frame.h"
#include "history_data.h"
#include "schema.h"

#define POINTS_MAX 20000

static struct data_point points[POINTS_MAX];
static struct frame_entry entries[FRAME_ENTRIES_MAX];
static unsigned char body[FRAME_BYTES_MAX];

static sqlite3 *open_db(const char *dir, enum schema_file file, bool quick)
{
    char path[512], message[256];
    sqlite3 *db = NULL;
    snprintf(path, sizeof path, "%s/%s", dir, schema_name(file));
    if (sqlite3_open(path, &db) != SQLITE_OK)
        data_die(path, db);
    data_run(db, file == SCHEMA_HISTORY ? SCHEMA_SET_PAGE
                     "; PRAGMA journal_mode=WAL; PRAGMA wal_autocheckpoint=256"
                                        : "PRAGMA journal_mode=WAL");
    data_run(db, quick ? "PRAGMA synchronous=OFF" : "PRAGMA synchronous=FULL");
    if (schema_migrate(db, file, message, sizeof message) < 0)
        data_die(message, NULL);
    return db;
}

static void make_points(sqlite3 *db, unsigned n)
{
    char sql[256];
    data_run(db, "BEGIN");
    for (unsigned p = 0; p < n; p++) {
        snprintf(sql, sizeof sql, "INSERT INTO point VALUES(%u, 'tank-%u', 'temperature', '\302\260C', %d)",
                 p + 1, p + 1, DATA_DECIMALS);
        data_run(db, sql);
    }
    data_run(db, "COMMIT");
}

struct writer {
    sqlite3 *db;
    sqlite3_stmt *stmt;
    int64_t id, hour;
    unsigned char hash[CHAIN_HASH_SIZE];
    struct fold *fold;
    double slowest_hour, slowest_day;
};

static void commit(struct writer *writer, size_t n)
{
    size_t len = 0;
    if (frame_encode(entries, n, body, sizeof body, &len) < 0)
        data_die("frame_encode", NULL);
    struct chain_frame frame = {
        ++writer->id, entries[0].taken_ms * 1000, entries[n - 1].taken_ms * 1000, (int64_t)n, body, len};
    unsigned char hash[CHAIN_HASH_SIZE];
    chain_frame_hash(writer->hash, &frame, hash);
    memcpy(writer->hash, hash, sizeof hash);
    sqlite3_bind_int64(writer->stmt, 1, frame.id);
    sqlite3_bind_int64(writer->stmt, 2, frame.first_utc_us);
    sqlite3_bind_int64(writer->stmt, 3, frame.last_utc_us);
    sqlite3_bind_int64(writer->stmt, 4, frame.count);
    sqlite3_bind_blob64(writer->stmt, 5, body, len, SQLITE_STATIC);
    sqlite3_bind_blob(writer->stmt, 6, hash, sizeof hash, SQLITE_STATIC);
    if (sqlite3_step(writer->stmt) != SQLITE_DONE)
        data_die("insert", writer->db);
    sqlite3_reset(writer->stmt);
}

/* As soon as an hour is over, as the store does. */
static void fold_all(struct writer *writer, int64_t utc_us)
{
    static const struct fold_head head;
    struct fold_done done;
    do {
        double start = data_now();
        if (fold_step(writer->fold, utc_us, &head, &done) != SQLITE_OK)
            data_die("fold", writer->db);
        double took = data_now() - start;
        if (done.kind == FOLD_HOUR && took > writer->slowest_hour)
            writer->slowest_hour = took;
        if (done.kind == FOLD_DAY && took > writer->slowest_day)
            writer->slowest_day = took;
    } while (done.kind != FOLD_NOTHING);
}

static void fill(struct writer *writer, unsigned n, uint64_t polls)
{
    for (uint64_t i = 0; i < polls; i++) {
        int64_t ms = DATA_START_MS + (int64_t)i * DATA_INTERVAL_MS;
        for (unsigned half = 0; half < 2; half++) {
            size_t k = 0;
            for (unsigned p = half; p < n; p += 2) {
                int64_t number = data_next(&points[p], i), slot = ms + half * 5000;
                entries[k++] = (struct frame_entry){.slot_ms = slot,
                                                    .taken_ms = slot,
                                                    .number = number,
                                                    .point = p + 1,
                                                    .raw = (uint32_t)number & 0xffff,
                                                    .quality = QUALITY_GOOD};
                if (k == FRAME_ENTRIES_MAX) {
                    commit(writer, k);
                    k = 0;
                }
            }
            if (k > 0)
                commit(writer, k);
        }
        if (ms / 3600000 != writer->hour)
            fold_all(writer, ms * 1000);
        writer->hour = ms / 3600000;
    }
    /* The first hour of the next day ends the last day, and the reading after it that hour. */
    for (int hour = 0; hour < 2; hour++) {
        entries[0].slot_ms = entries[0].taken_ms =
            DATA_START_MS + (int64_t)polls * DATA_INTERVAL_MS + hour * 3600000;
        commit(writer, 1);
        fold_all(writer, entries[0].slot_ms * 1000);
    }
}

int main(int argc, char **argv)
{
    if (argc < 4) {
        fprintf(stderr, "usage: history_cryomon DIR POINTS DAYS [noisy] [quick]\n");
        return 2;
    }
    unsigned n = (unsigned)strtoul(argv[2], NULL, 10);
    uint64_t polls = (uint64_t)(strtod(argv[3], NULL) * 86400.0 * 1000.0 / DATA_INTERVAL_MS);
    bool noisy = false, quick = false;
    for (int i = 4; i < argc; i++) {
        noisy |= strcmp(argv[i], "noisy") == 0;
        quick |= strcmp(argv[i], "quick") == 0;
    }
    if (n == 0 || n > POINTS_MAX || chain_init() < 0)
        return 2;
    for (unsigned p = 0; p < n; p++)
        data_begin(&points[p], p, noisy);
    static const unsigned char seed[32] = "cryomon bench";
    struct signer *signer = NULL;
    struct writer writer = {.db = open_db(argv[1], SCHEMA_HISTORY, quick), .hour = DATA_START_MS / 3600000};
    sqlite3_close(open_db(argv[1], SCHEMA_STATE, quick));
    make_points(writer.db, n);
    if (signer_from_seed(seed, &signer) < 0 || fold_create(writer.db, signer, &writer.fold) < 0)
        data_die("fold_create", writer.db);
    if (sqlite3_prepare_v2(writer.db, "INSERT INTO frame VALUES(?1, ?2, ?3, ?4, ?5, ?6)", -1, &writer.stmt,
                           NULL) != SQLITE_OK)
        data_die("prepare", writer.db);
    long long before = data_written();
    double start = data_now();
    fill(&writer, n, polls);
    double seconds = data_now() - start;
    fold_free(writer.fold);
    sqlite3_finalize(writer.stmt);
    data_run(writer.db, "PRAGMA wal_checkpoint(TRUNCATE)");
    long long bytes = data_written() - before;
    sqlite3_close(writer.db);
    signer_free(signer);
    char path[512];
    struct stat st;
    snprintf(path, sizeof path, "%s/history.db", argv[1]);
    if (stat(path, &st) < 0)
        return 1;
    double readings = (double)polls * n;
    printf("{\"store\":\"cryomon\",\"path\":\"%s\",\"readings\":%.0f,\"bytes_per_reading\":%.3f,"
           "\"written_per_reading\":%.1f,\"readings_per_s\":%.0f,\"hour_ms\":%.0f,\"day_ms\":%.0f}\n",
           path, readings, (double)st.st_size / readings, (double)bytes / readings, readings / seconds,
           1000 * writer.slowest_hour, 1000 * writer.slowest_day);
    return 0;
}
