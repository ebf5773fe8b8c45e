#include "stage.h"

#include "tank.h"

#include <math.h>
#include <string.h>

#define DAY_S 86400.0

static void one_watt_boils_054_litres_a_day(void **state)
{
    (void)state;
    static const char *const watts[] = {"1 W", "10 W", "100 W"};
    for (int i = 0; i < 3; i++) {
        struct tank tank = {0};
        struct stage stage;
        stage_open(&stage, &model_tank, &tank, 1,
                   (const char *[]){"heat_leak", watts[i], "level", "60 cm", "autofill", "off", NULL});
        stage_run(&stage, 3600); /* the vapour follows the falling level a little */
        double before = tank_litres(&tank), hours = 6;
        stage_run(&stage, hours * 3600);
        double per_watt_day = (before - tank_litres(&tank)) * 24 / hours / pow(10, i);
        assert_true(fabs(per_watt_day - 0.54) < 0.01);
    }
}

static void autofill_keeps_the_level_between_its_setpoints(void **state)
{
    (void)state;
    struct tank tank = {0};
    struct stage stage;
    stage_open(&stage, &model_tank, &tank, 2,
               (const char *[]){"heat_leak", "60 W", "diameter", "60 cm", "level", "18 cm", "fill_start",
                                "15 cm", "fill_stop", "20 cm", NULL});
    double low = 100, high = 0;
    for (int minute = 0; minute < 5 * 1440; minute++) {
        stage_run(&stage, 60);
        low = fmin(low, tank.level_cm);
        high = fmax(high, tank.level_cm);
    }
    /* The sensor's noise moves the turning points by less than a millimetre. */
    assert_true(low > 14.8 && low < 15.1);
    assert_true(high > 19.8 && high < 20.1);
    /* 60 W take 32.4 L a day, a fill brings 5 cm of 2.83 L. */
    assert_in_range(tank.fills, 10, 12);
    assert_true(fabs(tank.filled_l - 5 * 32.4) < 20);
    assert_false(tank.fill_alarm);
}

static void vapour_is_warmer_with_less_liquid(void **state)
{
    (void)state;
    static const char *const levels[] = {"5 cm", "40 cm", "75 cm"};
    double vapour[3];
    for (int i = 0; i < 3; i++) {
        struct tank tank = {0};
        struct stage stage;
        stage_open(&stage, &model_tank, &tank, 3, (const char *[]){"level", levels[i], NULL});
        vapour[i] = tank_vapour_c(&tank);
    }
    assert_true(vapour[0] > vapour[1] && vapour[1] > vapour[2]);
    assert_true(fabs(vapour[1] - (TANK_LN2_C + 6)) < 0.5); /* vapour_rise, half full */
    assert_true(vapour[0] < -180 && vapour[2] > TANK_LN2_C);
}

static void open_lid_warms_the_vapour_soon_and_closing_cools_it(void **state)
{
    (void)state;
    struct tank tank = {0};
    struct stage stage;
    stage_open(&stage, &model_tank, &tank, 4, (const char *[]){"level", "40 cm", NULL});
    double closed = tank.temperature_sensor.reading, lid = tank.lid_sensor.reading;
    stage_set(&stage, "lid", "open");
    stage_run(&stage, 600);
    double open = tank.temperature_sensor.reading;
    assert_true(open > closed + 5 && open < -160);
    assert_true(tank.lid_sensor.reading > lid + 50);
    stage_set(&stage, "lid", "closed");
    stage_run(&stage, 6 * 3600);
    assert_true(fabs(tank.temperature_sensor.reading - closed) < 2);
}

