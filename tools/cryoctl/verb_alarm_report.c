/* verb_alarm_report.c - how well the alarm system performs; and its page in a PDF, which cryomon-report
 * draws. */
#include <string.h>

#include "client.h"
#include "output.h"
#include "performance.h"
#include "reporter.h"
#include "stored.h"
#include "table.h"
#include "when.h"
#include "words.h"

#define DEFAULT_US (INT64_C(30) * 86400 * SECOND_US)

static const json_t *at(const json_t *facts, const char *section, const char *key)
{
    return json_object_get(json_object_get(facts, section), key);
}

static double number(const json_t *facts, const char *section, const char *key)
{
    return json_number_value(at(facts, section, key));
}

static void head(const struct ctl *ctl, const char *text)
{
    putchar('\n');
    table_line(stdout, ctl->colour, TABLE_HEAD, 0, text);
}

static void print(const struct ctl *ctl, struct table *t)
{
    if (!t->failed && t->n_rows > 0)
        table_print(t, stdout, ctl->colour, ctl->columns, SIZE_MAX);
    table_free(t);
}

/* ---------------------------------------------------------------- the beginning */

static void print_observed(const struct ctl *ctl, const json_t *facts)
{
    char from[WHEN_MAX], to[WHEN_MAX], text[512], observed[WHEN_MAX];
    double share = number(facts, "observed", "share");
    snprintf(text, sizeof text, tr(ctl, "%s to %s", "%s 至 %s"),
             when_print_text(ctl, from, client_text(json_object_get(facts, "range"), "from")),
             when_print_text(ctl, to, client_text(json_object_get(facts, "range"), "to")));
    table_line(stdout, ctl->colour, TABLE_HEAD, 0, text);
    performance_seconds(ctl, at(facts, "observed", "seconds"), observed, sizeof observed);
    snprintf(text, sizeof text,
             tr(ctl, "observed: %s (%.2f %% of it); rates are those of this time",
                "观察时间：%s（占 %.2f %%）；频率按此时间计算"),
             observed, 100 * share);
    table_line(stdout, ctl->colour, share < 0.99 ? TABLE_WARNING : TABLE_PLAIN, 0, text);
    snprintf(text, sizeof text,
             tr(ctl, "%.0f alarms of %.0f kinds; %.0f more while disabled, %.0f called again",
                "%.0f 个报警，%.0f 种；另有停用期间 %.0f 个，再次呼叫 %.0f 次"),
             number(facts, "rates", "alarms"), json_number_value(json_object_get(facts, "different_alarms")),
             number(facts, "rates", "while_disabled"), number(facts, "rates", "called_again"));
    table_line(stdout, ctl->colour, TABLE_PLAIN, 0, text);
}

static enum table_style style_of(const char *result)
{
    return strcmp(result, "not-met") == 0 ? TABLE_URGENT
           : strcmp(result, "met") == 0   ? TABLE_PLAIN
                                          : TABLE_FAINT;
}

static void print_targets(const struct ctl *ctl, const json_t *facts)
{
    const struct table_column columns[] = {
        {tr(ctl, "MEASURE", "指标"), false},          {tr(ctl, "VALUE", "数值"), true},
        {tr(ctl, "STANDARD", "标准"), true},          {"", false},
        {tr(ctl, "CELL BANK", "细胞库"), true},       {"", false},
        {tr(ctl, "WHY NOT KNOWN", "未知原因"), false}};
    struct table t;
    size_t i;
    const json_t *target;
    table_init(&t, columns, 7);
    json_array_foreach(json_object_get(facts, "targets"), i, target)
    {
        char text[128];
        const char *id = client_text(target, "id");
        const json_t *standard = json_object_get(target, "standard"),
                     *bank = json_object_get(target, "cryobank");
        table_row(&t);
        table_cell(&t, 0, TABLE_PLAIN, performance_target_name(ctl, id));
        performance_target_value(ctl, id, json_object_get(target, "value"), text, sizeof text);
        table_cell(&t, 1, TABLE_PLAIN, text);
        performance_target_limit(ctl, id, standard, text, sizeof text);
        table_cell(&t, 2, TABLE_PLAIN, text);
        table_cell(&t, 3, style_of(client_text(standard, "result")),
                   performance_result(ctl, client_text(standard, "result")));
        performance_target_limit(ctl, id, bank, text, sizeof text);
        table_cell(&t, 4, TABLE_PLAIN, text);
        table_cell(&t, 5, style_of(client_text(bank, "result")),
                   performance_result(ctl, client_text(bank, "result")));
        table_cell(&t, 6, TABLE_FAINT, performance_why(ctl, target));
    }
    head(ctl, tr(ctl, "Targets", "目标"));
    print(ctl, &t);
    table_line(stdout, ctl->colour, TABLE_FAINT, ctl->columns,
               tr(ctl,
                  "Standard: ISA-18.2 / IEC 62682 clause 16, EEMUA 191. Cell bank: what we would ask for.",
                  "标准：ISA-18.2 / IEC 62682 第 16 章、EEMUA 191。细胞库：我们建议的要求。"));
}

