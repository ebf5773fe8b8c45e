/* What an alarm says is true at the moment it says it, in each state and with each kind of reading. */
#include "announce_stage.h"

static void expect(const struct site *s, uint16_t alarm, bool over, const struct reading *reading,
                   const char *en, const char *zh)
{
    struct alarm_record record = {.state = ALARM_UNACKNOWLEDGED};
    struct alarm_news news = {.config = &s->config,
                              .run_id = "run",
                              .alarm = alarm,
                              .transition = "acknowledged",
                              .record = &record,
                              .reading = reading,
                              .over = over,
                              .detail = {"no space left", "磁盘已满"}};
    char text[512];
    announce_sentence(&news, LANGUAGE_EN, text, sizeof text);
    assert_string_equal(text, en);
    announce_sentence(&news, LANGUAGE_ZH, text, sizeof text);
    assert_string_equal(text, zh);
}

static void test_sentences(void **state)
{
    (void)state;
    static struct site s;
    announce_stage_make(&s);
    const struct reading hot = {.value = DEGREES(-149.2)}, between = {.value = DEGREES(-150.5)},
                         cold = {.value = DEGREES(-190)}, open = {.value = DEGREES(1)}, closed = {.value = 0},
                         silent = {.quality = QUALITY_BAD, .reason = REASON_TIMEOUT},
                         broken = {.quality = QUALITY_BAD, .reason = REASON_SENTINEL};
    expect(&s, HOT, false, &hot, "Tank 1: temperature -149.2 °C is above -150.0 °C",
           "1号罐：temperature -149.2 °C，高于限值 -150.0 °C");
    expect(&s, HOT, false, &between,
           "Tank 1: temperature -150.5 °C, was above -150.0 °C and is not yet back to normal",
           "1号罐：temperature -150.5 °C，曾高于限值 -150.0 °C，尚未恢复");
    expect(&s, HOT, false, &silent, "Tank 1: temperature was above -150.0 °C; no data now",
           "1号罐：temperature 曾高于限值 -150.0 °C，当前无数据");
    expect(&s, HOT, true, &cold, "Tank 1: temperature -190.0 °C is back within its limit -150.0 °C",
           "1号罐：temperature -190.0 °C，已恢复（限值 -150.0 °C）");
    expect(&s, HOT, true, &silent, "Tank 1: temperature was back within its limit -150.0 °C; no data now",
           "1号罐：temperature 已恢复（限值 -150.0 °C），当前无数据");
    expect(&s, LID, false, &open, "Tank 1: lid is open", "1号罐：lid：打开");
    expect(&s, LID, true, &closed, "Tank 1: lid is closed", "1号罐：lid：关闭");
    expect(&s, LID, false, &silent, "Tank 1: lid was open; no data now", "1号罐：lid 曾为 打开，当前无数据");
    expect(&s, NO_DATA, false, &silent, "Tank 1: temperature: no data (the device does not answer)",
           "1号罐：temperature：无数据（设备无应答）");
    expect(&s, NO_DATA, true, &cold, "Tank 1: temperature: data are back", "1号罐：temperature：数据已恢复");
    expect(&s, BAD, false, &broken,
           "Tank 1: temperature: the value can't be used (the device reports no value)",
           "1号罐：temperature：读数不可用（设备报告无有效值）");
    expect(&s, DISK, false, NULL, "Tank 1: events can't be written to disk: no space left",
           "1号罐：事件无法写入磁盘：磁盘已满");
    expect(&s, DISK, true, NULL, "Tank 1: events can't be written to disk (over)",
           "1号罐：事件无法写入磁盘（已恢复）");
}

