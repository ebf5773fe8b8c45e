#include <inttypes.h>
#include <string.h>

#include "gaps.h"
#include "output.h"
#include "places.h"
#include "stored.h"
#include "table.h"
#include "when.h"

/* ---------------------------------------------------------------- JSON and CSV */

static void json_cause(struct json_text *j, const struct gap_cause *c)
{
    json_text_object(j, NULL);
    json_text_string(j, "kind", gap_kind_name(c->kind));
    if (c->kind == GAP_READING) {
        json_text_string(j, "quality", quality_name(c->quality));
        json_text_string(j, "reason", reason_name(c->reason));
    }
    if (c->count > 0)
        json_text_integer(j, "count", (int64_t)c->count);
    if (c->begin_us != 0)
        json_text_time(j, "begin", c->begin_us);
    if (c->end_us != 0)
        json_text_time(j, "end", c->end_us);
    if (c->seq != 0)
        json_text_integer(j, "event", (int64_t)c->seq);
    if (c->detail[0] != '\0')
        json_text_string(j, "detail", c->detail);
    json_text_end(j);
}

static void json_gap(const struct gaps *gaps, const struct gap *gap, bool first)
{
    char text[8192];
    struct json_text j;
    json_text_begin(&j, text, sizeof text);
    json_text_object(&j, NULL);
    json_text_time(&j, "from", gap->from_us);
    json_text_time(&j, "to", gap->to_us);
    json_text_micro(&j, "seconds", gap->to_us - gap->from_us, 3);
    json_text_bool(&j, "began_before", gap->began_before);
    json_text_bool(&j, "ends_after", gap->ends_after);
    json_text_bool(&j, "open", gap->open);
    json_text_array(&j, "causes");
    for (unsigned i = 0; i < gap->n_causes; i++)
        json_cause(&j, &gap->causes[i]);
    json_text_end(&j);
    json_text_end(&j);
    int len = json_text_finish(&j);
    printf("%s%.*s,\"points\":[", first ? "" : ",", len > 0 ? len - 1 : 0, text);
    for (uint32_t i = 0; i < gap->n_points; i++) {
        const struct walk_point *p = &gaps->points[gap->points[i]].point;
        json_text_begin(&j, text, sizeof text);
        json_text_object(&j, NULL);
        json_text_string(&j, "asset", p->asset);
        json_text_string(&j, "point", p->point);
        json_text_end(&j);
        printf("%s%s", i > 0 ? "," : "", json_text_finish(&j) > 0 ? text : "{}");
    }
    fputs("]}", stdout);
}

static void json_point(const struct gaps_point *p, bool first)
{
    char text[2048];
    struct json_text j;
    json_text_begin(&j, text, sizeof text);
    json_text_object(&j, NULL);
    json_text_string(&j, "asset", p->point.asset);
    json_text_string(&j, "point", p->point.point);
    json_text_micro(&j, "interval_seconds", p->usual_us, 3);
    json_text_integer(&j, "expected", (int64_t)p->expected);
    json_text_integer(&j, "stored", (int64_t)p->stored);
    json_text_integer(&j, "good", (int64_t)p->good);
    json_text_integer(&j, "uncertain", (int64_t)p->uncertain);
    json_text_integer(&j, "bad", (int64_t)p->bad);
    json_text_micro(&j, "gap_seconds", p->gaps_us, 3);
    if (p->removed)
        json_text_bool(&j, "removed", true);
    json_text_end(&j);
    printf("%s%s", first ? "" : ",", json_text_finish(&j) > 0 ? text : "{}");
}

static void print_json(const struct gaps *gaps)
{
    char from[RFC3339_MAX], to[RFC3339_MAX];
    clock_print_utc(from, gaps->from_us);
    clock_print_utc(to, gaps->to_us);
    printf("{\"from\":\"%s\",\"to\":\"%s\",\"gaps\":[", from, to);
    for (size_t i = 0; i < gaps->n_gaps; i++)
        json_gap(gaps, &gaps->gaps[i], i == 0);
    fputs("],\"points\":[", stdout);
    for (size_t i = 0; i < gaps->n_points; i++)
        json_point(&gaps->points[i], i == 0);
    fputs("]}\n", stdout);
}

/* The machine names of the causes: "timeout link-down daemon-stopped". */
static void name_causes(const struct gap *gap, char *text, size_t cap)
{
    size_t n = 0;
    text[0] = '\0';
    for (unsigned i = 0; i < gap->n_causes && n < cap; i++) {
        const struct gap_cause *c = &gap->causes[i];
        const char *name = c->kind != GAP_READING     ? gap_kind_name(c->kind)
                           : c->reason != REASON_NONE ? reason_name(c->reason)
                                                      : quality_name(c->quality);
        n += (size_t)snprintf(text + n, cap - n, "%s%s", i > 0 ? " " : "", name);
    }
}

static void print_csv(const struct ctl *ctl, const struct gaps *gaps)
{
    static const char *const header[] = {"from", "to", "seconds", "asset", "point", "causes", "reason"};
    output_csv(header, 7);
    for (size_t i = 0; i < gaps->n_gaps; i++) {
        const struct gap *gap = &gaps->gaps[i];
        char from[RFC3339_MAX], to[RFC3339_MAX], seconds[MICRO_TEXT_MAX], names[512], reason[2048];
        clock_print_utc(from, gap->from_us);
        clock_print_utc(to, gap->to_us);
        micro_print(seconds, sizeof seconds, gap->to_us - gap->from_us, 3);
        name_causes(gap, names, sizeof names);
        gaps_describe(ctl, gap, reason, sizeof reason);
        for (uint32_t k = 0; k < gap->n_points; k++) {
            const struct walk_point *p = &gaps->points[gap->points[k]].point;
            const char *const fields[] = {from, to, seconds, p->asset, p->point, names, reason};
            output_csv(fields, 7);
        }
    }
}

