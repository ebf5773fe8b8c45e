/* What is damaged is told and left where it is; all the rest is folded. */
#include <stdio.h>
#include <string.h>

#include "fold_fixture.h"
#include "fold_world.h"
#include "test.h"

#define HOUR_MS INT64_C(3600000)
#define DAY_MS  (24 * HOUR_MS)

/* Each is left out and kept for those who look; the rest is folded. */
static void test_damaged_frames(void **state)
{
    struct fold_world *world = *state;
    fold_world_put_hours(world, 0, 3);
    fixture_sql(world->files.history,
                "UPDATE frame SET body = x'0201' WHERE id = 1; UPDATE frame SET hash = x'00' WHERE id = 3;"
                "UPDATE frame SET first_utc_us = first_utc_us + 3600000000 WHERE id = 5");
    assert_int_equal(fold_world_step(world).damage.frames, 2);
    struct fold_done done = fold_world_step(world);
    assert_int_equal(done.kind, FOLD_HOUR);
    assert_int_equal(done.damage.frames, 1);
    assert_int_equal(done.seal.count, 4);
    assert_int_equal(fold_world_count(world, "damaged"), 3);
    assert_int_equal(fold_world_count(world, "damaged WHERE id = 1 AND body = x'0201'"), 1);
    fold_world_drop(world, FOLD_WORLD_START, FOLD_WORLD_START + 1, 0);
    fold_world_drop(world, FOLD_WORLD_START + 2400000, FOLD_WORLD_START + 2400001, 0);
    fold_world_drop(world, FOLD_WORLD_START + HOUR_MS + 1200000, FOLD_WORLD_START + HOUR_MS + 1200001, 0);
    fold_world_assert(world);
}

/* The last frame's time is damaged: that makes no new hour, now or later. */
static void test_damaged_time_makes_no_hour(void **state)
{
    struct fold_world *world = *state;
    for (int i = 0; i < 3; i++)
        fold_world_put_at(world, FOLD_WORLD_START + i * 600000, i);
    fixture_sql(world->files.history, "UPDATE frame SET first_utc_us = 0 WHERE id = 3");
    assert_int_equal(fold_world_step(world).kind, FOLD_NOTHING);
    fold_world_put_at(world, FOLD_WORLD_START + 4 * 600000, 4);
    assert_int_equal(fold_world_step(world).kind, FOLD_NOTHING);
    fold_world_put_at(world, FOLD_WORLD_START + HOUR_MS, 5);
    struct fold_done done = fold_world_step(world);
    assert_int_equal(done.seal.to_id, 4);
    assert_int_equal(done.damage.frames, 1);
    assert_int_equal(done.damage.utc_us, 0);
}

/* A frame of a point that does not exist makes no sense, and is no reason to stop. */
static void test_unknown_point(void **state)
{
    struct fold_world *world = *state;
    struct frame_entry entry = {.slot_ms = FOLD_WORLD_START, .taken_ms = FOLD_WORLD_START, .point = 99};
    fold_world_put_at(world, FOLD_WORLD_START, 1);
    fold_world_put(world, &entry, 1);
    fold_world_put_at(world, FOLD_WORLD_START + HOUR_MS, 2);
    assert_int_equal(fold_world_step(world).damage.frames, 1);
    fold_world_drop(world, FOLD_WORLD_START, FOLD_WORLD_START + 1, 99);
    fold_world_assert(world);
}

static void test_frames_of_version_1(void **state)
{
    struct fold_world *world = *state;
    static const unsigned char old[] = {1, 1, 0x48, 2, 0, 9}; /* point 1, at 0 ms, -5 */
    unsigned char hash[CHAIN_HASH_SIZE];
    char text[2 * CHAIN_HASH_SIZE + 1];
    struct chain_frame frame = {1, 0, 0, 1, old, sizeof old};
    chain_frame_hash(NULL, &frame, hash);
    for (int i = 0; i < CHAIN_HASH_SIZE; i++)
        snprintf(text + 2 * i, 3, "%02x", hash[i]);
    fixture_sql(world->files.history, "INSERT INTO frame VALUES(1, 0, 0, 1, x'010148020009', x'%s')", text);
    world->put[world->n++] = (struct frame_entry){.point = 1, .number = -5};
    fold_world_put_at(world, FOLD_WORLD_START, 1);
    fold_world_put_at(world, FOLD_WORLD_START + HOUR_MS, 1);
    assert_int_equal(fold_world_fold(world), 3); /* and the day of 1970 */
    assert_int_equal(fold_world_count(world, "damaged"), 0);
    fold_world_assert(world);
}

