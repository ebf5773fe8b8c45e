/* verb_replay.c - limits are tried before they are used: what a candidate would have alarmed in the past. */
#include <errno.h>
#include <string.h>

#include "candidate.h"
#include "client.h"
#include "output.h"
#include "replay.h"
#include "stored.h"
#include "table.h"
#include "when.h"
#include "words.h"

#define DEFAULT_US (INT64_C(30) * 86400 * SECOND_US)
#define ROWS_MAX   50 /* of each table */

static double number(const json_t *facts, const char *key)
{
    return json_number_value(json_object_get(facts, key));
}

static const char *spent(const struct ctl *ctl, char text[WHEN_MAX], const json_t *object, const char *key)
{
    return when_print_duration(ctl, text, (int64_t)(number(object, key) * (double)SECOND_US));
}

static void full_name(char *text, size_t cap, const json_t *one)
{
    snprintf(text, cap, "%s/%s", client_text(one, "asset"), client_text(one, "alarm"));
}

static void print(const struct ctl *ctl, struct table *t, enum table_style style, const char *title, double n)
{
    char line[256];
    if (n > 0) {
        putchar('\n');
        snprintf(line, sizeof line, tr(ctl, "%s: %.0f", "%s：%.0f"), title, n);
        table_line(stdout, ctl->colour, style, 0, line);
        if (!t->failed)
            table_print(t, stdout, ctl->colour, ctl->columns, ROWS_MAX);
        if (n > ROWS_MAX)
            table_line(stdout, ctl->colour, TABLE_FAINT, 0,
                       tr(ctl, "... the rest with --json", "……其余见 --json"));
    }
    table_free(t);
}

/* ---------------------------------------------------------------- excursions */

static void told_cell(const struct ctl *ctl, struct table *t, unsigned column, const json_t *told)
{
    char text[256], after[WHEN_MAX];
    if (!json_is_object(told)) {
        table_cell(t, column, TABLE_URGENT, tr(ctl, "NOT AT ALL", "完全没有"));
        return;
    }
    double late = number(told, "after_seconds");
    snprintf(text, sizeof text, tr(ctl, "%s after %s", "%s，%s后"), client_text(told, "alarm"),
             when_print_duration(ctl, after, late > 0 ? (int64_t)(late * (double)SECOND_US) : 0));
    table_cell(t, column, TABLE_PLAIN, text);
}

static void print_excursions(const struct ctl *ctl, const json_t *facts, const char *key, const char *title,
                             enum table_style style)
{
    const struct table_column columns[] = {
        {tr(ctl, "POINT", "测点"), false},        {tr(ctl, "FROM", "开始"), false},
        {tr(ctl, "LASTED", "持续"), true},        {tr(ctl, "LIMIT", "限值"), true},
        {tr(ctl, "PEAK", "峰值"), true},          {tr(ctl, "TODAY", "现行配置"), false},
        {tr(ctl, "CANDIDATE", "候选配置"), false}};
    struct table t;
    size_t i;
    const json_t *e, *list = json_object_get(facts, key);
    char name[64];
    table_init(&t, columns, 7);
    json_array_foreach(list, i, e)
    {
        char text[256], time[WHEN_MAX];
        if (i == ROWS_MAX)
            break;
        table_row(&t);
        snprintf(text, sizeof text, "%s/%s", client_text(e, "asset"), client_text(e, "point"));
        table_cell(&t, 0, style, text);
        table_cell(&t, 1, TABLE_PLAIN, when_print_text(ctl, time, client_text(e, "from")));
        table_cell(&t, 2, TABLE_PLAIN, spent(ctl, time, e, "seconds"));
        snprintf(text, sizeof text, "%s %.6g %s", strcmp(client_text(e, "side"), "high") == 0 ? ">" : "<",
                 number(e, "limit"), client_text(e, "unit"));
        table_cell(&t, 3, TABLE_PLAIN, text);
        snprintf(text, sizeof text, "%.6g", number(e, "peak"));
        table_cell(&t, 4, TABLE_PLAIN, text);
        told_cell(ctl, &t, 5, json_object_get(e, "in_force"));
        told_cell(ctl, &t, 6, json_object_get(e, "candidate"));
    }
    snprintf(name, sizeof name, "n_%s", key);
    print(ctl, &t, style, title, number(facts, name));
}

/* ---------------------------------------------------------------- alarms */