/* ---------------------------------------------------------------- the table */

static enum table_style style_of(const struct gap *gap)
{
    for (unsigned i = 0; i < gap->n_causes; i++)
        if (gap->causes[i].kind == GAP_UNKNOWN || gap->causes[i].kind == GAP_SILENT)
            return TABLE_WARNING;
    return TABLE_PLAIN;
}

static void add_row(const struct ctl *ctl, struct table *table, const struct gaps *gaps,
                    const struct gap *gap)
{
    char text[2048], time[WHEN_MAX], words[WHEN_MAX + 32];
    table_row(table);
    snprintf(words, sizeof words, "%s%s", gap->began_before ? tr(ctl, "before ", "早于 ") : "",
             when_print(ctl, time, gap->from_us, false));
    table_cell(table, 0, TABLE_PLAIN, words);
    snprintf(words, sizeof words, "%s%s", gap->ends_after ? tr(ctl, "after ", "晚于 ") : "",
             when_print(ctl, time, gap->to_us, false));
    table_cell(table, 1, gap->open ? TABLE_URGENT : TABLE_PLAIN,
               gap->open ? tr(ctl, "not over", "尚未结束") : words);
    table_cell(table, 2, TABLE_PLAIN, when_print_duration(ctl, time, gap->to_us - gap->from_us));
    table_cell(table, 3, TABLE_PLAIN, gaps_describe_points(ctl, gaps, gap, text, sizeof text));
    table_cell(table, 4, style_of(gap), gaps_describe(ctl, gap, text, sizeof text));
}

static void print_summary(const struct ctl *ctl, const struct gaps *gaps)
{
    uint64_t expected = 0, stored = 0, good = 0;
    size_t there = 0;
    char text[512];
    for (size_t i = 0; i < gaps->n_points; i++) {
        expected += gaps->points[i].expected;
        stored += gaps->points[i].stored;
        good += gaps->points[i].good;
        there += !gaps->points[i].removed;
    }
    /* Rounded down: 100 % is said only of what is whole. */
    uint64_t part = expected > 0 ? (good < expected ? good : expected) * 10000 / expected : 0;
    snprintf(text, sizeof text,
             tr(ctl,
                "%zu gaps; %zu points; %" PRIu64 " readings expected, %" PRIu64 " stored, %" PRIu64
                " of them good: %" PRIu64 ".%02" PRIu64 " %%",
                "%zu 处缺口；%zu 个测点；应有读数 %" PRIu64 "，已存 %" PRIu64 "，其中良好 %" PRIu64
                "：%" PRIu64 ".%02" PRIu64 " %%"),
             gaps->n_gaps, there, expected, stored, good, part / 100, part % 100);
    table_line(stdout, ctl->colour, TABLE_PLAIN, 0, text);
}

static int print_table(const struct ctl *ctl, const struct gaps *gaps)
{
    const struct table_column columns[] = {{tr(ctl, "FROM", "开始"), false},
                                           {tr(ctl, "TO", "结束"), false},
                                           {tr(ctl, "FOR", "持续"), true},
                                           {tr(ctl, "POINTS", "测点"), false},
                                           {tr(ctl, "REASON", "原因"), false}};
    struct table table;
    table_init(&table, columns, 5);
    for (size_t i = 0; i < gaps->n_gaps; i++)
        add_row(ctl, &table, gaps, &gaps->gaps[i]);
    bool failed = table.failed;
    if (gaps->n_gaps > 0 && !failed)
        table_print(&table, stdout, ctl->colour, 0, SIZE_MAX); /* a reason is never cut */
    table_free(&table);
    print_summary(ctl, gaps);
    return failed ? CTL_NEGATIVE : CTL_OK;
}

/* ---------------------------------------------------------------- the verb */

int verb_gaps(struct ctl *ctl, int argc, char **argv)
{
    enum output_format format;
    struct history_reader *reader;
    struct progress progress;
    struct gaps gaps;
    int64_t from_us, to_us;
    const char *asset = argc > 0 ? argv[0] : NULL, *point = argc > 1 ? argv[1] : NULL;
    if (!output_format(ctl, &format) || !when_range(ctl, INT64_C(86400) * SECOND_US, &from_us, &to_us))
        return CTL_USAGE;
    int result = stored_open(ctl, &reader);
    if (result != CTL_OK)
        return result;
    struct config *config = places_config(ctl);
    progress_begin(&progress, ctl, from_us, to_us, false);
    int error = gaps_find(reader, asset, point, from_us, to_us, config, progress_at, &progress, &gaps);
    progress_end(&progress);
    if (error < 0) {
        result = stored_complain(ctl, error);
    } else if (gaps.n_points == 0 && asset != NULL) {
        result = stored_no_point(ctl, reader, asset, point);
    } else if (format == OUTPUT_JSON) {
        print_json(&gaps);
    } else if (format == OUTPUT_CSV) {
        print_csv(ctl, &gaps);
    } else {
        result = print_table(ctl, &gaps);
    }
    stored_tell_damage(ctl, reader);
    if (error == 0)
        gaps_free(&gaps);
    config_unref(config);
    history_close(reader);
    return result;
}
