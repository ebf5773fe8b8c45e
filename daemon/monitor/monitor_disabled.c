/* monitor_disabled.c - all that is kept quiet, in one list: for status, and retained on the broker. */
#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "json_text.h"
#include "monitor_internal.h"

#define LISTED_MAX 200 /* on the broker; the number tells of the rest */
#define HEAD_MAX   256

static void note_members(struct json_text *j, const struct hold_note *note)
{
    if (note->by[0] != '\0')
        json_text_string(j, "by", note->by);
    if (note->order[0] != '\0')
        json_text_string(j, "order", note->order);
    if (note->note[0] != '\0')
        json_text_string(j, "note", note->note);
    if (note->since_utc_us != 0)
        json_text_time(j, "since", note->since_utc_us);
}

/* A note of many quotation marks does not fit: then it is left out, and the rest is said. */
static void alarm_text(const struct monitor *m, uint16_t alarm, enum hold hold, const struct alarm_view *view,
                       char text[DEVICE_BODY_MAX])
{
    static const struct hold_note plant = {0};
    const struct alarm_record *record = &m->alarms[alarm];
    const struct alarm_config *a = &m->config->alarms[alarm];
    struct hold_note note = hold == HOLD_SHELVED          ? record->shelf
                            : hold == HOLD_OUT_OF_SERVICE ? record->service
                                                          : plant;
    bool mark = hold == HOLD_OUT_OF_SERVICE && m->config->alarm_models[alarm].protected;
    for (int i = 0; i < 2; i++) {
        struct json_text j;
        json_text_begin(&j, text, DEVICE_BODY_MAX);
        json_text_object(&j, NULL);
        json_text_string(&j, "what",
                         mark                      ? "maintenance"
                         : hold == HOLD_SHELVED    ? "shelved"
                         : hold == HOLD_SUPPRESSED ? "suppressed"
                                                   : "out-of-service");
        json_text_string(&j, "asset", m->config->assets[a->asset].id);
        json_text_string(&j, "alarm", a->id);
        note_members(&j, &note);
        if (view->until_utc_us[hold] != 0)
            json_text_time(&j, "until", view->until_utc_us[hold]);
        if (hold == HOLD_SHELVED && view->one_shot)
            json_text_bool(&j, "one_shot", true);
        json_text_integer(&j, "count", view->n_holds[hold]);
        json_text_end(&j);
        if (json_text_finish(&j) >= 0)
            return;
        note.note[0] = '\0';
    }
}

/* By BOOTTIME, where the wall clock was set back since then. */
static int64_t shown_end(const struct bypass_record *record)
{
    const struct stamp now = clock_now();
    const int64_t until_utc_us = record->bypass.until_utc_us;
    if (record->until_boot_us == INT64_MAX)
        return until_utc_us;
    const int64_t by_boot_us = now.utc_us + (record->until_boot_us - now.boot_us);
    return by_boot_us < until_utc_us - SECOND_US ? by_boot_us : until_utc_us;
}

static void device_text(const struct bypass_record *record, char text[DEVICE_BODY_MAX])
{
    struct hold_note note = record->bypass.note;
    for (int i = 0; i < 2; i++) {
        struct json_text j;
        json_text_begin(&j, text, DEVICE_BODY_MAX);
        json_text_object(&j, NULL);
        json_text_string(&j, "what", "bypassed");
        json_text_string(&j, "device", record->device);
        note_members(&j, &note);
        json_text_time(&j, "until", shown_end(record));
        json_text_integer(&j, "count", record->bypass.count);
        json_text_end(&j);
        if (json_text_finish(&j) >= 0)
            return;
        note.note[0] = '\0';
    }
}

static void off_text(const struct notify_off *off, char text[DEVICE_BODY_MAX])
{
    const char *why = off->why;
    for (int i = 0; i < 2; i++) {
        struct json_text j;
        json_text_begin(&j, text, DEVICE_BODY_MAX);
        json_text_object(&j, NULL);
        json_text_string(&j, "what", "notifications-off");
        json_text_string(&j, "detail", off->what);
        json_text_string(&j, "by", off->by);
        if (why[0] != '\0')
            json_text_string(&j, "note", why);
        if (off->from_utc_us != 0)
            json_text_time(&j, "since", off->from_utc_us);
        if (off->until_utc_us != 0)
            json_text_time(&j, "until", off->until_utc_us);
        if (off->count > 0)
            json_text_integer(&j, "count", off->count);
        json_text_end(&j);
        if (json_text_finish(&j) >= 0)
            return;
        why = "";
    }
}

