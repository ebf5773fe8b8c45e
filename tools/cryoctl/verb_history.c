#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "cryoctl.h"
#include "output.h"
#include "places.h"
#include "reader.h"
#include "spans.h"
#include "stored.h"
#include "when.h"
#include "words.h"

#define COLUMNS     8
#define CSV_COLUMNS 11

struct output {
    const struct ctl *ctl;
    enum output_format format;
    bool begun;
    struct progress progress;
};

/* ---------------------------------------------------------------- a reading as texts */

struct texts {
    char time[RFC3339_MAX], slot[RFC3339_MAX], value[MICRO_TEXT_MAX], as_read[MICRO_TEXT_MAX], raw[16];
    char calibration[24];
    const char *certificate;
    bool bad;
};

static void make_texts(const struct history_row *row, struct texts *ret)
{
    const struct reading *r = &row->reading;
    *ret = (struct texts){.bad = r->quality == QUALITY_BAD, .certificate = ""};
    clock_print_utc(ret->time, row->taken_utc_us);
    clock_print_utc(ret->slot, row->slot_utc_us);
    if (!ret->bad)
        micro_print(ret->value, sizeof ret->value, row->calibrated, row->decimals);
    if (!ret->bad && row->calibration != 0) /* without one the value is what was read */
        micro_print(ret->as_read, sizeof ret->as_read, r->value, row->decimals);
    if (!reason_is_no_data(r->reason)) /* with no data there are no registers to show */
        snprintf(ret->raw, sizeof ret->raw, "0x%04x", (unsigned)r->raw);
    if (row->calibration != 0)
        snprintf(ret->calibration, sizeof ret->calibration, "%" PRId64, row->calibration);
    if (row->calibration != 0 && row->certificate != NULL)
        ret->certificate = row->certificate;
}

static void print_csv(const struct history_row *row, const struct texts *t)
{
    const struct reading *r = &row->reading;
    const char *const fields[CSV_COLUMNS] = {t->time,
                                             row->asset,
                                             row->point,
                                             t->value,
                                             row->unit,
                                             quality_name(r->quality),
                                             r->reason != REASON_NONE ? reason_name(r->reason) : "",
                                             t->raw,
                                             t->as_read,
                                             t->calibration,
                                             t->certificate};
    output_csv(fields, CSV_COLUMNS);
}

static void print_json(const struct history_row *row, const struct texts *t)
{
    const struct reading *r = &row->reading;
    char text[2048];
    struct json_text j;
    json_text_begin(&j, text, sizeof text);
    json_text_object(&j, NULL);
    json_text_string(&j, "time", t->time);
    json_text_string(&j, "slot", t->slot);
    json_text_string(&j, "asset", row->asset);
    json_text_string(&j, "point", row->point);
    if (t->bad)
        json_text_null(&j, "value");
    else
        json_text_micro(&j, "value", row->calibrated, row->decimals);
    json_text_string(&j, "unit", row->unit);
    json_text_string(&j, "quality", quality_name(r->quality));
    if (r->reason != REASON_NONE)
        json_text_string(&j, "reason", reason_name(r->reason));
    if (t->raw[0] != '\0')
        json_text_string(&j, "raw", t->raw);
    if (row->calibration != 0) {
        if (!t->bad)
            json_text_micro(&j, "as_read", r->value, row->decimals);
        json_text_integer(&j, "calibration", row->calibration);
        json_text_string(&j, "certificate", t->certificate);
    }
    json_text_end(&j);
    if (json_text_finish(&j) > 0)
        puts(text);
}

static const struct output_column columns[COLUMNS] = {{29, false}, {10, true},  {5, false}, {9, false},
                                                      {16, false}, {10, false}, {9, true},  {0, false}};

static void print_row(const struct ctl *ctl, const struct history_row *row, const struct texts *t)
{
    char time[WHEN_MAX], calibration[32];
    const struct reading *r = &row->reading;
    snprintf(calibration, sizeof calibration, "#%s", t->calibration);
    const char *const texts[COLUMNS] = {when_print(ctl, time, row->taken_utc_us, true),
                                        t->bad ? "--" : t->value,
                                        row->unit,
                                        words_quality(ctl, quality_name(r->quality)),
                                        r->reason != REASON_NONE ? words_reason(ctl, reason_name(r->reason))
                                                                 : "",
                                        t->raw,
                                        row->calibration != 0 ? t->as_read : "",
                                        row->calibration == 0       ? ""
                                        : t->certificate[0] != '\0' ? t->certificate
                                                                    : calibration};
    output_line(columns, texts, COLUMNS);
}

