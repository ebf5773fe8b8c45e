/* The bytes that seals, chunks and heads are made of, as another program (Python's struct and hashlib) makes
 * them; and that a head's JSON comes back, and only as it was signed. */
#include "seal.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "head.h"
#include "history_fixture.h"
#include "test.h"

static const struct seal_point lid = {"tank-1", "lid", "°C", 1}, level = {"tank-1", "level", "%", 0};

static struct signer *make_signer(void)
{
    struct signer *signer = NULL;
    static const unsigned char seed[32] = {0x4c, 0xcd, 0x08, 0x9b, 0x28, 0xff, 0x96, 0xda, 0x9d, 0xb6, 0xc3,
                                           0x46, 0xec, 0x11, 0x4e, 0x0f, 0x5b, 0x8a, 0x31, 0x9f, 0x35, 0xab,
                                           0xa6, 0x24, 0xda, 0x8c, 0xf6, 0xed, 0x4f, 0xb8, 0xa6, 0xfb};
    assert_int_equal(signer_from_seed(seed, &signer), 0);
    return signer;
}

static void assert_hex(const unsigned char hash[CHAIN_HASH_SIZE], const char *expected)
{
    char text[2 * CHAIN_HASH_SIZE + 1];
    for (int i = 0; i < CHAIN_HASH_SIZE; i++)
        snprintf(text + 2 * i, 3, "%02x", hash[i]);
    assert_string_equal(text, expected);
}

static void test_chunk_bytes(void **state)
{
    (void)state;
    unsigned char hash[CHAIN_HASH_SIZE];
    const struct seal_chunk chunk = {7,     3,     10, 9,        -1960,  -1950, -17600,
                                     -1955, -1956, 2,  "\1\2\3", "body", 3,     4};
    seal_chunk_hash(&lid, &chunk, hash);
    assert_hex(hash, "4a6b286bb8d0d21583aa7cc6e76abbad9e8f16c42a5bea38259b8b87073b8ef3");
}

static void test_content_bytes(void **state)
{
    (void)state;
    unsigned char hash[CHAIN_HASH_SIZE], head[200], two[2][CHAIN_HASH_SIZE];
    for (unsigned i = 0; i < sizeof head; i++)
        head[i] = (unsigned char)i;
    struct seal_content content;
    seal_content_begin(&content);
    seal_content_add(&content, &lid, head, sizeof head, "values", 6);
    seal_content_add(&content, &level, "h", 1, "", 0);
    seal_content_end(&content, hash);
    assert_hex(hash, "0d1e68195c7c2896dcaff6aa781311e3d15b651ded7bd40a66564168cff02008");
    memset(two[0], 1, sizeof two[0]);
    memset(two[1], 2, sizeof two[1]);
    seal_content_of(SEAL_DAY, two, 2, hash);
    assert_hex(hash, "7251da44716bbcd98fa551cf6835f9c204ac999c14324b29c327cff9a6761696");
    seal_content_of(SEAL_TOMBSTONE, two, 2, hash);
    assert_hex(hash, "8e43a74ae9d9ae34e584dd625f58953791f400233f097a2dec6ac8c5b1303df8");
}

static void test_entries(void **state)
{
    (void)state;
    unsigned char hash[CHAIN_HASH_SIZE], one[CHAIN_HASH_SIZE], two[CHAIN_HASH_SIZE];
    struct bytes entries = {0};
    uint32_t point = 0;
    memset(one, 1, sizeof one);
    memset(two, 2, sizeof two);
    seal_entries_add(&entries, &point, 3, one);
    seal_entries_add(&entries, &point, 1000, two);
    seal_entries_hash(entries.data, entries.len, hash);
    assert_hex(hash, "a7834f5df00165169cafa4688ef204f5c47598a86ca435290b68e2e02182fb69");
    const unsigned char *at = entries.data, *end = at + entries.len;
    point = 0;
    assert_int_equal(seal_entries_next(&at, end, &point, hash), 1);
    assert_int_equal(point, 3);
    assert_memory_equal(hash, one, sizeof one);
    assert_int_equal(seal_entries_next(&at, end, &point, hash), 1);
    assert_int_equal(point, 1000);
    assert_memory_equal(hash, two, sizeof two);
    assert_int_equal(seal_entries_next(&at, end, &point, hash), 0);
    at = entries.data;
    point = 0;
    assert_int_equal(seal_entries_next(&at, end - 1, &point, hash), 1);
    assert_int_equal(seal_entries_next(&at, end - 1, &point, hash), -EBADMSG);
    bytes_clear(&entries);
    point = 0;
    seal_entries_add(&entries, &point, 3, one);
    seal_entries_add(&entries, &point, 3, two); /* not ascending */
    at = entries.data;
    end = at + entries.len;
    point = 0;
    assert_int_equal(seal_entries_next(&at, end, &point, hash), 1);
    assert_int_equal(seal_entries_next(&at, end, &point, hash), -EBADMSG);
    bytes_free(&entries);
}

