#include <stdio.h>
#include <string.h>

#include "clock.h"
#include "log.h"
#include "monitor_internal.h"

/* ---------------------------------------------------------------- out to store and publisher */

struct event_record *monitor_begin_event(struct monitor *m, struct store_message *message, const char *kind,
                                         struct stamp at)
{
    memset(message, 0, sizeof *message);
    message->kind = STORE_EVENT;
    message->generation = m->config->generation;
    if (m->next_seq ==
        0) /* state.db could not be asked: the clock is above all that counting can have reached */
        m->next_seq = (uint64_t)at.utc_us;
    message->event.seq = m->next_seq++;
    message->event.at = at;
    snprintf(message->event.kind, sizeof message->event.kind, "%s", kind);
    return &message->event;
}

/* To both at once: neither waits for the other. The reserved slots make a refusal as good as impossible; if
 * it happens all the same, it is said, and the other path still has the event. */
void monitor_send_event(struct monitor *m, const struct store_message *message)
{
    struct publisher_message copy = {.kind = PUBLISHER_EVENT, .generation = message->generation};
    copy.event = message->event;
    if (mailbox_post(store_mailbox(m->parts.store), MAILBOX_RESERVED, message) < 0) {
        m->events_lost =
            true; /* counted by the mailbox: the store tells the gap when it takes messages again */
        monitor_answers_lost(m, message->event.seq, message->event.seq);
        log_line(LOG_CRIT, MID_STORE,
                 "event %llu could not be handed to the store: it takes nothing any more",
                 (unsigned long long)message->event.seq);
    }
    if (mailbox_post(publisher_mailbox(m->parts.publisher), MAILBOX_RESERVED, &copy) < 0)
        log_line(LOG_CRIT, MID_BROKER,
                 "event %llu could not be handed to the publisher: it waits in the outbox",
                 (unsigned long long)message->event.seq);
}

bool monitor_show_alarm(struct monitor *m, uint16_t alarm)
{
    struct publisher_message message = {.kind = PUBLISHER_ALARM, .generation = m->config->generation};
    message.alarm.alarm = alarm;
    memcpy(message.alarm.body, m->alarms[alarm].body, sizeof message.alarm.body);
    bool refused = mailbox_try(publisher_mailbox(m->parts.publisher), MAILBOX_RESERVED, &message) < 0;
    m->unshown[alarm] = refused;
    m->any_unshown |= refused;
    return !refused;
}

void monitor_event(struct monitor *m, struct stamp at, const char *kind,
                   const struct announce_member *members, size_t n)
{
    struct store_message message;
    struct event_record *event = monitor_begin_event(m, &message, kind, at);
    announce_event(m->config, m->parts.run_id, event->seq, at, kind, members, n, event->body);
    monitor_send_event(m, &message);
}

/* ---------------------------------------------------------------- alarms */

static bool has_reading(const struct config *config, uint16_t alarm)
{
    return engine_kind_has_reading(config->alarm_models[alarm].kind);
}

/* What is known beside the reading: how fast it changes, and which alarms belong to it. */
static void add_context(const struct monitor *m, struct alarm_news *news)
{
    const struct alarm_model *model = &m->config->alarm_models[news->alarm];
    news->time_left_s = -1;
    news->group = engine_active_group(m->engine, news->alarm);
    if (has_reading(m->config, news->alarm) && model->kind != CONDITION_NO_DATA &&
        model->kind != CONDITION_BAD)
        news->has_trend = engine_trend(m->engine, model->point, &news->trend);
    if (model->kind == CONDITION_GROUP) {
        news->n_members = engine_active_members(m->engine, news->alarm, news->members, ANNOUNCE_MEMBERS_MAX);
        news->n_listed = news->n_members < ANNOUNCE_MEMBERS_MAX ? news->n_members : ANNOUNCE_MEMBERS_MAX;
    }
}

#define CHATTERING_LISTED 8

/* Which alarms come and go: "level-low, warm". */
static void chatter_words(const struct monitor *m, uint16_t alarm, char text[LANGUAGES][NOTE_MAX])
{
    uint16_t members[CHATTERING_LISTED];
    uint32_t n = engine_chattering_members(m->engine, alarm, members, CHATTERING_LISTED);
    for (unsigned language = 0; language < LANGUAGES; language++) {
        const bool zh = language == LANGUAGE_ZH;
        size_t len = 0;
        text[language][0] = '\0';
        for (uint32_t i = 0; i < n; i++) {
            const char *id = i < CHATTERING_LISTED ? m->config->alarms[members[i]].id : "...";
            if (i > CHATTERING_LISTED || len + strlen(id) + 8 > NOTE_MAX)
                break;
            len += (size_t)snprintf(text[language] + len, NOTE_MAX - len, "%s%s",
                                    i == 0 ? "" : (zh ? "、" : ", "), id);
        }
    }
}

