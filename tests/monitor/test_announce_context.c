/* What an alarm says beside its reading: who holds it, its group, its trend; and told anew, the value of now.
 */
#include "announce_stage.h"

static struct alarm_news news_of(const struct site *s, uint16_t alarm, const char *transition,
                                 const struct alarm_record *record)
{
    return (struct alarm_news){.config = &s->config,
                               .run_id = "run",
                               .seq = 1,
                               .alarm = alarm,
                               .transition = transition,
                               .record = record,
                               .group = -1,
                               .time_left_s = -1};
}

static void expect_text(const struct alarm_news *news, const char *en, const char *zh)
{
    char text[1024];
    announce_sentence(news, LANGUAGE_EN, text, sizeof text);
    assert_string_equal(text, en);
    announce_sentence(news, LANGUAGE_ZH, text, sizeof text);
    assert_string_equal(text, zh);
}

static void expect_member(const struct alarm_news *news, const char *member, bool there)
{
    char body[BODY_MAX];
    announce_alarm(news, body);
    if ((strstr(body, member) != NULL) != there)
        fail_msg("%s is %s in %s", member, there ? "not" : "there", body);
}

static void test_a_shelf_tells_who_and_until_when(void **state)
{
    (void)state;
    static struct site s;
    announce_stage_make(&s);
    const struct reading hot = {.value = DEGREES(-149.2)};
    struct alarm_record record = {.state = ALARM_SHELVED,
                                  .raised_utc_us = 1795510919521781,
                                  .who = "wang.wei",
                                  .acked_utc_us = 1795510922960506,
                                  .shelf = {.by = "li.na", .note = "sensor loose"}};
    struct alarm_news news = news_of(&s, HOT, "shelved", &record);
    news.reading = &hot;
    news.active = true;
    news.view = (struct alarm_view){.one_shot = true};
    news.view.is_held[HOLD_SHELVED] = true;
    news.view.until_utc_us[HOLD_SHELVED] = 1795521600000000;
    news.view.n_holds[HOLD_SHELVED] = 2;
    expect_text(&news,
                "Tank 1: temperature -149.2 °C is above -150.0 °C. Shelved until 2026-11-24 12:00 UTC "
                "(li.na): sensor loose",
                "1号罐：temperature -149.2 °C，高于限值 -150.0 °C。已搁置至 2026-11-24 12:00 "
                "UTC（li.na）：sensor loose");
    expect_member(&news, "\"id\":\"tank-1/alarm-0@1795510919521\"", true);
    expect_member(&news, "\"by\":", false); /* nobody has done anything: a state told anew */
    expect_member(&news, "\"held_by\":\"li.na\"", true);
    expect_member(&news, "\"acknowledged_by\":\"wang.wei\"", true);
    news.who = "zhang";
    expect_member(&news, "\"held_by\":\"li.na\",\"by\":\"zhang\"", true);
    expect_member(&news, "\"until\":\"2026-11-24T12:00:00.000Z\"", true);
    expect_member(&news, "\"one_shot\":true", true);
    expect_member(&news, "\"note\":\"sensor loose\"", true);
    expect_member(&news, "\"disabled_count\":2", true);
    expect_member(&news, "\"active\":true", true);
    expect_member(&news, "\"maintenance\"", false);
}

static void test_maintenance_of_a_protected_alarm(void **state)
{
    (void)state;
    static struct site s;
    announce_stage_make(&s);
    s.models[HOT].protected = true;
    s.alarms[HOT].life_safety = true;
    const struct reading hot = {.value = DEGREES(-149.2)};
    struct alarm_record record = {.state = ALARM_UNACKNOWLEDGED,
                                  .raised_utc_us = 1795510919521781,
                                  .service = {.by = "li.na", .note = "new valve", .order = "WO-7"}};
    struct alarm_news news = news_of(&s, HOT, "raised", &record);
    news.reading = &hot;
    news.active = true;
    news.view.is_held[HOLD_OUT_OF_SERVICE] = true;
    news.view.until_utc_us[HOLD_OUT_OF_SERVICE] = 1795521600000000;
    expect_text(
        &news,
        "Tank 1: temperature -149.2 °C is above -150.0 °C. Maintenance until 2026-11-24 12:00 UTC (WO-7, "
        "li.na): new valve; the alarm stays in force",
        "1号罐：temperature -149.2 °C，高于限值 -150.0 °C。维护中至 2026-11-24 12:00 UTC（WO-7，li.na）：new "
        "valve；报警仍然有效");
    expect_member(&news,
                  "\"maintenance\":{\"by\":\"li.na\",\"order\":\"WO-7\",\"note\":\"new "
                  "valve\",\"until\":\"2026-11-24T12:00:00.000Z\"}",
                  true);
    expect_member(&news, "\"protected\":true,\"life_safety\":true", true);
    expect_member(&news, "\"note\":\"new valve\",\"disabled_count\"", false);
}

