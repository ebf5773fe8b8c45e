/* Numbers as people type them, and settings by name. */
#include "stage.h"

#include "tank.h"

#include <math.h>
#include <string.h>

static void numbers_with_units(void **state)
{
    (void)state;
    double value = 0;
    assert_int_equal(param_number("800ms", unit_time, &value), 0);
    assert_true(fabs(value - 0.8) < 1e-9);
    assert_int_equal(param_number("2.5 h", unit_time, &value), 0);
    assert_true(fabs(value - 9000) < 1e-9);
    assert_int_equal(param_number("-150 °C", unit_temperature, &value), 0);
    assert_true(fabs(value - -150) < 1e-9);
    assert_int_equal(param_number("40", unit_watt, &value), 0);
    assert_true(fabs(value - 40) < 1e-9);
    assert_int_equal(param_number("0.5 kW", unit_watt, &value), 0);
    assert_true(fabs(value - 500) < 1e-9);
}

static void what_is_no_number(void **state)
{
    (void)state;
    static const char *const wrong[] = {"",     "nan", "inf", "010", "1e3",   "-140,5", "5 kg", "--1",
                                        "0x10", "1.",  ".5",  "s",   "1 s s", " 1",     "1s ",  "١"};
    double value = 42;
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        if (param_number(wrong[i], unit_time, &value) == 0)
            fail_msg("\"%s\" was read as %g", wrong[i], value);
    }
    assert_true(value == 42);
}

static void integers(void **state)
{
    (void)state;
    int64_t value = 42;
    assert_int_equal(param_integer("0x8000", 0, 65535, &value), 0);
    assert_int_equal(value, 0x8000);
    assert_int_equal(param_integer("-5", -10, 10, &value), 0);
    assert_int_equal(value, -5);
    assert_int_equal(param_integer("0", 0, 10, &value), 0);
    static const char *const wrong[] = {
        "", "11", "-11", "010", "0x", "5.0", "5 ", "+5", "99999999999999999999"};
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        if (param_integer(wrong[i], -10, 10, &value) == 0)
            fail_msg("\"%s\" was read as %lld", wrong[i], (long long)value);
    }
}

static void settings_by_name(void **state)
{
    (void)state;
    struct tank tank = {0};
    char error[PARAM_ERROR_MAX];
    const struct param *params = model_tank.params;
    model_tank.init(&tank);
    assert_int_equal(param_set(params, &tank, "lid", "open", true, error), 0);
    assert_int_equal(tank.lid, 1);
    assert_int_equal(param_set(params, &tank, "lid", "closed", false, error), 0); /* only checked */
    assert_int_equal(tank.lid, 1);
    assert_int_equal(param_set(params, &tank, "vacuum", "60W", true, error), 0);
    assert_true(tank.vacuum_w == 60);
    assert_int_equal(param_set(params, &tank, "vacuum", "good", true, error), 0);
    assert_true(tank.vacuum_w == 0);

    assert_true(param_set(params, &tank, "lid", "ajar", true, error) < 0);
    assert_string_equal(error, "lid: \"ajar\" is not one of closed open");
    assert_true(param_set(params, &tank, "level", "9999 cm", true, error) < 0);
    assert_string_equal(error, "level: 9999 cm is outside 0 ... 200 cm");
    assert_true(param_set(params, &tank, "level", "", true, error) < 0);
    assert_true(param_set(params, &tank, "repair", "now", true, error) < 0);
    assert_true(param_set(params, &tank, "lidd", "open", true, error) < 0);
    assert_non_null(strstr(error, "no setting \"lidd\""));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(numbers_with_units),
        cmocka_unit_test(what_is_no_number),
        cmocka_unit_test(integers),
        cmocka_unit_test(settings_by_name),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
