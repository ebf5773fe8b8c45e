#include "findings.h"

#include <inttypes.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "width.h"

#define TIME_MAX 96

#define HOUR_US (3600 * SECOND_US)
#define DAY_US  (24 * HOUR_US)

static const struct {
    const char *en, *zh;
} texts[VERIFY_KINDS] = {
    [VERIFY_UNREADABLE] = {"can't be read", "无法读取"},
    [VERIFY_STRUCTURE] = {"the file's structure is damaged", "文件结构已损坏"},
    [VERIFY_SCHEMA] = {"a definition is not as cryomon makes it", "表定义与 cryomon 的不符"},
    [VERIFY_EVENT_ALTERED] = {"the event was altered", "事件被改动"},
    [VERIFY_EVENT_BROKEN] = {"events were removed, put in or moved before this one",
                             "此事件之前有事件被删除、插入或移动"},
    [VERIFY_EVENT_HOLE] = {"numbers are missing in a whole chain: events given up before they were stored",
                           "链完整但缺号：事件在存储前已放弃"},
    [VERIFY_ALARM] = {"the alarm's state is not what the events say", "报警状态与事件不符"},
    [VERIFY_OUTBOX] = {"an event waits to be sent that does not exist", "待发送的事件不存在"},
    [VERIFY_RUN] = {"a run of the daemon that no event tells of", "没有事件记载此次运行"},
    [VERIFY_CONFIGURATION_ALTERED] = {"the configuration's text was altered", "配置文本被改动"},
    [VERIFY_CONFIGURATION_MISSING] = {"the text of a configuration is missing", "缺少配置文本"},
    [VERIFY_CONFIGURATION_UNKNOWN] = {"a configuration that no event names", "没有事件提到此配置"},
    [VERIFY_CALIBRATION_ALTERED] = {"the calibration is not what its event says", "校准与其事件不符"},
    [VERIFY_CALIBRATION_MISSING] = {"the calibration is missing", "缺少校准记录"},
    [VERIFY_CALIBRATION_UNKNOWN] = {"a calibration that no event tells of", "没有事件记载此校准"},
    [VERIFY_POINT] = {"the description of a point is missing or makes no sense", "测点描述缺失或无效"},
    [VERIFY_SEAL_ALTERED] = {"the seal was altered", "封存记录被改动"},
    [VERIFY_SEAL_BROKEN] = {"seals were removed, put in or moved before this one",
                            "此封存之前有封存被删除、插入或移动"},
    [VERIFY_SEAL_SIGNATURE] = {"the seal's signature is wrong", "封存签名无效"},
    [VERIFY_SEAL_KEY] = {"signed with a key that is not the expected one", "签名密钥不是预期的密钥"},
    [VERIFY_SEAL_RANGE] = {"the seal does not continue the one before it", "封存范围不连续"},
    [VERIFY_SEAL_CONTENT] = {"the seal does not prove what it covers", "封存内容与其所含不符"},
    [VERIFY_SEAL_ENTRIES] = {"the seal's list of chunks is altered or missing",
                             "封存的数据块清单被改动或缺失"},
    [VERIFY_SEAL_EVENT] = {"the event that the seal names is not in the chain", "封存所指的事件不在链中"},
    [VERIFY_KEY_CHANGED] = {"from here on another key signs, as an event tells",
                            "自此更换了密钥（有事件记载）"},
    [VERIFY_CHUNK_ALTERED] = {"the readings were altered", "读数被改动"},
    [VERIFY_CHUNK_MISSING] = {"the readings were removed", "读数被删除"},
    [VERIFY_CHUNK_EXTRA] = {"readings that nobody sealed were put in", "存在未封存的读数"},
    [VERIFY_CHUNK_CONTENT] = {"the readings are not those that were signed for this hour",
                              "读数与该小时签名的内容不符"},
    [VERIFY_FRAME_ALTERED] = {"the readings (not sealed yet) were altered", "读数（尚未封存）被改动"},
    [VERIFY_FRAME_BROKEN] = {"readings (not sealed yet) were removed, put in or moved before these",
                             "此前有读数（尚未封存）被删除、插入或移动"},
    [VERIFY_DAMAGED] = {"readings that were found damaged when they were to be sealed",
                        "封存时已发现损坏的读数"},
    [VERIFY_HEAD_BAD] = {"the stored head is wrong", "存储的链头无效"},
    [VERIFY_HEAD_MISSING] = {"the stored head is missing", "缺少链头"},
    [VERIFY_HEAD_BEYOND] = {"the files were cut off, or older ones were put back",
                            "文件被截断或被旧文件替换"},
    [VERIFY_HEAD_DIFFERS] = {"the files hold something else than what was signed", "文件内容与签名时不同"},
    [VERIFY_KEY_UNCONFIRMED] = {"the key comes from the files themselves: nobody outside has confirmed it",
                                "公钥来自文件本身，未经外部确认"},
};

static int64_t floor_to(int64_t value, int64_t by)
{
    return value - (value % by + by) % by;
}

