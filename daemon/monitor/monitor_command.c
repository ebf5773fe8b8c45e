/* monitor_command.c - what a person wants done with an alarm: from the request to the engine,
 * and its answer. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "log.h"
#include "monitor_internal.h"

#define MINUTE_MS UINT64_C(60000)
#define HOUR_MS   (60 * MINUTE_MS)
#define DAY_MS    (24 * HOUR_MS)

void monitor_refuse(struct command_result *result, int error, const char *en, const char *zh)
{
    result->error = error;
    snprintf(result->why[LANGUAGE_EN], WHY_MAX, "%s", en);
    snprintf(result->why[LANGUAGE_ZH], WHY_MAX, "%s", zh);
}

/* "2 h", "30 d": the largest unit that needs no fraction. */
static void span_words(char en[32], char zh[32], uint64_t ms)
{
    if (ms % DAY_MS == 0 && ms >= 2 * DAY_MS) {
        snprintf(en, 32, "%llu d", (unsigned long long)(ms / DAY_MS));
        snprintf(zh, 32, "%llu 天", (unsigned long long)(ms / DAY_MS));
    } else if (ms % HOUR_MS == 0) {
        snprintf(en, 32, "%llu h", (unsigned long long)(ms / HOUR_MS));
        snprintf(zh, 32, "%llu 小时", (unsigned long long)(ms / HOUR_MS));
    } else {
        snprintf(en, 32, "%llu min", (unsigned long long)(ms / MINUTE_MS));
        snprintf(zh, 32, "%llu 分钟", (unsigned long long)(ms / MINUTE_MS));
    }
}

bool monitor_hold_end(const struct command_request *request, uint64_t max_ms, struct command_result *result,
                      int64_t *ret_until_utc_us)
{
    const int64_t now_utc_us = clock_now().utc_us;
    const int64_t until_us =
        request->for_ms != 0 ? now_utc_us + request->for_ms * MS_US : request->until_utc_us;
    char en[WHY_MAX], zh[WHY_MAX], span_en[32], span_zh[32];
    if (until_us <= now_utc_us) {
        monitor_refuse(result, -ERANGE, "the end must be in the future", "结束时间必须在将来");
        return false;
    }
    if ((uint64_t)(until_us - now_utc_us) > max_ms * (uint64_t)MS_US) {
        span_words(span_en, span_zh, max_ms);
        snprintf(en, sizeof en, "that is too long: it may last %s at most", span_en);
        snprintf(zh, sizeof zh, "时间过长：最长 %s", span_zh);
        monitor_refuse(result, -ERANGE, en, zh);
        return false;
    }
    *ret_until_utc_us = until_us;
    return true;
}

/* ---------------------------------------------------------------- refusals in words */

static void refuse_hold(const struct monitor *m, uint16_t alarm, bool shelf, struct command_result *result)
{
    const struct alarm_model *model = &m->config->alarm_models[alarm];
    if (model->kind == CONDITION_FAULT && model->fault == FAULT_DRILL)
        monitor_refuse(result, -EPERM, "a drill can't be kept quiet: it is there to be confirmed",
                       "演练不能搁置或停用：它需要有人确认");
    else if (shelf && m->config->alarms[alarm].life_safety)
        monitor_refuse(result, -EPERM, "this alarm can't be shelved: lives depend on it",
                       "该报警关系人身安全，不能搁置");
    else if (shelf && m->config->alarm_models[alarm].priority == PRIORITY_CRITICAL)
        monitor_refuse(result, -EPERM, "this alarm can't be shelved: it is critical",
                       "该报警为紧急级别，不能搁置");
    else if (shelf && m->config->alarm_models[alarm].protected)
        monitor_refuse(result, -EPERM,
                       "this alarm can't be shelved: it says that nobody looks, or that nobody is told",
                       "该报警表示无人查看或无人收到通知，不能搁置");
    else if (shelf)
        monitor_refuse(result, -EPERM, "this alarm can't be shelved: the configuration does not allow it",
                       "配置不允许搁置该报警");
    else
        monitor_refuse(result, -EPERM,
                       "this alarm can't be taken out of service: the configuration does not allow it",
                       "配置不允许停用该报警");
}

