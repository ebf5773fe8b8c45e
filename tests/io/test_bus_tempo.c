/* A device that is asked faster for a time, while another one on its bus is not. */
#include "bus_fixture.h"
#include "tempo.h"

#define USUAL   60000 /* ms: longer than a test waits for a sample */
#define FAST    100
#define OTHER   500
#define FAST_US (FAST * MS_US)

static void open_freezer(struct bus_world *w, bool serial, uint16_t *ret_freezer, uint16_t *ret_other)
{
    bus_world_open(w, serial);
    *ret_freezer = bus_world_point(w, 0, 10);
    *ret_other = bus_world_point(w, 1, 20);
    w->devices[0].interval_ms = USUAL;
    w->devices[1].interval_ms = OTHER;
    assert_int_equal(tempo_create(&w->config, &w->shared.tempo), 0);
}

static void close_freezer(struct bus_world *w)
{
    bus_world_close(w);
    tempo_unref(w->shared.tempo);
}

static struct core_message good(struct bus_world *w, uint16_t point)
{
    struct core_message m;
    do
        m = bus_world_next(w, point);
    while (m.sample.reading.quality != QUALITY_GOOD);
    return m;
}

/* The slots of the run are on the grid of the first one, one interval apart unless the machine was late. */
static void faster(bool serial)
{
    struct bus_world w;
    uint16_t freezer, other;
    open_freezer(&w, serial, &freezer, &other);
    bus_world_run(&w);
    int64_t first_us = bus_world_next(&w, freezer).sample.slot.boot_us, last_us = first_us;
    tempo_set(w.shared.tempo, 0, FAST);
    unsigned next_to_each_other = 0;
    for (unsigned i = 0; i < 12; i++) {
        struct core_message m = good(&w, freezer);
        assert_true(m.sample.slot.boot_us > last_us);
        assert_int_equal((m.sample.slot.boot_us - first_us) % FAST_US, 0);
        next_to_each_other += m.sample.slot.boot_us - last_us == FAST_US;
        last_us = m.sample.slot.boot_us;
    }
    assert_true(next_to_each_other > 0);

    int64_t other_us = good(&w, other).sample.slot.boot_us; /* the other one has its own pace as ever */
    assert_true(good(&w, other).sample.slot.boot_us - other_us >= OTHER * MS_US);

    tempo_set(w.shared.tempo, 0, 0);
    bus_world_forget(&w);
    unsigned polls = 0;
    for (unsigned others = 0; others < 4;) {
        struct core_message m = bus_world_sample(&w);
        others += m.sample.point == other;
        polls += m.sample.point == freezer;
    }
    assert_true(polls <= 2); /* one was under way; about 15 at the old pace */
    close_freezer(&w);
}

static void test_faster(void **state)
{
    (void)state;
    faster(false);
}

static void test_faster_serial(void **state)
{
    (void)state;
    faster(true);
}

/* A bus that is made anew in the midst of a run asks fast from its start. */
static void test_new_bus_in_a_run(void **state)
{
    (void)state;
    struct bus_world w;
    uint16_t freezer, other;
    open_freezer(&w, false, &freezer, &other);
    tempo_set(w.shared.tempo, 0, FAST);
    bus_world_run(&w);
    int64_t first_us = bus_world_next(&w, freezer).sample.slot.boot_us;
    for (unsigned i = 0; i < 5; i++)
        assert_int_equal((good(&w, freezer).sample.slot.boot_us - first_us) % FAST_US, 0);
    close_freezer(&w);
}

/* Slower than configured is not asked for: points would go stale. */
static void test_never_slower(void **state)
{
    (void)state;
    struct bus_world w;
    uint16_t freezer, other;
    open_freezer(&w, false, &freezer, &other);
    tempo_set(w.shared.tempo, 1, USUAL);
    bus_world_run(&w);
    for (unsigned i = 0; i < 3; i++)
        (void)good(&w, other);
    close_freezer(&w);
}

static void test_numbers(void **state)
{
    (void)state;
    struct config config = {.n_devices = 2};
    struct tempo *tempo;
    assert_int_equal(tempo_create(&config, &tempo), 0);
    uint32_t changes = tempo_changes(tempo);
    assert_int_equal(tempo_get(tempo, 1), 0);
    tempo_set(tempo, 1, 1000);
    assert_int_equal(tempo_get(tempo, 1), 1000);
    assert_int_equal(tempo_get(tempo, 0), 0);
    assert_true(tempo_changes(tempo) != changes);
    changes = tempo_changes(tempo);
    tempo_set(tempo, 1, 1000); /* nothing new: no bus has to look */
    tempo_set(tempo, 2, 1000); /* no such device */
    tempo_set(NULL, 0, 1000);
    assert_int_equal(tempo_changes(tempo), changes);
    assert_int_equal(tempo_get(NULL, 0), 0);
    assert_int_equal(tempo_get(tempo, UINT16_MAX), 0);
    struct tempo *second = tempo_ref(tempo);
    tempo_unref(tempo);
    assert_int_equal(tempo_get(second, 1), 1000);
    tempo_unref(second);
    tempo_unref(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_numbers),       cmocka_unit_test(test_faster),
        cmocka_unit_test(test_faster_serial), cmocka_unit_test(test_new_bus_in_a_run),
        cmocka_unit_test(test_never_slower),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
