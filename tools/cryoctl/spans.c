#include "spans.h"

#include <inttypes.h>
#include <string.h>

#include "json_text.h"
#include "when.h"
#include "words.h"

#define COLUMNS     10
#define CSV_COLUMNS (13 + 2 * SUMMARY_THRESHOLDS_MAX)

struct output {
    const struct ctl *ctl;
    enum output_format format;
    bool begun;
};

/* ---------------------------------------------------------------- numbers */

static micro_t step_of(unsigned decimals)
{
    micro_t step = MICRO_PER_UNIT;
    for (unsigned i = 0; i < decimals && i < DECIMALS_MAX; i++)
        step /= 10;
    return step;
}

static micro_t value_of(const struct history_span *span, int64_t number)
{
    micro_t value;
    if (!__builtin_mul_overflow(number, step_of(span->decimals), &value))
        return value;
    return number < 0 ? -MICRO_MAX : MICRO_MAX;
}

/* One decimal more than the readings have. */
static unsigned mean_decimals(const struct history_span *span)
{
    return span->decimals < DECIMALS_MAX ? span->decimals + 1 : DECIMALS_MAX;
}

static micro_t mean_of(const struct history_span *span)
{
    __extension__ typedef __int128 wide;
    wide sum = (wide)span->summary.sum * step_of(span->decimals);
    return (micro_t)(sum / (wide)span->summary.values);
}

static micro_t minutes(uint64_t ms)
{
    return (micro_t)(ms * 1000 / 60);
}

/* ---------------------------------------------------------------- JSON and CSV */

static void json_value(struct json_text *j, const char *key, const struct history_span *span, int64_t number)
{
    if (span->summary.values > 0)
        json_text_micro(j, key, value_of(span, number), span->decimals);
    else
        json_text_null(j, key);
}

static void print_json(const struct history_span *span)
{
    const struct summary *s = &span->summary;
    char text[2048];
    struct json_text j;
    json_text_begin(&j, text, sizeof text);
    json_text_object(&j, NULL);
    json_text_time(&j, "time", s->hour_ms * 1000);
    json_text_string(&j, "asset", span->asset);
    json_text_string(&j, "point", span->point);
    json_text_string(&j, "unit", span->unit);
    json_text_integer(&j, "count", (int64_t)s->count);
    json_text_integer(&j, "values", (int64_t)s->values);
    json_value(&j, "minimum", span, s->minimum);
    if (s->values > 0)
        json_text_micro(&j, "mean", mean_of(span), mean_decimals(span));
    else
        json_text_null(&j, "mean");
    json_value(&j, "maximum", span, s->maximum);
    json_value(&j, "first", span, s->first);
    json_value(&j, "last", span, s->last);
    json_text_string(&j, "worst", quality_name((enum quality)s->worst));
    json_text_micro(&j, "known_minutes", minutes(s->known_ms), 3);
    json_text_array(&j, "above");
    for (unsigned i = 0; i < span->thresholds.n; i++) {
        json_text_object(&j, NULL);
        json_text_micro(&j, "level", value_of(span, span->thresholds.numbers[i]), span->decimals);
        json_text_micro(&j, "minutes", minutes(s->above_ms[i]), 3);
        json_text_end(&j);
    }
    json_text_end(&j);
    json_text_end(&j);
    if (json_text_finish(&j) > 0)
        puts(text);
}

void spans_csv_header(void)
{
    static const char *const header[CSV_COLUMNS] = {
        "time",    "asset",   "point",   "unit",    "count",   "values",        "minimum",
        "mean",    "maximum", "first",   "last",    "worst",   "known_minutes", "level_1",
        "above_1", "level_2", "above_2", "level_3", "above_3", "level_4",       "above_4"};
    output_csv(header, CSV_COLUMNS);
}

static void print_csv(const struct history_span *span)
{
    const struct summary *s = &span->summary;
    const int64_t values[] = {s->minimum, 0, s->maximum, s->first, s->last};
    char time[RFC3339_MAX], texts[CSV_COLUMNS][MICRO_TEXT_MAX] = {{0}};
    const char *fields[CSV_COLUMNS];
    for (unsigned i = 0; i < CSV_COLUMNS; i++)
        fields[i] = texts[i];
    clock_print_utc(time, s->hour_ms * 1000);
    fields[0] = time;
    fields[1] = span->asset;
    fields[2] = span->point;
    fields[3] = span->unit;
    snprintf(texts[4], MICRO_TEXT_MAX, "%" PRIu64, s->count);
    snprintf(texts[5], MICRO_TEXT_MAX, "%" PRIu64, s->values);
    for (unsigned i = 0; i < 5 && s->values > 0; i++)
        micro_print(texts[6 + i], MICRO_TEXT_MAX, i == 1 ? mean_of(span) : value_of(span, values[i]),
                    i == 1 ? mean_decimals(span) : span->decimals);
    fields[11] = quality_name((enum quality)s->worst);
    micro_print(texts[12], MICRO_TEXT_MAX, minutes(s->known_ms), 3);
    for (unsigned i = 0; i < span->thresholds.n && i < SUMMARY_THRESHOLDS_MAX; i++) {
        micro_print(texts[13 + 2 * i], MICRO_TEXT_MAX, value_of(span, span->thresholds.numbers[i]),
                    span->decimals);
        micro_print(texts[14 + 2 * i], MICRO_TEXT_MAX, minutes(s->above_ms[i]), 3);
    }
    output_csv(fields, CSV_COLUMNS);
}

