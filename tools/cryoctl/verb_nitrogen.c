/* verb_nitrogen.c - liquid nitrogen used, and what it cost. */
#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "in_force.h"
#include "nitrogen.h"
#include "output.h"
#include "places.h"
#include "stored.h"
#include "table.h"
#include "when.h"

#define DAY_US (INT64_C(86400) * SECOND_US)

/* What a litre costs: as configured, else as it was in force last. price 0: not known. */
static struct nitrogen_config price_of(const struct ctl *ctl, struct history_reader *reader)
{
    struct nitrogen_config nitrogen = {.price_per_l = 0};
    struct config *config = places_config(ctl);
    struct in_force last;
    if (config == NULL && in_force_before(reader, INT64_MAX, &last) > 0)
        config = in_force_load(reader, last.sha256);
    if (config != NULL)
        nitrogen = config->nitrogen;
    config_unref(config);
    return nitrogen;
}

/* Not one fill with its litres was seen. No fill at all is no zero: who did not watch has seen none either.
 */
static bool knows_litres(const struct nitrogen_row *row)
{
    return row->n_unknown < row->n_fills;
}

/* False: the cost is not known: there is no price, or the litres are not. */
static bool cost_of(const struct nitrogen_config *price, const struct nitrogen_row *row, double *ret)
{
    if (price->price_per_l <= 0 || !knows_litres(row))
        return false;
    *ret =
        (double)row->litres / (double)MICRO_PER_UNIT * ((double)price->price_per_l / (double)MICRO_PER_UNIT);
    return true;
}

static double litres_of(const struct nitrogen_row *row)
{
    return (double)row->litres / (double)MICRO_PER_UNIT;
}

static double boil_off_of(const struct nitrogen_row *row)
{
    return row->boil_off_sum / (double)row->boil_off_n;
}

/* ---------------------------------------------------------------- for people */

enum {
    COLUMN_PERIOD,
    COLUMN_VESSEL,
    COLUMN_FILLS,
    COLUMN_UNKNOWN,
    COLUMN_LITRES,
    COLUMN_COST,
    COLUMN_BOIL_OFF,
    COLUMN_COUNT
};

static void add_row(const struct ctl *ctl, struct table *t, const struct nitrogen_config *price,
                    const struct nitrogen_row *row, const char *period, const char *vessel)
{
    char text[64];
    double cost;
    const char *not_known =
        row->n_fills == 0 ? tr(ctl, "-- no fill seen", "-- 未见补液") : tr(ctl, "-- not known", "-- 未知");
    const bool partly = row->n_unknown > 0;
    table_row(t);
    table_cell(t, COLUMN_PERIOD, TABLE_PLAIN, period);
    table_cell(t, COLUMN_VESSEL, TABLE_PLAIN, vessel);
    snprintf(text, sizeof text, "%" PRIu64, row->n_fills);
    table_cell(t, COLUMN_FILLS, TABLE_PLAIN, text);
    snprintf(text, sizeof text, "%" PRIu64, row->n_unknown);
    if (partly)
        table_cell(t, COLUMN_UNKNOWN, TABLE_WARNING, text);
    /* With fills of which nothing is known, it is a lower bound. */
    snprintf(text, sizeof text, "%s%.1f L", partly ? ">= " : "", litres_of(row));
    table_cell(t, COLUMN_LITRES, partly ? TABLE_WARNING : TABLE_PLAIN, knows_litres(row) ? text : not_known);
    if (price->price_per_l > 0) {
        const bool known = cost_of(price, row, &cost);
        snprintf(text, sizeof text, "%s%.2f %s", partly ? ">= " : "", known ? cost : 0, price->currency);
        table_cell(t, COLUMN_COST, partly ? TABLE_WARNING : TABLE_PLAIN, known ? text : not_known);
    }
    if (row->boil_off_n > 0 && row->asset[0] != '\0') {
        snprintf(text, sizeof text, "%.2f L/d", boil_off_of(row));
        table_cell(t, COLUMN_BOIL_OFF, TABLE_PLAIN, text);
    } else if (row->asset[0] != '\0') {
        table_cell(t, COLUMN_BOIL_OFF, TABLE_PLAIN, tr(ctl, "-- not stored", "-- 无记录"));
    }
}

