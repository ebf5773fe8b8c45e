/* test_engine_group.c - alarms about other alarms: one cause for many, and one that comes and goes. */

#include "engine_fixture.h"
#include "test.h"

enum { GATEWAY, ROOM, CHATTERING, FIRST, N_FIRST = 5, N_ALARMS = FIRST + N_FIRST };

static const uint16_t MEMBERS[] = {
    FIRST, FIRST + 1, FIRST + 2, FIRST + 3, FIRST + 4, /* GATEWAY */
    FIRST, FIRST + 1,                                  /* ROOM */
    FIRST, FIRST + 1, FIRST + 2, FIRST + 3,            /* CHATTERING */
};
#define N_MEMBERS (sizeof MEMBERS / sizeof *MEMBERS)

static void make_models(struct alarm_model models[N_ALARMS])
{
    models[GATEWAY] =
        (struct alarm_model){.kind = CONDITION_GROUP, .first_member = 0, .n_members = 5, .at_least = 3};
    models[ROOM] = (struct alarm_model){.kind = CONDITION_GROUP,
                                        .priority = PRIORITY_CRITICAL,
                                        .protected = true,
                                        .first_member = 5,
                                        .n_members = 2,
                                        .at_least = 2,
                                        .on_delay_ms = 60000};
    models[CHATTERING] = (struct alarm_model){
        .kind = CONDITION_CHATTER, .first_member = 7, .n_members = 4, .at_least = 3, .window_ms = 600000};
    for (unsigned i = FIRST; i < N_ALARMS; i++)
        models[i] = (struct alarm_model){.kind = CONDITION_FED,
                                         .shelve_max_ms = 3600000,
                                         .oos_max_ms = 3600000,
                                         .latching = i == FIRST + 4};
}

static struct alarm_model models[N_ALARMS];
static const struct engine_tables TABLES = {
    .alarms = models, .n_alarms = N_ALARMS, .members = MEMBERS, .n_members = (uint32_t)N_MEMBERS};

static int setup(void **state)
{
    (void)state;
    make_models(models);
    return 0;
}

static void feed_condition(struct fixture *f, uint16_t alarm, bool holds)
{
    fixture_feed(f, &(struct event){.kind = EVENT_CONDITION, .condition = {alarm, holds}});
}

static void one_cause_becomes_one_alarm_that_hides_no_member(void **state)
{
    struct fixture f = fixture_make(&TABLES);
    uint16_t active[8];

    (void)state;
    for (uint16_t i = 0; i < 3; i++) {
        assert_int_equal(engine_active_group(f.engine, FIRST + 1), -1);
        feed_condition(&f, (uint16_t)(FIRST + 1 + i), true);
        fixture_expect(&f, (uint16_t)(FIRST + 1 + i), TRANSITION_RAISED, WHY_NONE, ALARM_UNACKNOWLEDGED);
    }
    fixture_expect(&f, GATEWAY, TRANSITION_RAISED, WHY_NONE, ALARM_UNACKNOWLEDGED);
    fixture_expect_nothing(&f);
    assert_int_equal(engine_active_group(f.engine, FIRST + 1), GATEWAY);
    assert_int_equal(engine_active_members(f.engine, GATEWAY, active, 8), 3);
    assert_int_equal(active[0], FIRST + 1);
    assert_int_equal(active[2], FIRST + 3);
    assert_int_equal(engine_active_members(f.engine, GATEWAY, active, 1),
                     3); /* told how many, whatever fits */
    /* Each member is an alarm of its own as before: the group's acknowledgement is not theirs. */
    fixture_order(&f, EVENT_ACKNOWLEDGE, GATEWAY);
    fixture_expect(&f, GATEWAY, TRANSITION_ACKNOWLEDGED, WHY_NONE, ALARM_ACKNOWLEDGED);
    assert_int_equal(engine_alarm_state(f.engine, FIRST + 1), ALARM_UNACKNOWLEDGED);
    feed_condition(&f, FIRST + 1, false);
    fixture_expect(&f, FIRST + 1, TRANSITION_RETURNED, WHY_NONE, ALARM_RETURNED_UNACKNOWLEDGED);
    fixture_expect(&f, GATEWAY, TRANSITION_RETURNED, WHY_NONE, ALARM_NORMAL);
    assert_int_equal(engine_hold(f.engine, GATEWAY).n_active_members, 2);
    engine_free(f.engine);
}