/* ---------------------------------------------------------------- the table */

static const struct output_column columns[COLUMNS] = {{25, false}, {7, true}, {9, true}, {10, true},
                                                      {9, true},   {9, true}, {9, true}, {9, false},
                                                      {9, true},   {0, false}};

/* "12.5 > -150.0, 2.0 > -135.0": only where it was above. */
static const char *print_above(const struct history_span *span, char *text, size_t cap)
{
    size_t n = 0;
    text[0] = '\0';
    for (unsigned i = 0; i < span->thresholds.n && span->summary.above_ms[i] > 0 && n < cap; i++) {
        char level[MICRO_TEXT_MAX], time[MICRO_TEXT_MAX];
        micro_print(level, sizeof level, value_of(span, span->thresholds.numbers[i]), span->decimals);
        micro_print(time, sizeof time, minutes(span->summary.above_ms[i]), 1);
        n += (size_t)snprintf(text + n, cap - n, "%s%s > %s", i > 0 ? ", " : "", time, level);
    }
    return text;
}

static void print_row(const struct ctl *ctl, const struct history_span *span)
{
    const struct summary *s = &span->summary;
    const int64_t values[] = {s->minimum, 0, s->maximum, s->first, s->last};
    char time[WHEN_MAX], count[24], known[MICRO_TEXT_MAX], above[256], numbers[5][MICRO_TEXT_MAX];
    for (unsigned i = 0; i < 5; i++) {
        if (s->values == 0)
            snprintf(numbers[i], MICRO_TEXT_MAX, "--");
        else
            micro_print(numbers[i], MICRO_TEXT_MAX, i == 1 ? mean_of(span) : value_of(span, values[i]),
                        i == 1 ? mean_decimals(span) : span->decimals);
    }
    snprintf(count, sizeof count, "%" PRIu64, s->count);
    micro_print(known, sizeof known, minutes(s->known_ms), 1);
    const char *const texts[COLUMNS] = {when_print(ctl, time, s->hour_ms * 1000, false),
                                        count,
                                        numbers[0],
                                        numbers[1],
                                        numbers[2],
                                        numbers[3],
                                        numbers[4],
                                        words_quality(ctl, quality_name((enum quality)s->worst)),
                                        known,
                                        print_above(span, above, sizeof above)};
    output_line(columns, texts, COLUMNS);
}

static void begin(struct output *out, const struct history_span *span)
{
    const struct ctl *ctl = out->ctl;
    char above[64];
    snprintf(above, sizeof above, tr(ctl, "MINUTES ABOVE (%s)", "高于阈值的分钟数（%s）"), span->unit);
    const char *const titles[COLUMNS] = {
        tr(ctl, "TIME", "时间"),          tr(ctl, "COUNT", "次数"),
        tr(ctl, "MIN", "最小"),           tr(ctl, "MEAN", "平均"),
        tr(ctl, "MAX", "最大"),           tr(ctl, "FIRST", "首值"),
        tr(ctl, "LAST", "末值"),          tr(ctl, "WORST", "最差质量"),
        tr(ctl, "KNOWN min", "已知(分)"), span->thresholds.n > 0 ? above : ""};
    if (out->format == OUTPUT_CSV)
        spans_csv_header();
    else if (out->format == OUTPUT_TABLE)
        output_line(columns, titles, COLUMNS);
    out->begun = true;
}

static bool print_span(void *context, const struct history_span *span)
{
    struct output *out = context;
    if (!out->begun)
        begin(out, span);
    if (out->format == OUTPUT_CSV)
        print_csv(span);
    else if (out->format == OUTPUT_JSON)
        print_json(span);
    else
        print_row(out->ctl, span);
    return !ferror(stdout);
}

int64_t spans_print(const struct ctl *ctl, struct history_reader *reader, enum output_format format,
                    bool days, const char *asset, const char *point, int64_t from_us, int64_t to_us)
{
    struct output out = {.ctl = ctl, .format = format};
    return days ? history_days(reader, asset, point, from_us, to_us, print_span, &out)
                : history_hours(reader, asset, point, from_us, to_us, print_span, &out);
}