static void print_table(const struct ctl *ctl, const struct nitrogen *n, const struct nitrogen_config *price)
{
    const struct table_column columns[COLUMN_COUNT] = {
        [COLUMN_PERIOD] = {.title = tr(ctl, "PERIOD", "时段")},
        [COLUMN_VESSEL] = {.title = tr(ctl, "VESSEL", "罐")},
        [COLUMN_FILLS] = {.title = tr(ctl, "FILLS", "补液次数"), .right = true},
        [COLUMN_UNKNOWN] = {.title = tr(ctl, "NOT KNOWN", "用量未知"), .right = true},
        [COLUMN_LITRES] = {.title = tr(ctl, "FILLED IN", "补入量"), .right = true},
        [COLUMN_COST] = {.title = tr(ctl, "COST", "费用"), .right = true},
        [COLUMN_BOIL_OFF] = {.title = tr(ctl, "BOIL-OFF", "蒸发量"), .right = true},
    };
    const char *all = tr(ctl, "in all", "合计");
    struct table t;
    if (n->n == 0) {
        puts(tr(ctl, "no fill is in the record there", "该时段记录中没有补液"));
        return;
    }
    table_init(&t, columns, COLUMN_COUNT);
    for (size_t i = 0; i < n->n; i++)
        add_row(ctl, &t, price, &n->rows[i], n->rows[i].period, n->rows[i].asset);
    for (size_t i = 0; i < n->n_sums; i++)
        add_row(ctl, &t, price, &n->sums[i], all, n->sums[i].asset);
    if (n->n_sums > 1)
        add_row(ctl, &t, price, &n->total, all, tr(ctl, "all vessels", "全部"));
    table_print(&t, stdout, ctl->colour, ctl->columns, SIZE_MAX);
    table_free(&t);
    puts(tr(ctl,
            "Counted are the fills that the daemon has seen: what came while it did not watch is not in it.",
            "仅统计监控系统所见的补液：未监测期间的补液不在其中。"));
    if (n->total.n_unknown > 0)
        printf(tr(ctl,
                  "Fills whose litres are not known: %" PRIu64
                  " (no shape in the vessel's configuration, or a level that could not be read).\n",
                  "用量未知的补液：%" PRIu64 " 次（配置中没有罐的形状，或液位无法读取）。\n"),
               n->total.n_unknown);
    if (price->price_per_l <= 0)
        puts(tr(ctl, "No price is configured (nitrogen.price), so no cost is told.",
                "未配置价格（nitrogen.price），因此没有费用。"));
}

/* ---------------------------------------------------------------- for machines */

static json_t *rounded(double value, double steps)
{
    return json_real((double)(int64_t)(value * steps + (value < 0 ? -0.5 : 0.5)) / steps);
}

static json_t *row_json(const struct nitrogen_row *row, const struct nitrogen_config *price)
{
    double cost;
    json_t *o = json_object();
    if (row->period[0] != '\0')
        (void)json_object_set_new(o, "period", json_string(row->period));
    if (row->asset[0] != '\0')
        (void)json_object_set_new(o, "asset", json_string(row->asset));
    (void)json_object_set_new(o, "fills", json_integer((json_int_t)row->n_fills));
    (void)json_object_set_new(o, "fills_not_known", json_integer((json_int_t)row->n_unknown));
    (void)json_object_set_new(o, "litres", knows_litres(row) ? rounded(litres_of(row), 10) : json_null());
    (void)json_object_set_new(o, "cost", cost_of(price, row, &cost) ? rounded(cost, 100) : json_null());
    if (row->asset[0] != '\0')
        (void)json_object_set_new(o, "boil_off",
                                  row->boil_off_n > 0 ? rounded(boil_off_of(row), 100) : json_null());
    return o;
}

