#include "prometheus.h"

#include "client.h"
#include "clock.h"

static const struct counter {
    const char *key, *metric, *help;
} counters[] = {
    {"requests", "requests", "Modbus requests sent, retries included"},
    {"replies", "replies", "Replies that fit their request, refusals included"},
    {"timeouts", "timeouts", "Requests without a reply in time"},
    {"bad_replies", "bad_replies", "Replies that did not fit their request"},
    {"refused", "refused", "Requests refused with a Modbus exception"},
    {"busy", "busy", "Requests answered with busy (exceptions 5 and 6)"},
    {"link_faults", "link_faults", "Connections lost under a request"},
    {"unasked", "unasked", "Times that bytes came which nobody had asked for"},
    {"wrong_device", "wrong_device", "Polls in which another device than the configured one answered"},
};

static void labels(const char *site, const json_t *device, FILE *stream)
{
    /* Ids are [a-z0-9_-]: nothing to escape. */
    fprintf(stream, "site=\"%s\",device=\"%s\",bus=\"%s\",unit=\"%lld\"", site, client_text(device, "device"),
            client_text(device, "bus"), (long long)json_integer_value(json_object_get(device, "unit")));
}

static void head(const char *name, const char *type, const char *help, FILE *stream)
{
    fprintf(stream, "# HELP cryomon_device_%s %s\n# TYPE cryomon_device_%s %s\n", name, help, name, type);
}

static void sample(const char *name, const char *site, const json_t *device, double value, FILE *stream)
{
    fprintf(stream, "cryomon_device_%s{", name);
    labels(site, device, stream);
    fprintf(stream, "} %.15g\n", value);
}

static void print_counters(const char *site, const json_t *devices, FILE *stream)
{
    for (size_t c = 0; c < sizeof counters / sizeof counters[0]; c++) {
        char name[64];
        size_t i;
        const json_t *device;
        snprintf(name, sizeof name, "%s_total", counters[c].metric);
        head(name, "counter", counters[c].help, stream);
        json_array_foreach(devices, i, device)
            sample(name, site, device, json_number_value(json_object_get(device, counters[c].key)), stream);
    }
}

static void print_latency(const char *site, const json_t *devices, FILE *stream)
{
    static const struct {
        const char *key, *quantile;
    } quantiles[] = {{"p50", "0.5"}, {"p90", "0.9"}, {"p99", "0.99"}};
    size_t i;
    const json_t *device;
    head("latency_seconds", "gauge", "Time from a request to its reply, by quantile", stream);
    json_array_foreach(devices, i, device)
    {
        const json_t *latency = json_object_get(device, "latency_ms");
        for (size_t q = 0; q < sizeof quantiles / sizeof quantiles[0]; q++) {
            const json_t *value = json_object_get(latency, quantiles[q].key);
            if (!json_is_number(value))
                continue;
            fprintf(stream, "cryomon_device_latency_seconds{");
            labels(site, device, stream);
            fprintf(stream, ",quantile=\"%s\"} %.15g\n", quantiles[q].quantile,
                    json_number_value(value) / 1000);
        }
    }
}

void prometheus_print(const char *site, const json_t *devices, FILE *stream)
{
    size_t i;
    const json_t *device;
    int64_t us;
    head("up", "gauge", "1 when the device answered its last poll", stream);
    json_array_foreach(devices, i, device)
        sample("up", site, device, json_is_true(json_object_get(device, "answers")) ? 1 : 0, stream);
    print_counters(site, devices, stream);
    print_latency(site, devices, stream);
    head("last_good_timestamp_seconds", "gauge", "When the device last gave values", stream);
    json_array_foreach(devices, i, device)
    {
        if (clock_parse_utc(client_text(device, "last_good"), &us) == 0)
            sample("last_good_timestamp_seconds", site, device, (double)us / 1e6, stream);
    }
    head("backoff_seconds", "gauge", "Pause before a silent device is tried again, 0 for one that answers",
         stream);
    json_array_foreach(devices, i, device)
        sample("backoff_seconds", site, device,
               json_number_value(json_object_get(device, "backoff_ms")) / 1000, stream);
}
