/* What a review is bound to, when a period can be reviewed, and until when there is no hole. */
#include <errno.h>
#include <inttypes.h>
#include <setjmp.h>
#include <sodium.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "clock.h"
#include "history_build.h"
#include "history_fixture.h"
#include "review.h"
#include "seal.h"

#define HOUR_US (INT64_C(3600) * SECOND_US)
#define DAY_US  (24 * HOUR_US)
#define BEGIN   (INT64_C(1793491200) * SECOND_US) /* 2026-11-01T00:00:00Z */

struct site {
    struct fixture f;
    struct signer *signer;
    struct history_reader *reader;
};

static void add_seal(struct site *s, int64_t id, int64_t from_us)
{
    struct seal seal = {.id = id,
                        .kind = SEAL_HOUR,
                        .utc_us = from_us + HOUR_US,
                        .first_utc_us = from_us,
                        .last_utc_us = from_us + HOUR_US - SECOND_US,
                        .count = 360};
    char hash[65], signature[129], zeros[65];
    unsigned char nothing[CHAIN_HASH_SIZE] = {0};
    seal_sign(&seal, s->signer);
    sodium_bin2hex(hash, sizeof hash, seal.hash, sizeof seal.hash);
    sodium_bin2hex(signature, sizeof signature, seal.signature, sizeof seal.signature);
    sodium_bin2hex(zeros, sizeof zeros, nothing, sizeof nothing);
    fixture_sql(
        s->f.history,
        "INSERT INTO seal VALUES(%lld, 1, %lld, %lld, %lld, 360, 0, 0, x'%s', x'%s', NULL, x'%s', 0, x'%s',"
        " x'%s', x'%s', 1, x'%s')",
        (long long)id, (long long)seal.utc_us, (long long)seal.first_utc_us, (long long)seal.last_utc_us,
        zeros, zeros, zeros, zeros, zeros, hash, signature);
}

/* A day with an event each six hours, from the first hour on; its first three hours are sealed. */
static int site_make(void **state)
{
    static struct site s;
    char key[65], message[256];
    unsigned char seed[32] = {7};
    memset(&s, 0, sizeof s);
    fixture_make(&s.f);
    assert_int_equal(signer_from_seed(seed, &s.signer), 0);
    sodium_bin2hex(key, sizeof key, signer_public(s.signer), SIGNER_KEY_SIZE);
    fixture_sql(s.f.history, "INSERT INTO signer VALUES(1, 0, x'%s')", key);
    for (int i = 0; i < 4; i++)
        fixture_event(&s.f, (uint64_t)i + 1, BEGIN + i * 6 * HOUR_US, "tank-1", i == 1 ? "{\"a\":1}" : "{}");
    for (int i = 0; i < 3; i++)
        add_seal(&s, i + 1, BEGIN + i * HOUR_US);
    assert_int_equal(history_open(s.f.dir, &s.reader, message, sizeof message), 0);
    *state = &s;
    return 0;
}

static int site_free(void **state)
{
    struct site *s = *state;
    history_close(s->reader);
    signer_free(s->signer);
    fixture_free(&s->f);
    return 0;
}

/* ---------------------------------------------------------------- the hash */

static void append_rows(sqlite3 *db, const char *sql, const char *what, char *text, size_t cap)
{
    sqlite3_stmt *stmt = NULL;
    assert_int_equal(sqlite3_prepare_v2(db, sql, -1, &stmt, NULL), SQLITE_OK);
    while (sqlite3_step(stmt) == SQLITE_ROW) {
        size_t n = strlen(text);
        snprintf(text + n, cap - n, "%s %lld %s\n", what, (long long)sqlite3_column_int64(stmt, 0),
                 (const char *)sqlite3_column_text(stmt, 1));
    }
    sqlite3_finalize(stmt);
}

