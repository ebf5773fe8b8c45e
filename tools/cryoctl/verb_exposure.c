#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "exposure.h"
#include "output.h"
#include "places.h"
#include "stored.h"
#include "table.h"
#include "when.h"

static micro_t minutes(int64_t us)
{
    return us / 60; /* of microseconds: 10^-6 minutes */
}

/* ---------------------------------------------------------------- JSON and CSV */

static void json_value(struct json_text *j, const char *key, const char *time_key, const struct exposure *e,
                       micro_t value, int64_t utc_us)
{
    if (e->known_us == 0) {
        json_text_null(j, key);
        return;
    }
    json_text_micro(j, key, value, e->point.decimals);
    json_text_time(j, time_key, utc_us);
}

static void json_level(struct json_text *j, const struct exposure *e, const struct exposure_level *l)
{
    json_text_object(j, NULL);
    json_text_micro(j, "above", l->level, e->point.decimals);
    json_text_micro(j, "minutes", minutes(l->above_us), 3);
    json_text_micro(j, "degree_minutes", l->micro_degree_minutes, 3);
    json_text_micro(j, "longest_minutes", minutes(l->longest_us), 3);
    if (l->above_us > 0) {
        json_text_time(j, "longest_from", l->longest_from_us);
        json_text_micro(j, "peak", e->maximum, e->point.decimals);
    } else {
        json_text_null(j, "longest_from");
        json_text_null(j, "peak");
    }
    json_text_end(j);
}

static void json_exposure(const struct exposure *e, bool first)
{
    char text[4096];
    struct json_text j;
    json_text_begin(&j, text, sizeof text);
    json_text_object(&j, NULL);
    json_text_string(&j, "asset", e->point.asset);
    json_text_string(&j, "point", e->point.point);
    json_text_string(&j, "unit", e->point.unit);
    json_text_integer(&j, "readings", (int64_t)e->readings);
    json_text_micro(&j, "known_minutes", minutes(e->known_us), 3);
    json_text_micro(&j, "uncertain_minutes", minutes(e->uncertain_us), 3);
    json_text_micro(&j, "not_known_minutes", minutes(e->unknown_us), 3);
    json_value(&j, "minimum", "minimum_time", e, e->minimum, e->minimum_us);
    json_value(&j, "maximum", "maximum_time", e, e->maximum, e->maximum_us);
    if (isnan(e->mkt))
        json_text_null(&j, "mean_kinetic_temperature");
    else
        json_text_micro(&j, "mean_kinetic_temperature", (micro_t)llround(e->mkt * 1e6), 2);
    json_text_array(&j, "levels");
    for (unsigned i = 0; i < e->n_levels; i++)
        json_level(&j, e, &e->levels[i]);
    json_text_end(&j);
    json_text_end(&j);
    printf("%s%s", first ? "" : ",", json_text_finish(&j) > 0 ? text : "{}");
}

static void print_json(const struct exposures *all)
{
    char from[RFC3339_MAX], to[RFC3339_MAX], length[MICRO_TEXT_MAX];
    clock_print_utc(from, all->from_us);
    clock_print_utc(to, all->to_us);
    micro_print(length, sizeof length, minutes(all->to_us - all->from_us), 3);
    printf("{\"cryomon\":\"exposure 1\",\"from\":\"%s\",\"to\":\"%s\",\"minutes\":%s,\"points\":[", from, to,
           length);
    for (size_t i = 0; i < all->n; i++)
        json_exposure(&all->items[i], i == 0);
    fputs("]}\n", stdout);
}