/* What somebody outside of an alarm's own condition knows: which others chatter, what was read by eye, or
 * what was derived. */
static void outside_words(const struct monitor *m, uint16_t alarm, char text[LANGUAGES][NOTE_MAX])
{
    if (m->config->alarm_models[alarm].kind == CONDITION_CHATTER) {
        chatter_words(m, alarm, text);
        return;
    }
    monitor_beyond_words(m, alarm, text);
    if (text[LANGUAGE_EN][0] == '\0')
        monitor_rounds_words(m, alarm, text);
    if (text[LANGUAGE_EN][0] == '\0')
        monitor_derived_words(m, alarm, text);
}

static struct alarm_news news_of(const struct monitor *m, uint16_t alarm, const char *transition,
                                 struct stamp at)
{
    const struct alarm_model *model = &m->config->alarm_models[alarm];
    struct alarm_news news = {.config = m->config,
                              .run_id = m->parts.run_id,
                              .at = at,
                              .alarm = alarm,
                              .transition = transition,
                              .record = &m->alarms[alarm],
                              .view = engine_hold(m->engine, alarm)};
    news.active = news.view.active;
    news.latched = news.view.latched;
    news.has_measure = news.view.has_measure;
    news.measure = news.view.measure;
    for (int i = 0; i < LANGUAGES && model->kind == CONDITION_FAULT; i++)
        news.detail[i] = m->faults[model->fault].detail[i];
    if (model->kind == CONDITION_FED || model->kind == CONDITION_CHATTER)
        outside_words(m, alarm, news.words);
    add_context(m, &news);
    return news;
}

/* Who holds it: a person; of a device that is bypassed, since when that is. */
static void note_hold(struct hold_note *note, const struct transition *t, const struct command *command)
{
    *note = (struct hold_note){.since_utc_us = t->at.utc_us};
    if (command == NULL)
        return;
    if (command->since_utc_us != 0)
        note->since_utc_us = command->since_utc_us;
    snprintf(note->by, sizeof note->by, "%s", command->who);
    snprintf(note->note, sizeof note->note, "%s", command->note != NULL ? command->note : "");
    snprintf(note->order, sizeof note->order, "%s", command->order != NULL ? command->order : "");
}

static void update_record(struct alarm_record *record, const struct transition *t,
                          const struct command *command)
{
    record->state = t->to;
    switch (t->kind) {
    case TRANSITION_RAISED:
        if (record->raised_utc_us == 0) /* else the same occurrence goes on: it has not been normal since */
            record->raised_utc_us = t->at.utc_us;
        record->acked_utc_us = 0;
        record->who[0] = '\0';
        break;
    case TRANSITION_ACKNOWLEDGED:
        record->acked_utc_us = t->at.utc_us;
        snprintf(record->who, sizeof record->who, "%s", command != NULL ? command->who : "");
        break;
    case TRANSITION_REALARMED:
        record->acked_utc_us = 0;
        record->who[0] = '\0';
        break;
    case TRANSITION_SHELVED:
        note_hold(&record->shelf, t, command);
        break;
    case TRANSITION_OUT_OF_SERVICE:
        note_hold(&record->service, t, command);
        break;
    default:
        break;
    }
}

/* What is over is forgotten after it was told. */
static void settle_record(struct monitor *m, uint16_t alarm)
{
    struct alarm_record *record = &m->alarms[alarm];
    const struct alarm_memory memory = engine_memory(m->engine, alarm);
    if (memory.base == ALARM_NORMAL) {
        record->raised_utc_us = record->acked_utc_us = 0;
        record->who[0] = '\0';
    }
    if (!memory.is_held[HOLD_SHELVED])
        record->shelf = (struct hold_note){0};
    if (!memory.is_held[HOLD_OUT_OF_SERVICE])
        record->service = (struct hold_note){0};
    if (record->state == ALARM_NORMAL)
        record->body[0] = '\0';
}

