/* The chain of events shows each way of tampering with it, and says where. */
#include "chain.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "history_fixture.h"
#include "test.h"
#include "verify.h"

#define EVENTS             40
#define EVENT_HASH         "6833255db660a88316f023ef3b056376f04e7fcb265179f56b3a356dce98cc17"
#define CHAINED_FRAME_HASH "1685d83836b9f444db4eac0b96f0262cd254af9a9a68b05fe6580ffc788fd66c"
#define FRAME_HASH         "54b7917600369aaa36b5d10a0320b485bb8a4d82e5be4ebbbfd45104e893c214"

/* The problems, and holes: what chains can show. That the made-up events name no alarm is not looked at. */
struct findings {
    struct {
        enum verify_kind kind;
        int64_t number, previous;
    } list[16];
    size_t n;
};

static bool collect(void *context, const struct verify_finding *finding)
{
    struct findings *findings = context;
    if (finding->kind == VERIFY_ALARM || (finding->note && finding->kind != VERIFY_EVENT_HOLE))
        return true;
    findings->list[findings->n].kind = finding->kind;
    findings->list[findings->n].number = finding->number;
    findings->list[findings->n++].previous = finding->previous;
    return findings->n < sizeof findings->list / sizeof *findings->list;
}

static struct findings verify(struct fixture *fixture, struct verify_result *result)
{
    struct findings findings = {.n = 0};
    char message[256];
    const struct verify_options options = {
        .from_utc_us = INT64_MIN, .to_utc_us = INT64_MAX, .found = collect, .context = &findings};
    int error = verify_record(fixture->dir, &options, result, message, sizeof message);
    if (error != 0 && error != -ECANCELED)
        fail_msg("%s", message);
    return findings;
}

static int setup(void **state)
{
    static struct fixture fixture;
    char body[64];
    fixture_make(&fixture);
    for (unsigned i = 1; i <= EVENTS; i++) {
        snprintf(body, sizeof body, "{\"seq\":%u,\"value\":-195.8}", i);
        fixture_event(&fixture, i, 1700000000000000 + i, "tank-1", body);
    }
    /* What somebody with write access to the file would do first. */
    assert_int_equal(sqlite3_db_config(fixture.state, SQLITE_DBCONFIG_ENABLE_TRIGGER, 0, NULL), SQLITE_OK);
    fixture_point(&fixture, 1, "tank-1", "lid", "°C", 1);
    *state = &fixture;
    return 0;
}

static int teardown(void **state)
{
    fixture_free(*state);
    return 0;
}

static void assert_hex(const unsigned char hash[CHAIN_HASH_SIZE], const char *expected)
{
    char text[2 * CHAIN_HASH_SIZE + 1];
    for (int i = 0; i < CHAIN_HASH_SIZE; i++)
        snprintf(text + 2 * i, 3, "%02x", hash[i]);
    assert_string_equal(text, expected);
}

/* The bytes of chain.h, made by hand with another program (Python's struct and hashlib). */
static void test_canonical_bytes(void **state)
{
    (void)state;
    unsigned char previous[CHAIN_HASH_SIZE], hash[CHAIN_HASH_SIZE];
    for (int i = 0; i < CHAIN_HASH_SIZE; i++)
        previous[i] = (unsigned char)i;
    struct chain_event event = {258, -2, 3, "b", "alarm", "tank-1", "", "{\"u\":\"°C\"}"};
    chain_event_hash(previous, &event, hash);
    assert_hex(hash, EVENT_HASH);
    struct chain_frame frame = {1, 2, 3, 4, "\1\0\2", 3};
    chain_frame_hash(previous, &frame, hash);
    assert_hex(hash, FRAME_HASH);
    frame.body = "\2\0\2";
    chain_frame_hash(previous, &frame, hash);
    assert_hex(hash, CHAINED_FRAME_HASH);
}

static void test_whole_chain(void **state)
{
    struct verify_result result;
    struct fixture *fixture = *state;
    assert_int_equal(verify(fixture, &result).n, 0);
    assert_int_equal(result.events, EVENTS);
    assert_int_equal(result.first_event, 1);
    assert_int_equal(result.last_event, EVENTS);
    assert_memory_equal(result.event_hash, fixture->last_hash, CHAIN_HASH_SIZE);
}

static void test_empty_chain(void **state)
{
    struct verify_result result;
    struct fixture *fixture = *state;
    fixture_sql(fixture->state, "DELETE FROM event");
    assert_int_equal(verify(fixture, &result).n, 0);
    assert_int_equal(result.events, 0);
}