/* The text is as the header has it, byte for byte: an auditor can make it with a shell. */
static void test_text(void **state)
{
    struct site *s = *state;
    struct review_cover cover;
    unsigned char expected[CHAIN_HASH_SIZE];
    char text[4096] =
        "cryomon review 1\nfrom 2026-11-01T01:00:00.000Z\nto 2026-11-01T12:00:00.000Z\nasset *\n"
        "events 4\nseals 3\n";
    append_rows(s->f.state, "SELECT seq, lower(hex(hash)) FROM event WHERE seq = 2", "event", text,
                sizeof text);
    append_rows(s->f.history, "SELECT id, lower(hex(hash)) FROM seal WHERE id >= 2", "seal", text,
                sizeof text);
    crypto_hash_sha256(expected, (const unsigned char *)text, strlen(text));
    assert_int_equal(review_bind(s->reader, BEGIN + HOUR_US, BEGIN + 12 * HOUR_US, "", NULL, &cover), 0);
    assert_memory_equal(cover.sha256, expected, sizeof expected);
    assert_int_equal(cover.events.count, 1);
    assert_int_equal(cover.events.from, 2);
    assert_int_equal(cover.events.to, 2);
    assert_int_equal(cover.events.head, 4);
    assert_int_equal(cover.seals.count, 2);
    assert_int_equal(cover.seals.from, 2);
    assert_int_equal(cover.seals.to, 3);
    struct review_cover other;
    assert_int_equal(review_bind(s->reader, BEGIN + HOUR_US, BEGIN + 12 * HOUR_US, "tank-1", NULL, &other),
                     0);
    assert_memory_not_equal(other.sha256, expected, sizeof expected);
}

static bool is_same(struct site *s, const struct review_cover *bound)
{
    struct review_cover now;
    assert_int_equal(review_bind(s->reader, BEGIN, BEGIN + DAY_US, "", bound, &now), 0);
    return memcmp(now.sha256, bound->sha256, sizeof now.sha256) == 0;
}

/* What comes later, also with an earlier time, is not what was reviewed, and does not spoil it. */
static void test_later_rows(void **state)
{
    struct site *s = *state;
    struct review_cover bound;
    assert_int_equal(review_bind(s->reader, BEGIN, BEGIN + DAY_US, "", NULL, &bound), 0);
    fixture_event(&s->f, 5, BEGIN + HOUR_US, "tank-1", "{}"); /* the clock was set back */
    add_seal(s, 4, BEGIN + 3 * HOUR_US);
    assert_true(is_same(s, &bound));
    struct review_cover now;
    assert_int_equal(review_bind(s->reader, BEGIN, BEGIN + DAY_US, "", NULL, &now), 0);
    assert_int_equal(now.events.count, 5);
    assert_int_equal(now.seals.count, 4);
}

static void test_altered(void **state)
{
    struct site *s = *state;
    static const struct {
        bool history;
        const char *change, *back;
    } cases[] = {
        {false, "UPDATE event SET body = '{\"a\":2}' WHERE seq = 2",
         "UPDATE event SET body = '{\"a\":1}' WHERE seq = 2"},
        {false, "UPDATE event SET asset = 'tank-2' WHERE seq = 3",
         "UPDATE event SET asset = 'tank-1' WHERE seq = 3"},
        {false, "UPDATE event SET utc_us = utc_us + 1 WHERE seq = 4",
         "UPDATE event SET utc_us = utc_us - 1 WHERE seq = 4"},
        {true, "UPDATE seal SET content = randomblob(32) WHERE id = 2",
         "UPDATE seal SET content = zeroblob(32) WHERE id = 2"},
        {true, "UPDATE seal SET entries_hash = randomblob(32) WHERE id = 1",
         "UPDATE seal SET entries_hash = zeroblob(32) WHERE id = 1"},
        {true, "UPDATE seal SET count = 359 WHERE id = 3", "UPDATE seal SET count = 360 WHERE id = 3"},
    };
    struct review_cover bound;
    fixture_sql(s->f.state, "DROP TRIGGER event_update; DROP TRIGGER event_delete");
    assert_int_equal(review_bind(s->reader, BEGIN, BEGIN + DAY_US, "", NULL, &bound), 0);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        sqlite3 *db = cases[i].history ? s->f.history : s->f.state;
        fixture_sql(db, "%s", cases[i].change);
        assert_false(is_same(s, &bound));
        fixture_sql(db, "%s", cases[i].back);
        assert_true(is_same(s, &bound));
    }
    fixture_sql(s->f.history, "DELETE FROM seal WHERE id = 1");
    assert_false(is_same(s, &bound));
    add_seal(s, 1, BEGIN);
    assert_true(is_same(s, &bound));
    fixture_sql(s->f.state, "DELETE FROM event WHERE seq = 1");
    assert_false(is_same(s, &bound));
}

