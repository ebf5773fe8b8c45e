#include <stdlib.h>
#include <string.h>

#include "control_private.h"
#include "json_text.h"

void control_status_free(struct control_status *s)
{
    control_text_free(&s->points);
    control_text_free(&s->alarms);
    control_text_free(&s->devices);
    control_text_free(&s->disabled);
    control_text_free(&s->rounds);
    s->running = false;
    s->ticket = 0;
}

/* Ends the assembly with the same reply for all who joined. */
static void finish(struct control *c, struct control_reply *reply)
{
    for (size_t i = 0; i < CONTROL_CLIENTS_MAX; i++) {
        struct control_client *client = &c->clients[i];
        if (client->fd >= 0 && client->wait == CONTROL_WAIT_STATUS && client->joined)
            control_answer_reply(client, reply);
    }
    control_reply_unref(reply);
    control_status_free(&c->status);
}

static void finish_busy(struct control *c)
{
    finish(c, control_reply_json(CONTROL_ERROR_BUSY, NULL));
}

static void finish_failed(struct control *c)
{
    finish(c, control_reply_json(CONTROL_ERROR_FAILED,
                                 json_pack("{s:s}", "message", "not enough memory for the whole status")));
}

static void add_text(struct control_text *t, const char *text)
{
    control_text_add(t, text, strlen(text));
}

/* The arrays, and the brace that ends what stands before them. */
static void add_arrays(struct control_text *t, const struct control_status *s)
{
    if (s->view == VIEW_DEVICES) {
        add_text(t, ",\"devices\":[");
        control_text_add(t, s->devices.text, s->devices.len);
    } else {
        add_text(t, ",\"points\":[");
        control_text_add(t, s->points.text, s->points.len);
        add_text(t, "],\"alarms\":[");
        control_text_add(t, s->alarms.text, s->alarms.len);
        add_text(t, "],\"disabled\":[");
        control_text_add(t, s->disabled.text, s->disabled.len);
        add_text(t, "],\"rounds\":[");
        control_text_add(t, s->rounds.text, s->rounds.len);
    }
    add_text(t, "]}}");
}

static void finish_complete(struct control *c)
{
    static const char *const notifier_states[] = {[NOTIFIER_NONE] = "none",
                                                  [NOTIFIER_WAITING] = "waiting",
                                                  [NOTIFIER_OK] = "ok",
                                                  [NOTIFIER_FAILED] = "failing"};
    struct control_status *s = &c->status;
    struct control_text t = {0};
    char head[8192], *name;
    struct json_text j;
    json_t *bilingual = control_json_bilingual(&c->config->site_name, c->config->site_id);
    name = json_dumps(bilingual, CONTROL_JSON_FLAGS);
    json_decref(bilingual);
    json_text_begin(&j, head, sizeof head);
    json_text_object(&j, NULL);
    json_text_string(&j, "site", c->config->site_id);
    json_text_raw(&j, "name", name != NULL ? name : "{\"en\":\"\",\"zh\":\"\"}");
    json_text_string(&j, "run", c->run);
    json_text_string(&j, "version", CRYOMON_VERSION);
    json_text_time(&j, "time", s->now_utc_us != 0 ? s->now_utc_us : clock_now().utc_us);
    json_text_time(&j, "started", c->started_utc_us);
    json_text_string(&j, "broker", !c->config->mqtt.enabled ? "none" : s->broker_failed ? "failing" : "ok");
    json_text_string(&j, "disk", s->disk_failed ? "failing" : "ok");
    json_text_string(&j, "notifier", notifier_states[s->notifier]);
    json_text_end(&j);
    int len = json_text_finish(&j);
    free(name);
    t.failed = len <= 0 || s->points.failed || s->alarms.failed || s->devices.failed || s->disabled.failed ||
               s->rounds.failed;
    if (!t.failed) {
        add_text(&t, "{\"parameters\":");
        control_text_add(&t, head, (size_t)len - 1); /* its closing brace comes after the arrays */
        add_arrays(&t, s);
    }
    struct control_reply *reply = control_reply_text(&t);
    control_text_free(&t);
    if (reply != NULL)
        finish(c, reply);
    else
        finish_failed(c);
}

/* How many entries a table has; of those that only the core knows, no more than these. */
static uint16_t entries(const struct config *config, enum snapshot_table table)
{
    switch (table) {
    case SNAPSHOT_POINTS:
        return config->n_points;
    case SNAPSHOT_ALARMS:
        return config->n_alarms;
    case SNAPSHOT_DEVICES:
        return config->n_devices;
    case SNAPSHOT_DISABLED:
    case SNAPSHOT_ROUNDS:
        break;
    }
    return UINT16_MAX;
}

/* Asks for the next page, going from points to alarms to what is disabled to rounds, or finishes when there
 * is none. */
