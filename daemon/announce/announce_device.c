/* A device's diagnostics as JSON: see announce.h. */
#include "announce.h"

#include "clock.h"
#include "json_text.h"

static void count(struct json_text *j, const char *key, uint64_t value)
{
    json_text_integer(j, key, value < INT64_MAX ? (int64_t)value : INT64_MAX);
}

static void latency(struct json_text *j, const struct diagnostics *d)
{
    static const struct {
        const char *key;
        unsigned percent;
    } shown[] = {{"p50", 50}, {"p90", 90}, {"p99", 99}, {"max", 100}};

    json_text_object(j, "latency_ms");
    for (size_t i = 0; i < sizeof shown / sizeof *shown; i++) {
        int64_t us = diagnostics_percentile_us(d, shown[i].percent);
        if (us > 0)
            json_text_micro(j, shown[i].key, us * (MICRO_PER_UNIT / MS_US), 1);
        else
            json_text_null(j, shown[i].key); /* no reply yet */
    }
    json_text_end(j);
}

static void counters(struct json_text *j, const struct diagnostics *d)
{
    count(j, "requests", d->requests);
    count(j, "replies", d->replies);
    count(j, "timeouts", d->timeouts);
    count(j, "bad_replies", d->bad_replies);
    count(j, "refused", d->refused);
    count(j, "busy", d->busy);
    count(j, "link_faults", d->link_faults);
    count(j, "unasked", d->unasked);
    count(j, "wrong_device", d->wrong_device);
}

void announce_device(const struct config *config, const char *run_id, struct stamp at, uint16_t device,
                     const struct diagnostics *d, char body[DEVICE_BODY_MAX])
{
    const struct device_config *dc = &config->devices[device];
    struct json_text j;

    json_text_begin(&j, body, DEVICE_BODY_MAX);
    json_text_object(&j, NULL);
    json_text_string(&j, "device", dc->id);
    json_text_string(&j, "bus", config->buses[dc->bus].id);
    json_text_integer(&j, "unit", dc->unit);
    json_text_string(&j, "profile", dc->profile);
    json_text_time(&j, "time", at.utc_us);
    json_text_string(&j, "run", run_id);
    json_text_bool(&j, "answers", d->state == REASON_NONE || d->state == REASON_REFUSED);
    if (d->state != REASON_NONE)
        json_text_string(&j, "reason", reason_name(d->state));
    counters(&j, d);
    latency(&j, d);
    if (d->last_good_utc_us != 0)
        json_text_time(&j, "last_good", d->last_good_utc_us);
    if (d->last_fault_utc_us != 0) {
        json_text_time(&j, "last_fault", d->last_fault_utc_us);
        json_text_string(&j, "fault", d->fault);
    }
    json_text_integer(&j, "failures", d->failures);
    json_text_integer(&j, "backoff_ms", d->backoff_ms);
    json_text_end(&j);
    (void)json_text_finish(&j);
}