static void log_alarm(const struct alarm_news *news)
{
    static const int levels[] = {
        [PRIORITY_LOW] = LOG_NOTICE,
        [PRIORITY_MEDIUM] = LOG_WARNING,
        [PRIORITY_HIGH] = LOG_ERR,
        [PRIORITY_CRITICAL] = LOG_CRIT,
    };
    const struct config *config = news->config;
    char text[1024], field[2 * ID_MAX + 32];
    announce_sentence(news, config->language, text, sizeof text);
    snprintf(field, sizeof field, "CRYOMON_ALARM=%s/%s", config->assets[config->alarms[news->alarm].asset].id,
             config->alarms[news->alarm].id);
    bool raised = strcmp(news->transition, "raised") == 0;
    log_field(raised ? levels[config->alarm_models[news->alarm].priority] : LOG_NOTICE, MID_ALARM, field,
              "alarm %s: %s%s%s", news->transition, text, news->who != NULL ? " by " : "",
              news->who != NULL ? news->who : "");
}

/* The event of an alarm whose record says already what is true now. */
static void announce(struct monitor *m, struct alarm_news *news)
{
    const struct alarm_config *alarm = &m->config->alarms[news->alarm];
    struct alarm_record *record = &m->alarms[news->alarm];
    struct store_message message;
    struct event_record *event = monitor_begin_event(m, &message, "alarm", news->at);
    news->seq = event->seq;
    announce_alarm(news, event->body);
    snprintf(event->asset, sizeof event->asset, "%s", m->config->assets[alarm->asset].id);
    snprintf(event->alarm, sizeof event->alarm, "%s", alarm->id);
    event->has_alarm = true;
    event->state = record->state;
    event->raised_utc_us = record->raised_utc_us;
    event->acked_utc_us = record->acked_utc_us;
    snprintf(event->who, sizeof event->who, "%s", record->who);
    event->kept.memory = engine_memory(m->engine, news->alarm);
    event->kept.shelf = record->shelf;
    event->kept.service = record->service;

    memcpy(record->body, event->body, sizeof record->body);
    record->refreshed_us = event->at.boot_us;
    record->seq = event->seq;
    monitor_send_event(m, &message);
    log_alarm(news);
    settle_record(m, news->alarm);
    (void)monitor_show_alarm(m, news->alarm);
}

static void announce_transition(struct monitor *m, const struct transition *t, const struct command *command)
{
    update_record(&m->alarms[t->alarm], t, command);
    struct alarm_news news = news_of(m, t->alarm, transition_name(t->kind), t->at);
    news.why = transition_why_name(t->why);
    news.active = t->active;
    news.latched = t->latched;
    news.over = !t->active;
    news.has_measure = t->has_measure;
    news.measure = t->measure;
    if (has_reading(m->config, t->alarm)) {
        news.reading = &t->reading;
        if (news.has_trend)
            news.time_left_s = announce_time_left_s(m->config, t->alarm, news.reading, &news.trend);
    }
    monitor_time_left(m, &news);
    if (command != NULL) {
        news.who = command->who;
        news.note = command->note;
        news.via = command->via;
    }
    m->service_ended |= t->kind == TRANSITION_IN_SERVICE && t->why == WHY_TIME;
    m->disabled_changed |= t->kind >= TRANSITION_SHELVED && t->kind <= TRANSITION_IN_SERVICE;
    announce(m, &news);
    monitor_refresh_members(m, &news);
}

struct alarm_news monitor_news_now(const struct monitor *m, uint16_t alarm, struct point_view *view)
{
    struct alarm_news news = news_of(m, alarm, "restored", clock_now());
    news.over = !news.active;
    if (has_reading(m->config, alarm)) {
        *view = engine_point(m->engine, m->config->alarm_models[alarm].point);
        news.reading = &view->reading;
        if (news.has_trend)
            news.time_left_s = announce_time_left_s(m->config, alarm, news.reading, &news.trend);
    }
    monitor_time_left(m, &news);
    return news;
}

void monitor_sentence(const struct monitor *m, uint16_t alarm, enum language language, char *text, size_t cap)
{
    struct point_view view;
    struct alarm_news news = monitor_news_now(m, alarm, &view);
    announce_sentence(&news, language, text, cap);
}

void monitor_restate_alarm(struct monitor *m, uint16_t alarm)
{
    struct point_view view;
    struct alarm_news news = monitor_news_now(m, alarm, &view);
    announce(m, &news);
}

