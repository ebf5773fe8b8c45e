/* What one register says of the values in others, and what that does to them. */
#include "test.h"

#include "guard.h"

#define N(value)    ((micro_t)(value)*MICRO_PER_UNIT)
#define SECOND      INT64_C(1000000)
#define GOOD(v)     (&(struct reading){.value = N(v), .raw = (v), .quality = QUALITY_GOOD})
#define BAD(why)    (&(struct reading){.quality = QUALITY_BAD, .reason = (why)})
#define COUNT(list) (sizeof(list) / sizeof *(list))

static void test_identity(void **state)
{
    (void)state;
    static const struct guard_rule rule = {
        .kind = GUARD_IDENTITY, .n_values = 2, .values = {{.value = N(0x2400)}, {.value = N(0x2408)}}};
    assert_int_equal(guard_judge(&rule, NULL, GOOD(0x2400), 0), REASON_NONE);
    assert_int_equal(guard_judge(&rule, NULL, GOOD(0x2408), 0), REASON_NONE);
    assert_int_equal(guard_judge(&rule, NULL, GOOD(0x2404), 0), REASON_WRONG_DEVICE);
    /* the device that was meant has the register, and in it a value */
    assert_int_equal(guard_judge(&rule, NULL, BAD(REASON_REFUSED), 0), REASON_WRONG_DEVICE);
    assert_int_equal(guard_judge(&rule, NULL, BAD(REASON_SENTINEL), 0), REASON_WRONG_DEVICE);
}

static void test_setting(void **state)
{
    (void)state;
    static const struct guard_rule rule = {.kind = GUARD_SETTING, .n_values = 1, .values = {{.value = 0}}};
    assert_int_equal(guard_judge(&rule, NULL, GOOD(0), 0), REASON_NONE);
    assert_int_equal(guard_judge(&rule, NULL, GOOD(1), 0), REASON_WRONG_SETTING);
    assert_int_equal(guard_judge(&rule, NULL, BAD(REASON_UNKNOWN_STATE), 0), REASON_WRONG_SETTING);
    assert_int_equal(guard_judge(&rule, NULL, BAD(REASON_REFUSED), 0), REASON_STATUS_UNKNOWN);
    assert_int_equal(guard_judge(&rule, NULL, BAD(REASON_TIMEOUT), 0), REASON_STATUS_UNKNOWN);
}

static void test_status(void **state)
{
    (void)state;
    struct guard_rule rule = {.kind = GUARD_STATUS,
                              .n_values = 3,
                              .values = {{.value = 0, .reason = REASON_WARM_UP},
                                         {.value = N(1), .reason = REASON_NONE},
                                         {.value = N(3), .reason = REASON_INHIBITED}}};
    assert_int_equal(guard_judge(&rule, NULL, GOOD(0), 0), REASON_WARM_UP);
    assert_int_equal(guard_judge(&rule, NULL, GOOD(1), 0), REASON_NONE);
    assert_int_equal(guard_judge(&rule, NULL, GOOD(3), 0), REASON_INHIBITED);
    assert_int_equal(guard_judge(&rule, NULL, GOOD(9), 0), REASON_NONE); /* the profile says nothing of it */
    assert_int_equal(guard_judge(&rule, NULL, BAD(REASON_UNKNOWN_STATE), 0), REASON_STATUS_UNKNOWN);
    assert_int_equal(guard_judge(&rule, NULL, BAD(REASON_TIMEOUT), 0), REASON_STATUS_UNKNOWN);
    rule.other = REASON_DEVICE_FAULT;
    assert_int_equal(guard_judge(&rule, NULL, GOOD(9), 0), REASON_DEVICE_FAULT);
    assert_int_equal(guard_judge(&rule, NULL, BAD(REASON_UNKNOWN_STATE), 0), REASON_DEVICE_FAULT);
    assert_int_equal(guard_judge(&rule, NULL, GOOD(1), 0), REASON_NONE);
    assert_int_equal(guard_judge(&rule, NULL, BAD(REASON_REFUSED), 0), REASON_STATUS_UNKNOWN);
}