static void print_changes(const struct ctl *ctl, const json_t *facts, const char *key, const char *title,
                          enum table_style style)
{
    const struct table_column columns[] = {
        {tr(ctl, "ALARM", "报警"), false}, {tr(ctl, "PRIORITY", "优先级"), false},
        {tr(ctl, "FROM", "开始"), false},  {tr(ctl, "LASTED", "持续"), true},
        {tr(ctl, "BY", "相差"), true},     {tr(ctl, "STILL TOLD BY", "仍由其报警"), false}};
    struct table t;
    size_t i;
    const json_t *one;
    char name[64];
    table_init(&t, columns, 6);
    json_array_foreach(json_object_get(facts, key), i, one)
    {
        char text[256], time[WHEN_MAX];
        if (i == ROWS_MAX)
            break;
        const char *other = client_text(one, "still_told_by");
        table_row(&t);
        full_name(text, sizeof text, one);
        table_cell(&t, 0, TABLE_PLAIN, text);
        table_cell(&t, 1, TABLE_PLAIN, words_priority(ctl, client_text(one, "priority")));
        table_cell(&t, 2, TABLE_PLAIN, when_print_text(ctl, time, client_text(one, "from")));
        bool lasts = json_is_null(json_object_get(one, "to"));
        snprintf(text, sizeof text, "%s%s", lasts ? "> " : "", spent(ctl, time, one, "seconds"));
        table_cell(&t, 3, TABLE_PLAIN, text);
        if (json_object_get(one, "by_seconds") != NULL)
            table_cell(&t, 4, TABLE_PLAIN, spent(ctl, time, one, "by_seconds"));
        table_cell(&t, 5, TABLE_FAINT, other);
    }
    snprintf(name, sizeof name, "n_%s", key);
    print(ctl, &t, style, title, number(facts, name));
}

static void print_tallies(const struct ctl *ctl, const json_t *facts)
{
    static const char *const keys[] = {"in_force", "candidate", "lost", "gained", "later", "earlier"};
    const struct table_column columns[] = {
        {tr(ctl, "ALARM", "报警"), false},    {tr(ctl, "TODAY", "现行"), true},
        {tr(ctl, "CANDIDATE", "候选"), true}, {tr(ctl, "LOST", "失去"), true},
        {tr(ctl, "GAINED", "新增"), true},    {tr(ctl, "LATER", "推迟"), true},
        {tr(ctl, "EARLIER", "提前"), true}};
    struct table t;
    size_t i;
    const json_t *one, *list = json_object_get(facts, "alarms");
    table_init(&t, columns, 7);
    json_array_foreach(list, i, one)
    {
        char text[256];
        table_row(&t);
        full_name(text, sizeof text, one);
        table_cell(&t, 0, TABLE_PLAIN, text);
        for (unsigned k = 0; k < 6; k++) {
            snprintf(text, sizeof text, "%.0f", number(one, keys[k]));
            table_cell(&t, k + 1, TABLE_PLAIN, number(one, keys[k]) > 0 || k < 2 ? text : "");
        }
    }
    print(ctl, &t, TABLE_HEAD, tr(ctl, "Alarms that were or would have been told", "已报或会报的报警"),
          (double)json_array_size(list));
}

static const char *why(const struct ctl *ctl, const char *name)
{
    return strcmp(name, "no-history") == 0 ? tr(ctl, "the history does not have it", "历史记录中没有")
           : strcmp(name, "another-unit") == 0
               ? tr(ctl, "the history has it in another unit", "历史记录中的单位不同")
           : strcmp(name, "no-readings-then") == 0 ? tr(ctl, "no readings in this range", "该时段内没有读数")
                                                   : name;
}

static void print_not_known(const struct ctl *ctl, const json_t *facts)
{
    const struct table_column columns[] = {{tr(ctl, "POINT", "测点"), false},
                                           {tr(ctl, "WHY", "原因"), false},
                                           {tr(ctl, "ALARMS", "报警"), false}};
    struct table t;
    size_t i, k;
    const json_t *one, *alarm, *list = json_object_get(facts, "not_known");
    table_init(&t, columns, 3);
    json_array_foreach(list, i, one)
    {
        char text[512] = "", name[256];
        size_t used = 0;
        snprintf(name, sizeof name, "%s/%s", client_text(one, "asset"), client_text(one, "point"));
        json_array_foreach(json_object_get(one, "alarms"), k, alarm)
        {
            if (used + ID_MAX + 2 < sizeof text)
                used += (size_t)snprintf(text + used, sizeof text - used, "%s%s", used > 0 ? " " : "",
                                         json_string_value(alarm));
        }
        table_row(&t);
        table_cell(&t, 0, TABLE_PLAIN, name);
        table_cell(&t, 1, TABLE_PLAIN, why(ctl, client_text(one, "why")));
        table_cell(&t, 2, TABLE_FAINT, text);
    }
    print(ctl, &t, TABLE_WARNING, tr(ctl, "Not known: points of the candidate", "未知：候选配置的测点"),
          (double)json_array_size(list));
}