/* Any column of any row. */
static void test_altered_row(void **state)
{
    static const char *const changes[] = {
        "body = replace(body, '195.8', '195.9')",
        "utc_us = utc_us + 1",
        "boot_us = 0",
        "boot_id = 'other'",
        "kind = 'note'",
        "asset = 'tank-2'",
        "alarm = ''",
        "hash = zeroblob(32)",
        "hash = x'00'",
        "body = body || char(0) || 'hidden'",
        "asset = 'tank-', alarm = '1high'",
    };
    struct fixture *fixture = *state;
    struct verify_result result;
    for (size_t i = 0; i < sizeof changes / sizeof *changes; i++) {
        int seq = 1 + (int)(i * 7 % EVENTS);
        fixture_sql(fixture->state, "CREATE TEMP TABLE saved AS SELECT * FROM event");
        fixture_sql(fixture->state, "UPDATE event SET %s WHERE seq = %d", changes[i], seq);
        struct findings findings = verify(fixture, &result);
        assert_true(findings.n >= 1);
        assert_int_equal(findings.list[0].kind, VERIFY_EVENT_ALTERED);
        assert_int_equal(findings.list[0].number, seq);
        fixture_sql(fixture->state,
                    "DELETE FROM event; INSERT INTO event SELECT * FROM saved; DROP TABLE saved");
        assert_int_equal(verify(fixture, &result).n, 0);
    }
}

static int flip_bit(sqlite3 *db, int seq, int bit)
{
    sqlite3_blob *blob = NULL;
    unsigned char byte;
    assert_int_equal(sqlite3_blob_open(db, "main", "event", "body", seq, 1, &blob), SQLITE_OK);
    int len = sqlite3_blob_bytes(blob);
    assert_int_equal(sqlite3_blob_read(blob, &byte, 1, bit / 8), SQLITE_OK);
    byte ^= (unsigned char)(1U << bit % 8);
    assert_int_equal(sqlite3_blob_write(blob, &byte, 1, bit / 8), SQLITE_OK);
    assert_int_equal(sqlite3_blob_close(blob), SQLITE_OK); /* commits */
    return 8 * len;
}

static void test_flipped_bit_anywhere_in_a_body(void **state)
{
    struct fixture *fixture = *state;
    struct verify_result result;
    int bits = 1;
    for (int bit = 0; bit < bits; bit++) {
        bits = flip_bit(fixture->state, 17, bit);
        struct findings findings = verify(fixture, &result);
        assert_int_equal(findings.n, 1);
        assert_int_equal(findings.list[0].kind, VERIFY_EVENT_ALTERED);
        assert_int_equal(findings.list[0].number, 17);
        flip_bit(fixture->state, 17, bit);
    }
    assert_true(bits > 100);
    assert_int_equal(verify(fixture, &result).n, 0);
}

static void test_removed_rows(void **state)
{
    struct fixture *fixture = *state;
    struct verify_result result;
    fixture_sql(fixture->state, "DELETE FROM event WHERE seq BETWEEN 20 AND 22");
    struct findings findings = verify(fixture, &result);
    assert_int_equal(findings.n, 1);
    assert_int_equal(findings.list[0].kind, VERIFY_EVENT_BROKEN);
    assert_int_equal(findings.list[0].number, 23);
    assert_int_equal(findings.list[0].previous, 19);
}

static void test_removed_beginning(void **state)
{
    struct fixture *fixture = *state;
    struct verify_result result;
    fixture_sql(fixture->state, "DELETE FROM event WHERE seq <= 3");
    struct findings findings = verify(fixture, &result);
    assert_int_equal(findings.n, 1);
    assert_int_equal(findings.list[0].kind, VERIFY_EVENT_BROKEN);
    assert_int_equal(findings.list[0].number, 4);
}

static void test_reordered_rows(void **state)
{
    struct fixture *fixture = *state;
    struct verify_result result;
    fixture_sql(fixture->state,
                "UPDATE event SET seq = 1000 WHERE seq = 10;"
                "UPDATE event SET seq = 10 WHERE seq = 11; UPDATE event SET seq = 11 WHERE seq = 1000");
    assert_true(verify(fixture, &result).n >= 2);
    /* Cleverer: with the hashes of the rows made to fit their new numbers, the links still do not. */
    fixture_sql(fixture->state, "DELETE FROM event");
    memset(fixture->last_hash, 0, sizeof fixture->last_hash);
    fixture_event(fixture, 1, 1, "a", "one");
    unsigned char first[CHAIN_HASH_SIZE];
    memcpy(first, fixture->last_hash, sizeof first);
    fixture_event(fixture, 3, 3, "a", "three");
    memcpy(fixture->last_hash, first, sizeof first);
    fixture_event(fixture, 2, 2, "a", "two, put in later");
    struct findings findings = verify(fixture, &result);
    assert_int_equal(findings.n, 1);
    assert_int_equal(findings.list[0].kind, VERIFY_EVENT_BROKEN);
    assert_int_equal(findings.list[0].number, 3);
}

/* Numbers that were never stored, in a chain that is whole. */
static void test_hole_is_no_tampering(void **state)
{
    struct fixture *fixture = *state;
    struct verify_result result;
    fixture_event(fixture, EVENTS + 10, 1700000000001000, "tank-1", "after a gap");
    struct findings findings = verify(fixture, &result);
    assert_int_equal(findings.n, 1);
    assert_int_equal(findings.list[0].kind, VERIFY_EVENT_HOLE);
    assert_int_equal(findings.list[0].previous, EVENTS);
    assert_int_equal(result.holes, 1);
}

