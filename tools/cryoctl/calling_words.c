#include "calling_words.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "client.h"
#include "when.h"

#define MS_US INT64_C(1000)

struct part {
    const struct ctl *ctl;
    char *text;
    size_t n, cap;
    bool is_full;
};

static void put(struct part *p, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* As a whole, or "..." and nothing any more. */
static void put(struct part *p, const char *format, ...)
{
    va_list arguments;
    const size_t room = p->cap - p->n;
    if (p->is_full || room < 8)
        return;
    va_start(arguments, format);
    const int n = vsnprintf(p->text + p->n, room - 4, format, arguments);
    va_end(arguments);
    p->is_full = n < 0 || (size_t)n >= room - 4;
    p->n += p->is_full ? (size_t)snprintf(p->text + p->n, room, "...") : (size_t)n;
}

static void put_ids(struct part *p, const json_t *ids, const char *before)
{
    size_t i;
    const json_t *id;
    json_array_foreach(ids, i, id)
    {
        put(p, "%s%s", i == 0 ? before : "+", json_string_value(id) != NULL ? json_string_value(id) : "?");
    }
}

/* "mon-fri 08:00-20:00 li.na" */
static void put_times(struct part *p, const json_t *list, bool *is_first)
{
    size_t i;
    const json_t *one;
    json_array_foreach(list, i, one)
    {
        const json_t *people = json_object_get(one, "people");
        put(p, "%s%s", *is_first ? tr(p->ctl, " ", "") : tr(p->ctl, ", ", "，"), client_text(one, "when"));
        *is_first = false;
        if (json_array_size(people) == 0)
            put(p, "%s", tr(p->ctl, " nobody", " 无人"));
        put_ids(p, people, " ");
    }
}

static void put_levels(struct part *p, const json_t *levels)
{
    size_t i;
    const json_t *level;
    json_array_foreach(levels, i, level)
    {
        const char *name = client_text(json_object_get(level, "name"), tr(p->ctl, "en", "zh"));
        const json_t *people = json_object_get(level, "people");
        bool is_first = json_array_size(people) == 0;
        put(p, tr(p->ctl, "%slevel %zu", "%s第 %zu 级"), i == 0 ? "" : tr(p->ctl, "; ", "；"), i + 1);
        if (name[0] != '\0')
            put(p, tr(p->ctl, " (%s)", "（%s）"), name);
        put(p, "%s", tr(p->ctl, ":", "："));
        put_ids(p, people, tr(p->ctl, " ", ""));
        if (json_is_integer(json_object_get(level, "n")))
            put(p, tr(p->ctl, " (%lld people in all)", "（共 %lld 人）"),
                (long long)json_integer_value(json_object_get(level, "n")));
        put_times(p, json_object_get(level, "shifts"), &is_first);
        put_times(p, json_object_get(level, "dates"), &is_first);
    }
}

static void put_people(struct part *p, const json_t *people, const json_t *channels)
{
    const char *id;
    const json_t *person, *name;
    size_t i;
    json_object_foreach((json_t *)people, id, person)
    {
        put(p, tr(p->ctl, "; %s by", "；%s 通过"), id);
        json_array_foreach(json_object_get(person, "channels"), i, name)
        {
            const char *channel = json_string_value(name) != NULL ? json_string_value(name) : "?";
            const char *kind = client_text(channels, channel);
            put(p, "%s%s", i == 0 ? " " : ", ", channel);
            if (kind[0] != '\0' && strcmp(kind, channel) != 0)
                put(p, " (%s)", kind);
        }
    }
}

static const char *span(struct part *p, char text[WHEN_MAX], const json_t *ms)
{
    if (!json_is_integer(ms))
        return tr(p->ctl, "never", "从不");
    return when_print_duration(p->ctl, text, (int64_t)json_integer_value(ms) * MS_US);
}

static void put_paces(struct part *p, const json_t *priorities)
{
    const char *priority;
    const json_t *pace;
    char a[WHEN_MAX], b[WHEN_MAX], c[WHEN_MAX], d[WHEN_MAX];
    json_object_foreach((json_t *)priorities, priority, pace)
    {
        const json_t *levels = json_object_get(pace, "levels_ms");
        put(p,
            tr(p->ctl, "; %s: next level after %s, then %s, again every %s, unresolved after %s",
               "；%s：%s 后升级，再 %s 后升级，每 %s 重复，%s 未解决再次通知"),
            priority, span(p, a, json_array_get(levels, 0)), span(p, b, json_array_get(levels, 1)),
            span(p, c, json_object_get(pace, "repeat_ms")),
            span(p, d, json_object_get(pace, "unresolved_ms")));
    }
}

void calling_words(const struct ctl *ctl, const json_t *calling, char *text, size_t cap)
{
    struct part p = {.ctl = ctl, .text = text, .cap = cap};
    const json_t *left_out = json_object_get(calling, "left_out");
    text[0] = '\0';
    put_levels(&p, json_object_get(calling, "levels"));
    if (json_array_size(left_out) > 0) {
        put(&p, "%s", tr(ctl, "; there was no room for: ", "；因篇幅未记录："));
        put_ids(&p, left_out, "");
    }
    put_people(&p, json_object_get(calling, "people"), json_object_get(calling, "channels"));
    put_paces(&p, json_object_get(calling, "priorities"));
}