/* "2026-11-22 14:00 UTC" for an hour, "2026-11-22 (UTC day)", or from..to; "" when it is not known. */
static void time_text(const struct ctl *ctl, const struct verify_finding *finding, char text[TIME_MAX])
{
    char from[RFC3339_MAX], to[RFC3339_MAX];
    clock_print_utc(from, finding->utc_us);
    clock_print_utc(to, finding->to_utc_us);
    if (finding->utc_us == 0 && finding->to_utc_us == 0)
        text[0] = '\0';
    else if (finding->to_utc_us == 0)
        snprintf(text, TIME_MAX, "%.10s %.8s UTC", from, from + 11);
    else if (floor_to(finding->utc_us, HOUR_US) == floor_to(finding->to_utc_us, HOUR_US))
        snprintf(text, TIME_MAX, tr(ctl, "hour %.10s %.2s:00 UTC", "%.10s %.2s:00 UTC 这一小时"), from,
                 from + 11);
    else if (floor_to(finding->utc_us, DAY_US) == floor_to(finding->to_utc_us, DAY_US))
        snprintf(text, TIME_MAX, tr(ctl, "day %.10s UTC", "%.10s UTC 这一天"), from);
    else
        snprintf(text, TIME_MAX, tr(ctl, "%.10s %.5s to %.10s %.5s UTC", "%.10s %.5s 至 %.10s %.5s UTC"),
                 from, from + 11, to, to + 11);
}

/* "seal 17", "event 4", "events after 4": what the number is. */
static void number_text(const struct ctl *ctl, const struct verify_finding *finding, char *text, size_t cap)
{
    const char *table = finding->table;
    bool chunk = strcmp(table, "chunk") == 0;
    if (finding->kind == VERIFY_UNREADABLE && (finding->previous != 0 || finding->number != 0))
        snprintf(
            text, cap,
            tr(ctl, "%s: rows after %" PRId64 " until %" PRId64, "%s：%" PRId64 " 之后至 %" PRId64 " 的行"),
            table, finding->previous, finding->number);
    else if (finding->kind == VERIFY_HEAD_BEYOND)
        snprintf(text, cap,
                 tr(ctl, "%s ends at %" PRId64 ", but a head of %" PRId64 " was signed",
                    "%s 止于 %" PRId64 "，但签名的链头为 %" PRId64),
                 table, finding->number, finding->previous);
    else if (finding->number != 0)
        snprintf(text, cap, "%s %" PRId64, chunk ? "seal" : table, finding->number);
    else
        snprintf(text, cap, "%s%s%s", finding->file, table[0] != '\0' && finding->file[0] != '\0' ? " " : "",
                 table);
}

/* What comes out of a file that may be forged goes to a terminal, or into JSON: no control characters, and
 * UTF-8. */
static void clean(const char *from, char *text, size_t cap)
{
    char *copy = width_clean(from, UINT_MAX);
    snprintf(text, cap, "%s", copy != NULL ? copy : "");
    free(copy);
}

void findings_text(const struct ctl *ctl, const struct verify_finding *finding, char *text, size_t cap)
{
    char time[TIME_MAX], number[160], all[1024];
    time_text(ctl, finding, time);
    number_text(ctl, finding, number, sizeof number);
    snprintf(all, sizeof all, "%s%s%s%s%s%s%s%s%s%s%s%s", number, time[0] != '\0' ? ", " : "", time,
             finding->asset[0] != '\0' ? ", " : "", finding->asset, finding->point[0] != '\0' ? "/" : "",
             finding->point, number[0] != '\0' || time[0] != '\0' ? ": " : "",
             finding->kind < VERIFY_KINDS ? tr(ctl, texts[finding->kind].en, texts[finding->kind].zh) : "?",
             finding->detail[0] != '\0' ? " (" : "", finding->detail, finding->detail[0] != '\0' ? ")" : "");
    clean(all, text, cap);
}

static void set_time(json_t *object, const char *key, int64_t utc_us)
{
    char text[RFC3339_MAX];
    if (utc_us == 0)
        return;
    clock_print_utc(text, utc_us);
    json_object_set_new(object, key, json_string(text));
}

json_t *findings_json(const struct ctl *ctl, const struct verify_finding *finding)
{
    char text[1024];
    findings_text(ctl, finding, text, sizeof text);
    json_t *object =
        json_pack("{s:s, s:b, s:s, s:s, s:I, s:I}", "kind", verify_kind_name(finding->kind), "note",
                  finding->note, "file", finding->file, "table", finding->table, "number",
                  (json_int_t)finding->number, "previous", (json_int_t)finding->previous);
    if (object == NULL)
        return NULL;
    set_time(object, "from", finding->utc_us);
    set_time(object, "to", finding->to_utc_us);
    const char *const members[][2] = {
        {"text", text}, {"asset", finding->asset}, {"point", finding->point}, {"detail", finding->detail}};
    for (size_t i = 0; i < sizeof members / sizeof members[0]; i++)
        if (members[i][1][0] != '\0') {
            clean(members[i][1], text, sizeof text);
            json_object_set_new(object, members[i][0], json_string(text));
        }
    return object;
}