static void test_more_than_one_page(void **state)
{
    struct fixture *fixture = *state;
    struct verify_result result;
    fixture_sql(fixture->state, "BEGIN");
    for (unsigned i = EVENTS + 1; i <= 1024; i++)
        fixture_event(fixture, i, i, "tank-1", "more");
    fixture_sql(fixture->state, "COMMIT");
    assert_int_equal(verify(fixture, &result).n, 0);
    assert_int_equal(result.events, 1024);
}

static void test_altered_frame(void **state)
{
    struct fixture *fixture = *state;
    struct verify_result result;
    struct frame_entry entry = {.slot_ms = 1000, .taken_ms = 1001, .number = 5, .point = 1};
    for (int id = 1; id <= 5; id++)
        fixture_frame(fixture, id, &entry, 1);
    assert_int_equal(verify(fixture, &result).n, 0);
    assert_int_equal(result.frames, 5);
    fixture_sql(fixture->history, "UPDATE frame SET last_utc_us = last_utc_us + 1 WHERE id = 4");
    struct findings findings = verify(fixture, &result);
    assert_int_equal(findings.n, 1);
    assert_int_equal(findings.list[0].kind, VERIFY_FRAME_ALTERED);
    assert_int_equal(findings.list[0].number, 4);
}

/* Each changed frame costs itself, and a missing one is seen at the one after it. */
static void test_frames_are_chained(void **state)
{
    static const char *const changes[] = {"body = x'02010002'", "hash = zeroblob(32)", "hash = x'00'",
                                          "count = 2"};
    struct fixture *fixture = *state;
    struct verify_result result;
    struct frame_entry entry = {.slot_ms = 1000, .taken_ms = 1001, .number = 5, .point = 1};
    for (int id = 1; id <= 9; id++)
        fixture_frame(fixture, id, &entry, 1);
    for (size_t i = 0; i < sizeof changes / sizeof *changes; i++) {
        fixture_sql(fixture->history, "CREATE TEMP TABLE saved AS SELECT * FROM frame");
        fixture_sql(fixture->history, "UPDATE frame SET %s WHERE id = 4", changes[i]);
        struct findings findings = verify(fixture, &result);
        assert_int_equal(findings.n, 1);
        assert_int_equal(findings.list[0].number, 4);
        fixture_sql(fixture->history,
                    "DELETE FROM frame; INSERT INTO frame SELECT * FROM saved; DROP TABLE saved");
    }
    fixture_sql(fixture->history, "DELETE FROM frame WHERE id = 6");
    struct findings findings = verify(fixture, &result);
    assert_int_equal(findings.n, 1);
    assert_int_equal(findings.list[0].number, 7);
}

/* Of an earlier file: frames that are not chained; but not behind one that is. */
static void test_frames_of_version_1(void **state)
{
    (void)state;
    struct chain_frames frames;
    unsigned char one[CHAIN_HASH_SIZE], two[CHAIN_HASH_SIZE], three[CHAIN_HASH_SIZE];
    struct chain_frame old = {1, 2, 3, 1, "\1\1\x48\2\0\0", 6}, next = {2, 2, 3, 1, "\2\1\x48\2\0\0", 6};
    struct chain_frame late = {3, 2, 3, 1, "\1\1\x48\2\0\0", 6};
    chain_frame_hash(NULL, &old, one);
    chain_frame_hash(one, &next, two);
    chain_frame_hash(NULL, &late, three);
    chain_frames_begin(&frames, NULL);
    assert_true(chain_frames_next(&frames, &old, one, sizeof one));
    assert_true(chain_frames_next(&frames, &next, two, sizeof two));
    assert_false(chain_frames_next(&frames, &late, three, sizeof three));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_canonical_bytes),
        cmocka_unit_test_setup_teardown(test_whole_chain, setup, teardown),
        cmocka_unit_test_setup_teardown(test_empty_chain, setup, teardown),
        cmocka_unit_test_setup_teardown(test_altered_row, setup, teardown),
        cmocka_unit_test_setup_teardown(test_flipped_bit_anywhere_in_a_body, setup, teardown),
        cmocka_unit_test_setup_teardown(test_removed_rows, setup, teardown),
        cmocka_unit_test_setup_teardown(test_removed_beginning, setup, teardown),
        cmocka_unit_test_setup_teardown(test_reordered_rows, setup, teardown),
        cmocka_unit_test_setup_teardown(test_hole_is_no_tampering, setup, teardown),
        cmocka_unit_test_setup_teardown(test_more_than_one_page, setup, teardown),
        cmocka_unit_test_setup_teardown(test_altered_frame, setup, teardown),
        cmocka_unit_test_setup_teardown(test_frames_are_chained, setup, teardown),
        cmocka_unit_test(test_frames_of_version_1),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
