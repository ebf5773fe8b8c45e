#include "fold_world.h"

#include <stdio.h>
#include <string.h>

#include "fold_fixture.h"
#include "test.h"

#define HOUR_MS INT64_C(3600000)
#define DAY_MS  (24 * HOUR_MS)

int fold_world_setup(void **state)
{
    static struct fold_world world;
    memset(&world, 0, sizeof world);
    fixture_make(&world.files);
    world.signer = history_build_signer();
    assert_non_null(world.signer);
    assert_int_equal(fold_create(world.files.history, world.signer, &world.fold), 0);
    fixture_point(&world.files, 1, "tank-1", "lid", "°C", 1);
    fixture_point(&world.files, 2, "tank-1", "level", "cm", 0);
    fixture_point(&world.files, 7, "tank-2", "lid", "°C", 1);
    world.head.event_seq = 5;
    *state = &world;
    return 0;
}

int fold_world_teardown(void **state)
{
    struct fold_world *world = *state;
    fold_free(world->fold);
    signer_free(world->signer);
    fixture_free(&world->files);
    return 0;
}

void fold_world_put(struct fold_world *world, const struct frame_entry *entries, size_t n)
{
    assert_int_equal(history_build_frame(world->files.history, entries, n), 0);
    memcpy(&world->put[world->n], entries, n * sizeof *entries);
    world->n += n;
    assert_true(world->n <= FOLD_WORLD_MAX);
}

/* A frame with one reading of points 1 and 2 each. */
void fold_world_put_at(struct fold_world *world, int64_t at_ms, int64_t number)
{
    struct frame_entry entries[] = {
        {.slot_ms = at_ms, .taken_ms = at_ms, .point = 1, .number = number, .raw = (uint16_t)number},
        {.slot_ms = at_ms, .taken_ms = at_ms + 700, .point = 2, .number = number / 10, .raw = 3},
    };
    fold_world_put(world, entries, 2);
}

struct fold_done fold_world_step(struct fold_world *world)
{
    struct fold_done done;
    memset(&done, 0xff, sizeof done);
    if (fold_step(world->fold, (FOLD_WORLD_START + 1000 * DAY_MS) * 1000, &world->head, &done) != SQLITE_OK)
        fail_msg("%s", fold_error(world->fold));
    return done;
}

int fold_world_fold(struct fold_world *world)
{
    int steps = 0;
    assert_int_equal(
        history_build_fold(world->fold, (FOLD_WORLD_START + 1000 * DAY_MS) * 1000, &world->head, &steps), 0);
    return steps;
}

void fold_world_again(struct fold_world *world) /* as after a restart */
{
    fold_free(world->fold);
    assert_int_equal(fold_create(world->files.history, world->signer, &world->fold), 0);
}

int64_t fold_world_count(struct fold_world *world, const char *what)
{
    char sql[160];
    snprintf(sql, sizeof sql, "SELECT count(*) FROM %s", what);
    return fold_fixture_number(world->files.history, sql);
}

/* Each reading once, in its order, point by point. */
void fold_world_assert(struct fold_world *world)
{
    for (uint32_t point = 1; point <= 7; point++) {
        static struct frame_entry expected[FOLD_WORLD_MAX];
        struct fold_readings readings;
        size_t n = 0;
        for (size_t i = 0; i < world->n; i++) {
            if (world->put[i].point == point)
                expected[n++] = world->put[i];
        }
        fold_fixture_read(world->files.history, point, &readings);
        fold_fixture_same(&readings, expected, n);
        fold_fixture_free(&readings);
    }
}

void fold_world_put_hours(struct fold_world *world, int from_hour, int to_hour)
{
    for (int hour = from_hour; hour < to_hour; hour++) {
        for (int i = 0; i < 3; i++)
            fold_world_put_at(world, FOLD_WORLD_START + hour * HOUR_MS + i * 1200000, -1900 + hour + i);
    }
}

void fold_world_drop(struct fold_world *world, int64_t from_ms, int64_t to_ms, uint32_t point)
{
    size_t n = 0;
    for (size_t i = 0; i < world->n; i++) {
        const struct frame_entry *entry = &world->put[i];
        if (entry->slot_ms < from_ms || entry->slot_ms >= to_ms || (point && entry->point != point))
            world->put[n++] = *entry;
    }
    world->n = n;
}