static void test_why_it_calls_again(void **state)
{
    (void)state;
    static struct site s;
    announce_stage_make(&s);
    const struct reading hot = {.value = DEGREES(-149.2)};
    struct alarm_record record = {.state = ALARM_UNACKNOWLEDGED, .raised_utc_us = 5};
    struct alarm_news news = news_of(&s, HOT, "realarmed", &record);
    news.reading = &hot;
    news.active = true;
    news.why = "unresolved";
    expect_text(
        &news,
        "Tank 1: temperature -149.2 °C is above -150.0 °C. It was acknowledged, and is still not resolved",
        "1号罐：temperature -149.2 °C，高于限值 -150.0 °C。已确认但仍未解决");
    expect_member(&news, "\"why\":\"unresolved\"", true);
    news.transition = "unshelved";
    news.why = "time";
    expect_text(&news, "Tank 1: temperature -149.2 °C is above -150.0 °C. The shelf has ended",
                "1号罐：temperature -149.2 °C，高于限值 -150.0 °C。搁置时间已到");
}

static void test_rates_and_what_time_is_left(void **state)
{
    (void)state;
    static struct site s;
    announce_stage_make(&s);
    s.models[HOT].kind = CONDITION_RATE;
    s.models[HOT].limit = DEGREES(5);
    const struct reading hot = {.value = DEGREES(-149.2)};
    struct alarm_record record = {.state = ALARM_UNACKNOWLEDGED, .raised_utc_us = 5};
    struct alarm_news news = news_of(&s, HOT, "raised", &record);
    news.reading = &hot;
    news.has_measure = true;
    news.measure = DEGREES(12);
    news.has_trend = true;
    news.trend = (struct trend_view){.per_hour = DEGREES(12), .over_s = 1800};
    expect_text(&news, "Tank 1: temperature -149.2 °C rises by 12.0 °C per hour (limit 5.0 °C)",
                "1号罐：temperature -149.2 °C，每小时上升 12.0 °C（限值 5.0 °C）");
    expect_member(&news, "\"trend\":{\"per_hour\":12.00,\"over_s\":1800}", true);
    expect_member(&news, "time_left_s", false);
    s.models[HOT].kind = CONDITION_HIGH;
    assert_true(announce_time_left_s(&s.config, HOT, &hot, &news.trend) ==
                -1); /* nobody says where it ends */
    s.alarms[HOT].has_consequence_at = true;
    s.alarms[HOT].consequence_at = DEGREES(-135);
    expect_member(&news, "\"time_left_s\":null",
                  true); /* an end will come, when is not known: that is said */
    assert_true(announce_time_left_s(&s.config, HOT, &hot, &news.trend) ==
                4260); /* 14.2 degrees at 12 per hour */
    const struct trend_view back = {.per_hour = DEGREES(-3)}, none = {0};
    assert_true(announce_time_left_s(&s.config, HOT, &hot, &back) == -1);
    assert_true(announce_time_left_s(&s.config, HOT, &hot, &none) == -1);
    const struct reading gone = {.value = DEGREES(-130)}, silent = {.quality = QUALITY_BAD};
    assert_true(announce_time_left_s(&s.config, HOT, &gone, &news.trend) == 0); /* it is there already */
    assert_true(announce_time_left_s(&s.config, HOT, &silent, &news.trend) == -1);
}

