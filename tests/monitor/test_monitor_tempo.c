/* Which devices are asked faster while freezers run. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "monitor_internal.h"

enum { ROOM, ONE, TWO, BOTH, DEVICES }; /* BOTH: a box that both freezers are wired to */

struct site {
    struct config config;
    struct asset_config assets[3];
    struct point_config points[DEVICES + 1]; /* one of each device, and a derived one */
    struct freezer_config freezers[2];
    struct monitor monitor;
};

static void make_config(struct site *s, uint16_t one, uint16_t two)
{
    s->config = (struct config){.assets = s->assets,
                                .points = s->points,
                                .freezers = s->freezers,
                                .n_assets = 3,
                                .n_devices = DEVICES,
                                .n_points = DEVICES + 1,
                                .n_freezers = 2};
    for (uint16_t i = 0; i < DEVICES; i++)
        s->points[i].device = i;
    s->points[DEVICES].device = POINT_DERIVED;
    snprintf(s->assets[1].id, ID_MAX, "freezer-1");
    snprintf(s->assets[2].id, ID_MAX, "freezer-2");
    for (unsigned f = 0; f < 2; f++) {
        for (unsigned i = 0; i < FREEZER_INPUTS; i++)
            s->freezers[f].inputs[i].point = ROLE_NONE;
        s->freezers[f].inputs[FREEZER_INPUT_LID].point = BOTH;
        s->freezers[f].inputs[FREEZER_INPUT_POWER].point = DEVICES;
    }
    s->freezers[one].asset = 1;
    s->freezers[one].inputs[FREEZER_INPUT_CHAMBER].point = ONE;
    s->freezers[one].run_interval_ms = 1000;
    s->freezers[two].asset = 2;
    s->freezers[two].inputs[FREEZER_INPUT_SAMPLE].point = TWO;
    s->freezers[two].run_interval_ms = 2000;
}

static int open_site(void **state)
{
    struct site *s = calloc(1, sizeof *s);
    assert_non_null(s);
    make_config(s, 0, 1);
    s->monitor.config = &s->config;
    assert_int_equal(tempo_create(&s->config, &s->monitor.tempo), 0);
    *state = s;
    return 0;
}

static int close_site(void **state)
{
    struct site *s = *state;
    tempo_unref(s->monitor.tempo);
    free(s);
    return 0;
}

static void assert_tempo(const struct site *s, uint32_t one_ms, uint32_t two_ms, uint32_t both_ms)
{
    assert_int_equal(tempo_get(s->monitor.tempo, ROOM), 0);
    assert_int_equal(tempo_get(s->monitor.tempo, ONE), one_ms);
    assert_int_equal(tempo_get(s->monitor.tempo, TWO), two_ms);
    assert_int_equal(tempo_get(s->monitor.tempo, BOTH), both_ms);
}

static void test_own_devices_during_the_run(void **state)
{
    struct site *s = *state;
    monitor_tempo(&s->monitor, 0, true);
    assert_tempo(s, 1000, 0, 1000);
    monitor_tempo(&s->monitor, 0, true); /* told twice */
    assert_tempo(s, 1000, 0, 1000);
    monitor_tempo(&s->monitor, 0, false);
    assert_tempo(s, 0, 0, 0);
    monitor_tempo(&s->monitor, 2, true); /* no such freezer */
    assert_tempo(s, 0, 0, 0);
}

static void test_shared_device_follows_the_fastest(void **state)
{
    struct site *s = *state;
    monitor_tempo(&s->monitor, 1, true);
    assert_tempo(s, 0, 2000, 2000);
    monitor_tempo(&s->monitor, 0, true);
    assert_tempo(s, 1000, 2000, 1000);
    monitor_tempo(&s->monitor, 0, false); /* the other one's run goes on */
    assert_tempo(s, 0, 2000, 2000);
    monitor_tempo(&s->monitor, 1, false);
    assert_tempo(s, 0, 0, 0);
}

static void test_no_interval_changes_nothing(void **state)
{
    struct site *s = *state;
    s->freezers[0].run_interval_ms = 0;
    monitor_tempo(&s->monitor, 0, true);
    assert_tempo(s, 0, 0, 0);
    monitor_tempo(&s->monitor, 1, true);
    assert_tempo(s, 0, 2000, 2000);
}

/* A reload in the midst of a run, with the freezers in another order, or without one of them. */
static void test_run_goes_on_after_a_reload(void **state)
{
    struct site *s = *state, *next = calloc(1, sizeof *next);
    assert_non_null(next);
    make_config(next, 1, 0);
    monitor_tempo(&s->monitor, 0, true);
    tempo_unref(s->monitor.tempo);
    s->monitor.config = &next->config;
    assert_int_equal(tempo_create(&next->config, &s->monitor.tempo), 0);
    monitor_carry_tempo(&s->monitor, &s->config);
    assert_tempo(s, 0, 0, 0); /* until the buses are made */
    monitor_resume_tempo(&s->monitor);
    assert_tempo(s, 1000, 0, 1000);
    monitor_tempo(&s->monitor, 1, false);
    assert_tempo(s, 0, 0, 0);

    monitor_tempo(&s->monitor, 1, true);
    s->config.n_freezers = 1; /* "freezer-1" only; then none */
    s->monitor.config = &s->config;
    monitor_carry_tempo(&s->monitor, &next->config);
    assert_true(s->monitor.in_run[0] && !s->monitor.in_run[1]);
    s->config.n_freezers = 0;
    monitor_carry_tempo(&s->monitor, &next->config);
    assert_false(s->monitor.in_run[0]);
    free(next);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_own_devices_during_the_run, open_site, close_site),
        cmocka_unit_test_setup_teardown(test_shared_device_follows_the_fastest, open_site, close_site),
        cmocka_unit_test_setup_teardown(test_no_interval_changes_nothing, open_site, close_site),
        cmocka_unit_test_setup_teardown(test_run_goes_on_after_a_reload, open_site, close_site),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