/* Maintenance, shelves and latches change what is shown of a member, never what the group counts. */
static void a_group_counts_facts(void **state)
{
    struct fixture f = fixture_make(&TABLES);

    (void)state;
    fixture_hold(&f, EVENT_SHELVE, FIRST, FIXTURE_H, false);
    fixture_hold(&f, EVENT_OUT_OF_SERVICE, FIRST + 1, FIXTURE_H, false);
    f.next = f.n_seen;
    feed_condition(&f, FIRST, true);
    feed_condition(&f, FIRST + 1, true);
    f.next = f.n_seen;
    fixture_pass(&f, 59 * FIXTURE_S);
    feed_condition(&f, FIRST, false); /* the delay begins anew */
    feed_condition(&f, FIRST, true);
    f.next = f.n_seen;
    fixture_pass(&f, 60 * FIXTURE_S - 1);
    fixture_expect_nothing(&f);
    fixture_pass(&f, 1);
    fixture_expect(&f, ROOM, TRANSITION_RAISED, WHY_NONE, ALARM_UNACKNOWLEDGED);
    /* A latched member's condition is over. */
    feed_condition(&f, FIRST + 4, true);
    fixture_expect(&f, FIRST + 4, TRANSITION_RAISED, WHY_NONE, ALARM_UNACKNOWLEDGED);
    fixture_expect(&f, GATEWAY, TRANSITION_RAISED, WHY_NONE, ALARM_UNACKNOWLEDGED);
    feed_condition(&f, FIRST + 4, false);
    fixture_expect(&f, FIRST + 4, TRANSITION_RETURNED, WHY_NONE, ALARM_UNACKNOWLEDGED);
    fixture_expect(&f, GATEWAY, TRANSITION_RETURNED, WHY_NONE, ALARM_RETURNED_UNACKNOWLEDGED);
    engine_free(f.engine);
}

static void come_and_go(struct fixture *f, uint16_t alarm, int64_t us)
{
    feed_condition(f, alarm, true);
    fixture_expect(f, alarm, TRANSITION_RAISED, WHY_NONE, ALARM_UNACKNOWLEDGED);
    if (f->next != f->n_seen)
        fixture_expect(f, CHATTERING, TRANSITION_RAISED, WHY_NONE, ALARM_UNACKNOWLEDGED);
    fixture_pass(f, us / 2);
    feed_condition(f, alarm, false);
    fixture_expect(f, alarm, TRANSITION_RETURNED, WHY_NONE, ALARM_RETURNED_UNACKNOWLEDGED);
    fixture_pass(f, us / 2);
}

static void an_alarm_that_comes_and_goes_chatters(void **state)
{
    struct fixture f = fixture_make(&TABLES);

    (void)state;
    /* Three different alarms once each: nothing chatters. Nor one that needs more than the window. */
    for (uint16_t i = 0; i < 3; i++)
        come_and_go(&f, (uint16_t)(FIRST + i), FIXTURE_MIN);
    for (int i = 0; i < 6; i++)
        come_and_go(&f, FIRST + 3, 5 * FIXTURE_MIN);
    assert_int_equal(engine_alarm_state(f.engine, CHATTERING), ALARM_NORMAL);
    fixture_pass(&f, FIXTURE_H);
    /* Raised at 0, 3 and 6 min: it chatters until 10. */
    for (int i = 0; i < 3; i++)
        come_and_go(&f, FIRST, 3 * FIXTURE_MIN);
    fixture_pass(&f, FIXTURE_MIN - 1);
    assert_int_equal(engine_alarm_state(f.engine, CHATTERING), ALARM_UNACKNOWLEDGED);
    come_and_go(&f, FIRST, 2); /* just before: 3, 6 and 10 hold it until 13 */
    fixture_pass(&f, 3 * FIXTURE_MIN - 2);
    fixture_expect_nothing(&f);
    fixture_pass(&f, 1);
    fixture_expect(&f, CHATTERING, TRANSITION_RETURNED, WHY_NONE, ALARM_RETURNED_UNACKNOWLEDGED);
    engine_free(f.engine);
}