static void explain_nothing(const struct monitor *m, uint16_t alarm, enum command_verb verb,
                            struct command_result *result)
{
    const struct alarm_view view = engine_hold(m->engine, alarm);
    switch (verb) {
    case COMMAND_SHELVE:
        monitor_refuse(result, -EALREADY, "it is shelved already", "该报警已被搁置");
        break;
    case COMMAND_UNSHELVE:
        monitor_refuse(result, -EALREADY, "it is not shelved", "该报警未被搁置");
        break;
    case COMMAND_OUT_OF_SERVICE:
        monitor_refuse(result, -EALREADY, "it is out of service already", "该报警已停用");
        break;
    case COMMAND_IN_SERVICE:
        monitor_refuse(result, -EALREADY, "it is not out of service", "该报警未停用");
        break;
    case COMMAND_RESET:
        if (!view.latched)
            monitor_refuse(result, -EALREADY,
                           "there is nothing to reset: its condition is not over, or it does not latch",
                           "无需复位：条件尚未恢复，或该报警不锁存");
        else
            monitor_refuse(result, -EALREADY, "acknowledge it first", "请先确认该报警");
        break;
    default:
        result->error = -EALREADY;
    }
}

/* ---------------------------------------------------------------- one alarm */

static const enum event_kind kinds[COMMAND_VERBS] = {
    [COMMAND_ACKNOWLEDGE] = EVENT_ACKNOWLEDGE, [COMMAND_SHELVE] = EVENT_SHELVE,
    [COMMAND_UNSHELVE] = EVENT_UNSHELVE,       [COMMAND_OUT_OF_SERVICE] = EVENT_OUT_OF_SERVICE,
    [COMMAND_IN_SERVICE] = EVENT_IN_SERVICE,   [COMMAND_RESET] = EVENT_RESET,
};

/* Is it still the occurrence that the person has seen? */
static bool is_same_occurrence(const struct monitor *m, uint16_t alarm, const char *occurrence,
                               struct command_result *result)
{
    char now[OCCURRENCE_MAX];
    if (occurrence[0] == '\0')
        return true;
    announce_occurrence(now, m->config, alarm, m->alarms[alarm].raised_utc_us);
    if (strcmp(now, occurrence) == 0)
        return true;
    monitor_refuse(result, -ESTALE, "another occurrence: it has ended, or it was raised anew since",
                   "该次报警已结束或已重新发生");
    return false;
}

static void order(struct monitor *m, uint16_t alarm, const struct command_request *request,
                  int64_t until_utc_us, struct command_result *result)
{
    const struct command command = {
        .who = request->who, .note = request->note, .order = request->order, .via = request->via};
    struct event event = {.kind = kinds[request->verb]};
    event.order.alarm = alarm;
    event.order.command = 1;
    event.order.until_utc_us = until_utc_us;
    event.order.one_shot = request->one_shot;
    int error = monitor_feed(m, &event, &command);
    if (error == -EALREADY)
        explain_nothing(m, alarm, request->verb, result);
    else if (error == -EPERM)
        refuse_hold(m, alarm, request->verb == COMMAND_SHELVE, result);
    else if (error == -ERANGE)
        monitor_refuse(result, error, "the end of it is not possible", "结束时间无效");
    else
        result->error = error;
    if (error == 0) {
        const struct alarm_view view = engine_hold(m->engine, alarm);
        if (request->verb == COMMAND_OUT_OF_SERVICE || request->verb == COMMAND_IN_SERVICE)
            result->n++;
        if (request->verb == COMMAND_OUT_OF_SERVICE && view.state != ALARM_OUT_OF_SERVICE)
            result->n_marked++;
        result->until_utc_us = until_utc_us;
    }
}

static uint64_t service_max_ms(const struct monitor *m)
{
    return m->config->alarming.out_of_service_at_most_days * DAY_MS;
}

static void one_alarm(struct monitor *m, const struct command_request *request, struct command_result *result)
{
    int alarm = config_find_alarm(m->config, request->asset, request->alarm);
    int64_t until_utc_us = 0;
    if (alarm < 0) {
        result->error = -ENOENT;
        return;
    }
    const struct alarm_model *model = &m->config->alarm_models[alarm];
    if (!is_same_occurrence(m, (uint16_t)alarm, request->occurrence, result))
        return;
    if (request->verb == COMMAND_SHELVE && (model->protected || model->shelve_max_ms == 0)) {
        refuse_hold(m, (uint16_t)alarm, true, result);
        return;
    }
    if (request->verb == COMMAND_SHELVE &&
        !monitor_hold_end(request, model->shelve_max_ms, result, &until_utc_us))
        return;
    if (request->verb == COMMAND_OUT_OF_SERVICE && model->oos_max_ms == 0) {
        refuse_hold(m, (uint16_t)alarm, false, result);
        return;
    }
    if (request->verb == COMMAND_OUT_OF_SERVICE &&
        !monitor_hold_end(request, model->oos_max_ms, result, &until_utc_us))
        return;
    order(m, (uint16_t)alarm, request, until_utc_us, result);
}

