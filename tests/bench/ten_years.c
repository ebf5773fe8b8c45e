/*
 * ten_years - a record as a bank has it after years: tanks with temperature and level each minute, excursions
 * with their alarms, stops of the daemon, a configuration, seals, a signed head. The same each time.
 *
 *   ten_years DIR YEARS TANKS CONFIGURATION-FILE
 *
 * About every 60 days a tank grows warm for 40 minutes; each 30 days the daemon is stopped for 5 minutes.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "hash.h"
#include "head.h"
#include "history_build.h"
#include "schema.h"

#define START_MS  INT64_C(1451606400000) /* 2016-01-01T00:00Z */
#define MINUTE_MS INT64_C(60000)
#define DAY_MIN   INT64_C(1440)
#define TANKS_MAX 200
#define BATCH     10 /* minutes in a frame */
#define WARM_MIN  40
#define EVERY     (60 * DAY_MIN)
#define STOP_DAYS 30
#define STOP_MIN  5

static struct {
    sqlite3 *state, *history;
    struct fold_head head;
    unsigned tanks;
    char configuration[65];
    struct frame_entry entries[2 * TANKS_MAX * BATCH];
} made;

static void check(int error, const char *what)
{
    if (error == 0)
        return;
    fprintf(stderr, "ten_years: %s failed\n", what);
    exit(1);
}

static void run(sqlite3 *db, const char *sql)
{
    check(sqlite3_exec(db, sql, NULL, NULL, NULL), sql);
}

static int64_t at_ms(int64_t minute)
{
    return START_MS + minute * MINUTE_MS;
}

static uint32_t chance(int64_t minute, unsigned tank)
{
    uint64_t x = (uint64_t)minute * UINT64_C(0x9e3779b97f4a7c15) + tank * UINT64_C(0xbf58476d1ce4e5b9);
    x ^= x >> 29;
    x *= UINT64_C(0x94d049bb133111eb);
    return (uint32_t)(x >> 33);
}

/* Minutes into an excursion of the tank, or -1. */
static int64_t warm_since(int64_t minute, unsigned tank)
{
    int64_t phase = (minute + 7919 * (int64_t)(tank + 1)) % EVERY;
    return phase < WARM_MIN ? phase : -1;
}

static int64_t temperature(int64_t minute, unsigned tank)
{
    int64_t since = warm_since(minute, tank), noise = (int64_t)(chance(minute, tank) % 5) - 2;
    if (since < 0)
        return -1850 + noise;
    int64_t up = since < WARM_MIN / 2 ? since : WARM_MIN - since;
    return -1850 + 30 * up + noise; /* to -125 degC */
}

static int64_t level(int64_t minute, unsigned tank)
{
    return 250 - (minute + 331 * (int64_t)tank) % 2880 / 20 + (int64_t)(chance(minute, tank + 1000) % 3) - 1;
}

static void event(int64_t minute, const char *kind, const char *asset, const char *members)
{
    char body[1024], time[RFC3339_MAX];
    clock_print_utc(time, at_ms(minute) * 1000);
    snprintf(body, sizeof body,
             "{\"seq\":%lld,\"time\":\"%s\",\"site\":\"demo\",\"run\":\"r\",\"kind\":\"%s\"%s}",
             (long long)made.head.event_seq + 1, time, kind, members);
    check(history_build_alarm(made.state, at_ms(minute) * 1000, kind, asset,
                              asset[0] != '\0' ? "temperature-critical" : "", body, &made.head),
          "event");
}

static void start(int64_t minute)
{
    char members[160];
    snprintf(members, sizeof members, ",\"version\":\"0.1.0\",\"configuration\":\"%s\"", made.configuration);
    event(minute, "start", "", members);
}

static void alarm(int64_t minute, unsigned tank, const char *transition, const char *state, const char *more)
{
    char members[640], asset[16];
    snprintf(asset, sizeof asset, "tank-%u", tank + 1);
    snprintf(
        members, sizeof members,
        ",\"transition\":\"%s\",\"asset\":\"tank-%u\",\"alarm\":\"temperature-critical\",\"state\":\"%s\","
        "\"priority\":\"critical\",\"point\":\"temperature\",\"limit\":-150.0,\"value\":%.1f,\"unit\":"
        "\"\302\260C\","
        "\"text\":{\"en\":\"Vapour too "
        "warm\",\"zh\":\"\346\260\224\347\233\270\346\270\251\345\272\246\350\277\207\351\253\230\"}%s",
        transition, tank + 1, state, (double)temperature(minute, tank) / 10.0, more);
    event(minute, "alarm", asset, members);
    if (strcmp(state, "normal") != 0)
        return;
    snprintf(members, sizeof members,
             "INSERT OR REPLACE INTO alarm(asset, alarm, state, raised_utc_us, who, acked_utc_us, seq) "
             "VALUES('tank-%u','temperature-critical',0,0,'',0,%lld)",
             tank + 1, (long long)made.head.event_seq);
    run(made.state, members);
}

