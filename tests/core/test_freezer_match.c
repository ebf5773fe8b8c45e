/* A run that was told is found again by its begin, and not taken for the one that follows it. */
#include "freezer_match.h"

#include "freezer_program.h"
#include "test.h"

#define S     INT64_C(1000000)
#define BEGIN (1000000 * S)

static void a_poll_away_is_the_same(void **state)
{
    (void)state;
    assert_int_equal(freezer_match(BEGIN, FREEZER_NONE, BEGIN), 0);
    assert_int_equal(freezer_match(BEGIN, FREEZER_NONE, BEGIN + 10 * S), 10 * S);
    assert_int_equal(freezer_match(BEGIN, BEGIN + 3600 * S, BEGIN - 120 * S), 120 * S);
    assert_int_equal(freezer_match(BEGIN, FREEZER_NONE, BEGIN + 120 * S + 1), -1);
}

/* Broken off after half a minute, and started again. */
static void one_that_had_ended_is_another(void **state)
{
    (void)state;
    assert_int_equal(freezer_match(BEGIN, BEGIN + 30 * S, BEGIN + 40 * S), -1);
    assert_int_equal(freezer_match(BEGIN, BEGIN + 30 * S, BEGIN + 20 * S), 20 * S);
    assert_int_equal(freezer_match(BEGIN, BEGIN - 30 * S, BEGIN + 40 * S),
                     40 * S); /* the clock was set back */
    assert_true(freezer_match_is_over(BEGIN, BEGIN + 30 * S, BEGIN + 3600 * S));
    assert_false(freezer_match_is_over(BEGIN, FREEZER_NONE, BEGIN + 3600 * S));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_poll_away_is_the_same),
        cmocka_unit_test(one_that_had_ended_is_another),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
