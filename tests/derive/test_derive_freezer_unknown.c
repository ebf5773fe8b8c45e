/* What is not known of a freezer's run is not told, and ends no alarm: what was before the start, what was
 * not seen long enough, what can't be read. */
#include "run_stage.h"

static void what_was_before_is_not_told(void **state)
{
    struct stage *s = *state;
    stage_go(s, 600);
    stage_act(s, "start", "");
    stage_go(s, 1200);
    assert_int_equal(s->n_began, 0);
    derive_ready(s->derive);
    stage_go(s, 10);
    assert_int_equal(s->n_began, 0); /* but it is known */
    assert_true(derive_run(s->derive, 0)->is_running);
    assert_true(derive_run(s->derive, 0)->record.begin_known);
    assert_int_equal(s->readings[FREEZER_POINT_RUN].value, 1 * K);
    stage_go(s, 4000);
    assert_int_equal(s->n_ended, 1);
    assert_int_equal(s->ended.how, FREEZER_END_COMPLETE);
}

/* It was stopped, and the last readings before the start are not in the record. */
static void the_record_alone_ends_no_alarm(void **state)
{
    struct stage *s = *state;
    stage_go(s, 600);
    stage_act(s, "start", "");
    stage_go(s, 1200);
    derive_ready(s->derive);
    s->silent = true;
    stage_go(s, 5);
    for (int i = 0; i < FREEZER_ALARM_COUNT; i++)
        assert_int_equal(s->holds[i], -1);
    stage_act(s, "reset", "");
    s->silent = false;
    stage_give(s, STATUS, RUN_A + FREEZER_STATUS_IDLE, false);
    assert_int_equal(s->holds[ALARM_LEFT], 1);
    assert_int_equal(s->holds[ALARM_LID], 0);
}

/* As a reload makes it, when the record can't be read: alarms stand as they were. */
static void forget(struct stage *s)
{
    derive_free(s->derive);
    assert_int_equal(derive_create(&s->config, stage_at(s), &s->derive), 0);
    derive_ready(s->derive);
    for (int i = 0; i < FREEZER_ALARM_COUNT; i++)
        s->holds[i] = -1;
}

/* Off its program, but for how long is not known: that ends no alarm. */
static void what_was_not_seen_long_enough_ends_nothing(void **state)
{
    struct stage *s = *state;
    stage_start(s);
    stage_go(s, 900);
    assert_int_equal(s->holds[ALARM_DEVIATION], 0);
    s->chamber_off = 6;
    stage_go(s, 60);
    assert_int_equal(s->holds[ALARM_DEVIATION], 1);
    forget(s);
    for (int i = 0; i < 30 && s->holds[ALARM_DEVIATION] != 1; i++) {
        stage_go(s, 2);
        assert_int_not_equal(s->holds[ALARM_DEVIATION], 0);
        assert_int_not_equal(s->holds[ALARM_STALL], 0);
    }
    assert_int_equal(s->holds[ALARM_DEVIATION], 1);
    assert_int_equal(s->holds[ALARM_OVERSHOOT], 0);
    s->chamber_off = 0;
    stage_go(s, 20);
    assert_int_equal(s->holds[ALARM_DEVIATION], 0);
    assert_int_equal(s->holds[ALARM_STALL], -1); /* since when the step goes on is not known */
    stage_go(s, 2400);
    assert_int_equal(derive_run(s->derive, 0)->step, 2);
    assert_int_equal(s->holds[ALARM_STALL], 0);
}

/* Which step goes on can't be read: nothing is held against it, and nothing ends. */
static void without_a_step_nothing_is_judged(void **state)
{
    struct stage *s = *state;
    s->freezer.inputs[SEGMENT].point = ROLE_NONE;
    s->freezer.setup.has &= ~(1U << FREEZER_INPUT_SEGMENT);
    forget(s);
    stage_start(s);
    stage_go(s, 900);
    forget(s);
    stage_go(s, 60);
    assert_int_equal(s->holds[ALARM_DEVIATION], -1);
    assert_int_equal(s->holds[ALARM_OVERSHOOT], -1);
    assert_int_equal(s->holds[ALARM_STALL], -1);
    assert_int_equal(s->holds[ALARM_LID], 0);
    stage_act(s, "reset", "");
    stage_go(s, 10);
    assert_int_equal(s->holds[ALARM_DEVIATION], 0);
}

