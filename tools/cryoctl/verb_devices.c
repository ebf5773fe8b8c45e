#include <string.h>

#include "client.h"
#include "cryoctl.h"
#include "prometheus.h"
#include "table.h"
#include "when.h"
#include "words.h"

enum {
    COLUMN_DEVICE,
    COLUMN_BUS,
    COLUMN_UNIT,
    COLUMN_PROFILE,
    COLUMN_STATE,
    COLUMN_REQUESTS,
    COLUMN_FAULTS,
    COLUMN_P50,
    COLUMN_P99,
    COLUMN_GOOD,
    COLUMN_BACKOFF,
    COLUMN_COUNT
};

static json_int_t number(const json_t *device, const char *key)
{
    return json_integer_value(json_object_get(device, key));
}

static void number_cell(struct table *t, unsigned column, json_int_t value)
{
    char text[32];
    snprintf(text, sizeof text, "%lld", (long long)value);
    table_cell(t, column, TABLE_PLAIN, text);
}

static void latency_cell(struct table *t, unsigned column, const json_t *device, const char *key)
{
    char text[48];
    const json_t *value = json_object_get(json_object_get(device, "latency_ms"), key);
    snprintf(text, sizeof text, json_is_number(value) ? "%.0f ms" : "--", json_number_value(value));
    table_cell(t, column, TABLE_PLAIN, text);
}

/* What went wrong, in counts: only what is not zero. */
static void faults_note(const struct ctl *ctl, struct table *t, const json_t *device)
{
    const struct {
        const char *key, *en, *zh;
    } kinds[] = {{"timeouts", "timeouts", "超时"},
                 {"bad_replies", "bad replies", "应答错误"},
                 {"refused", "refused", "被拒绝"},
                 {"busy", "busy", "设备忙"},
                 {"link_faults", "connection lost", "连接中断"},
                 {"unasked", "unasked bytes", "未请求的数据"},
                 {"wrong_device", "wrong device", "设备不符"}};
    char text[512] = "", time[WHEN_MAX];
    size_t len = 0;
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0] && len < sizeof text; i++) {
        if (number(device, kinds[i].key) == 0)
            continue;
        int n = snprintf(text + len, sizeof text - len, "%s%lld %s", len > 0 ? ", " : "",
                         (long long)number(device, kinds[i].key), tr(ctl, kinds[i].en, kinds[i].zh));
        len += n > 0 ? (size_t)n : 0;
    }
    if (client_text(device, "fault")[0] != '\0' && len < sizeof text)
        snprintf(text + len, sizeof text - len, tr(ctl, "; the last at %s: %s", "；最近一次 %s：%s"),
                 when_print_text(ctl, time, client_text(device, "last_fault")), client_text(device, "fault"));
    if (text[0] != '\0')
        table_note(t, text);
}

static void add_row(const struct ctl *ctl, struct table *t, const json_t *device)
{
    char text[64], time[WHEN_MAX];
    const char *reason = client_text(device, "reason");
    bool answers = json_is_true(json_object_get(device, "answers")) && reason[0] == '\0';
    json_int_t backoff_ms = number(device, "backoff_ms");
    enum table_style style = answers ? TABLE_PLAIN : TABLE_WARNING;
    json_int_t faults = number(device, "timeouts") + number(device, "bad_replies") +
                        number(device, "refused") + number(device, "link_faults");
    table_row(t);
    table_cell(t, COLUMN_DEVICE, style, client_text(device, "device"));
    table_cell(t, COLUMN_BUS, TABLE_PLAIN, client_text(device, "bus"));
    number_cell(t, COLUMN_UNIT, number(device, "unit"));
    table_cell(t, COLUMN_PROFILE, TABLE_PLAIN, client_text(device, "profile"));
    table_cell(t, COLUMN_STATE, style, answers ? tr(ctl, "answers", "正常应答") : words_reason(ctl, reason));
    number_cell(t, COLUMN_REQUESTS, number(device, "requests"));
    number_cell(t, COLUMN_FAULTS, faults);
    latency_cell(t, COLUMN_P50, device, "p50");
    latency_cell(t, COLUMN_P99, device, "p99");
    const char *good = client_text(device, "last_good");
    table_cell(t, COLUMN_GOOD, style,
               good[0] != '\0' ? when_print_text(ctl, time, good) : tr(ctl, "never", "从未"));
    if (backoff_ms > 0) {
        snprintf(text, sizeof text, "%.1f s", (double)backoff_ms / 1000);
        table_cell(t, COLUMN_BACKOFF, style, text);
    }
    faults_note(ctl, t, device);
}

static void print_table(const struct ctl *ctl, const json_t *devices)
{
    const struct table_column columns[COLUMN_COUNT] = {
        [COLUMN_DEVICE] = {.title = tr(ctl, "DEVICE", "设备")},
        [COLUMN_BUS] = {.title = tr(ctl, "BUS", "总线")},
        [COLUMN_UNIT] = {.title = tr(ctl, "UNIT", "单元"), .right = true},
        [COLUMN_PROFILE] = {.title = tr(ctl, "PROFILE", "型号配置")},
        [COLUMN_STATE] = {.title = tr(ctl, "STATE", "状态")},
        [COLUMN_REQUESTS] = {.title = tr(ctl, "REQUESTS", "请求数"), .right = true},
        [COLUMN_FAULTS] = {.title = tr(ctl, "FAULTS", "故障数"), .right = true},
        [COLUMN_P50] = {.title = tr(ctl, "MEDIAN", "中位延迟"), .right = true},
        [COLUMN_P99] = {.title = tr(ctl, "99 %", "99% 延迟"), .right = true},
        [COLUMN_GOOD] = {.title = tr(ctl, "LAST GOOD", "最近成功")},
        [COLUMN_BACKOFF] = {.title = tr(ctl, "NEXT TRY", "重试间隔"), .right = true},
    };
    static const struct table_cut cuts[] = {{COLUMN_PROFILE, 0}, {COLUMN_P50, 0}, {COLUMN_REQUESTS, 0}};
    struct table t;
    size_t i;
    const json_t *device;
    table_init(&t, columns, COLUMN_COUNT);
    t.cuts = cuts;
    t.n_cuts = sizeof cuts / sizeof cuts[0];
    json_array_foreach(devices, i, device) add_row(ctl, &t, device);
    table_print(&t, stdout, ctl->colour, ctl->columns, SIZE_MAX);
    table_free(&t);
}

int verb_devices(struct ctl *ctl, int argc, char **argv)
{
    (void)argc;
    (void)argv;
    struct client_failure failure;
    const char *format = ctl->json ? "json" : ctl->format != NULL ? ctl->format : "table";
    if (strcmp(format, "table") != 0 && strcmp(format, "json") != 0 && strcmp(format, "prometheus") != 0) {
        ctl_complain(tr(ctl, "--format of \"devices\" is table, json or prometheus, not \"%s\"",
                        "“devices”的 --format 只能是 table、json 或 prometheus，不是“%s”"),
                     format);
        return CTL_USAGE;
    }
    json_t *answer = client_call(ctl, "io.cryomon.Monitor.Devices", NULL, CLIENT_TIMEOUT_MS, &failure);
    if (answer == NULL)
        return client_complain(&failure);
    const json_t *devices = json_object_get(answer, "devices");
    if (strcmp(format, "prometheus") == 0) {
        prometheus_print(client_text(answer, "site"), devices, stdout);
    } else if (strcmp(format, "json") == 0) {
        json_dumpf(devices, stdout, CTL_JSON);
        putchar('\n');
    } else {
        print_table(ctl, devices);
    }
    json_decref(answer);
    return CTL_OK;
}