/* A group of many with long names: what does not fit is told by number. */
static void test_a_group_lists_its_members(void **state)
{
    (void)state;
    static struct site s;
    announce_stage_make(&s);
    s.models[DISK] = (struct alarm_model){.kind = CONDITION_GROUP, .n_members = 70};
    struct alarm_record record = {.state = ALARM_UNACKNOWLEDGED, .raised_utc_us = 5};
    struct alarm_news news = news_of(&s, DISK, "raised", &record);
    news.active = true;
    news.n_members = 65;
    news.n_listed = ANNOUNCE_MEMBERS_MAX;
    for (unsigned i = 0; i < ANNOUNCE_MEMBERS_MAX; i++)
        news.members[i] = (uint16_t)(i % 2);
    expect_text(&news, "Tank 1: 65 of 70 at the same time: Tank 1",
                "1号罐：65 个（共 70 个）同时报警：1号罐");
    expect_member(&news, "\"members\":[\"tank-1/alarm-0\",\"tank-1/alarm-1\"", true);
    expect_member(&news, "\"n_members\":65", true);
    for (int i = 0; i <= DUE; i++)
        memset(s.alarms[i].id, 'x', ID_MAX - 1);
    memset(s.assets[0].id, 'y', ID_MAX - 1);
    expect_member(&news, "\"n_members\":65", true); /* it still fits */
    news.alarm = HOT;
    news.group = DISK;
    expect_member(&news, "\"group\":\"yyyy", true);
}

/* While it is held, nothing need ever have been wrong: so nothing is "back", and what is not known is said.
 */
static void test_what_is_held_says_only_what_is_so(void **state)
{
    (void)state;
    static struct site s;
    announce_stage_make(&s);
    struct alarm_record record = {.state = ALARM_SUPPRESSED};
    struct reading reading = {.value = DEGREES(-183.8)};
    struct alarm_news news = news_of(&s, HOT, "suppressed", &record);
    news.over = true;
    news.view.is_held[HOLD_SUPPRESSED] = true;
    news.reading = &reading;
    s.models[HOT].kind = CONDITION_DEVIATION;
    s.models[HOT].limit = DEGREES(5);
    expect_text(
        &news,
        "Tank 1: temperature -183.8 °C (limit of its deviation 5.0 °C). Suppressed by the state of the plant",
        "1号罐：temperature -183.8 °C（偏差限值 5.0 °C）。因设备状态被抑制");
    s.models[HOT].kind = CONDITION_RATE;
    news.transition = "restored"; /* the same, told again */
    expect_text(&news, "Tank 1: temperature -183.8 °C (limit 5.0 °C per hour)",
                "1号罐：temperature -183.8 °C（限值每小时 5.0 °C）");
    news.alarm = BAD;
    reading = (struct reading){.quality = QUALITY_BAD, .reason = REASON_SENTINEL};
    expect_text(&news, "Tank 1: temperature no usable data (the device reports no value)",
                "1号罐：temperature 无可用数据（设备报告无有效值）");
    news.alarm = HOT;
    news.transition = "returned"; /* it was so, below the hold */
    reading = (struct reading){.value = DEGREES(-190)};
    expect_text(&news, "Tank 1: temperature -190.0 °C changes no faster than 5.0 °C per hour again",
                "1号罐：temperature -190.0 °C：变化速度已恢复（限值每小时 5.0 °C）");
}

/* Told again later: the value and the sentence are of now, and the moment is named; the event's own facts
 * stay. */