static void print_csv(const struct exposures *all)
{
    static const char *const header[] = {
        "asset",           "point",        "unit", "above",         "minutes",           "degree_minutes",
        "longest_minutes", "longest_from", "peak", "known_minutes", "uncertain_minutes", "not_known_minutes"};
    output_csv(header, 12);
    for (size_t i = 0; i < all->n; i++) {
        const struct exposure *e = &all->items[i];
        for (unsigned k = 0; k < e->n_levels; k++) {
            const struct exposure_level *l = &e->levels[k];
            char numbers[8][MICRO_TEXT_MAX] = {{0}}, since[RFC3339_MAX] = "";
            micro_print(numbers[0], MICRO_TEXT_MAX, l->level, e->point.decimals);
            micro_print(numbers[1], MICRO_TEXT_MAX, minutes(l->above_us), 3);
            micro_print(numbers[2], MICRO_TEXT_MAX, l->micro_degree_minutes, 3);
            micro_print(numbers[3], MICRO_TEXT_MAX, minutes(l->longest_us), 3);
            if (l->above_us > 0) {
                clock_print_utc(since, l->longest_from_us);
                micro_print(numbers[4], MICRO_TEXT_MAX, e->maximum, e->point.decimals);
            }
            micro_print(numbers[5], MICRO_TEXT_MAX, minutes(e->known_us), 3);
            micro_print(numbers[6], MICRO_TEXT_MAX, minutes(e->uncertain_us), 3);
            micro_print(numbers[7], MICRO_TEXT_MAX, minutes(e->unknown_us), 3);
            const char *const fields[] = {e->point.asset, e->point.point, e->point.unit, numbers[0],
                                          numbers[1],     numbers[2],     numbers[3],    since,
                                          numbers[4],     numbers[5],     numbers[6],    numbers[7]};
            output_csv(fields, 12);
        }
    }
}

/* ---------------------------------------------------------------- the table */

static void number_cell(struct table *t, unsigned column, enum table_style style, micro_t value,
                        unsigned decimals)
{
    char text[MICRO_TEXT_MAX];
    micro_print(text, sizeof text, value, decimals);
    table_cell(t, column, style, text);
}

/* What is told of a point once, whatever its levels. */
static void add_point(const struct ctl *ctl, struct table *t, const struct exposure *e)
{
    char text[64], time[WHEN_MAX];
    table_cell(t, 0, TABLE_PLAIN, e->point.asset);
    table_cell(t, 1, TABLE_PLAIN, e->point.point);
    if (e->known_us > 0) {
        number_cell(t, 6, TABLE_PLAIN, e->maximum, e->point.decimals);
        table_cell(t, 7, TABLE_PLAIN, when_print(ctl, time, e->maximum_us, false));
    } else {
        table_cell(t, 6, TABLE_PLAIN, "--");
    }
    if (!isnan(e->mkt)) {
        snprintf(text, sizeof text, "%.1f", e->mkt);
        table_cell(t, 8, TABLE_FAINT, text);
    }
    number_cell(t, 9, e->unknown_us > 0 ? TABLE_WARNING : TABLE_PLAIN, minutes(e->unknown_us), 1);
}

static void add_rows(const struct ctl *ctl, struct table *t, const struct exposure *e)
{
    /* What is not above a level is not above a higher one. */
    for (unsigned k = 0; k < e->n_levels && (k == 0 || e->levels[k - 1].above_us > 0); k++) {
        const struct exposure_level *l = &e->levels[k];
        char level[MICRO_TEXT_MAX + UNIT_MAX + 2], number[MICRO_TEXT_MAX];
        table_row(t);
        if (k == 0)
            add_point(ctl, t, e);
        micro_print(number, sizeof number, l->level, e->point.decimals);
        snprintf(level, sizeof level, "%s %s", number, e->point.unit);
        table_cell(t, 2, TABLE_PLAIN, level);
        enum table_style style = l->above_us > 0 ? TABLE_URGENT : TABLE_PLAIN;
        number_cell(t, 3, style, minutes(l->above_us), 1);
        number_cell(t, 4, style, l->micro_degree_minutes, 1);
        number_cell(t, 5, style, minutes(l->longest_us), 1);
    }
}