static void expect_due(const struct site *s, int64_t utc_us, bool over, const char *en, const char *zh)
{
    struct alarm_record record = {.state = ALARM_UNACKNOWLEDGED};
    struct alarm_news news = {.config = &s->config,
                              .run_id = "run",
                              .at = {.utc_us = utc_us},
                              .alarm = DUE,
                              .transition = over ? "returned" : "raised",
                              .record = &record,
                              .over = over};
    char text[512], body[BODY_MAX];
    announce_sentence(&news, LANGUAGE_EN, text, sizeof text);
    assert_string_equal(text, en);
    announce_sentence(&news, LANGUAGE_ZH, text, sizeof text);
    assert_string_equal(text, zh);
    announce_alarm(&news, body);
    assert_null(strstr(body, "\"value\"")); /* it is about no reading */
    assert_null(strstr(body, "\"quality\""));
}

static void test_what_is_due_is_told_with_its_papers(void **state)
{
    (void)state;
    static struct site s;
    announce_stage_make(&s);
    expect_due(&s, 10 * DAY, false,
               "Tank 1: temperature: calibration due on 1970-04-11 (in 90 days); certificate DKD-1",
               "1号罐：temperature：校准到期日 1970-04-11（还有 90 天），证书 DKD-1");
    expect_due(&s, 99 * DAY + 1, false,
               "Tank 1: temperature: calibration due on 1970-04-11 (in 1 day); certificate DKD-1",
               "1号罐：temperature：校准到期日 1970-04-11（还有 1 天），证书 DKD-1");
    expect_due(&s, 100 * DAY, false,
               "Tank 1: temperature: calibration due on 1970-04-11 (due today); certificate DKD-1",
               "1号罐：temperature：校准到期日 1970-04-11（今天到期），证书 DKD-1");
    expect_due(&s, 103 * DAY + 5, false,
               "Tank 1: temperature: calibration due on 1970-04-11 (overdue for 3 days); certificate DKD-1",
               "1号罐：temperature：校准到期日 1970-04-11（已过期 3 天），证书 DKD-1");
    expect_due(&s, 110 * DAY, true, "Tank 1: temperature: the calibration is not due; certificate DKD-2",
               "1号罐：temperature：校准未到期，证书 DKD-2");
    expect_due(&s, 0, true, "Tank 1: temperature: the calibration is not due",
               "1号罐：temperature：校准未到期");
}

/* The longest texts that a configuration may hold, and characters of three bytes: facts stay, and no
 * character is cut in two. */
static void test_long_texts_keep_the_facts(void **state)
{
    (void)state;
    static struct site s;
    announce_stage_make(&s);
    for (int language = 0; language < LANGUAGES; language++) {
        for (size_t n = 0; n + 3 < TEXT_MAX; n += 3) {
            memcpy(s.alarms[HOT].text.text[language] + n, "罐", 4);
            memcpy(s.alarms[HOT].response.text[language] + n, "液", 4);
        }
        for (size_t n = 0; n + 3 < NAME_MAX_BYTES; n += 3)
            memcpy(s.assets[0].name.text[language] + n, "名", 4);
    }
    const struct reading hot = {.value = DEGREES(-149.2)};
    struct alarm_record record = {.state = ALARM_UNACKNOWLEDGED, .raised_utc_us = 1, .acked_utc_us = 1};
    memset(record.who, 'w', WHO_MAX - 1);
    char note[NOTE_MAX] = "", body[BODY_MAX];
    memset(note, '"', NOTE_MAX - 1); /* twice as long in JSON */
    struct alarm_news news = {.config = &s.config,
                              .run_id = "run",
                              .seq = 1,
                              .alarm = HOT,
                              .transition = "raised",
                              .record = &record,
                              .reading = &hot,
                              .note = note};
    announce_alarm(&news, body);
    assert_int_equal(body[strlen(body) - 1], '}');
    assert_non_null(strstr(body, "-149.2 °C is above -150.0 °C"));
    assert_non_null(strstr(body, "高于限值 -150.0 °C"));
    assert_null(strstr(body, "\xEF\xBF\xBD"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sentences),
        cmocka_unit_test(test_what_is_due_is_told_with_its_papers),
        cmocka_unit_test(test_long_texts_keep_the_facts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
