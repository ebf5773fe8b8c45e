#include <errno.h>
#include <string.h>

#include "cryoctl.h"
#include "output.h"
#include "places.h"
#include "reader.h"
#include "stored.h"
#include "when.h"
#include "width.h"
#include "words.h"

struct output {
    const struct ctl *ctl;
    enum output_format format;
    bool begun;
};

/* ---------------------------------------------------------------- a reading as texts */

struct texts {
    char time[RFC3339_MAX], slot[RFC3339_MAX], value[MICRO_TEXT_MAX], raw[16];
    bool bad;
};

static void make_texts(const struct history_row *row, struct texts *ret)
{
    const struct reading *r = &row->reading;
    *ret = (struct texts){.bad = r->quality == QUALITY_BAD};
    clock_print_utc(ret->time, row->taken_utc_us);
    clock_print_utc(ret->slot, row->slot_utc_us);
    if (!ret->bad)
        micro_print(ret->value, sizeof ret->value, r->value, row->decimals);
    if (!reason_is_no_data(r->reason)) /* with no data there are no registers to show */
        snprintf(ret->raw, sizeof ret->raw, "0x%04x", (unsigned)r->raw);
}

static void print_csv(const struct history_row *row, const struct texts *t)
{
    const struct reading *r = &row->reading;
    const char *const fields[8] = {t->time,
                                   row->asset,
                                   row->point,
                                   t->value,
                                   row->unit,
                                   quality_name(r->quality),
                                   r->reason != REASON_NONE ? reason_name(r->reason) : "",
                                   t->raw};
    output_csv(fields, 8);
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
        json_text_micro(&j, "value", r->value, row->decimals);
    json_text_string(&j, "unit", row->unit);
    json_text_string(&j, "quality", quality_name(r->quality));
    if (r->reason != REASON_NONE)
        json_text_string(&j, "reason", reason_name(r->reason));
    if (t->raw[0] != '\0')
        json_text_string(&j, "raw", t->raw);
    json_text_end(&j);
    if (json_text_finish(&j) > 0)
        puts(text);
}

/* Rows are printed as they come, so the widths are fixed; a text that is wider moves its line only. */
static void print_line(const char *const texts[6])
{
    static const struct {
        unsigned width;
        bool right;
    } columns[6] = {{29, false}, {10, true}, {5, false}, {9, false}, {10, false}, {0, false}};
    unsigned blanks = 0; /* owed before the next text: none are left at the end of a line */
    for (size_t i = 0; i < 6; i++) {
        unsigned width = width_text(texts[i]), pad = width < columns[i].width ? columns[i].width - width : 0;
        if (columns[i].right)
            blanks += pad;
        if (width > 0) {
            printf("%*s%s", (int)blanks, "", texts[i]);
            blanks = 0;
        }
        blanks += 2 + (columns[i].right ? 0 : pad);
    }
    putchar('\n');
}

static void print_row(const struct ctl *ctl, const struct history_row *row, const struct texts *t)
{
    char time[WHEN_MAX];
    const struct reading *r = &row->reading;
    const char *const texts[6] = {when_print(ctl, time, row->taken_utc_us, true),
                                  t->bad ? "--" : t->value,
                                  row->unit,
                                  words_quality(ctl, quality_name(r->quality)),
                                  t->raw,
                                  r->reason != REASON_NONE ? words_reason(ctl, reason_name(r->reason)) : ""};
    print_line(texts);
}

static void begin(struct output *out)
{
    static const char *const header[8] = {"time", "asset",   "point",  "value",
                                          "unit", "quality", "reason", "raw"};
    const struct ctl *ctl = out->ctl;
    const char *const titles[6] = {tr(ctl, "TIME", "时间"),  tr(ctl, "VALUE", "数值"),
                                   tr(ctl, "UNIT", "单位"),  tr(ctl, "QUALITY", "质量"),
                                   tr(ctl, "RAW", "原始值"), tr(ctl, "REASON", "原因")};
    if (out->format == OUTPUT_CSV)
        output_csv(header, 8);
    else if (out->format == OUTPUT_TABLE)
        print_line(titles);
    out->begun = true;
}

static bool print_reading(void *context, const struct history_row *row)
{
    struct output *out = context;
    struct texts texts;
    if (!out->begun)
        begin(out);
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
                           const char *point)
{
    const struct ctl *ctl = out->ctl;
    bool known = history_has_point(reader, asset, point) > 0;
    if (known && out->format == OUTPUT_CSV)
        begin(out); /* a file with a header and no records is what the question deserves */
    if (known)
        ctl_complain(tr(ctl, "no readings of %s/%s in that range", "该时段内没有 %s/%s 的读数"), asset,
                     point);
    else if (history_has_point(reader, asset, NULL) > 0)
        ctl_complain(tr(ctl, "no such point: asset \"%s\" has no point \"%s\" in the history",
                        "没有该测点：历史记录中设备“%s”没有测点“%s”"),
                     asset, point);
    else
        ctl_complain(
            tr(ctl, "no such point: the history has no asset \"%s\"", "没有该测点：历史记录中没有设备“%s”"),
            asset);
    return CTL_NEGATIVE;
}

int verb_history(struct ctl *ctl, int argc, char **argv)
{
    (void)argc;
    struct output out = {.ctl = ctl};
    struct history_reader *reader;
    int64_t from_us, to_us;
    if (!output_format(ctl, &out.format) || !when_range(ctl, INT64_C(3600) * SECOND_US, &from_us, &to_us))
        return CTL_USAGE;
    int result = stored_open(ctl, &reader);
    if (result != CTL_OK)
        return result;
    int64_t n = history_each(reader, argv[0], argv[1], from_us, to_us, print_reading, &out);
    if (n < 0)
        result = stored_complain(ctl, (int)n);
    else if (n == 0)
        result = explain_nothing(&out, reader, argv[0], argv[1]);
    history_close(reader);
    return result;
}
