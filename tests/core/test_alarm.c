/* test_alarm.c - the names and numbers that go into files and messages. */
#include "alarm.h"
#include "test.h"

static void names_are_stable(void **state)
{
    (void)state;
    assert_string_equal(alarm_state_name(ALARM_NORMAL), "normal");
    assert_string_equal(alarm_state_name(ALARM_UNACKNOWLEDGED), "unacknowledged");
    assert_string_equal(alarm_state_name(ALARM_ACKNOWLEDGED), "acknowledged");
    assert_string_equal(alarm_state_name(ALARM_RETURNED_UNACKNOWLEDGED), "returned-unacknowledged");
    assert_string_equal(alarm_state_name(ALARM_SHELVED), "shelved");
    assert_string_equal(alarm_state_name(ALARM_SUPPRESSED), "suppressed");
    assert_string_equal(alarm_state_name(ALARM_OUT_OF_SERVICE), "out-of-service");
    assert_string_equal(alarm_state_name((enum alarm_state)7), "?");
    assert_string_equal(alarm_state_name((enum alarm_state) - 1), "?");
    assert_string_equal(transition_name(TRANSITION_RAISED), "raised");
    assert_string_equal(transition_name(TRANSITION_ACKNOWLEDGED), "acknowledged");
    assert_string_equal(transition_name(TRANSITION_RETURNED), "returned");
    assert_string_equal(transition_name(TRANSITION_SHELVED), "shelved");
    assert_string_equal(transition_name(TRANSITION_UNSHELVED), "unshelved");
    assert_string_equal(transition_name(TRANSITION_SUPPRESSED), "suppressed");
    assert_string_equal(transition_name(TRANSITION_UNSUPPRESSED), "unsuppressed");
    assert_string_equal(transition_name(TRANSITION_OUT_OF_SERVICE), "out-of-service");
    assert_string_equal(transition_name(TRANSITION_IN_SERVICE), "in-service");
    assert_string_equal(transition_name(TRANSITION_REALARMED), "realarmed");
    assert_string_equal(transition_name(TRANSITION_RESET), "reset");
    assert_string_equal(transition_name((enum transition_kind)TRANSITION_KINDS), "?");
    assert_string_equal(transition_why_name(WHY_NONE), "");
    assert_string_equal(transition_why_name(WHY_PERSON), "person");
    assert_string_equal(transition_why_name(WHY_TIME), "time");
    assert_string_equal(transition_why_name(WHY_ONE_SHOT), "one-shot");
    assert_string_equal(transition_why_name(WHY_PLANT), "plant");
    assert_string_equal(transition_why_name(WHY_WORSE), "worse");
    assert_string_equal(transition_why_name(WHY_UNRESOLVED), "unresolved");
    assert_string_equal(transition_why_name((enum transition_why)7), "?");
    assert_string_equal(priority_name(PRIORITY_LOW), "low");
    assert_string_equal(priority_name(PRIORITY_MEDIUM), "medium");
    assert_string_equal(priority_name(PRIORITY_HIGH), "high");
    assert_string_equal(priority_name(PRIORITY_CRITICAL), "critical");
    assert_string_equal(priority_name((enum priority)4), "?");
    for (int i = 0; i < FAULT_COUNT; i++)
        assert_string_not_equal(engine_fault_name((enum system_fault)i), "?");
    assert_string_equal(engine_fault_name(FAULT_STATE_DB), "state-database");
    assert_string_equal(engine_fault_name(FAULT_BROKER), "broker");
    assert_string_equal(engine_fault_name(FAULT_NOTIFIER), "notifier");
    assert_string_equal(engine_fault_name(FAULT_NOTIFY_CHANNEL), "notify-channel");
    assert_string_equal(engine_fault_name(FAULT_NOTIFY_PEOPLE), "notify-people");
    assert_string_equal(engine_fault_name(FAULT_DRILL), "drill");
    assert_string_equal(engine_fault_name(FAULT_DRILL_OVERDUE), "drill-overdue");
    assert_string_equal(engine_fault_name(FAULT_NOTIFY_CONFIG), "notify-configuration");
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
    assert_int_equal(ALARM_SHELVED, 4);
    assert_int_equal(ALARM_SUPPRESSED, 5);
    assert_int_equal(ALARM_OUT_OF_SERVICE, 6);
    assert_false(alarm_state_is_valid((enum alarm_state)7));
    assert_false(alarm_state_is_valid((enum alarm_state) - 1));
    assert_true(alarm_state_is_active(ALARM_UNACKNOWLEDGED));
    assert_true(alarm_state_is_active(ALARM_ACKNOWLEDGED));
    assert_false(alarm_state_is_active(ALARM_NORMAL));
    assert_false(alarm_state_is_active(ALARM_RETURNED_UNACKNOWLEDGED));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_are_stable),
        cmocka_unit_test(stored_numbers_are_fixed),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