static int print_table(const struct ctl *ctl, const struct exposures *all)
{
    const struct table_column columns[] = {
        {tr(ctl, "ASSET", "设备"), false},      {tr(ctl, "POINT", "测点"), false},
        {tr(ctl, "ABOVE", "高于"), true},       {tr(ctl, "MINUTES", "分钟"), true},
        {tr(ctl, "DEGREE-MIN", "度·分"), true}, {tr(ctl, "LONGEST", "最长(分)"), true},
        {tr(ctl, "PEAK", "峰值"), true},        {tr(ctl, "PEAK AT", "峰值时间"), false},
        {tr(ctl, "MKT", "MKT"), true},          {tr(ctl, "NOT KNOWN", "未知(分)"), true}};
    char text[512], from[WHEN_MAX], to[WHEN_MAX], length[MICRO_TEXT_MAX];
    struct table table;
    micro_print(length, sizeof length, minutes(all->to_us - all->from_us), 1);
    snprintf(text, sizeof text, tr(ctl, "%s to %s: %s minutes", "%s 至 %s：%s 分钟"),
             when_print(ctl, from, all->from_us, false), when_print(ctl, to, all->to_us, false), length);
    table_line(stdout, ctl->colour, TABLE_HEAD, 0, text);
    table_init(&table, columns, 10);
    bool mkt = false;
    for (size_t i = 0; i < all->n; i++) {
        add_rows(ctl, &table, &all->items[i]);
        mkt |= !isnan(all->items[i].mkt);
    }
    bool failed = table.failed;
    if (!failed)
        table_print(&table, stdout, ctl->colour, 0, SIZE_MAX);
    table_free(&table);
    if (mkt)
        table_line(
            stdout, ctl->colour, TABLE_FAINT, ctl->columns,
            tr(ctl,
               "MKT: mean kinetic temperature, °C (USP, 83.144 kJ/mol); doubtful across a glass transition.",
               "MKT：平均动力学温度，°C（USP，83.144 kJ/mol）；跨越玻璃化转变时不可靠。"));
    return failed ? CTL_NEGATIVE : CTL_OK;
}

/* ---------------------------------------------------------------- the verb */

static int print(const struct ctl *ctl, enum output_format format, const struct exposures *all)
{
    if (format == OUTPUT_TABLE)
        return print_table(ctl, all);
    if (format == OUTPUT_JSON)
        print_json(all);
    else
        print_csv(all);
    return CTL_OK;
}

static int explain_nothing(const struct ctl *ctl, struct history_reader *reader, const char *asset,
                           const char *point)
{
    if (history_has_point(reader, asset, point) <= 0)
        return stored_no_point(ctl, reader, asset, point);
    ctl_complain("%s",
                 tr(ctl, "no point there is measured in the unit of the thresholds (°C unless configured)",
                    "没有以阈值单位（默认 °C）计量的测点"));
    return CTL_NEGATIVE;
}

int verb_exposure(struct ctl *ctl, int argc, char **argv)
{
    enum output_format format;
    struct history_reader *reader;
    struct progress progress;
    struct exposures all = {0};
    struct exposure_levels asked = {0};
    int64_t from_us, to_us;
    const char *asset = argc > 0 ? argv[0] : NULL, *point = argc > 1 ? argv[1] : NULL;
    if (!output_format(ctl, &format) || !when_range(ctl, INT64_C(86400) * SECOND_US, &from_us, &to_us))
        return CTL_USAGE;
    if (ctl->threshold != NULL && !exposure_parse(ctl->threshold, &asked)) {
        ctl_complain(tr(ctl, "--threshold is one to %d temperatures such as -150,-135, not \"%s\"",
                        "--threshold 应为一至 %d 个温度，如 -150,-135，而不是“%s”"),
                     EXPOSURES_MAX, ctl->threshold);
        return CTL_USAGE;
    }
    int result = stored_open(ctl, &reader);
    if (result != CTL_OK)
        return result;
    struct config *config = places_config(ctl);
    progress_begin(&progress, ctl, from_us, to_us, false);
    int error =
        exposure_compute(reader, asset, point, from_us, to_us, &asked, config, progress_at, &progress, &all);
    progress_end(&progress);
    if (error < 0)
        result = stored_complain(ctl, error);
    else if (all.n == 0)
        result = explain_nothing(ctl, reader, asset, point);
    else
        result = print(ctl, format, &all);
    stored_tell_damage(ctl, reader);
    exposure_free(&all);
    config_unref(config);
    history_close(reader);
    return result;
}
