/* report_words.c - times, numbers and names, in the language of the report. */
#include <math.h>
#include <string.h>

#include "facts_internal.h"
#include "report_internal.h"
#include "when.h"
#include "words.h"

double report_number(const json_t *object, const char *key)
{
    return json_number_value(json_object_get(object, key));
}

const char *report_time(const struct report *r, char text[REPORT_TEXT_MAX], const char *rfc3339)
{
    char time[WHEN_MAX];
    snprintf(text, REPORT_TEXT_MAX, "%s", when_print_text(r->ctl, time, rfc3339));
    if (!r->zones && strlen(text) > 19)
        text[19] = '\0'; /* the zone is told once, at the top */
    return text;
}

const char *report_time_of(const struct report *r, char text[REPORT_TEXT_MAX], const json_t *object,
                           const char *key)
{
    return report_time(r, text, facts_text_of(object, key));
}

const char *report_duration(const struct report *r, char text[REPORT_TEXT_MAX], double seconds)
{
    long long s = llround(seconds < 0 ? 0 : seconds);
    if (s < 60)
        snprintf(text, REPORT_TEXT_MAX, tr(r->ctl, "%lld s", "%lld 秒"), s);
    else if (s < 3600)
        snprintf(text, REPORT_TEXT_MAX, tr(r->ctl, "%lld min %02lld s", "%lld 分 %02lld 秒"), s / 60, s % 60);
    else if (s < 86400)
        snprintf(text, REPORT_TEXT_MAX, tr(r->ctl, "%lld h %02lld min", "%lld 小时 %02lld 分"), s / 3600,
                 s / 60 % 60);
    else
        snprintf(text, REPORT_TEXT_MAX, tr(r->ctl, "%lld d %02lld h", "%lld 天 %02lld 小时"), s / 86400,
                 s / 3600 % 24);
    return text;
}

const char *report_minutes(char text[REPORT_TEXT_MAX], double seconds)
{
    snprintf(text, REPORT_TEXT_MAX, "%.1f", seconds / 60);
    return text;
}

const char *report_value(char text[REPORT_TEXT_MAX], const json_t *number, unsigned decimals)
{
    text[0] = '\0';
    if (json_is_number(number))
        snprintf(text, REPORT_TEXT_MAX, "%.*f", (int)decimals, json_number_value(number));
    return text;
}

struct word {
    const char *name, *en, *zh;
};

static const char *find(const struct report *r, const struct word *words, size_t n, const char *name)
{
    for (size_t i = 0; i < n; i++)
        if (strcmp(words[i].name, name) == 0)
            return tr(r->ctl, words[i].en, words[i].zh);
    return NULL;
}

const char *report_kind(const struct report *r, const char *kind)
{
    static const struct word words[] = {{"tank", "tank", "液氮罐"},
                                        {"freezer", "freezer", "程序降温仪"},
                                        {"room", "room", "房间"},
                                        {"utility", "utility", "公用设施"},
                                        {"system", "system", "系统"}};
    const char *own = find(r, words, sizeof words / sizeof words[0], kind);
    return own != NULL ? own : kind;
}

const char *report_bilingual(const struct report *r, const json_t *object, const char *key)
{
    const json_t *both = json_object_get(object, key);
    const char *text = facts_text_of(both, tr(r->ctl, "en", "zh"));
    return text[0] != '\0' ? text : facts_text_of(both, tr(r->ctl, "zh", "en"));
}

bool report_is_derived(const json_t *point)
{
    return json_is_true(json_object_get(point, "derived"));
}

const json_t *report_point(const struct report *r, const char *id)
{
    size_t i;
    const json_t *point;
    json_array_foreach(json_object_get(r->facts, "points"), i, point)
    {
        if (strcmp(facts_text_of(point, "point"), id) == 0)
            return point;
    }
    return NULL;
}

unsigned report_decimals(const json_t *point)
{
    json_int_t n = json_integer_value(json_object_get(point, "decimals"));
    return n > 0 && n <= DECIMALS_MAX ? (unsigned)n : 0;
}

void report_add(char *text, size_t cap, const char *more)
{
    size_t used = strlen(text), len = strlen(more);
    if (len >= cap - used) {
        len = cap - used - 1;
        while (len > 0 && ((unsigned char)more[len] & 0xC0) == 0x80)
            len--;
    }
    memcpy(text + used, more, len);
    text[used + len] = '\0';
}

bool report_limits_known(const struct report *r)
{
    const json_t *points = json_object_get(r->facts, "points"), *point, *period;
    int64_t from_us = facts_time_of(json_object_get(r->facts, "range"), "from");
    size_t i, k;
    json_array_foreach(points, i, point)
    {
        const json_t *periods = json_object_get(point, "limits");
        if (json_array_size(periods) == 0 || facts_time_of(json_array_get(periods, 0), "from") > from_us)
            return false;
        json_array_foreach(periods, k, period)
        {
            if (!json_is_true(json_object_get(period, "known")))
                return false;
        }
    }
    return true;
}

void report_pair_in(struct report *r, const char *key, const char *value, enum sheet_style style)
{
    struct sheet *s = r->s;
    const double room = 112;
    const enum sheet_style bold = r->brief ? SHEET_CELL_BOLD : SHEET_BOLD;
    if (r->brief)
        style = style == SHEET_BODY      ? SHEET_CELL
                : style == SHEET_BOLD    ? SHEET_CELL_BOLD
                : style == SHEET_WARNING ? SHEET_CELL_WARNING
                                         : style;
    PangoLayout *left = sheet_layout(s, bold, key, room - 6, SHEET_START);
    PangoLayout *right = sheet_layout(s, style, value, SHEET_RIGHT - SHEET_LEFT - room, SHEET_START);
    double height = fmax(sheet_height_of(left), sheet_height_of(right));
    sheet_need(s, height);
    sheet_draw(s, left, bold, SHEET_LEFT, s->y);
    sheet_draw(s, right, style, SHEET_LEFT + room, s->y + (style == SHEET_MONO ? (r->brief ? 1.2 : 2.4) : 0));
    g_object_unref(left);
    g_object_unref(right);
    s->y += height + (r->brief ? 0.5 : 2);
}

void report_pair(struct report *r, const char *key, const char *value, bool mono)
{
    report_pair_in(r, key, value, mono ? SHEET_MONO : SHEET_BODY);
}