/* Calls take for each of them, until it says that it has enough. Gives how many there were until then. */
typedef bool take_fn(void *context, const char *text);

static unsigned each(const struct monitor *m, take_fn *take, void *context)
{
    char text[DEVICE_BODY_MAX];
    const struct notify_report *report = m->config->notify.expected ? m->notify.report : NULL;
    unsigned n = 0;
    for (unsigned i = 0; report != NULL && i < report->n_offs; i++) {
        off_text(&report->offs[i], text);
        n++;
        if (!take(context, text))
            return n;
    }
    for (unsigned i = 0; i < m->n_bypasses; i++) {
        if (m->bypasses[i].bypass.until_utc_us == 0)
            continue;
        device_text(&m->bypasses[i], text);
        n++;
        if (!take(context, text))
            return n;
    }
    for (uint16_t i = 0; i < m->config->n_alarms; i++) {
        const struct alarm_view view = engine_hold(m->engine, i);
        for (unsigned hold = 0; hold < HOLD_COUNT; hold++) {
            if (!view.is_held[hold])
                continue;
            alarm_text(m, i, (enum hold)hold, &view, text);
            n++;
            if (!take(context, text))
                return n;
        }
    }
    return n;
}

/* ---------------------------------------------------------------- pages */

struct page {
    uint16_t skip, cap, n;
    char (*texts)[DEVICE_BODY_MAX];
};

static bool take_page(void *context, const char *text)
{
    struct page *page = context;
    if (page->skip > 0) {
        page->skip--;
        return true;
    }
    if (page->n < page->cap)
        memcpy(page->texts[page->n++], text, strlen(text) + 1);
    return page->n < page->cap;
}

uint16_t monitor_disabled_page(const struct monitor *m, uint16_t first, uint16_t cap,
                               char texts[][DEVICE_BODY_MAX])
{
    struct page page = {.skip = first, .cap = cap, .texts = texts};
    (void)each(m, take_page, &page);
    return page.n;
}

/* ---------------------------------------------------------------- on the broker */

struct list {
    char *text;
    size_t len, cap;
    unsigned listed;
};

static void append(struct list *list, const char *text)
{
    size_t len = strlen(text);
    if (list->len + len + 3 >= list->cap)
        return;
    if (list->listed > 0)
        list->text[list->len++] = ',';
    memcpy(list->text + list->len, text, len + 1);
    list->len += len;
    list->listed++;
}

static bool take_listed(void *context, const char *text)
{
    struct list *list = context;
    if (list->listed < LISTED_MAX)
        append(list, text);
    return true; /* all are counted */
}

void monitor_tell_disabled(struct monitor *m)
{
    struct publisher_message message = {.kind = PUBLISHER_DISABLED, .generation = m->config->generation};
    const size_t cap = LISTED_MAX * (size_t)DEVICE_BODY_MAX / 2;
    if (!m->disabled_changed)
        return;
    struct list list = {.text = malloc(cap), .cap = cap};
    char *body = malloc(cap + HEAD_MAX);
    if (list.text == NULL || body == NULL) {
        free(list.text);
        free(body);
        return; /* the next turn tries again */
    }
    list.text[list.len++] = '[';
    list.text[list.len] = '\0';
    const unsigned n = each(m, take_listed, &list);
    list.text[list.len++] = ']';
    list.text[list.len] = '\0';
    struct json_text j;
    json_text_begin(&j, body, cap + HEAD_MAX);
    json_text_object(&j, NULL);
    json_text_time(&j, "time", clock_now().utc_us);
    json_text_string(&j, "run", m->parts.run_id);
    json_text_integer(&j, "n", n);
    json_text_raw(&j, "list", list.text);
    json_text_end(&j);
    free(list.text);
    message.disabled = body;
    if (json_text_finish(&j) >= 0 &&
        mailbox_try(publisher_mailbox(m->parts.publisher), MAILBOX_RESERVED, &message) == 0)
        m->disabled_changed = false;
    else
        free(body);
}