/* All alarms of an asset: those that are so already don't matter. */
static void whole_asset(struct monitor *m, const struct command_request *request,
                        struct command_result *result)
{
    int asset = config_find_asset(m->config, request->asset);
    int64_t until_utc_us = 0;
    if (asset < 0) {
        result->error = -ENOENT;
        return;
    }
    if (asset == 0) {
        monitor_refuse(result, -EPERM, "the monitor itself can't be taken out of service: name the alarm",
                       "不能停用监控系统本身：请指定报警");
        return;
    }
    if (request->verb == COMMAND_OUT_OF_SERVICE &&
        !monitor_hold_end(request, service_max_ms(m), result, &until_utc_us))
        return;
    const struct asset_config *a = &m->config->assets[asset];
    struct command_result one = {0}, last = {.error = -EALREADY};
    for (uint32_t i = a->first_alarm; i < (uint32_t)a->first_alarm + a->n_alarms; i++) {
        one.error = 0;
        order(m, (uint16_t)i, request, until_utc_us, &one);
        if (one.error < 0)
            last = one;
    }
    *result =
        one.n > 0
            ? (struct command_result){.n = one.n, .n_marked = one.n_marked, .until_utc_us = until_utc_us}
            : last;
}

/* ---------------------------------------------------------------- any */

/* It is so already: but does the record have it? Whoever asks again because it had not hears when it has. */
static void note_standing(const struct monitor *m, const struct command_request *request,
                          struct command_result *result)
{
    const int alarm = config_find_alarm(m->config, request->asset, request->alarm);
    if (result->error != -EALREADY || alarm < 0 || monitor_is_recorded(m, m->alarms[alarm].seq))
        return;
    monitor_say_unrecorded(m, &result->record, "it is so", "已是如此");
}

static void obey(struct monitor *m, const struct command_request *request, struct command_result *result)
{
    switch (request->verb) {
    case COMMAND_BYPASS:
        monitor_bypass(m, request, result);
        break;
    case COMMAND_UNBYPASS:
        monitor_unbypass(m, request, result);
        break;
    case COMMAND_READING:
        monitor_reading(m, request, result);
        break;
    case COMMAND_DRILL:
        monitor_drill_start(m, request, result);
        break;
    case COMMAND_RUN_PREPARE:
    case COMMAND_RUN_NOTE:
    case COMMAND_RUN_ACCEPT:
    case COMMAND_RUN_REJECT:
        monitor_run_command(m, request, result);
        break;
    case COMMAND_VESSEL_RELEARN:
        monitor_vessel_relearn(m, request, result);
        break;
    case COMMAND_OUT_OF_SERVICE:
    case COMMAND_IN_SERVICE:
        if (request->alarm[0] == '\0') {
            whole_asset(m, request, result);
            break;
        }
        one_alarm(m, request, result);
        break;
    default:
        one_alarm(m, request, result);
    }
}

void monitor_command(struct monitor *m, struct command_request *request)
{
    struct answer answer = monitor_answer_begin(m, request->origin, request->ticket);
    struct command_result *result = &answer.result;
    if (request->origin == ORIGIN_MQTT)
        memcpy(answer.caller, request->via[0] != '\0' ? request->via : request->who, sizeof answer.caller);
    if (!m->started) /* what earlier runs left is not known yet: nothing is based on that */
        result->error = -EBUSY;
    else
        obey(m, request, result);
    if (result->error < 0 && result->error != -EALREADY)
        log_line(LOG_NOTICE, MID_CONTROL, "a command of %s was refused: %s", request->who,
                 result->why[LANGUAGE_EN][0] != '\0' ? result->why[LANGUAGE_EN]
                                                     : strerrordesc_np(-result->error));
    note_standing(m, request, result);
    answer.seq = result->seq;
    monitor_answer(m, &answer);
    free(request);
}