/* The end of chattering is the last of all members' ends. */
static void two_that_chatter_are_one_alarm(void **state)
{
    struct fixture f = fixture_make(&TABLES);

    (void)state;
    for (int i = 0; i < 3; i++)
        come_and_go(&f, FIRST, FIXTURE_MIN); /* 0, 1, 2 min: until 10 */
    for (int i = 0; i < 3; i++)
        come_and_go(&f, FIRST + 1, FIXTURE_MIN); /* 3, 4, 5 min: until 13 */
    uint16_t members[1];
    assert_int_equal(engine_chattering_members(f.engine, CHATTERING, members, 1), 2);
    assert_int_equal(members[0], FIRST);
    fixture_pass(&f, 5 * FIXTURE_MIN); /* 11 */
    come_and_go(&f, FIRST + 2, 2);     /* so that the engine hears of it */
    assert_int_equal(engine_chattering_members(f.engine, CHATTERING, members, 1), 1);
    assert_int_equal(members[0], FIRST + 1);
    assert_int_equal(engine_chattering_members(f.engine, GATEWAY, members, 1), 0);
    fixture_pass(&f, 2 * FIXTURE_MIN - 3);
    fixture_expect_nothing(&f);
    fixture_pass(&f, 1);
    fixture_expect(&f, CHATTERING, TRANSITION_RETURNED, WHY_NONE, ALARM_RETURNED_UNACKNOWLEDGED);
    engine_free(f.engine);
}

static void groups_outlive_the_engine(void **state)
{
    struct fixture f = fixture_make(&TABLES);

    (void)state;
    for (uint16_t i = 0; i < 4; i++)
        feed_condition(&f, (uint16_t)(FIRST + i), true);
    f.n_seen = f.next = 0;
    fixture_renew(&f, &TABLES, false);
    fixture_pass(&f, 0);
    fixture_expect_nothing(&f); /* it was raised already */
    assert_int_equal(engine_alarm_state(f.engine, GATEWAY), ALARM_UNACKNOWLEDGED);
    assert_int_equal(engine_hold(f.engine, GATEWAY).n_active_members, 4);
    fixture_pass(&f, 60 * FIXTURE_S);
    fixture_expect(&f, ROOM, TRANSITION_RAISED, WHY_NONE, ALARM_UNACKNOWLEDGED);
    feed_condition(&f, FIRST, false);
    feed_condition(&f, FIRST + 1, false);
    while (f.next < f.n_seen)
        f.next++;
    assert_int_equal(engine_alarm_state(f.engine, GATEWAY), ALARM_RETURNED_UNACKNOWLEDGED);
    /* A configuration with a smaller group: restored as active, it looks at itself. */
    models[GATEWAY].at_least = 2;
    fixture_renew(&f, &TABLES, true);
    fixture_pass(&f, 0);
    fixture_expect(&f, GATEWAY, TRANSITION_RAISED, WHY_NONE, ALARM_UNACKNOWLEDGED);
    models[GATEWAY].at_least = 5;
    fixture_renew(&f, &TABLES, true);
    fixture_pass(&f, 0);
    fixture_expect(&f, GATEWAY, TRANSITION_RETURNED, WHY_NONE, ALARM_RETURNED_UNACKNOWLEDGED);
    engine_free(f.engine);
}

/* Restored, and none of its members is what it was: it ends, though none of them says so. */
static void a_group_without_its_members_ends(void **state)
{
    struct fixture f = {.offset_us = FIXTURE_UTC};
    const struct alarm_memory memory = engine_memory_of_state(ALARM_ACKNOWLEDGED);

    (void)state;
    f.engine = engine_create(&TABLES, fixture_now(&f));
    engine_restore(f.engine, GATEWAY, &memory);
    fixture_pass(&f, 0);
    fixture_expect(&f, GATEWAY, TRANSITION_RETURNED, WHY_NONE, ALARM_NORMAL);
    /* Nor does a delay that was running go on without them. */
    engine_restore_pending(f.engine, ROOM, -FIXTURE_H);
    fixture_pass(&f, FIXTURE_H);
    fixture_expect_nothing(&f);
    engine_free(f.engine);
}