int monitor_feed_at(struct monitor *m, struct stamp at, const struct event *event,
                    const struct command *command)
{
    struct transition t;
    int result = engine_feed(m->engine, at, event);
    if (at.boot_us > m->fed_us)
        m->fed_us = at.boot_us;
    while (engine_take(m->engine, &t))
        announce_transition(m, &t, t.command != 0 ? command : NULL);
    return result;
}

int monitor_feed(struct monitor *m, const struct event *event, const struct command *command)
{
    return monitor_feed_at(m, clock_now(), event, command);
}

void monitor_fault_detail(struct fault_record *record, const char *en, const char *zh)
{
    const char *const words[LANGUAGES] = {[LANGUAGE_EN] = en, [LANGUAGE_ZH] = zh};
    for (int i = 0; i < LANGUAGES; i++) {
        char whole[2 * NOTE_MAX];
        snprintf(whole, sizeof whole, "%s", words[i]);
        announce_cut(whole, NOTE_MAX - 1);
        strcpy(record->detail[i], whole);
    }
}

void monitor_fault(struct monitor *m, enum system_fault fault, enum fault_source source, bool failed,
                   const char *detail)
{
    monitor_fault_words(m, fault, source, failed, detail, detail);
}

void monitor_fault_words(struct monitor *m, enum system_fault fault, enum fault_source source, bool failed,
                         const char *en, const char *zh)
{
    struct fault_record *record = &m->faults[fault];
    record->sources = failed ? record->sources | source : record->sources & ~(unsigned)source;
    if (failed)
        monitor_fault_detail(record, en, zh);
    struct event event = {.kind = EVENT_FAULT};
    event.fault.fault = fault;
    event.fault.failed = record->sources != 0;
    (void)monitor_feed(m, &event, NULL);
}

void monitor_restore_alarm(struct monitor *m, uint16_t alarm, const struct alarm_record *record,
                           const struct alarm_memory *memory)
{
    const bool is_news = engine_alarm_state(m->engine, alarm) == ALARM_NORMAL;
    engine_restore(m->engine, alarm, memory);
    if (!is_news)
        return; /* we know better: only the counts were wanted */
    const struct alarm_view view = engine_hold(m->engine, alarm);
    bool held = false;
    for (unsigned i = 0; i < HOLD_COUNT; i++)
        held |= view.is_held[i];
    m->disabled_changed |= held;
    if (view.state == ALARM_NORMAL && !held)
        return;
    m->alarms[alarm] = *record;
    m->alarms[alarm].state = view.state;
    settle_record(m, alarm);
    if (view.state == ALARM_NORMAL)
        return;
    if (m->alarms[alarm].body[0] == '\0') { /* normally the body of its last event comes with it */
        struct point_view point;
        struct alarm_news news = monitor_news_now(m, alarm, &point);
        announce_alarm(&news, m->alarms[alarm].body);
    }
    (void)monitor_show_alarm(m, alarm);
}

void monitor_remove_alarm(struct monitor *m, const char *asset, const char *alarm, enum alarm_state state,
                          int64_t raised_utc_us)
{
    struct store_message message;
    struct stamp now = clock_now();
    struct event_record *event = monitor_begin_event(m, &message, "alarm", now);
    char raised[RFC3339_MAX];
    clock_print_utc(raised, raised_utc_us);
    const struct announce_member members[] = {
        {.key = "transition", .text = "removed"},
        {.key = "asset", .text = asset},
        {.key = "alarm", .text = alarm},
        {.key = "state", .text = alarm_state_name(ALARM_NORMAL)},
        {.key = "was", .text = alarm_state_name(state)},
        {.key = "raised", .text = raised},
        {.key = "detail", .text = "no longer in the configuration"},
    };
    announce_event(m->config, m->parts.run_id, event->seq, now, "alarm", members,
                   sizeof members / sizeof *members, event->body);
    snprintf(event->asset, sizeof event->asset, "%s", asset);
    snprintf(event->alarm, sizeof event->alarm, "%s", alarm);
    event->has_alarm = true;
    event->state = ALARM_NORMAL;
    event->kept.memory = engine_memory_of_state(ALARM_NORMAL);
    for (unsigned i = 0; i < HOLD_COUNT; i++)
        event->kept.memory.n_holds[i] = 1; /* so that its rows say that nothing holds it */
    monitor_send_event(m, &message);
    log_line(LOG_WARNING, MID_ALARM, "alarm %s/%s was %s and is no longer in the configuration", asset, alarm,
             alarm_state_name(state));
}