static void next_page(struct control *c, int64_t now_us)
{
    struct control_status *s = &c->status;
    if (s->table == SNAPSHOT_POINTS && s->next >= c->config->n_points) {
        s->table = SNAPSHOT_ALARMS;
        s->next = 0;
    }
    if (s->table == SNAPSHOT_ALARMS && s->next >= c->config->n_alarms) {
        s->table = SNAPSHOT_DISABLED;
        s->next = 0;
    } else if (s->table == SNAPSHOT_DISABLED && s->complete) {
        s->table = SNAPSHOT_ROUNDS;
        s->next = 0;
        s->complete = false;
    }
    bool at_the_end = s->table == SNAPSHOT_DEVICES ? s->next >= c->config->n_devices
                                                   : s->table == SNAPSHOT_ROUNDS && s->complete;
    if (at_the_end) {
        finish_complete(c);
        return;
    }
    s->ticket = control_ticket(c);
    s->page_deadline_us = now_us + c->limits.page_ms * MS_US;
    struct core_message message = {.kind = CORE_SNAPSHOT, .generation = c->config->generation};
    message.snapshot.ticket = s->ticket;
    message.snapshot.table = s->table;
    message.snapshot.first = s->next;
    if (mailbox_post(c->core, MAILBOX_ORDINARY, &message) < 0)
        finish_busy(c);
}

static void begin(struct control *c, int64_t now_us)
{
    struct control_status *s = &c->status;
    control_status_free(s);
    s->running = true;
    s->table = s->view == VIEW_DEVICES ? SNAPSHOT_DEVICES : SNAPSHOT_POINTS;
    s->next = 0;
    s->now_utc_us = 0;
    s->complete = false;
    next_page(c, now_us);
}

void control_status_start(struct control *c, int64_t now_us)
{
    if (c->status.running)
        return;
    const struct control_client *first = NULL;
    for (size_t i = 0; i < CONTROL_CLIENTS_MAX; i++) {
        const struct control_client *client = &c->clients[i];
        if (client->fd >= 0 && client->wait == CONTROL_WAIT_STATUS &&
            (first == NULL || client->asked_us < first->asked_us))
            first = client;
    }
    if (first == NULL)
        return;
    enum control_view view = first->view;
    for (size_t i = 0; i < CONTROL_CLIENTS_MAX; i++) {
        struct control_client *client = &c->clients[i];
        client->joined = client->fd >= 0 && client->wait == CONTROL_WAIT_STATUS && client->view == view;
    }
    c->status.view = view;
    c->status.deadline_us = now_us + c->limits.status_ms * MS_US;
    begin(c, now_us);
}

void control_status_restart(struct control *c)
{
    if (c->status.running)
        begin(c, clock_boot_us());
}

static void separate(struct control_text *t)
{
    if (t->len > 0)
        add_text(t, ",");
}

void control_status_page(struct control *c, const struct control_message *message)
{
    struct control_status *s = &c->status;
    uint16_t first = message->page.first, count = message->page.count;
    if (!s->running || message->page.ticket != s->ticket || message->generation != c->config->generation)
        return; /* late, or of a configuration that is gone */
    uint16_t end = entries(c->config, s->table);
    bool open = s->table == SNAPSHOT_DISABLED || s->table == SNAPSHOT_ROUNDS; /* the core says when it ends */
    if (message->page.table != s->table || first != s->next || (count == 0 && !open) ||
        count > SNAPSHOT_PAGE || count > end - first) {
        finish_busy(c);
        return;
    }
    s->complete = count < SNAPSHOT_PAGE;
    for (uint16_t i = 0; i < count; i++) {
        if (s->table == SNAPSHOT_POINTS) {
            separate(&s->points);
            control_json_point(&s->points, c->config, (uint16_t)(first + i), &message->page.points[i],
                               &message->page.calibrated[i], message->page.now);
        } else if (s->table == SNAPSHOT_DEVICES) {
            separate(&s->devices);
            add_text(&s->devices, message->page.devices[i]);
        } else if (open) {
            struct control_text *t = s->table == SNAPSHOT_DISABLED ? &s->disabled : &s->rounds;
            separate(t);
            add_text(t, message->page.devices[i]);
        } else if (s->view == VIEW_STATUS_ALL || message->page.alarms[i].state != ALARM_NORMAL) {
            separate(&s->alarms);
            control_json_alarm(&s->alarms, c->config, (uint16_t)(first + i), &message->page.alarms[i]);
        }
    }
    s->now_utc_us = message->page.now.utc_us;
    s->broker_failed = message->page.broker_failed;
    s->disk_failed = message->page.disk_failed;
    s->notifier = message->page.notifier;
    s->next = (uint16_t)(first + count);
    next_page(c, clock_boot_us());
}

void control_status_expire(struct control *c, int64_t now_us)
{
    if (c->status.running && (now_us >= c->status.page_deadline_us || now_us >= c->status.deadline_us))
        finish_busy(c);
}
