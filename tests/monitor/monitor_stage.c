#include "monitor_stage.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "settings.h"

const char stage_profile[] =
    "status: documented\nsource: x\ntransports: [tcp]\nregisters:\n"
    "  t: {table: input, address: 0, type: s16, scale: 0.1, unit: °C, plausible: [-210, 60]}\n"
    "  l: {table: input, address: 1, type: s16, scale: 0.1, unit: cm, plausible: [0, 100]}\n"
    "  p: {table: input, address: 2, type: u16, states: {1: reset, 2: run, 16: complete}}\n"
    "  v: {table: input, address: 3, type: u16, states: {0: closed, 1: open}}\n"
    "  s: {table: input, address: 4, type: u16, unit: L, plausible: [0, 5000]}\n";

#define BEGIN_US    (1000 * SECOND_US)
#define UTC_OFFSET  (INT64_C(1800000000) * SECOND_US)
#define CAPACITY    512
#define RESERVED    64
#define ANSWERS_MAX (sizeof((struct stage *)0)->answers / sizeof(struct stage_answer))

static struct {
    int64_t now_us;
    int64_t set_us; /* by how much the wall clock was set */
    struct mailbox *store, *publisher, *control;
} world;

/* ---------------------------------------------------------------- instead of the real ones */

int64_t __wrap_clock_boot_us(void);
struct stamp __wrap_clock_now(void);
int64_t __wrap_clock_offset_us(void);
struct mailbox *__wrap_store_mailbox(struct store *store);
struct mailbox *__wrap_publisher_mailbox(struct publisher *publisher);
struct mailbox *__wrap_control_mailbox(struct control *control);

int64_t __wrap_clock_boot_us(void)
{
    return world.now_us;
}

int64_t __wrap_clock_offset_us(void)
{
    return UTC_OFFSET + world.set_us;
}

struct stamp __wrap_clock_now(void)
{
    return (struct stamp){.boot_us = world.now_us, .utc_us = world.now_us + UTC_OFFSET + world.set_us};
}

struct mailbox *__wrap_store_mailbox(struct store *store)
{
    (void)store;
    return world.store;
}

struct mailbox *__wrap_publisher_mailbox(struct publisher *publisher)
{
    (void)publisher;
    return world.publisher;
}

struct mailbox *__wrap_control_mailbox(struct control *control)
{
    (void)control;
    return world.control;
}

/* ---------------------------------------------------------------- the stage */

void stage_open(struct stage *s, const char *text, const char *profile)
{
    const struct settings_file files[] = {{"cryomon.yaml", text, strlen(text)},
                                          {"devices/p.yaml", profile, strlen(profile)}};
    struct problems problems = {.n = 0}, warnings = {.n = 0};
    *s = (struct stage){0};
    world.now_us = BEGIN_US;
    int result = settings_load_memory(files, 2, 1, &problems, &warnings, &s->config);
    problems_print(&problems, stderr);
    assert_int_equal(result, 0);
    problems_free(&problems);
    problems_free(&warnings);
    assert_int_equal(mailbox_create(sizeof(struct store_message), CAPACITY, RESERVED, &world.store), 0);
    assert_int_equal(mailbox_create(sizeof(struct publisher_message), CAPACITY, RESERVED, &world.publisher),
                     0);
    assert_int_equal(mailbox_create(sizeof(struct control_message), ANSWERS_MAX, 0, &world.control), 0);
    struct monitor_parts parts = {.config = s->config,
                                  .config_dir = "/",
                                  .run_id = "run",
                                  .signal_fd = -1,
                                  .control = (struct control *)&world}; /* there is one: never looked into */
    assert_int_equal(mailbox_create(sizeof(struct core_message), CAPACITY, RESERVED, &parts.core), 0);
    assert_int_equal(monitor_create(&parts, &s->m), 0);
    s->m->started = true;
    s->shown = calloc(s->config->n_alarms, BODY_MAX);
    s->n_shown = calloc(s->config->n_alarms, sizeof *s->n_shown);
    assert_true(s->shown != NULL && s->n_shown != NULL);
}

void stage_set_clock(int64_t by_us)
{
    world.set_us += by_us;
}

void stage_close(struct stage *s)
{
    struct mailbox *core = s->m->parts.core;
    monitor_free(s->m);
    config_unref(s->config);
    mailbox_free(core);
    mailbox_free(world.store);
    mailbox_free(world.publisher);
    mailbox_free(world.control);
    free(s->shown);
    free(s->n_shown);
}

void stage_pass(struct stage *s, int64_t seconds, void (*turn)(struct stage *stage))
{
    const struct event tick = {.kind = EVENT_TICK};
    for (int64_t i = 0; i < seconds; i++) {
        world.now_us += SECOND_US;
        (void)monitor_feed(s->m, &tick, NULL);
        if (turn != NULL)
            turn(s);
        stage_take(s);
    }
}

uint16_t stage_point(const struct stage *s, const char *asset, const char *id)
{
    int point = config_find_point(s->config, asset, id);
    assert_true(point >= 0);
    return (uint16_t)point;
}

uint16_t stage_alarm(const struct stage *s, const char *asset, const char *id)
{
    int alarm = config_find_alarm(s->config, asset, id);
    assert_true(alarm >= 0);
    return (uint16_t)alarm;
}

enum alarm_state stage_state(const struct stage *s, uint16_t alarm)
{
    return engine_alarm_state(s->m->engine, alarm);
}

void stage_sample(struct stage *s, uint16_t point, micro_t value, enum quality quality, enum reason reason)
{
    struct core_message message = {.kind = CORE_SAMPLE, .generation = s->config->generation};
    message.sample.point = point;
    message.sample.reading = (struct reading){.value = value, .quality = quality, .reason = reason};
    message.sample.slot = message.sample.taken = __wrap_clock_now();
    monitor_sample(s->m, &message);
}

static void take_answer(struct stage *s, enum command_origin origin, uint32_t ticket,
                        const struct command_result *result)
{
    assert_true(s->n_answers < ANSWERS_MAX);
    s->answers[s->n_answers++] = (struct stage_answer){.origin = origin, .ticket = ticket, .result = *result};
}

static void take_control(struct stage *s)
{
    static struct control_message message;
    while (mailbox_take(world.control, &message)) {
        assert_int_equal(message.kind, CONTROL_ANSWER);
        message.answer.result.error = message.answer.error;
        take_answer(s, ORIGIN_CONTROL, message.answer.ticket, &message.answer.result);
    }
}

void stage_take(struct stage *s)
{
    struct store_message stored;
    struct publisher_message message;
    while (mailbox_take(world.store, &stored)) {
        if (stored.kind != STORE_EVENT)
            continue;
        s->n_events++;
        s->last_seq = stored.event.seq;
        memcpy(s->last_event, stored.event.body, sizeof s->last_event);
    }
    take_control(s);
    while (mailbox_take(world.publisher, &message)) {
        if (message.kind == PUBLISHER_ANSWER)
            take_answer(s, ORIGIN_MQTT, message.answer.ticket, &message.answer.result);
        if (message.kind != PUBLISHER_ALARM)
            continue;
        s->n_shown[message.alarm.alarm]++;
        memcpy(s->shown + (size_t)message.alarm.alarm * BODY_MAX, message.alarm.body, BODY_MAX);
    }
}

void stage_fill_publisher(struct stage *s, bool full)
{
    const struct publisher_message message = {.kind = PUBLISHER_ASSET};
    while (full && mailbox_try(world.publisher, MAILBOX_ORDINARY, &message) == 0)
        ;
    if (!full)
        stage_take(s);
}