static void begin(struct output *out)
{
    static const char *const header[CSV_COLUMNS] = {"time",    "asset",       "point",      "value",
                                                    "unit",    "quality",     "reason",     "raw",
                                                    "as_read", "calibration", "certificate"};
    const struct ctl *ctl = out->ctl;
    const char *const titles[COLUMNS] = {tr(ctl, "TIME", "时间"),      tr(ctl, "VALUE", "数值"),
                                         tr(ctl, "UNIT", "单位"),      tr(ctl, "QUALITY", "质量"),
                                         tr(ctl, "REASON", "原因"),    tr(ctl, "RAW", "原始值"),
                                         tr(ctl, "AS READ", "校准前"), tr(ctl, "CALIBRATION", "校准")};
    if (out->format == OUTPUT_CSV)
        output_csv(header, CSV_COLUMNS);
    else if (out->format == OUTPUT_TABLE)
        output_line(columns, titles, COLUMNS);
    out->begun = true;
}

static bool print_reading(void *context, const struct history_row *row)
{
    struct output *out = context;
    struct texts texts;
    if (!out->begun)
        begin(out);
    progress_at(&out->progress, row->taken_utc_us);
    make_texts(row, &texts);
    if (out->format == OUTPUT_CSV)
        print_csv(row, &texts);
    else if (out->format == OUTPUT_JSON)
        print_json(row, &texts);
    else
        print_row(out->ctl, row, &texts);
    return !ferror(stdout);
}

/* ---------------------------------------------------------------- the verb */

static int explain_nothing(struct output *out, struct history_reader *reader, const char *asset,
                           const char *point, bool spans)
{
    const struct ctl *ctl = out->ctl;
    bool known = history_has_point(reader, asset, point) > 0;
    if (known && out->format == OUTPUT_CSV && spans)
        spans_csv_header();
    else if (known && out->format == OUTPUT_CSV)
        begin(out); /* a file with a header and no records is what the question deserves */
    if (known)
        ctl_complain(tr(ctl, "no readings of %s/%s in that range", "该时段内没有 %s/%s 的读数"), asset,
                     point);
    else
        return stored_no_point(ctl, reader, asset, point);
    return CTL_NEGATIVE;
}

static bool choose_resolution(const struct ctl *ctl, bool *ret_days, bool *ret_spans)
{
    const char *text = ctl->resolution != NULL ? ctl->resolution : "raw";
    *ret_days = strcmp(text, "day") == 0;
    *ret_spans = *ret_days || strcmp(text, "hour") == 0;
    if (*ret_spans || strcmp(text, "raw") == 0)
        return true;
    ctl_complain(tr(ctl, "--resolution is raw, hour or day, not \"%s\"",
                    "--resolution 应为 raw、hour 或 day，而不是“%s”"),
                 text);
    return false;
}

int verb_history(struct ctl *ctl, int argc, char **argv)
{
    (void)argc;
    struct output out = {.ctl = ctl};
    struct history_reader *reader;
    int64_t from_us, to_us, n;
    bool days, spans;
    if (!output_format(ctl, &out.format) || !choose_resolution(ctl, &days, &spans) ||
        !when_range(ctl,
                    (days    ? INT64_C(30 * 86400)
                     : spans ? INT64_C(86400)
                             : INT64_C(3600)) *
                        SECOND_US,
                    &from_us, &to_us))
        return CTL_USAGE;
    int result = stored_open(ctl, &reader);
    if (result != CTL_OK)
        return result;
    progress_begin(&out.progress, ctl, from_us, to_us, true);
    if (spans)
        n = spans_print(ctl, reader, out.format, days, argv[0], argv[1], from_us, to_us);
    else
        n = history_each(reader, argv[0], argv[1], from_us, to_us, print_reading, &out);
    progress_end(&out.progress);
    if (n < 0)
        result = stored_complain(ctl, (int)n);
    else if (n == 0)
        result = explain_nothing(&out, reader, argv[0], argv[1], spans);
    stored_tell_damage(ctl, reader);
    history_close(reader);
    return result;
}
