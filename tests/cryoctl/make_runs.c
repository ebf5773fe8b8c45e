/*
 * make_runs DIR [SOURCE]: some hours of a simulated freezer as the store would have written them, read every
 * 5 s: a run of the program cryomed-700, and one that is stopped at -20 and has 100 s without readings. The
 * truth as JSON on stdout. SOURCE: a file with the configuration that was in force, from a minute before the
 * first reading. With SET_BACK_S in the environment the clock is set back by so much, half an hour into the
 * first run. With UNSEEN_S nothing is stored until so many seconds after its begin (up to 1800). With
 * SECOND_SAMPLE there is also the point sample-b, a sample that cools and does not freeze.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#include "chain.h"
#include "frame.h"
#include "freezer.h"
#include "model.h"
#include "schema.h"

#define START_US INT64_C(1790000000000000) /* 2026-09-21 14:13:20 UTC */
#define POLL_S   5

struct maker {
    sqlite3 *db;
    struct freezer freezer;
    struct random_source random;
    int64_t now_us, set_us;
    double second_c;
    bool has_second;
    unsigned char hash[CHAIN_HASH_SIZE];
    int64_t frame;
};

static void must(bool ok, const char *what)
{
    if (ok)
        return;
    fprintf(stderr, "make_runs: %s\n", what);
    exit(1);
}

static sqlite3 *create(const char *dir, enum schema_file file)
{
    char path[4096], message[256] = "";
    sqlite3 *db;

    snprintf(path, sizeof path, "%s/%s", dir, schema_name(file));
    must(sqlite3_open(path, &db) == SQLITE_OK, path);
    must(sqlite3_exec(db, "PRAGMA journal_mode=WAL", NULL, NULL, NULL) == SQLITE_OK, path);
    must(schema_migrate(db, file, message, sizeof message) >= 0, message);
    return db;
}

static void act(struct maker *m, const char *name)
{
    char error[PARAM_ERROR_MAX];

    must(param_set(model_freezer.params, &m->freezer, name, "", true, error) == 0, error);
}

/* One commit: the points of one poll. */
static void store(struct maker *m, const struct frame_entry *entries, size_t n)
{
    static unsigned char body[FRAME_BYTES_MAX];
    unsigned char before[CHAIN_HASH_SIZE];
    struct chain_frame frame = {.id = ++m->frame,
                                .first_utc_us = entries[0].taken_ms * 1000,
                                .last_utc_us = entries[n - 1].taken_ms * 1000,
                                .count = (int64_t)n,
                                .body = body};
    sqlite3_stmt *s;

    must(frame_encode(entries, n, body, sizeof body, &frame.len) == 0, "frame");
    memcpy(before, m->hash, sizeof before);
    chain_frame_hash(before, &frame, m->hash);
    must(sqlite3_prepare_v2(m->db, "INSERT INTO frame VALUES(?1, ?2, ?3, ?4, ?5, ?6)", -1, &s, NULL) ==
             SQLITE_OK,
         "insert");
    sqlite3_bind_int64(s, 1, frame.id);
    sqlite3_bind_int64(s, 2, frame.first_utc_us);
    sqlite3_bind_int64(s, 3, frame.last_utc_us);
    sqlite3_bind_int64(s, 4, frame.count);
    sqlite3_bind_blob(s, 5, body, (int)frame.len, SQLITE_STATIC);
    sqlite3_bind_blob(s, 6, m->hash, sizeof m->hash, SQLITE_STATIC);
    must(sqlite3_step(s) == SQLITE_DONE, "step");
    sqlite3_finalize(s);
}

static void go(struct maker *m, int for_s, bool stored)
{
    const struct freezer *f = &m->freezer;

    for (int i = 0; i < for_s; i += POLL_S) {
        for (int k = 0; k < POLL_S; k++)
            model_freezer.step(&m->freezer, 1, &m->random);
        m->now_us += POLL_S * INT64_C(1000000);
        const double values[] = {f->chamber_sensor.reading, f->sample_sensor.reading, f->setpoint_c};
        struct reading readings[7];
        struct frame_entry entries[7];
        const uint32_t n = m->has_second ? 7 : 6;
        for (int p = 0; p < 3; p++)
            readings[p] = (struct reading){.value = (micro_t)llround(values[p] * 10) * 100000};
        readings[3] = (struct reading){.value = (micro_t)freezer_segment_number(f) * MICRO_PER_UNIT};
        readings[4] = (struct reading){.value = f->status * MICRO_PER_UNIT};
        /* What cryomon derives, and can't outside of a run. */
        readings[5] = (struct reading){.quality = QUALITY_BAD, .reason = REASON_NO_RUN};
        m->second_c += (f->chamber_sensor.reading - m->second_c) * POLL_S / 120;
        readings[6] = (struct reading){.value = (micro_t)llround(m->second_c * 10) * 100000};
        for (uint32_t p = 0; p < n; p++)
            entries[p] = frame_entry_make(p + 1,
                                          p < 3 || p == 6 ? 1
                                          : p == 5        ? 2
                                                          : 0,
                                          m->now_us + m->set_us, m->now_us + m->set_us + 23000, &readings[p]);
        if (stored)
            store(m, entries, n);
    }
}