/* A script of readings: time, register, verdict. */
static void test_heartbeat(void **state)
{
    (void)state;
    static const struct guard_rule rule = {.kind = GUARD_HEARTBEAT, .within_ms = 10000};
    static const struct {
        int at_s, raw; /* raw -1: it can't be read */
        enum reason verdict;
    } script[] = {
        {100, 7, REASON_NONE},   {105, 7, REASON_NONE},
        {110, 7, REASON_NONE}, /* just in time */
        {111, 7, REASON_FROZEN}, {112, 8, REASON_NONE},
        {120, 8, REASON_NONE},   {121, -1, REASON_STATUS_UNKNOWN},
        {123, 8, REASON_FROZEN}, {140, -1, REASON_STATUS_UNKNOWN},
        {150, 8, REASON_FROZEN}, /* still: nothing has shown that it lives */
        {151, 9, REASON_NONE},   {160, -1, REASON_STATUS_UNKNOWN},
        {170, 9, REASON_NONE}, /* nobody looked for longer than the time: it may have beaten meanwhile */
        {180, 9, REASON_NONE},   {181, 9, REASON_FROZEN},
        {182, 0, REASON_NONE},
    };
    struct guard_memory memory = {.seen = false};
    for (size_t i = 0; i < COUNT(script); i++) {
        const struct reading *reading =
            script[i].raw < 0 ? BAD(REASON_TIMEOUT) : GOOD((unsigned)script[i].raw);
        enum reason verdict = guard_judge(&rule, &memory, reading, script[i].at_s * SECOND);
        if (verdict != script[i].verdict)
            fail_msg("at %d s: %s", script[i].at_s, reason_name(verdict));
    }
}

/* At the machine's start BOOTTIME is near 0: that is no long silence, nor a frozen device. */
static void test_heartbeat_just_booted(void **state)
{
    (void)state;
    static const struct guard_rule rule = {.kind = GUARD_HEARTBEAT, .within_ms = 1000};
    struct guard_memory memory = {.seen = false};
    assert_int_equal(guard_judge(&rule, &memory, GOOD(0), 1), REASON_NONE);
    assert_int_equal(guard_judge(&rule, &memory, GOOD(0), SECOND), REASON_NONE);
    assert_int_equal(guard_judge(&rule, &memory, GOOD(0), SECOND + 2), REASON_FROZEN);
}

static struct reading applied(const struct reading *reading, enum reason reason)
{
    struct reading result = *reading;
    guard_apply(&result, reason);
    return result;
}

static void test_apply(void **state)
{
    (void)state;
    struct reading r = applied(GOOD(5), REASON_NONE);
    assert_int_equal(r.quality, QUALITY_GOOD);
    r = applied(GOOD(5), REASON_INHIBITED);
    assert_int_equal(r.quality, QUALITY_UNCERTAIN);
    assert_int_equal(r.reason, REASON_INHIBITED);
    assert_int_equal(r.value, N(5));
    r = applied(&r, REASON_STATUS_UNKNOWN); /* the first of two that weigh the same */
    assert_int_equal(r.reason, REASON_INHIBITED);
    r = applied(&r, REASON_SIMULATION);
    assert_int_equal(r.quality, QUALITY_BAD);
    assert_int_equal(r.reason, REASON_SIMULATION);
    assert_int_equal(r.value, 0); /* nobody can take it for a value */
    assert_int_equal(r.raw, 5);   /* and it can still be looked up */
    r = applied(&r, REASON_INHIBITED);
    assert_int_equal(r.reason, REASON_SIMULATION);
    r = applied(BAD(REASON_TIMEOUT), REASON_WRONG_SETTING);
    assert_int_equal(r.reason, REASON_TIMEOUT);
}

static void test_same(void **state)
{
    (void)state;
    struct guard_rule a = {
        .kind = GUARD_STATUS, .n_values = 1, .values = {{.value = 1, .reason = REASON_WARM_UP}}};
    struct guard_rule b = a;
    assert_true(guard_same(&a, &b));
    b.values[0].reason = REASON_NONE;
    assert_false(guard_same(&a, &b));
    b = a;
    b.other = REASON_WARM_UP;
    assert_false(guard_same(&a, &b));
    b = a;
    b.n_values = 0;
    assert_false(guard_same(&a, &b));
    b = a;
    b.within_ms = 1;
    assert_false(guard_same(&a, &b));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_identity),
        cmocka_unit_test(test_setting),
        cmocka_unit_test(test_status),
        cmocka_unit_test(test_heartbeat),
        cmocka_unit_test(test_heartbeat_just_booted),
        cmocka_unit_test(test_apply),
        cmocka_unit_test(test_same),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