/* Goes on with a record of hours until nothing is left to fold. Returns what the last seal is. */
static int64_t fold_on(const char *dir, int64_t now_us, uint32_t keep_days)
{
    struct fold *fold = NULL;
    struct fold_head head = {0};
    struct signer *signer = history_build_signer();
    sqlite3 *db = history_build_open(dir, SCHEMA_HISTORY);
    sqlite3_stmt *stmt = NULL;
    assert_non_null(db);
    assert_int_equal(fold_create(db, signer, &fold), 0);
    fold_configure(fold, fold_default_thresholds, NULL, keep_days);
    assert_int_equal(history_build_fold(fold, now_us, &head, NULL), 0);
    fold_free(fold);
    assert_int_equal(
        sqlite3_prepare_v2(db, "SELECT kind FROM seal ORDER BY id DESC LIMIT 1", -1, &stmt, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_step(stmt), SQLITE_ROW);
    int64_t kind = sqlite3_column_int64(stmt, 0);
    sqlite3_finalize(stmt);
    sqlite3_close(db);
    signer_free(signer);
    return kind;
}

/* A review of a day outlives the folding of its hours, and even the removal of its readings. */
static void test_folded(void **state)
{
    (void)state;
    struct fixture f;
    struct history_reader *reader;
    struct review_cover bound, now;
    char message[256];
    int64_t begin = HISTORY_BUILD_START_MS * 1000, when = 0;
    fixture_make(&f);
    struct history_build build = {
        .dir = f.dir, .n_points = 1, .interval_ms = 600000, .slots = 3 * 144, .without_days = true};
    assert_int_equal(history_build(&build), 0);
    assert_int_equal(history_open(f.dir, &reader, message, sizeof message), 0);
    assert_int_equal(review_complete(reader, begin, begin + DAY_US, begin + 4 * DAY_US, &when), 0);
    assert_int_equal(review_complete(reader, begin, begin + 3 * DAY_US, begin + 4 * DAY_US, &when), -EAGAIN);
    assert_int_equal(review_bind(reader, begin, begin + DAY_US, "", NULL, &bound), 0);
    assert_int_equal(bound.seals.count, 24);

    assert_int_equal(fold_on(f.dir, begin + 4 * DAY_US, 0), SEAL_DAY);
    assert_int_equal(review_bind(reader, begin, begin + DAY_US, "", &bound, &now), 0);
    assert_memory_equal(now.sha256, bound.sha256, sizeof now.sha256);
    assert_int_equal(fold_on(f.dir, begin + 30 * DAY_US, 1), SEAL_TOMBSTONE);
    assert_int_equal(review_bind(reader, begin, begin + DAY_US, "", &bound, &now), 0);
    assert_memory_equal(now.sha256, bound.sha256, sizeof now.sha256);
    history_close(reader);
    fixture_free(&f);
}

/* ---------------------------------------------------------------- complete? */

static void expect_when(struct site *s, int64_t from_us, int64_t to_us, int64_t now_us, int64_t when_us)
{
    int64_t when = 0;
    assert_int_equal(review_complete(s->reader, from_us, to_us, now_us, &when), when_us ? -EAGAIN : 0);
    assert_true(when == when_us);
}

static void test_complete(void **state)
{
    struct site *s = *state;
    int64_t now = BEGIN + 3 * HOUR_US + 5 * 60 * SECOND_US;
    expect_when(s, BEGIN, BEGIN + 2 * HOUR_US, now, 0); /* the third hour is sealed: nothing waits */
    expect_when(s, BEGIN, now + SECOND_US, now, BEGIN + 4 * HOUR_US);
    expect_when(s, BEGIN, BEGIN + 3 * HOUR_US, now,
                BEGIN + 4 * HOUR_US); /* the last minutes may be on their way */
    fixture_sql(s->f.history, "INSERT INTO frame VALUES(9, %lld, %lld, 1, x'00', x'00')",
                (long long)(BEGIN + 3 * HOUR_US), (long long)(BEGIN + 3 * HOUR_US + SECOND_US));
    expect_when(s, BEGIN, BEGIN + 3 * HOUR_US, now, 0); /* later ones are there: all of it is */
    expect_when(s, BEGIN, BEGIN + 3 * HOUR_US + 1, now, BEGIN + 4 * HOUR_US); /* one waits */
    expect_when(s, BEGIN + 3 * HOUR_US + 2 * SECOND_US, now, now, now + HOUR_US);
    expect_when(s, BEGIN + 3 * HOUR_US + 2 * SECOND_US, now, now + HOUR_US,
                0); /* nothing came, and nothing will */
}

/* ---------------------------------------------------------------- reviews */

static void add_review(struct site *s, int seq, const char *asset, const char *from, const char *to)
{
    char body[1024], hash[65];
    memset(hash, 'a', 64);
    hash[64] = '\0';
    snprintf(body, sizeof body,
             "{\"by\":\"li.na\",\"name\":\"Li "
             "Na\",\"meaning\":\"review\",\"asset\":\"%s\",\"from\":\"%s\",\"to\":\"%s\","
             "\"covers\":{\"events\":{\"count\":1,\"from\":1,\"to\":1,\"head\":1},\"seals\":{\"count\":0,"
             "\"from\":0,\"to\":0,\"head\":0},\"sha256\":\"%s\"}}",
             asset, from, to, hash);
    fixture_sql(s->f.state, "INSERT INTO event VALUES(%d, %lld, 0, 'b', 'review', '%s', '', '%s', x'', x'')",
                seq, (long long)(BEGIN + 5 * DAY_US), asset, body);
}

static int64_t until(struct site *s, int64_t from_us, int64_t to_us)
{
    int64_t ret = -1;
    assert_int_equal(review_until(s->reader, from_us, to_us, &ret), 0);
    return ret - BEGIN;
}

static bool count_review(void *context, const struct review *review)
{
    *(unsigned *)context += 1;
    assert_string_equal(review->by, "li.na");
    assert_string_equal(review->meaning, "review");
    assert_string_equal(review->comment, "");
    assert_int_equal(review->cover.events.head, 1);
    assert_int_equal(review->cover.sha256[31], 0xaa);
    return true;
}

/* A hole in what was reviewed stays open, whatever was reviewed after it. */
static void test_until(void **state)
{
    struct site *s = *state;
    unsigned n = 0;
    uint64_t odd = 0;
    assert_true(until(s, 0, 0) == 0);
    add_review(s, 10, "", "2026-11-02T00:00:00Z", "2026-11-03T00:00:00Z"); /* the first day is missing */
    assert_true(until(s, 0, 0) == 0);
    add_review(s, 11, "tank-1", "2026-10-01T00:00:00Z", "2026-11-02T00:00:00Z"); /* of one asset */
    assert_true(until(s, 0, 0) == 0);
    assert_true(until(s, BEGIN, BEGIN + DAY_US) == 2 * DAY_US); /* if one is made */
    add_review(s, 12, "", "2026-10-31T00:00:00Z", "2026-11-01T12:00:00Z");
    assert_true(until(s, 0, 0) == DAY_US / 2);
    add_review(s, 13, "", "2026-11-01T12:00:00Z", "2026-11-02T00:00:00Z");
    assert_true(until(s, 0, 0) == 2 * DAY_US);
    fixture_sql(s->f.state, "INSERT INTO event VALUES(14, 0, 0, 'b', 'review', '', '', '{}', x'', x'')");
    assert_int_equal(review_each(s->reader, count_review, &n, &odd), 4);
    assert_int_equal(n, 4);
    assert_int_equal(odd, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_text, site_make, site_free),
        cmocka_unit_test_setup_teardown(test_later_rows, site_make, site_free),
        cmocka_unit_test_setup_teardown(test_altered, site_make, site_free),
        cmocka_unit_test(test_folded),
        cmocka_unit_test_setup_teardown(test_complete, site_make, site_free),
        cmocka_unit_test_setup_teardown(test_until, site_make, site_free),
    };
    return cmocka_run_group_tests_name("review", tests, NULL, NULL);
}