/* ---------------------------------------------------------------- what is derived */

static void print_derived(const struct ctl *ctl, const json_t *facts)
{
    char text[512], from[WHEN_MAX];
    const json_t *derived = json_object_get(facts, "derived");
    if (!json_is_object(derived))
        return;
    if (json_is_string(json_object_get(derived, "learned_from")))
        snprintf(text, sizeof text,
                 tr(ctl, "tanks, supplies and freezers: learned from the readings since %s",
                    "储罐、供液和程序降温仪：从 %s 起的读数中学习"),
                 when_print_text(ctl, from, client_text(derived, "learned_from")));
    else
        snprintf(text, sizeof text, "%s",
                 tr(ctl, "tanks, supplies and freezers: there are no earlier readings to learn from",
                    "储罐、供液和程序降温仪：没有更早的读数可供学习"));
    const bool less = json_is_true(json_object_get(derived, "learned_less"));
    table_line(stdout, ctl->colour, less ? TABLE_WARNING : TABLE_PLAIN, 0, text);
    if (less)
        table_line(
            stdout, ctl->colour, TABLE_WARNING, 0,
            tr(ctl,
               "the record does not reach back far enough: what must be learned first is alarmed later "
               "than it would be, with both",
               "记录不够长：需先学习的内容，两种配置的报警都会晚于实际"));
    table_line(stdout, ctl->colour, TABLE_FAINT, 0,
               tr(ctl, "that a device was bypassed for maintenance is not taken into account",
                  "未考虑设备因维护而被旁路的情况"));
}

static void print_not_tried(const struct ctl *ctl, const json_t *facts)
{
    const struct table_column columns[] = {{tr(ctl, "ALARM", "报警"), false},
                                           {tr(ctl, "WHY", "原因"), false}};
    struct table t;
    size_t i;
    const json_t *one, *list = json_object_get(facts, "not_tried");
    table_init(&t, columns, 2);
    json_array_foreach(list, i, one)
    {
        char text[256];
        full_name(text, sizeof text, one);
        table_row(&t);
        table_cell(&t, 0, TABLE_PLAIN, text);
        table_cell(&t, 1, TABLE_PLAIN,
                   strcmp(client_text(one, "why"), "expected-runs") == 0
                       ? tr(ctl, "when a run was expected is not known here", "此处不知道何时应有运行")
                       : tr(ctl, "people's rounds are not replayed", "不重放人工巡检"));
    }
    print(ctl, &t, TABLE_FAINT, tr(ctl, "Not tried", "未试用"), (double)json_array_size(list));
}

/* ---------------------------------------------------------------- the whole */

static void print_head(const struct ctl *ctl, const json_t *facts)
{
    char text[512], from[WHEN_MAX], to[WHEN_MAX], stopped[WHEN_MAX];
    const json_t *range = json_object_get(facts, "range");
    snprintf(text, sizeof text, tr(ctl, "%s to %s, %.0f readings", "%s 至 %s，%.0f 个读数"),
             when_print_text(ctl, from, client_text(range, "from")),
             when_print_text(ctl, to, client_text(range, "to")), number(facts, "readings"));
    table_line(stdout, ctl->colour, TABLE_HEAD, 0, text);
    if (number(facts, "stopped_seconds") > 0) {
        snprintf(text, sizeof text,
                 tr(ctl, "the daemon was not running for %s of it", "其中守护进程停止运行 %s"),
                 spent(ctl, stopped, facts, "stopped_seconds"));
        table_line(stdout, ctl->colour, TABLE_WARNING, 0, text);
    }
    if (!json_is_true(json_object_get(facts, "in_force_known")))
        table_line(stdout, ctl->colour, TABLE_WARNING, 0,
                   tr(ctl,
                      "the record does not tell the configuration in force for all of it: there is nothing "
                      "to compare with then",
                      "记录中没有部分时段的生效配置：该时段无法比较"));
    snprintf(text, sizeof text,
             tr(ctl,
                "told: %.0f with the configuration in force, %.0f with the candidate; %.0f lost, %.0f "
                "gained, %.0f later, %.0f earlier",
                "报警：现行配置 %.0f 个，候选配置 %.0f 个；失去 %.0f，新增 %.0f，推迟 %.0f，提前 %.0f"),
             number(facts, "n_in_force"), number(facts, "n_candidate"), number(facts, "n_lost"),
             number(facts, "n_gained"), number(facts, "n_later"), number(facts, "n_earlier"));
    table_line(stdout, ctl->colour, TABLE_PLAIN, 0, text);
    print_derived(ctl, facts);
}