static struct seal make_seal(void)
{
    struct seal seal = {.id = 5,
                        .kind = SEAL_HOUR,
                        .utc_us = 100,
                        .first_utc_us = -90,
                        .last_utc_us = 80,
                        .count = 12,
                        .from_id = 3,
                        .to_id = 4,
                        .event_seq = 17};
    memset(seal.frames_head, 1, CHAIN_HASH_SIZE);
    memset(seal.content, 2, CHAIN_HASH_SIZE);
    memset(seal.entries_hash, 1, CHAIN_HASH_SIZE);
    memset(seal.event_hash, 2, CHAIN_HASH_SIZE);
    for (unsigned i = 0; i < CHAIN_HASH_SIZE; i++)
        seal.previous[i] = (unsigned char)i;
    return seal;
}

static void test_seal_bytes(void **state)
{
    (void)state;
    unsigned char hash[CHAIN_HASH_SIZE];
    struct signer *signer = make_signer();
    struct seal seal = make_seal();
    seal_sign(&seal, signer);
    assert_hex(seal.hash, "e58bf431e86f30fc420a89970b519fbfa746665fee7c88fe2830277ce7edfceb");
    assert_true(signer_verify(seal.public_key, seal.hash, sizeof seal.hash, seal.signature));
    seal_hash(&seal, hash);
    assert_memory_equal(hash, seal.hash, sizeof hash);
    signer_free(signer);
}

static void insert_seal(struct fixture *fixture, const struct seal *seal)
{
    sqlite3_stmt *stmt = NULL;
    fixture_sql(fixture->history, "INSERT INTO signer VALUES(1, 1, zeroblob(32))");
    assert_int_equal(sqlite3_prepare_v2(fixture->history,
                                        "INSERT INTO seal VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10,"
                                        " NULL, ?11, ?12, ?13, ?14, ?15, 1, ?16)",
                                        -1, &stmt, NULL),
                     SQLITE_OK);
    const int64_t numbers[] = {seal->id,          (int64_t)seal->kind, seal->utc_us,  seal->first_utc_us,
                               seal->last_utc_us, seal->count,         seal->from_id, seal->to_id};
    for (int i = 0; i < 8; i++)
        sqlite3_bind_int64(stmt, i + 1, numbers[i]);
    sqlite3_bind_blob(stmt, 9, seal->frames_head, 32, SQLITE_STATIC);
    sqlite3_bind_blob(stmt, 10, seal->content, 32, SQLITE_STATIC);
    sqlite3_bind_blob(stmt, 11, seal->entries_hash, 32, SQLITE_STATIC);
    sqlite3_bind_int64(stmt, 12, seal->event_seq);
    sqlite3_bind_blob(stmt, 13, seal->event_hash, 32, SQLITE_STATIC);
    sqlite3_bind_blob(stmt, 14, seal->previous, 32, SQLITE_STATIC);
    sqlite3_bind_blob(stmt, 15, seal->hash, 32, SQLITE_STATIC);
    sqlite3_bind_blob(stmt, 16, seal->signature, 64, SQLITE_STATIC);
    assert_int_equal(sqlite3_step(stmt), SQLITE_DONE);
    sqlite3_finalize(stmt);
    sqlite3_prepare_v2(fixture->history, "UPDATE signer SET public_key = ?1", -1, &stmt, NULL);
    sqlite3_bind_blob(stmt, 1, seal->public_key, 32, SQLITE_STATIC);
    assert_int_equal(sqlite3_step(stmt), SQLITE_DONE);
    sqlite3_finalize(stmt);
}

static int read_seal(struct fixture *fixture, struct seal *ret)
{
    sqlite3_stmt *stmt = NULL;
    assert_int_equal(
        sqlite3_prepare_v2(fixture->history, "SELECT " SEAL_COLUMNS " FROM " SEAL_FROM, -1, &stmt, NULL),
        SQLITE_OK);
    assert_int_equal(sqlite3_step(stmt), SQLITE_ROW);
    int result = seal_read(stmt, ret);
    sqlite3_finalize(stmt);
    return result;
}