static void print_json(const struct nitrogen *n, const struct nitrogen_config *price, bool by_month,
                       int64_t from_us, int64_t to_us)
{
    char from[RFC3339_MAX], to[RFC3339_MAX];
    json_t *rows = json_array(), *sums = json_array();
    clock_print_utc(from, from_us);
    clock_print_utc(to, to_us);
    for (size_t i = 0; i < n->n; i++)
        json_array_append_new(rows, row_json(&n->rows[i], price));
    for (size_t i = 0; i < n->n_sums; i++)
        json_array_append_new(sums, row_json(&n->sums[i], price));
    json_t *o = json_pack("{s:s, s:s, s:s, s:s}", "cryomon", "nitrogen 1", "from", from, "to", to, "by",
                          by_month ? "month" : "day");
    (void)json_object_set_new(o, "price",
                              price->price_per_l > 0
                                  ? json_pack("{s:f, s:s}", "per_litre",
                                              (double)price->price_per_l / (double)MICRO_PER_UNIT, "currency",
                                              price->currency)
                                  : json_null());
    (void)json_object_set_new(o, "periods", rows);
    (void)json_object_set_new(o, "vessels", sums);
    (void)json_object_set_new(o, "total", row_json(&n->total, price));
    json_dumpf(o, stdout, CTL_JSON);
    putchar('\n');
    json_decref(o);
}

static void print_csv(const struct nitrogen *n, const struct nitrogen_config *price)
{
    static const char *const header[] = {"period", "asset", "fills",    "fills_not_known",
                                         "litres", "cost",  "currency", "boil_off"};
    output_csv(header, sizeof header / sizeof header[0]);
    for (size_t i = 0; i < n->n; i++) {
        const struct nitrogen_row *row = &n->rows[i];
        char fills[24], unknown[24], litres[32] = "", cost_text[32] = "", boil_off[32] = "";
        double cost;
        snprintf(fills, sizeof fills, "%" PRIu64, row->n_fills);
        snprintf(unknown, sizeof unknown, "%" PRIu64, row->n_unknown);
        if (knows_litres(row))
            snprintf(litres, sizeof litres, "%.1f", litres_of(row));
        const bool known = cost_of(price, row, &cost);
        if (known)
            snprintf(cost_text, sizeof cost_text, "%.2f", cost);
        if (row->boil_off_n > 0)
            snprintf(boil_off, sizeof boil_off, "%.2f", boil_off_of(row));
        const char *const fields[] = {
            row->period, row->asset, fills, unknown, litres, cost_text, known ? price->currency : "",
            boil_off};
        output_csv(fields, sizeof fields / sizeof fields[0]);
    }
}

/* ---------------------------------------------------------------- the verb */

/* False: complained. */
static bool period_of(const struct ctl *ctl, bool *ret_by_month)
{
    const char *by = ctl->by != NULL ? ctl->by : "day";
    *ret_by_month = strcmp(by, "month") == 0;
    if (*ret_by_month || strcmp(by, "day") == 0)
        return true;
    ctl_complain(tr(ctl, "--by is day or month, not \"%s\"", "--by 应为 day 或 month，而不是“%s”"), by);
    return false;
}

/* Was anything of the asset ever recorded? A misspelt name must not look like a tank that needs nothing. */
static int check_asset(const struct ctl *ctl, struct history_reader *reader, const char *asset)
{
    if (asset == NULL || history_has_point(reader, asset, NULL) > 0)
        return CTL_OK;
    return stored_no_point(ctl, reader, asset, NULL);
}

int verb_nitrogen(struct ctl *ctl, int argc, char **argv)
{
    struct history_reader *reader;
    struct nitrogen n;
    enum output_format format;
    int64_t from_us, to_us;
    bool by_month;
    const char *asset = argc > 0 ? argv[0] : NULL;
    if (!output_format(ctl, &format) || !period_of(ctl, &by_month) ||
        !when_range(ctl, by_month ? 366 * DAY_US : 30 * DAY_US, &from_us, &to_us))
        return CTL_USAGE;
    int result = stored_open(ctl, &reader);
    if (result != CTL_OK)
        return result;
    result = check_asset(ctl, reader, asset);
    if (result != CTL_OK) {
        history_close(reader);
        return result;
    }
    const int error = nitrogen_count(ctl, reader, asset, from_us, to_us, by_month, &n);
    const struct nitrogen_config price = price_of(ctl, reader);
    if (error < 0)
        result = stored_complain(ctl, error);
    else if (format == OUTPUT_JSON)
        print_json(&n, &price, by_month, from_us, to_us);
    else if (format == OUTPUT_CSV)
        print_csv(&n, &price);
    else
        print_table(ctl, &n, &price);
    stored_tell_damage(ctl, reader);
    nitrogen_free(&n);
    history_close(reader);
    return result;
}