static void test_a_state_is_told_anew_with_the_value_of_now(void **state)
{
    (void)state;
    static struct site s;
    announce_stage_make(&s);
    snprintf(s.alarms[HOT].response.text[LANGUAGE_EN], TEXT_MAX, "Fill \"by hand\", {now}");
    s.alarms[HOT].has_consequence_at = true;
    s.alarms[HOT].consequence_at = DEGREES(-100);
    struct alarm_record record = {.state = ALARM_UNACKNOWLEDGED, .raised_utc_us = 5000000};
    struct reading reading = {.value = DEGREES(-146.3)};
    struct alarm_news news = {.config = &s.config,
                              .run_id = "run",
                              .seq = 7,
                              .at = {.utc_us = 5000000},
                              .alarm = HOT,
                              .transition = "realarmed",
                              .why = "worse",
                              .record = &record,
                              .reading = &reading,
                              .active = true,
                              .has_trend = true,
                              .trend = {.per_hour = DEGREES(360), .over_s = 600},
                              .time_left_s = 463};
    char body[BODY_MAX], now[BODY_MAX], again[BODY_MAX];
    announce_alarm(&news, body);
    reading.value = DEGREES(-71.5);
    news.transition = "restored"; /* nobody needs to know what it was */
    news.why = NULL;
    news.time_left_s = 0;
    assert_true(announce_refresh(&news, 65000000, body, now));
    static const char *const there[] = {"\"seq\":7",
                                        "\"time\":\"1970-01-01T00:00:05.000Z\"",
                                        "\"transition\":\"realarmed\"",
                                        "\"why\":\"worse\"",
                                        "\"value\":-71.5",
                                        "\"quality\":\"good\"",
                                        "\"value_time\":\"1970-01-01T00:01:05.000Z\"",
                                        "\"time_left_s\":0",
                                        "temperature -71.5 °C is above -150.0 °C. It has become worse",
                                        "\"response\":{\"en\":\"Fill \\\"by hand\\\", {now}\"",
                                        "\"id\":\"tank-1/alarm-0@5000\""};
    for (size_t i = 0; i < sizeof there / sizeof *there; i++)
        if (strstr(now, there[i]) == NULL)
            fail_msg("%s is not in %s", there[i], now);
    assert_null(strstr(now, "-146.3"));
    assert_null(strstr(now, "463"));
    /* Again, of what was told anew: without a value now. */
    reading = (struct reading){.quality = QUALITY_BAD, .reason = REASON_TIMEOUT};
    news.has_trend = false;
    news.time_left_s = -1;
    assert_true(announce_refresh(&news, 125000000, now, again));
    assert_non_null(strstr(again, "\"value\":null"));
    assert_non_null(strstr(again, "\"reason\":\"timeout\""));
    assert_non_null(strstr(again, "no data now"));
    assert_null(strstr(again, "-71.5"));
    assert_null(strstr(again, "per_hour"));
    assert_null(strstr(strstr(again, "\"value\"") + 1, "\"value\"")); /* each member once */
    /* The same once more is the same, byte for byte: nothing to tell. */
    assert_true(announce_refresh(&news, 125000000, again, now));
    assert_string_equal(now, again);
    for (const char *bad = "{}\0{\"a\":1\0{\"a\"\0[1]\0\0"; *bad != '\0'; bad += strlen(bad) + 1) {
        assert_false(announce_refresh(&news, 1, bad, now));
        assert_string_equal(now, "");
    }
}

/* Somebody else's shelf lies below: the event names who has done this. */
static void test_who_has_done_it_is_named(void **state)
{
    (void)state;
    static struct site s;
    announce_stage_make(&s);
    struct alarm_record record = {.state = ALARM_SHELVED,
                                  .shelf = {.by = "li.na", .note = "loose", .since_utc_us = 1}};
    struct alarm_news news = {.config = &s.config,
                              .run_id = "run",
                              .alarm = HOT,
                              .transition = "in-service",
                              .why = "person",
                              .record = &record,
                              .over = true,
                              .who = "zhang"};
    news.view.is_held[HOLD_SHELVED] = true;
    expect_member(&news, "\"by\":\"zhang\"", true);
    expect_member(&news, "\"held_by\":\"li.na\"", true);
    news.who = "li.na";
    expect_member(&news, "\"held_by\":\"li.na\",\"by\":\"li.na\"", true);
    news.who = NULL; /* the condition, or time: nobody has done it */
    expect_member(&news, "\"by\":", false);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_shelf_tells_who_and_until_when),
        cmocka_unit_test(test_maintenance_of_a_protected_alarm),
        cmocka_unit_test(test_why_it_calls_again),
        cmocka_unit_test(test_rates_and_what_time_is_left),
        cmocka_unit_test(test_a_group_lists_its_members),
        cmocka_unit_test(test_what_is_held_says_only_what_is_so),
        cmocka_unit_test(test_a_state_is_told_anew_with_the_value_of_now),
        cmocka_unit_test(test_who_has_done_it_is_named),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
