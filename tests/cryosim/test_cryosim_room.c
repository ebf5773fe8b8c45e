/* The UPS and the oxygen monitor. */
#include "stage.h"

#include "oxygen.h"
#include "ups.h"

#include <math.h>

static void battery_runs_down_and_recharges(void **state)
{
    (void)state;
    struct ups ups = {0};
    struct stage stage;
    stage_open(&stage, &model_ups, &ups, 1, (const char *[]){"runtime", "60 min", "recharge", "4 h", NULL});
    stage_run(&stage, 60);
    assert_true(ups.charge_percent == 100);
    assert_true(fabs(ups.input_sensor.reading - 230) < 3);
    stage_set(&stage, "mains", "off");
    stage_run(&stage, 30 * 60);
    assert_true(fabs(ups.charge_percent - 50) < 0.1);
    assert_true(fabs(ups_runtime_s(&ups) - 1800) < 5);
    assert_true(ups.input_sensor.reading == 0);
    assert_false(ups_battery_low(&ups));
    stage_run(&stage, 20 * 60);
    assert_true(ups_battery_low(&ups));
    stage_run(&stage, 3600);
    assert_true(ups.charge_percent == 0);
    stage_set(&stage, "mains", "on");
    stage_run(&stage, 2 * 3600);
    assert_true(fabs(ups.charge_percent - 50) < 0.1);
}

static void spill_takes_oxygen_until_the_room_is_aired(void **state)
{
    (void)state;
    struct oxygen o = {0};
    struct stage stage;
    stage_open(&stage, &model_oxygen, &o, 2,
               (const char *[]){"room", "100 m3", "air_changes", "6 1/h", "warm_up", "30 s", NULL});
    assert_int_equal(oxygen_status(&o), OXYGEN_WARM_UP);
    stage_run(&stage, 60);
    assert_int_equal(oxygen_status(&o), OXYGEN_MONITORING);
    assert_true(fabs(o.cell.reading - 20.9) < 0.05);
    stage_set(&stage, "spill", "30 L"); /* 20.8 m3 of gas in 100 m3 */
    double lowest = 21;
    for (int i = 0; i < 60; i++) {
        stage_run(&stage, 10);
        lowest = fmin(lowest, o.cell.reading);
    }
    assert_true(lowest < 19.5 && lowest > 20.9 * exp(-0.208)); /* airing helps from the start */
    stage_run(&stage, 2 * 3600);
    assert_true(o.cell.reading > 20.8);
}

static void broken_cell_is_a_fault_not_a_number(void **state)
{
    (void)state;
    struct oxygen o = {0};
    struct stage stage;
    stage_open(&stage, &model_oxygen, &o, 3, (const char *[]){"warm_up", "0 s", NULL});
    stage_run(&stage, 1);
    assert_true(oxygen_readable(&o));
    stage_set(&stage, "cell", "broken");
    assert_int_equal(oxygen_status(&o), OXYGEN_FAULT);
    assert_false(oxygen_readable(&o));
    stage_set(&stage, "cell", "ok");
    stage_set(&stage, "calibration", "on");
    assert_int_equal(oxygen_status(&o), OXYGEN_CALIBRATION);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(battery_runs_down_and_recharges),
        cmocka_unit_test(spill_takes_oxygen_until_the_room_is_aired),
        cmocka_unit_test(broken_cell_is_a_fault_not_a_number),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