/* A damaged chunk: its hour stays as it is, between two days, and is told; all others are folded. */
static void test_damaged_chunk(void **state)
{
    struct fold_world *world = *state;
    fold_world_put_hours(world, 0, 20);
    fold_world_fold(world);
    char sql[128];
    snprintf(sql, sizeof sql, "UPDATE chunk SET body = zeroblob(length(body)) WHERE id = %lld",
             (long long)seal_chunk_id(11, 2));
    fixture_sql(world->files.history, "%s", sql);
    fold_world_put_hours(world, 20, 24);
    fold_world_put_at(world, FOLD_WORLD_START + DAY_MS, 1);
    fold_world_put_at(world, FOLD_WORLD_START + DAY_MS + HOUR_MS, 1);
    struct fold_done done = {.kind = FOLD_NOTHING};
    struct fold_damage damage = {.chunks = 0};
    while ((done = fold_world_step(world)).kind != FOLD_NOTHING) {
        if (done.damage.chunks > 0)
            assert_int_equal(damage.chunks, 0), damage = done.damage; /* told once */
    }
    assert_int_equal(damage.chunks, 1);
    assert_string_equal(damage.asset, "tank-1");
    assert_string_equal(damage.point, "level");
    assert_true(damage.utc_us == (FOLD_WORLD_START + 10 * HOUR_MS) * 1000);
    assert_int_equal(fold_world_count(world, "seal WHERE kind = 2"), 2);
    assert_int_equal(fold_world_count(world, "seal WHERE id = 11 AND entries IS NOT NULL"), 1);
    assert_int_equal(fold_world_count(world, "chunk WHERE id >> 20 = 11"), 2);
    /* All but that chunk. */
    fixture_sql(world->files.history,
                "UPDATE seal SET entries = NULL WHERE id = 11; DELETE FROM chunk WHERE id >> 20 = 11");
    fold_world_drop(world, FOLD_WORLD_START + 10 * HOUR_MS, FOLD_WORLD_START + 11 * HOUR_MS, 0);
    fold_world_assert(world);
}

static void test_missing_chunk_and_damaged_entries(void **state)
{
    struct fold_world *world = *state;
    fold_world_put_hours(world, 0, 20);
    fold_world_fold(world);
    fixture_sql(world->files.history, "DELETE FROM chunk WHERE id = %lld", (long long)seal_chunk_id(1, 1));
    fixture_sql(world->files.history, "UPDATE seal SET entries = zeroblob(length(entries)) WHERE id = 19");
    fold_world_put_hours(world, 20, 26);
    fold_world_put_at(world, FOLD_WORLD_START + 50 * HOUR_MS, 1);
    fold_world_put_at(world, FOLD_WORLD_START + 51 * HOUR_MS, 1);
    uint64_t damaged = 0;
    struct fold_done done;
    while ((done = fold_world_step(world)).kind != FOLD_NOTHING)
        damaged += done.damage.chunks;
    assert_true(damaged >= 2);
    assert_int_equal(fold_world_count(world, "seal WHERE kind = 1 AND entries IS NOT NULL"),
                     3); /* 1, 19, and the new one */
    assert_int_equal(fold_world_count(world, "seal WHERE kind = 2"), 3);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, fold_world_setup, fold_world_teardown)
    const struct CMUnitTest tests[] = {
        TEST(test_damaged_frames), TEST(test_damaged_time_makes_no_hour),
        TEST(test_unknown_point),  TEST(test_frames_of_version_1),
        TEST(test_damaged_chunk),  TEST(test_missing_chunk_and_damaged_entries),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