static void vacuum_loss_shows_in_the_level_first_then_in_the_temperature(void **state)
{
    (void)state;
    struct tank tank = {0};
    struct stage stage;
    stage_open(&stage, &model_tank, &tank, 5,
               (const char *[]){"diameter", "50 cm", "level", "18 cm", "supply", "off", NULL});
    double level = tank.level_cm, vapour = tank.rack_c, seconds = 0;
    double tenth_lost_s = 0, empty_s = 0, warm_s = 0, too_warm_s = 0;
    stage_set(&stage, "vacuum", "400 W");
    while (too_warm_s == 0 && seconds < 3 * DAY_S) {
        stage_run(&stage, 60);
        seconds += 60;
        if (tenth_lost_s == 0 && tank.level_cm < 0.9 * level)
            tenth_lost_s = seconds;
        if (empty_s == 0 && tank.level_cm <= 0)
            empty_s = seconds;
        if (warm_s == 0 && tank.rack_c > vapour + 5)
            warm_s = seconds;
        if (tank.rack_c > -150)
            too_warm_s = seconds;
    }
    assert_true(tenth_lost_s > 0 && tenth_lost_s < 3600 * 2);
    assert_true(tenth_lost_s < warm_s);               /* level is the early signal */
    assert_true(empty_s > 0 && empty_s < too_warm_s); /* while there is liquid, it stays cold */
    /* Without liquid the racks warm by their heat capacity: 400 W over 40 kJ/K are 36 K/h. */
    double before = tank.rack_c;
    stage_run(&stage, 600);
    assert_true(fabs((tank.rack_c - before) * 6 - 36) < 8);
}

static void repair_refills_and_cools_again(void **state)
{
    (void)state;
    struct tank tank = {0};
    struct stage stage;
    stage_open(&stage, &model_tank, &tank, 6,
               (const char *[]){"level", "0 cm", "temperature", "-120 °C", "supply", "off", "vacuum", "400 W",
                                NULL});
    stage_run(&stage, 600);
    assert_true(tank.rack_c > -120);
    stage_set(&stage, "repair", "");
    stage_run(&stage, 3600);
    assert_true(tank.level_cm > 15 - 2);
    double hour = tank.rack_c;
    stage_run(&stage, 12 * 3600);
    assert_true(tank.rack_c < hour && tank.rack_c < -180);
    assert_true(fabs(tank.heat_w - tank.heat_leak_w) < 0.1);
}

static void no_supply_means_a_fill_alarm(void **state)
{
    (void)state;
    struct tank tank = {0};
    struct stage stage;
    stage_open(&stage, &model_tank, &tank, 7,
               (const char *[]){"level", "14.5 cm", "supply", "off", "fill_limit", "20 min", NULL});
    stage_run(&stage, 19 * 60);
    assert_true(tank.filling);
    assert_false(tank.fill_alarm);
    stage_run(&stage, 2 * 60);
    assert_true(tank.fill_alarm);
    stage_set(&stage, "supply", "on");
    stage_run(&stage, 3600);
    assert_false(tank.filling);
    assert_false(tank.fill_alarm);
}

/* Florida 2005: a faulty sensor stopped the refill. */
static void stuck_level_sensor_stops_the_refill(void **state)
{
    (void)state;
    struct tank tank = {0};
    struct stage stage;
    stage_open(&stage, &model_tank, &tank, 8, (const char *[]){"level", "18 cm", "heat_leak", "200 W", NULL});
    stage_set(&stage, "level_sensor", "stuck");
    double said = tank.level_sensor.reading;
    stage_run(&stage, DAY_S);
    assert_true(tank.level_cm < 5);
    assert_true(tank.level_sensor.reading == said);
    assert_int_equal(tank.fills, 0);
    stage_set(&stage, "level_sensor", "ok");
    stage_run(&stage, 3600);
    assert_true(tank.level_cm > 14);
}

static void same_seed_same_readings(void **state)
{
    (void)state;
    struct tank tanks[3];
    memset(tanks, 0, sizeof tanks); /* padding too */
    static const uint64_t seeds[] = {9, 9, 10};
    for (int i = 0; i < 3; i++) {
        struct stage stage;
        stage_open(&stage, &model_tank, &tanks[i], seeds[i], (const char *[]){NULL});
        stage_run(&stage, 3600);
    }
    assert_memory_equal(&tanks[0], &tanks[1], sizeof tanks[0]);
    assert_true(tanks[0].temperature_sensor.reading != tanks[2].temperature_sensor.reading);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_watt_boils_054_litres_a_day),
        cmocka_unit_test(autofill_keeps_the_level_between_its_setpoints),
        cmocka_unit_test(vapour_is_warmer_with_less_liquid),
        cmocka_unit_test(open_lid_warms_the_vapour_soon_and_closing_cools_it),
        cmocka_unit_test(vacuum_loss_shows_in_the_level_first_then_in_the_temperature),
        cmocka_unit_test(repair_refills_and_cools_again),
        cmocka_unit_test(no_supply_means_a_fill_alarm),
        cmocka_unit_test(stuck_level_sensor_stops_the_refill),
        cmocka_unit_test(same_seed_same_readings),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