/* ---------------------------------------------------------------- times */

static void spread_cells(const struct ctl *ctl, struct table *t, unsigned first, const json_t *spread)
{
    static const char *const keys[] = {"median_s", "p90_s", "worst_s"};
    char text[WHEN_MAX];
    snprintf(text, sizeof text, "%.0f", json_number_value(json_object_get(spread, "count")));
    table_cell(t, first, TABLE_PLAIN, text);
    for (unsigned i = 0; i < 3; i++)
        table_cell(t, first + 1 + i, TABLE_PLAIN,
                   performance_seconds(ctl, json_object_get(spread, keys[i]), text, sizeof text));
}

static void spread_row(const struct ctl *ctl, struct table *t, const char *name, const json_t *spread)
{
    char worst[256];
    const json_t *of = json_object_get(spread, "worst");
    table_row(t);
    table_cell(t, 0, TABLE_PLAIN, name);
    spread_cells(ctl, t, 1, spread);
    snprintf(worst, sizeof worst, "%s/%s", client_text(of, "asset"), client_text(of, "alarm"));
    table_cell(t, 5, TABLE_FAINT, of != NULL ? worst : "");
}

static void print_times(const struct ctl *ctl, const json_t *facts)
{
    const struct table_column columns[] = {
        {tr(ctl, "TIME", "时间"), false},  {tr(ctl, "COUNT", "次数"), true},
        {tr(ctl, "MEDIAN", "中位"), true}, {tr(ctl, "90 %", "90 %"), true},
        {tr(ctl, "WORST", "最长"), true},  {tr(ctl, "WORST OF", "最长的报警"), false}};
    struct table t;
    size_t i;
    const json_t *one;
    char name[256];
    table_init(&t, columns, 6);
    spread_row(ctl, &t, tr(ctl, "to acknowledge", "确认"), json_object_get(facts, "acknowledge"));
    spread_row(ctl, &t, tr(ctl, "to resolve", "解除"), json_object_get(facts, "resolve"));
    spread_row(ctl, &t, tr(ctl, "to resolve, came again", "解除（确认前反复）"),
               json_object_get(facts, "resolve_came_again"));
    json_array_foreach(json_object_get(facts, "people"), i, one)
    {
        snprintf(name, sizeof name, tr(ctl, "acknowledged by %s", "确认人 %s"), client_text(one, "person"));
        spread_row(ctl, &t, name, one);
    }
    if (number(facts, "calls", "attempts") > 0) {
        spread_row(ctl, &t, tr(ctl, "from raised to the first call", "从报警到首次呼叫"),
                   at(facts, "calls", "to_first_call"));
        spread_row(ctl, &t, tr(ctl, "from that call to the acknowledgement", "从该呼叫到确认"),
                   at(facts, "calls", "from_call_to_acknowledgement"));
    }
    head(ctl, tr(ctl, "Times", "时间"));
    print(ctl, &t);
}

static void print_assets(const struct ctl *ctl, const json_t *facts)
{
    const struct table_column columns[] = {
        {tr(ctl, "ASSET", "设备"), false},    {tr(ctl, "ALARMS", "报警"), true},
        {tr(ctl, "ACK.", "确认"), true},      {tr(ctl, "MEDIAN", "中位"), true},
        {tr(ctl, "90 %", "90 %"), true},      {tr(ctl, "WORST", "最长"), true},
        {tr(ctl, "RESOLVED", "解除"), true},  {tr(ctl, "MEDIAN", "中位"), true},
        {tr(ctl, "90 %", "90 %"), true},      {tr(ctl, "WORST", "最长"), true},
        {tr(ctl, "NOT ACK.", "未确认"), true}};
    struct table t;
    size_t i;
    const json_t *one;
    char text[32];
    table_init(&t, columns, 11);
    json_array_foreach(json_object_get(facts, "assets"), i, one)
    {
        table_row(&t);
        table_cell(&t, 0, TABLE_PLAIN, client_text(one, "asset"));
        snprintf(text, sizeof text, "%.0f", json_number_value(json_object_get(one, "alarms")));
        table_cell(&t, 1, TABLE_PLAIN, text);
        spread_cells(ctl, &t, 2, json_object_get(one, "acknowledge"));
        spread_cells(ctl, &t, 6, json_object_get(one, "resolve"));
        double open = json_number_value(json_object_get(one, "never_acknowledged"));
        snprintf(text, sizeof text, "%.0f", open);
        table_cell(&t, 10, open > 0 ? TABLE_URGENT : TABLE_PLAIN, open > 0 ? text : "");
    }
    head(ctl, tr(ctl, "Assets", "设备"));
    print(ctl, &t);
    double more = json_number_value(json_object_get(facts, "different_assets")) -
                  (double)json_array_size(json_object_get(facts, "assets"));
    if (more > 0)
        printf(tr(ctl, "... and %.0f more with fewer alarms: see --asset\n",
                  "……另有 %.0f 台报警较少：见 --asset\n"),
               more);
}