static void events_of(int64_t minute)
{
    int64_t of_stop = minute % (STOP_DAYS * DAY_MIN);
    if (minute >= STOP_DAYS * DAY_MIN && of_stop == 0)
        event(minute, "stop", "", "");
    if (minute >= STOP_DAYS * DAY_MIN && of_stop == STOP_MIN)
        start(minute);
    for (unsigned tank = 0; tank < made.tanks; tank++) {
        int64_t since = warm_since(minute, tank);
        if (since == 12)
            alarm(minute, tank, "raised", "unacknowledged", "");
        if (since == 15)
            alarm(minute, tank, "acknowledged", "acknowledged",
                  ",\"by\":\"li.na\",\"note\":\"lid was open\"");
        if (since == 30)
            alarm(minute, tank, "returned", "normal", "");
    }
}

static bool is_stopped(int64_t minute)
{
    return minute >= STOP_DAYS * DAY_MIN && minute % (STOP_DAYS * DAY_MIN) < STOP_MIN;
}

static void put_frame(int64_t minute)
{
    size_t n = 0;
    for (int64_t i = minute; i < minute + BATCH; i++) {
        events_of(i);
        for (unsigned k = 0; k < 2 * made.tanks && !is_stopped(i); k++) {
            int64_t number = k % 2 == 0 ? temperature(i, k / 2) : level(i, k / 2);
            made.entries[n++] = (struct frame_entry){.slot_ms = at_ms(i),
                                                     .taken_ms = at_ms(i),
                                                     .number = number,
                                                     .point = k + 1,
                                                     .raw = (uint32_t)number & 0xffff};
        }
    }
    check(history_build_frame(made.history, made.entries, n), "frame");
}

static void put_configuration(const char *path)
{
    static char text[1 << 20];
    unsigned char sha256[HASH_SIZE];
    sqlite3_stmt *stmt = NULL;
    FILE *f = fopen(path, "r");
    check(f == NULL, path);
    size_t len = fread(text, 1, sizeof text, f);
    fclose(f);
    struct hash hash;
    hash_begin(&hash, "");
    hash_bytes(&hash, text, len);
    hash_end(&hash, sha256);
    for (unsigned i = 0; i < HASH_SIZE; i++)
        snprintf(made.configuration + 2 * i, 3, "%02x", sha256[i]);
    check(sqlite3_prepare_v2(made.state, "INSERT INTO configuration VALUES(?1, ?2, ?3)", -1, &stmt, NULL),
          "sql");
    sqlite3_bind_blob(stmt, 1, sha256, HASH_SIZE, SQLITE_STATIC);
    sqlite3_bind_int64(stmt, 2, at_ms(0) * 1000);
    sqlite3_bind_text(stmt, 3, text, (int)len, SQLITE_STATIC);
    check(sqlite3_step(stmt) != SQLITE_DONE, "configuration");
    sqlite3_finalize(stmt);
}

static void put_points(void)
{
    static char names[TANKS_MAX][16];
    static struct history_build_point points[2 * TANKS_MAX];
    for (unsigned tank = 0; tank < made.tanks; tank++) {
        snprintf(names[tank], sizeof names[tank], "tank-%u", tank + 1);
        points[2 * tank] = (struct history_build_point){names[tank], "temperature", "\302\260C", 1};
        points[2 * tank + 1] = (struct history_build_point){names[tank], "level", "cm", 1};
    }
    const struct history_build build = {.points = points, .n_points = 2 * made.tanks};
    check(history_build_points(made.history, &build), "points");
}

static void fill(struct fold *fold, int64_t minutes)
{
    put_points();
    start(0);
    for (int64_t minute = 0; minute < minutes;) {
        run(made.history, "BEGIN");
        run(made.state, "BEGIN");
        for (int64_t end = minute + 60; minute < end; minute += BATCH)
            put_frame(minute);
        run(made.state, "COMMIT");
        run(made.history, "COMMIT");
        check(history_build_fold(fold, at_ms(minute) * 1000, &made.head, NULL), "fold");
    }
}

int main(int argc, char **argv)
{
    struct fold *fold = NULL;
    if (argc != 5) {
        fprintf(stderr, "usage: ten_years DIR YEARS TANKS CONFIGURATION-FILE\n");
        return 2;
    }
    made.tanks = (unsigned)strtoul(argv[3], NULL, 10);
    check(made.tanks == 0 || made.tanks > TANKS_MAX, "TANKS");
    struct signer *signer = history_build_signer();
    made.state = history_build_open(argv[1], SCHEMA_STATE);
    made.history = history_build_open(argv[1], SCHEMA_HISTORY);
    check(!signer || !made.state || !made.history || fold_create(made.history, signer, &fold) != 0,
          "opening");
    put_configuration(argv[4]);
    int64_t minutes = (int64_t)(strtod(argv[2], NULL) * 365.25 * (double)DAY_MIN) / 60 * 60;
    fill(fold, minutes);
    check(history_build_end(argv[1], made.state, made.history, signer, &made.head, at_ms(minutes) * 1000),
          "head");
    fold_free(fold);
    sqlite3_close(made.history);
    sqlite3_close(made.state);
    signer_free(signer);
    return 0;
}