static void print_text(const struct ctl *ctl, const json_t *facts)
{
    print_head(ctl, facts);
    print_excursions(
        ctl, facts, "excursions_lost",
        tr(ctl, "TRUE EXCURSIONS THAT THE CANDIDATE WOULD NOT ALARM", "候选配置不会报警的真实超限"),
        TABLE_URGENT);
    print_excursions(ctl, facts, "excursions_untold",
                     tr(ctl, "True excursions that neither alarms", "两种配置都不会报警的真实超限"),
                     TABLE_WARNING);
    print_changes(ctl, facts, "lost", tr(ctl, "Alarms lost", "失去的报警"), TABLE_WARNING);
    print_changes(ctl, facts, "later", tr(ctl, "Alarms that come later", "推迟的报警"), TABLE_WARNING);
    print_changes(ctl, facts, "gained", tr(ctl, "Alarms gained", "新增的报警"), TABLE_HEAD);
    print_changes(ctl, facts, "earlier", tr(ctl, "Alarms that come earlier", "提前的报警"), TABLE_HEAD);
    print_excursions(ctl, facts, "excursions", tr(ctl, "All true excursions", "全部真实超限"), TABLE_HEAD);
    print_tallies(ctl, facts);
    print_not_known(ctl, facts);
    print_not_tried(ctl, facts);
    if (number(facts, "left_out") > 0)
        ctl_complain(tr(ctl, "%.0f alarms were more than can be held: take a shorter range",
                        "有 %.0f 个报警超出容量：请缩短时段"),
                     number(facts, "left_out"));
}

static int replay(struct ctl *ctl, struct config *candidate, int64_t from_us, int64_t to_us)
{
    struct ctl own = *ctl; /* the candidate says nothing about where the record is */
    struct history_reader *reader;
    struct progress progress;
    json_t *facts = NULL;
    own.config = NULL;
    int result = stored_open(&own, &reader);
    if (result != CTL_OK)
        return result;
    if (ctl->asset != NULL && history_has_point(reader, ctl->asset, NULL) == 0) {
        result = stored_no_point(ctl, reader, ctl->asset, NULL);
        history_close(reader);
        return result;
    }
    progress_begin(&progress, ctl, from_us - replay_reach_us(candidate), to_us, false);
    int error = replay_run(reader, candidate, ctl->asset, from_us, to_us, progress_at, &progress, &facts);
    progress_end(&progress);
    if (error == 0 && ctl->json) {
        json_dumpf(facts, stdout, CTL_JSON);
        putchar('\n');
    } else if (error == 0) {
        print_text(ctl, facts);
    }
    result = error < 0                                ? stored_complain(ctl, error)
             : number(facts, "n_excursions_lost") > 0 ? CTL_NEGATIVE
                                                      : CTL_OK;
    stored_tell_damage(ctl, reader);
    json_decref(facts);
    history_close(reader);
    return result;
}

int verb_replay(struct ctl *ctl, int argc, char **argv)
{
    (void)argc;
    (void)argv;
    struct config *candidate = NULL;
    int64_t from_us, to_us, now_us = clock_now().utc_us;
    if (ctl->config == NULL) {
        ctl_complain("%s",
                     tr(ctl, "replay wants --config NEW: the configuration to try (a directory, or a file)",
                        "replay 需要 --config NEW：要试用的配置（目录或文件）"));
        return CTL_USAGE;
    }
    if (!when_range(ctl, DEFAULT_US, &from_us, &to_us))
        return CTL_USAGE;
    if (from_us >= now_us) {
        ctl_complain("%s", tr(ctl, "the range lies in the future", "该时段在将来"));
        return CTL_USAGE;
    }
    to_us = to_us < now_us ? to_us : now_us;
    int result = candidate_load(ctl, ctl->config, &candidate);
    if (result == CTL_OK)
        result = replay(ctl, candidate, from_us, to_us);
    config_unref(candidate);
    return result;
}
