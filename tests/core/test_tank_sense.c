/* A lid contact that is not read teaches nothing. */
#include "tank_stage.h"

static void run_with_lid(struct stage *s, int64_t us, struct reading lid)
{
    for (int64_t end_us = s->now_us + us; s->now_us < end_us;) {
        stage_step(s);
        s->input.lid = lid;
        tank_feed(&s->tank, s->now_us, &s->input);
    }
}

static void open_stage(struct stage *s)
{
    stage_open_usual(s);
}

/* Most of the first weeks the contact is broken, and the lid stands open by day. */
static void what_boils_while_the_lid_is_not_known_is_not_learned(void **state)
{
    (void)state;
    struct stage s;
    open_stage(&s);
    run_with_lid(&s, 4 * DAY, GOOD(0));
    s.fall_cm_day = 3;
    run_with_lid(&s, 9 * DAY, BAD);
    s.fall_cm_day = 2;
    run_with_lid(&s, 8 * DAY, GOOD(0));
    assert_true(s.tank.base_final);
    assert_between(s.tank.base, 11.4, 12.6);
    s.fall_cm_day = 3; /* and no vessel follows it */
    run_with_lid(&s, DAY, BAD);
    assert_between(s.tank.base, 11.4, 12.6);
}

static void it_is_judged_all_the_same(void **state)
{
    (void)state;
    struct stage s;
    open_stage(&s);
    run_with_lid(&s, 15 * DAY, GOOD(0));
    s.fall_cm_day = 3.5;
    s.top_c = -181;
    run_with_lid(&s, 4 * DAY, BAD);
    assert_int_equal(stage_view(&s).vacuum, TANK_VACUUM_FAILING);
}

static void where_there_is_no_contact_all_is_learned(void **state)
{
    (void)state;
    struct stage s;
    open_stage(&s);
    run_with_lid(&s, 15 * DAY, ABSENT);
    assert_true(s.tank.base_final);
    open_stage(&s);
    run_with_lid(&s, 15 * DAY, BAD); /* never read */
    assert_true(s.tank.base_final);
}

static void a_lid_last_seen_open_is_not_open_for_ever(void **state)
{
    (void)state;
    struct stage s;
    open_stage(&s);
    run_with_lid(&s, 2 * DAY, GOOD(0));
    run_with_lid(&s, HOUR, GOOD(1));
    run_with_lid(&s, 20 * HOUR, BAD);
    assert_int_equal(stage_view(&s).phase, TANK_LID_OPEN);
    run_with_lid(&s, 5 * HOUR, BAD);
    assert_int_not_equal(stage_view(&s).phase, TANK_LID_OPEN);
    assert_false(stage_view(&s).lid_open_min.known);
}

static void a_poll_without_an_answer_is_no_loss(void **state)
{
    (void)state;
    struct stage s;
    open_stage(&s);
    for (int i = 0; i < 15 * 144; i++) {
        run_with_lid(&s, 5 * MINUTE, GOOD(0));
        run_with_lid(&s, 5 * MINUTE, BAD);
    }
    assert_true(s.tank.base_final);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(what_boils_while_the_lid_is_not_known_is_not_learned),
                                       cmocka_unit_test(it_is_judged_all_the_same),
                                       cmocka_unit_test(where_there_is_no_contact_all_is_learned),
                                       cmocka_unit_test(a_lid_last_seen_open_is_not_open_for_ever),
                                       cmocka_unit_test(a_poll_without_an_answer_is_no_loss)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