static void chatter_outlives_a_reload(void **state)
{
    struct fixture f = fixture_make(&TABLES);
    struct engine *next;

    (void)state;
    come_and_go(&f, FIRST, FIXTURE_MIN);
    come_and_go(&f, FIRST, FIXTURE_MIN);
    next = engine_create(&TABLES, fixture_now(&f));
    for (unsigned i = 0; i < N_ALARMS; i++)
        engine_inherit_alarm(next, (uint16_t)i, f.engine, (uint16_t)i);
    engine_free(f.engine);
    f.engine = next;
    come_and_go(&f, FIRST, FIXTURE_MIN); /* the third */
    assert_int_equal(engine_alarm_state(f.engine, CHATTERING), ALARM_UNACKNOWLEDGED);
    /* And until when it chatters. */
    next = engine_create(&TABLES, fixture_now(&f));
    for (unsigned i = 0; i < N_ALARMS; i++) {
        const struct alarm_memory memory = engine_memory(f.engine, (uint16_t)i);

        engine_restore(next, (uint16_t)i, &memory);
        engine_inherit_alarm(next, (uint16_t)i, f.engine, (uint16_t)i);
    }
    engine_free(f.engine);
    f.engine = next;
    fixture_pass(&f, 7 * FIXTURE_MIN);
    fixture_expect(&f, CHATTERING, TRANSITION_RETURNED, WHY_NONE, ALARM_RETURNED_UNACKNOWLEDGED);
    engine_free(f.engine);
}

static void bad_tables_are_refused(void **state)
{
    static const uint16_t twice[] = {FIRST, FIRST, FIRST + 1, FIRST + 2, FIRST + 3};
    struct engine_tables tables = TABLES;

    (void)state;
#define REFUSED(change)                                                                                      \
    make_models(models);                                                                                     \
    change;                                                                                                  \
    assert_null(engine_create(&tables, (struct stamp){0, 0}))
    REFUSED(models[GATEWAY].at_least = 0);
    REFUSED(models[GATEWAY].at_least = 6);
    REFUSED(models[GATEWAY].n_members = 0);
    REFUSED(models[GATEWAY].first_member = 7);                            /* beyond the table */
    REFUSED(models[GATEWAY].first_member = UINT32_MAX);                   /* and round it */
    REFUSED((models[ROOM].first_member = 0, models[ROOM].n_members = 5)); /* the same places twice */
    REFUSED(models[FIRST].kind = CONDITION_GROUP);                        /* a group in a group */
    REFUSED(models[CHATTERING].at_least = ALARM_RAISINGS_MAX + 1);
    REFUSED(models[CHATTERING].window_ms = 0);
    REFUSED((models[ROOM] = models[CHATTERING], models[ROOM].first_member = 5, models[ROOM].n_members = 2,
             models[ROOM].at_least = 2)); /* in two CHATTERs */
    REFUSED(tables.members = twice; tables.n_members = 5; models[ROOM].n_members = 0);
    tables = TABLES;
    make_models(models);
    struct engine *engine = engine_create(&tables, (struct stamp){0, 0});
    assert_non_null(engine);
    engine_free(engine);
#undef REFUSED
}

/* What lies outside the tables. */
static void strangers(void **state)
{
    struct fixture f = fixture_make(&TABLES);
    uint16_t active[1];

    (void)state;
    assert_int_equal(engine_active_members(f.engine, FIRST, active, 1), 0);
    assert_int_equal(engine_active_members(f.engine, N_ALARMS, active, 1), 0);
    assert_int_equal(engine_active_group(f.engine, N_ALARMS), -1);
    assert_int_equal(engine_hold(f.engine, N_ALARMS).state, ALARM_NORMAL);
    assert_int_equal(engine_memory(f.engine, N_ALARMS).base, ALARM_NORMAL);
    engine_free(f.engine);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(one_cause_becomes_one_alarm_that_hides_no_member, setup),
        cmocka_unit_test_setup(a_group_counts_facts, setup),
        cmocka_unit_test_setup(an_alarm_that_comes_and_goes_chatters, setup),
        cmocka_unit_test_setup(two_that_chatter_are_one_alarm, setup),
        cmocka_unit_test_setup(groups_outlive_the_engine, setup),
        cmocka_unit_test_setup(a_group_without_its_members_ends, setup),
        cmocka_unit_test_setup(chatter_outlives_a_reload, setup),
        cmocka_unit_test_setup(bad_tables_are_refused, setup),
        cmocka_unit_test_setup(strangers, setup),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
