/* What alarms of tanks say of the time that is left, what they say of estimates, and fills. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "announce.h"
#include "test.h"

struct site {
    struct config config;
    struct asset_config assets[1];
    struct alarm_config alarms[1];
    struct alarm_model models[1];
};

static void make_site(struct site *s)
{
    memset(s, 0, sizeof *s);
    s->config.assets = s->assets;
    s->config.alarms = s->alarms;
    s->config.alarm_models = s->models;
    s->config.n_assets = s->config.n_alarms = 1;
    strcpy(s->config.site_id, "demo");
    strcpy(s->assets[0].id, "tank-1");
    strcpy(s->assets[0].name.text[LANGUAGE_EN], "Tank 1");
    strcpy(s->assets[0].name.text[LANGUAGE_ZH], "1号罐");
    strcpy(s->alarms[0].id, "vacuum-failing");
    strcpy(s->alarms[0].text.text[LANGUAGE_EN], "The vacuum fails");
    strcpy(s->alarms[0].text.text[LANGUAGE_ZH], "真空失效");
    s->models[0].kind = CONDITION_FED;
}

static struct alarm_news news_of(const struct site *s, const struct alarm_record *record)
{
    return (struct alarm_news){.config = &s->config,
                               .run_id = "run",
                               .seq = 1,
                               .at = {.utc_us = 5000000},
                               .transition = "raised",
                               .record = record,
                               .group = -1,
                               .active = true,
                               .time_left_s = -1};
}

static void expect(const char *body, const char *part, bool there)
{
    if ((strstr(body, part) != NULL) != there)
        fail_msg("%s is %s in %s", part, there ? "not" : "there", body);
}

static void test_words_of_estimates(void **state)
{
    (void)state;
    struct site s;
    char text[1024];
    const struct alarm_record record = {.state = ALARM_UNACKNOWLEDGED};
    make_site(&s);
    struct alarm_news news = news_of(&s, &record);
    strcpy(news.words[LANGUAGE_EN], "vacuum index 2.3 (1.9 to 2.8)");
    strcpy(news.words[LANGUAGE_ZH], "真空指数 2.3（1.9 至 2.8）");
    announce_sentence(&news, LANGUAGE_EN, text, sizeof text);
    assert_string_equal(text, "Tank 1: The vacuum fails. vacuum index 2.3 (1.9 to 2.8)");
    announce_sentence(&news, LANGUAGE_ZH, text, sizeof text);
    assert_string_equal(text, "1号罐：真空失效。真空指数 2.3（1.9 至 2.8）");
    news.over = true;
    news.transition = "returned";
    announce_sentence(&news, LANGUAGE_EN, text, sizeof text);
    assert_string_equal(text, "Tank 1: The vacuum fails. over");
}

/* Where it comes from and when it was so stand beside it; what is not known is said. */
static void test_time_left_of_a_vessel(void **state)
{
    (void)state;
    struct site s;
    char body[BODY_MAX], now[BODY_MAX];
    const struct alarm_record record = {.state = ALARM_UNACKNOWLEDGED};
    make_site(&s);
    struct alarm_news news = news_of(&s, &record);
    announce_alarm(&news, body);
    expect(body, "time_left", false);
    news.has_vessel = true;
    announce_alarm(&news, body);
    expect(body, "\"time_left_s\":null", true);
    expect(body, "time_left_from", false);
    news.time_left_s = 600;
    announce_alarm(&news, body);
    expect(body, "\"time_left_s\":600,\"time_left_from\":\"trend\"", true);
    expect(body, "time_left_at", false);
    news.is_left_of_vessel = true;
    news.is_left_at_least = true;
    announce_alarm(&news, body);
    expect(body,
           "\"time_left_s\":600,\"time_left_from\":\"vessel\",\"time_left_at_least\":true,"
           "\"time_left_at\":\"1970-01-01T00:00:05.000Z\"",
           true);
    news.time_left_s = 500;
    news.is_left_at_least = false;
    news.at.utc_us = 65000000;
    assert_true(announce_refresh(&news, 0, body, now));
    expect(now,
           "\"time_left_s\":500,\"time_left_from\":\"vessel\",\"time_left_at\":\"1970-01-01T00:01:05.000Z\"",
           true);
    expect(now, "600", false);
    expect(now, "at_least", false);
    expect(now, "\"time\":\"1970-01-01T00:00:05.000Z\"", true);
}

static void test_fill(void **state)
{
    (void)state;
    struct site s;
    char body[BODY_MAX];
    make_site(&s);
    struct announce_fill fill = {.begin_utc_us = 0,
                                 .end_utc_us = INT64_C(12 * 60 * 1000000),
                                 .from_cm = 14040000,
                                 .to_cm = 20000000,
                                 .knows_litres = true,
                                 .litres = 15920000};
    announce_fill(&s.config, "run", 9, (struct stamp){.utc_us = 720000000}, &fill, body);
    expect(body,
           "\"kind\":\"fill\",\"asset\":\"tank-1\",\"begin\":\"1970-01-01T00:00:00.000Z\","
           "\"end\":\"1970-01-01T00:12:00.000Z\",\"from_cm\":14.0,\"to_cm\":20.0,\"litres\":15.9",
           true);
    expect(body, "Tank 1: filled from 14.0 to 20.0 cm, 16 L, in 12 min", true);
    expect(body, "1号罐：补液 14.0 → 20.0 cm，16 L，用时 12 分钟", true);
    fill.knows_litres = false;
    announce_fill(&s.config, "run", 9, (struct stamp){.utc_us = 720000000}, &fill, body);
    expect(body, "\"litres\":null", true);
    expect(body, "Tank 1: filled from 14.0 to 20.0 cm, in 12 min", true);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_words_of_estimates),
        cmocka_unit_test(test_time_left_of_a_vessel),
        cmocka_unit_test(test_fill),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