/* Devices are asked more often from now on, and the gap was made shorter: what was read before has none. */
static void a_shorter_gap_is_not_for_what_was_read_before(void **state)
{
    for (int planned = 0; planned < 2; planned++) {
        struct stage *s = *state;
        s->freezer.setup.gap_us = 15 * S;
        s->polls = 40; /* 20 s */
        if (planned)
            derive_plan(s->derive, 0,
                        &(struct derive_plan){.from_utc_us = stage_at(s).utc_us,
                                              .to_utc_us = stage_at(s).utc_us + 900 * S,
                                              .gap_us = 60 * S,
                                              .program = -1});
        stage_go(s, 600);
        stage_act(s, "start", "");
        stage_go(s, 1200);
        const struct freezer_run *run = derive_run(s->derive, 0);
        assert_int_equal(run->record.begin_known, planned);
        assert_int_equal(run->record.n_gaps > 0, !planned);
        derive_ready(s->derive);
        s->polls = 4;
        stage_go(s, 60);
        assert_int_equal(run->record.n_gaps > 0, !planned);
        s->silent = true; /* from here on the new one counts */
        stage_go(s, 20);
        s->silent = false;
        stage_go(s, 10);
        assert_int_equal(run->record.n_gaps, !planned ? run->record.n_gaps : 1);
        if (!planned) {
            stage_close(state);
            stage_open(state);
        }
    }
}

static void a_door_that_cant_be_read_is_not_closed(void **state)
{
    struct stage *s = *state;
    stage_start(s);
    stage_go(s, 1200);
    assert_int_equal(s->holds[ALARM_LID], 0);
    stage_act(s, "door", "open");
    stage_go(s, 20);
    assert_int_equal(s->holds[ALARM_LID], 1);
    s->door_bad = true;
    stage_act(s, "door", "closed");
    stage_go(s, 60);
    assert_int_equal(s->holds[ALARM_LID], 1);
    s->door_bad = false;
    stage_go(s, 10);
    assert_int_equal(s->holds[ALARM_LID], 0);
}

static void silence_ends_nothing(void **state)
{
    struct stage *s = *state;
    stage_start(s);
    stage_go(s, 1200);
    stage_act(s, "door", "open");
    stage_go(s, 20);
    s->silent = true;
    stage_go(s, 120);
    assert_int_equal(s->holds[ALARM_NO_DATA], 1);
    assert_int_equal(s->holds[ALARM_LID], 1);
    assert_int_equal(s->readings[FREEZER_POINT_RUN].quality, QUALITY_BAD);
    assert_int_equal(s->readings[FREEZER_POINT_DEVIATION].reason, REASON_INPUT_BAD);
    stage_go(s, 2400); /* lost: how it ended is not known */
    assert_int_equal(s->n_ended, 1);
    assert_int_equal(s->ended.how, FREEZER_END_LOST);
    assert_int_equal(s->readings[FREEZER_POINT_RUN].value, 4 * K);
    assert_int_equal(s->holds[ALARM_LID], 1);
    assert_int_equal(s->holds[ALARM_NO_DATA], 1);
    assert_int_equal(s->holds[ALARM_LEFT], 1);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, stage_open, stage_close)
    const struct CMUnitTest tests[] = {
        TEST(what_was_before_is_not_told),
        TEST(the_record_alone_ends_no_alarm),
        TEST(what_was_not_seen_long_enough_ends_nothing),
        TEST(without_a_step_nothing_is_judged),
        TEST(a_shorter_gap_is_not_for_what_was_read_before),
        TEST(a_door_that_cant_be_read_is_not_closed),
        TEST(silence_ends_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