/* ---------------------------------------------------------------- lists */

struct list {
    const char *title, *counted, *key; /* key: what is printed of each: seconds, or a number */
    const json_t *items;
};

static void print_list(const struct ctl *ctl, const struct list *list)
{
    const struct table_column columns[] = {
        {tr(ctl, "ALARM", "报警"), false}, {list->counted, true}, {tr(ctl, "SINCE", "自"), false}};
    struct table t;
    size_t i;
    const json_t *one;
    if (json_array_size(list->items) == 0)
        return;
    table_init(&t, columns, 3);
    json_array_foreach(list->items, i, one)
    {
        char text[256], time[WHEN_MAX];
        const char *since = client_text(one, "raised");
        since = since[0] != '\0' ? since : client_text(one, "from");
        since = since[0] != '\0' ? since : client_text(one, "last");
        table_row(&t);
        snprintf(text, sizeof text, "%s/%s", client_text(one, "asset"), client_text(one, "alarm"));
        table_cell(&t, 0, TABLE_PLAIN, text);
        const json_t *value = json_object_get(one, list->key);
        if (strcmp(list->key, "seconds") == 0)
            performance_seconds(ctl, value, text, sizeof text);
        else
            snprintf(text, sizeof text, "%.0f", json_number_value(value));
        table_cell(&t, 1, TABLE_PLAIN, text);
        table_cell(&t, 2, TABLE_PLAIN, when_print_text(ctl, time, since));
    }
    head(ctl, list->title);
    print(ctl, &t);
}

static void print_lists(const struct ctl *ctl, const json_t *facts)
{
    const char *lasted = tr(ctl, "LASTED", "持续"), *times = tr(ctl, "TIMES", "次数");
    const struct list lists[] = {
        {tr(ctl, "Not acknowledged", "未确认"), lasted, "seconds", at(facts, "never_acknowledged", "list")},
        {tr(ctl, "Acknowledged, and not resolved", "已确认但未解除"), lasted, "seconds",
         at(facts, "unresolved", "list")},
        {tr(ctl, "Stale: active for more than 24 h", "陈旧：持续超过 24 小时"), lasted, "seconds",
         at(facts, "stale", "list")},
        {tr(ctl, "Chattering: 3 times within a minute", "抖动：一分钟内 3 次"), times, "episodes",
         at(facts, "chattering", "list")},
        {tr(ctl, "The most frequent", "最频繁的报警"), times, "count", json_object_get(facts, "repeaters")},
    };
    for (size_t i = 0; i < sizeof lists / sizeof lists[0]; i++)
        print_list(ctl, &lists[i]);
}

static void print_disabled(const struct ctl *ctl, const json_t *facts)
{
    const struct table_column columns[] = {
        {tr(ctl, "DISABLED", "停用"), false}, {tr(ctl, "WHAT", "对象"), false},
        {tr(ctl, "FROM", "开始"), false},     {tr(ctl, "FOR", "时长"), true},
        {tr(ctl, "BY", "操作人"), false},     {tr(ctl, "WHY", "原因"), false}};
    struct table t;
    size_t i;
    const json_t *one;
    if (number(facts, "disabled", "count") == 0) {
        head(ctl, tr(ctl, "Nothing was disabled.", "没有停用。"));
        return;
    }
    table_init(&t, columns, 6);
    json_array_foreach(at(facts, "disabled", "list"), i, one)
    {
        char what[256], text[WHEN_MAX], why[512];
        const char *order = client_text(one, "order"), *by = client_text(one, "by");
        bool still = json_is_null(json_object_get(one, "to"));
        table_row(&t);
        snprintf(what, sizeof what, "%s%s%s%s%s", client_text(one, "what"),
                 client_text(one, "what")[0] ? " " : "", client_text(one, "asset"),
                 client_text(one, "asset")[0] ? "/" : "", client_text(one, "alarm"));
        snprintf(why, sizeof why, "%s%s%s", order, order[0] != '\0' ? ": " : "", client_text(one, "why"));
        table_cell(&t, 0, still ? TABLE_WARNING : TABLE_PLAIN,
                   performance_disabled_kind(ctl, client_text(one, "kind")));
        table_cell(&t, 1, TABLE_PLAIN, what);
        table_cell(&t, 2, TABLE_PLAIN, when_print_text(ctl, text, client_text(one, "from")));
        table_cell(&t, 3, TABLE_PLAIN,
                   performance_seconds(ctl, json_object_get(one, "seconds"), text, sizeof text));
        table_cell(&t, 4, TABLE_PLAIN, by);
        table_cell(&t, 5, TABLE_PLAIN, why);
    }
    head(ctl, tr(ctl, "Disabled (newest first)", "停用（最新在前）"));
    print(ctl, &t);
}

