/* test_alarm.c - the table of states, and the names that go into files and messages. */
#include <errno.h>

#include "alarm.h"
#include "test.h"

static void only_the_standard_transitions_exist(void **state)
{
    static const struct {
        enum alarm_state from;
        enum transition_kind kind;
        enum alarm_state to;
    } valid[] = {
        {ALARM_NORMAL, TRANSITION_RAISED, ALARM_UNACKNOWLEDGED},
        {ALARM_UNACKNOWLEDGED, TRANSITION_ACKNOWLEDGED, ALARM_ACKNOWLEDGED},
        {ALARM_UNACKNOWLEDGED, TRANSITION_RETURNED, ALARM_RETURNED_UNACKNOWLEDGED},
        {ALARM_ACKNOWLEDGED, TRANSITION_RETURNED, ALARM_NORMAL},
        {ALARM_RETURNED_UNACKNOWLEDGED, TRANSITION_ACKNOWLEDGED, ALARM_NORMAL},
        {ALARM_RETURNED_UNACKNOWLEDGED, TRANSITION_RAISED, ALARM_UNACKNOWLEDGED},
    };
    unsigned found = 0;

    (void)state;
    for (int from = 0; from <= ALARM_RETURNED_UNACKNOWLEDGED; from++)
        for (int kind = 0; kind <= TRANSITION_RETURNED; kind++) {
            enum alarm_state to = (enum alarm_state)77;
            const int rc = alarm_next((enum alarm_state)from, (enum transition_kind)kind, &to);
            bool is_valid = false;

            for (size_t i = 0; i < sizeof valid / sizeof *valid; i++)
                if ((int)valid[i].from == from && (int)valid[i].kind == kind) {
                    is_valid = true;
                    assert_int_equal(to, valid[i].to);
                }
            assert_int_equal(rc, is_valid ? 0 : -EALREADY);
            if (!is_valid)
                assert_int_equal(to, 77); /* untouched */
            found += is_valid;
        }
    assert_int_equal(found, 6);
}

static void names_are_stable(void **state)
{
    (void)state;
    assert_string_equal(alarm_state_name(ALARM_NORMAL), "normal");
    assert_string_equal(alarm_state_name(ALARM_UNACKNOWLEDGED), "unacknowledged");
    assert_string_equal(alarm_state_name(ALARM_ACKNOWLEDGED), "acknowledged");
    assert_string_equal(alarm_state_name(ALARM_RETURNED_UNACKNOWLEDGED), "returned-unacknowledged");
    assert_string_equal(alarm_state_name((enum alarm_state)4), "?");
    assert_string_equal(alarm_state_name((enum alarm_state) - 1), "?");
    assert_string_equal(transition_name(TRANSITION_RAISED), "raised");
    assert_string_equal(transition_name(TRANSITION_ACKNOWLEDGED), "acknowledged");
    assert_string_equal(transition_name(TRANSITION_RETURNED), "returned");
    assert_string_equal(transition_name((enum transition_kind)3), "?");
    assert_string_equal(priority_name(PRIORITY_LOW), "low");
    assert_string_equal(priority_name(PRIORITY_MEDIUM), "medium");
    assert_string_equal(priority_name(PRIORITY_HIGH), "high");
    assert_string_equal(priority_name(PRIORITY_CRITICAL), "critical");
    assert_string_equal(priority_name((enum priority)4), "?");
    for (int i = 0; i < FAULT_COUNT; i++)
        assert_string_not_equal(engine_fault_name((enum system_fault)i), "?");
    assert_string_equal(engine_fault_name(FAULT_STATE_DB), "state-database");
    assert_string_equal(engine_fault_name(FAULT_BROKER), "broker");
    assert_string_equal(engine_fault_name(FAULT_COUNT), "?");
}

/* Numbers that are stored must never change their meaning. */
static void stored_numbers_are_fixed(void **state)
{
    (void)state;
    assert_int_equal(ALARM_NORMAL, 0);
    assert_int_equal(ALARM_UNACKNOWLEDGED, 1);
    assert_int_equal(ALARM_ACKNOWLEDGED, 2);
    assert_int_equal(ALARM_RETURNED_UNACKNOWLEDGED, 3);
    assert_false(alarm_state_is_valid((enum alarm_state)4));
    assert_false(alarm_state_is_valid((enum alarm_state) - 1));
    assert_true(alarm_state_is_active(ALARM_UNACKNOWLEDGED));
    assert_true(alarm_state_is_active(ALARM_ACKNOWLEDGED));
    assert_false(alarm_state_is_active(ALARM_NORMAL));
    assert_false(alarm_state_is_active(ALARM_RETURNED_UNACKNOWLEDGED));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(only_the_standard_transitions_exist),
        cmocka_unit_test(names_are_stable),
        cmocka_unit_test(stored_numbers_are_fixed),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