static void test_reading_a_row(void **state)
{
    struct fixture fixture;
    struct signer *signer = make_signer();
    struct seal seal = make_seal(), again;
    unsigned char hash[CHAIN_HASH_SIZE];
    (void)state;
    seal_sign(&seal, signer);
    fixture_make(&fixture);
    insert_seal(&fixture, &seal);
    assert_int_equal(read_seal(&fixture, &again), 0);
    seal_hash(&again, hash);
    assert_memory_equal(hash, seal.hash, sizeof hash);
    assert_memory_equal(again.hash, seal.hash, sizeof hash);
    assert_memory_equal(again.signature, seal.signature, sizeof seal.signature);
    fixture_sql(fixture.history, "UPDATE seal SET content = x'00'");
    assert_int_equal(read_seal(&fixture, &again), -EBADMSG);
    fixture_sql(fixture.history, "UPDATE seal SET content = zeroblob(32), kind = 4");
    assert_int_equal(read_seal(&fixture, &again), -EBADMSG);
    fixture_free(&fixture);
    signer_free(signer);
}

/* ---------------------------------------------------------------- heads */

static struct head make_head(void)
{
    struct head head = {
        .site = "bank-上海", .utc_us = 1763859723456000, .event_seq = 17, .seal_id = 5, .frame_id = 99};
    memset(head.event_hash, 0xab, CHAIN_HASH_SIZE);
    memset(head.seal_hash, 2, CHAIN_HASH_SIZE);
    memset(head.frame_hash, 3, CHAIN_HASH_SIZE);
    return head;
}

static void test_head_comes_back(void **state)
{
    (void)state;
    struct signer *signer = make_signer();
    struct head head = make_head(), again;
    char text[HEAD_TEXT_MAX], message[256] = "";
    assert_true(head_write(&head, signer, text, sizeof text) > 0);
    memcpy(head.public_key, signer_public(signer), SIGNER_KEY_SIZE);
    assert_int_equal(head_read(text, &again, message, sizeof message), 0);
    assert_string_equal(again.site, head.site);
    assert_int_equal(again.utc_us, head.utc_us);
    assert_int_equal(again.event_seq, 17);
    assert_int_equal(again.seal_id, 5);
    assert_int_equal(again.frame_id, 99);
    assert_memory_equal(again.event_hash, head.event_hash, CHAIN_HASH_SIZE);
    assert_memory_equal(again.seal_hash, head.seal_hash, CHAIN_HASH_SIZE);
    assert_memory_equal(again.frame_hash, head.frame_hash, CHAIN_HASH_SIZE);
    assert_memory_equal(again.public_key, head.public_key, SIGNER_KEY_SIZE);
    assert_int_equal(head_write(&head, signer, text, 100), -ENOSPC);
    strcpy(head.site, "a\ntime 0");
    assert_int_equal(head_write(&head, signer, text, sizeof text), -EINVAL);
    signer_free(signer);
}

/* Each single byte of what was signed. */
static void test_altered_head(void **state)
{
    (void)state;
    struct signer *signer = make_signer();
    struct head head = make_head(), again;
    char text[HEAD_TEXT_MAX], message[256] = "";
    int len = head_write(&head, signer, text, sizeof text);
    assert_true(len > 0);
    for (int i = 0; i < len; i++) {
        text[i] ^= 1;
        if (head_read(text, &again, message, sizeof message) == 0)
            fail_msg("taken with byte %d changed: %s", i, text);
        assert_string_not_equal(message, "");
        text[i] ^= 1;
    }
    assert_int_equal(head_read(text, &again, message, sizeof message), 0);
    text[len / 2] = '\0';
    assert_int_equal(head_read(text, &again, message, sizeof message), -EBADMSG);
    assert_int_equal(head_read("{}", &again, message, sizeof message), -EBADMSG);
    assert_int_equal(head_read("[1]", &again, message, sizeof message), -EBADMSG);
    signer_free(signer);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_chunk_bytes),   cmocka_unit_test(test_content_bytes),
        cmocka_unit_test(test_entries),       cmocka_unit_test(test_seal_bytes),
        cmocka_unit_test(test_reading_a_row), cmocka_unit_test(test_head_comes_back),
        cmocka_unit_test(test_altered_head),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