static void print_calls(const struct ctl *ctl, const json_t *facts)
{
    char text[256];
    snprintf(text, sizeof text,
             tr(ctl, "Calls: %.0f attempts, %.0f failed, %.0f confirmed; %.0f alarms were called",
                "呼叫：%.0f 次，失败 %.0f 次，确认 %.0f 次；已呼叫 %.0f 个报警"),
             number(facts, "calls", "attempts"), number(facts, "calls", "failed"),
             number(facts, "calls", "confirmed"), number(facts, "calls", "alarms_called"));
    head(ctl, text);
    snprintf(text, sizeof text,
             tr(ctl, "Drills: %.0f held, %.0f confirmed, %.0f missed",
                "演练：%.0f 次，确认 %.0f 次，未完成 %.0f 次"),
             number(facts, "drills", "held"), number(facts, "drills", "confirmed"),
             number(facts, "drills", "missed"));
    table_line(stdout, ctl->colour, number(facts, "drills", "missed") > 0 ? TABLE_URGENT : TABLE_HEAD, 0,
               text);
    double left_out = json_number_value(json_object_get(facts, "left_out"));
    if (left_out > 0)
        ctl_complain(
            tr(ctl,
               "%.0f entries were more than can be held and are left out of the times: take shorter ranges",
               "有 %.0f 条超出容量，未计入时间统计：请缩短时段"),
            left_out);
}

static void print_table(const struct ctl *ctl, const json_t *facts)
{
    print_observed(ctl, facts);
    print_targets(ctl, facts);
    print_times(ctl, facts);
    print_assets(ctl, facts);
    print_lists(ctl, facts);
    print_disabled(ctl, facts);
    print_calls(ctl, facts);
}

/* ---------------------------------------------------------------- the verb */

static int run_reporter(const struct ctl *ctl)
{
    struct reporter r;
    int result = reporter_begin(ctl, &r);
    if (result != CTL_OK)
        return result;
    reporter_add(&r, "--alarms", "");
    reporter_add(&r, "--asset", ctl->asset);
    reporter_add(&r, "--output", ctl->pdf);
    return reporter_run(ctl, &r, NULL);
}

int verb_alarm_report(struct ctl *ctl, int argc, char **argv)
{
    (void)argc;
    (void)argv;
    struct history_reader *reader;
    struct progress progress;
    json_t *facts = NULL;
    int64_t from_us, to_us, now_us = clock_now().utc_us;
    if (!when_range(ctl, DEFAULT_US, &from_us, &to_us))
        return CTL_USAGE;
    if (from_us >= now_us) {
        ctl_complain("%s", tr(ctl, "the range lies in the future", "该时段在将来"));
        return CTL_USAGE;
    }
    if (ctl->pdf != NULL)
        return run_reporter(ctl);
    int result = stored_open(ctl, &reader);
    if (result != CTL_OK)
        return result;
    if (ctl->asset != NULL && !stored_has_alarms_of(reader, ctl->asset)) {
        result = stored_no_point(ctl, reader, ctl->asset, NULL);
        history_close(reader);
        return result;
    }
    to_us = to_us < now_us ? to_us : now_us; /* what is not yet is not quiet */
    progress_begin(&progress, ctl, from_us, to_us, false);
    int error = performance_gather(reader, ctl->asset, from_us, to_us, progress_at, &progress, &facts);
    progress_end(&progress);
    if (error < 0) {
        result = stored_complain(ctl, error);
    } else if (ctl->json) {
        json_dumpf(facts, stdout, CTL_JSON);
        putchar('\n');
    } else {
        print_table(ctl, facts);
    }
    json_decref(facts);
    history_close(reader);
    return result;
}
