#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "clock.h"
#include "log.h"
#include "monitor_internal.h"

/* What the person read, as a value of the point: a decimal, or the name of a state. */
static bool parse_displayed(const struct point_config *point, const char *text, micro_t *ret)
{
    if (point->format.n_states == 0)
        return micro_parse(text, ret);
    for (unsigned i = 0; i < point->format.n_states; i++) {
        if (strcmp(point->format.states[i].name, text) == 0 ||
            strcmp(point->format.states[i].zh, text) == 0) {
            *ret = point->format.states[i].value * MICRO_PER_UNIT;
            return true;
        }
    }
    return false;
}

static micro_t one_step(const struct point_config *point)
{
    micro_t step = MICRO_PER_UNIT;
    for (unsigned i = 0; i < point->format.decimals; i++)
        step /= 10;
    return step;
}

/* Compares; -errno when there is nothing to compare. */
static int compare(const struct monitor *m, const struct core_message *message, struct verification *ret)
{
    int index = config_find_point(m->config, message->verify.asset, message->verify.point);
    if (index < 0)
        return -ENOENT;
    if (config_is_derived(m->config, (uint16_t)index))
        return -ENODATA; /* the control thread has refused it in words */
    const struct point_config *point = &m->config->points[index];
    struct verification v = {.point = (uint16_t)index};
    v.reading = engine_point(m->engine, (uint16_t)index).reading;
    if (m->calibrated[index].calibration > 0) /* the device's display knows nothing of it */
        v.reading.value = m->calibrated[index].as_read;
    if (!parse_displayed(point, message->verify.displayed, &v.displayed))
        return -EINVAL;
    if (v.reading.quality == QUALITY_BAD)
        return -ENODATA;
    bool states = point->format.n_states > 0;
    v.difference = states ? 0 : v.reading.value - v.displayed;
    v.tolerance = states ? 0 : message->verify.has_tolerance ? message->verify.tolerance : one_step(point);
    v.agrees =
        states ? v.reading.value == v.displayed : v.difference <= v.tolerance && v.difference >= -v.tolerance;
    *ret = v;
    return 0;
}

static void record(struct monitor *m, const struct core_message *message, const struct verification *v)
{
    const struct point_config *point = &m->config->points[v->point];
    struct stamp now = clock_now();
    struct store_message out;
    struct event_record *event = monitor_begin_event(m, &out, "verification", now);
    snprintf(event->asset, sizeof event->asset, "%s", m->config->assets[point->asset].id);
    announce_verification(m->config, m->parts.run_id, event->seq, now, v, message->verify.who,
                          message->verify.note, event->body);
    monitor_send_event(m, &out);
    log_line(LOG_NOTICE, MID_CONTROL, "%s has compared %s/%s with the device: they %s", message->verify.who,
             message->verify.asset, message->verify.point, v->agrees ? "agree" : "differ");
}

void monitor_verify(struct monitor *m, const struct core_message *message)
{
    struct answer answer = monitor_answer_begin(m, ORIGIN_CONTROL, message->verify.ticket);
    answer.result.error = compare(m, message, &answer.verification);
    if (answer.result.error == 0)
        record(m, message, &answer.verification);
    monitor_answer(m, &answer);
}