static void load(struct maker *m)
{
    static const struct freezer_segment segments[] = {{0, 4, 120}, {1, -45, 0}, {10, -90, 0}};

    model_freezer.init(&m->freezer);
    m->freezer.n_segments = 3;
    memcpy(m->freezer.segments, segments, sizeof segments);
    model_freezer.start(&m->freezer, &m->random);
}

/* As the daemon's start and its store would have written it. */
static void store_configuration(sqlite3 *state, const char *path)
{
    static char text[1 << 20];
    unsigned char hash[32], previous[CHAIN_HASH_SIZE] = {0}, event_hash[CHAIN_HASH_SIZE];
    char body[128] = "{\"configuration\":\"";
    sqlite3_stmt *s;
    FILE *file = fopen(path, "r");

    must(file != NULL, path);
    const size_t len = fread(text, 1, sizeof text, file);
    (void)fclose(file);
    must(len < sizeof text && crypto_hash_sha256(hash, (const unsigned char *)text, len) == 0, "source");
    must(sqlite3_prepare_v2(state, "INSERT INTO configuration VALUES(?1, ?2, ?3)", -1, &s, NULL) == SQLITE_OK,
         "configuration");
    sqlite3_bind_blob(s, 1, hash, sizeof hash, SQLITE_STATIC);
    sqlite3_bind_int64(s, 2, START_US - INT64_C(60000000));
    sqlite3_bind_text(s, 3, text, (int)len, SQLITE_STATIC);
    must(sqlite3_step(s) == SQLITE_DONE, "configuration");
    sqlite3_finalize(s);
    (void)sodium_bin2hex(body + strlen(body), 65, hash, sizeof hash);
    strcat(body, "\"}");
    const struct chain_event event = {.seq = 1,
                                      .utc_us = START_US - INT64_C(60000000),
                                      .boot_us = 1,
                                      .boot_id = "0",
                                      .kind = "start",
                                      .asset = "",
                                      .alarm = "",
                                      .body = body};
    chain_event_hash(previous, &event, event_hash);
    must(sqlite3_prepare_v2(state, "INSERT INTO event VALUES(1, ?1, 1, '0', 'start', '', '', ?2, ?3, ?4)", -1,
                            &s, NULL) == SQLITE_OK,
         "start");
    sqlite3_bind_int64(s, 1, event.utc_us);
    sqlite3_bind_text(s, 2, body, -1, SQLITE_STATIC);
    sqlite3_bind_blob(s, 3, previous, sizeof previous, SQLITE_STATIC);
    sqlite3_bind_blob(s, 4, event_hash, sizeof event_hash, SQLITE_STATIC);
    must(sqlite3_step(s) == SQLITE_DONE, "start");
    sqlite3_finalize(s);
}

int main(int argc, char **argv)
{
    static struct maker m = {.now_us = START_US};

    must((argc == 2 || argc == 3) && chain_init() == 0, "make_runs DIR [SOURCE]");
    m.db = create(argv[1], SCHEMA_HISTORY);
    must(sqlite3_exec(
             m.db,
             "INSERT INTO point VALUES(1, 'crf', 'chamber', '°C', 1), (2, 'crf', 'sample', '°C', 1),"
             "(3, 'crf', 'setpoint', '°C', 1), (4, 'crf', 'segment', '', 0), (5, 'crf', 'program', '', 0),"
             "(6, 'crf', 'run-deviation', 'K', 2);"
             "BEGIN",
             NULL, NULL, NULL) == SQLITE_OK,
         "points");
    m.has_second = getenv("SECOND_SAMPLE") != NULL;
    m.second_c = 4;
    must(!m.has_second || sqlite3_exec(m.db, "INSERT INTO point VALUES(7, 'crf', 'sample-b', '°C', 1)", NULL,
                                       NULL, NULL) == SQLITE_OK,
         "points");
    random_seed(&m.random, 3, "runs");
    load(&m);
    const char *text = getenv("UNSEEN_S");
    const int unseen_s = text != NULL ? atoi(text) : 0;
    go(&m, 600, unseen_s == 0);
    act(&m, "start");
    const int64_t began_us = m.now_us;
    go(&m, unseen_s, false);
    go(&m, 1800 - unseen_s, true);
    if (getenv("SET_BACK_S") != NULL)
        m.set_us = -strtoll(getenv("SET_BACK_S"), NULL, 10) * INT64_C(1000000);
    go(&m, 2400, true);
    const struct freezer_batch b = m.freezer.batch;
    load(&m);
    go(&m, 3600, true);
    act(&m, "start");
    go(&m, 600, true);
    go(&m, 100, false);
    go(&m, 900, true);
    act(&m, "reset");
    go(&m, 1200, true);
    must(sqlite3_exec(m.db, "COMMIT", NULL, NULL, NULL) == SQLITE_OK, "commit");
    sqlite3_close(m.db);
    sqlite3 *state = create(argv[1], SCHEMA_STATE);
    if (argc == 3)
        store_configuration(state, argv[2]);
    sqlite3_close(state);
    printf("{\"onset_us\":%lld,\"onset\":%.3f,\"supercooling\":%.3f,\"zero_to_40\":%.1f}\n",
           (long long)(began_us + (int64_t)(b.onset_s * 1e6)), b.onset_c, b.supercooling_k,
           b.minus40_s - b.zero_s);
    return 0;
}
