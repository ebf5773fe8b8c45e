#include <string.h>

#include "client.h"
#include "cryoctl.h"
#include "event_words.h"
#include "stored.h"
#include "table.h"
#include "when.h"
#include "words.h"

/* Mistakes and differences are lists of lines; here they stand in one. */
static void join_lines(const char *lines, char *text, size_t cap)
{
    size_t n = 0;

    for (const char *p = lines; *p != '\0' && n + 2 < cap; p++) {
        if (*p == '\n')
            text[n++] = ';';
        text[n++] = *p == '\n' ? ' ' : *p;
    }
    text[n] = '\0';
}

/* Until when, why, for which work order, with which words. */
static void print_hold(const struct ctl *ctl, const json_t *body, const char *note, char *text, size_t cap)
{
    const char *order = client_text(body, "order");
    char time[WHEN_MAX], until[WHEN_MAX + 16] = "";
    if (when_print_text(ctl, time, client_text(body, "until"))[0] != '\0')
        snprintf(until, sizeof until, tr(ctl, " until %s", "，截止 %s"), time);
    snprintf(text, cap, "%s%s%s%s%s", until, order[0] != '\0' ? tr(ctl, ", work order ", "，工单 ") : "",
             order, note[0] != '\0' ? ": " : "", note);
}

/* Who keeps it quiet while somebody or something else did this. */
static void print_holder(const struct ctl *ctl, const json_t *body, char *text, size_t cap)
{
    char hold[1024];
    print_hold(ctl, body, client_text(body, "note"), hold, sizeof hold);
    snprintf(text, cap, "%s%s%s%s%s", tr(ctl, "; now ", "；当前"),
             words_state(ctl, client_text(body, "state")), tr(ctl, " by ", " 操作人 "),
             client_text(body, "held_by"), hold);
}

static void describe_alarm(const struct ctl *ctl, const json_t *body, const struct history_event *event,
                           const char *sentence, char *text, size_t cap)
{
    const char *transition = client_text(body, "transition"), *by = client_text(body, "by"),
               *why = client_text(body, "why");
    bool order_of = strstr("shelved unshelved out-of-service in-service reset bypassed", transition) != NULL;
    bool apart =
        client_text(body, "held_by")[0] != '\0' && strcmp(transition, client_text(body, "state")) != 0;
    char hold[1024] = "", holder[1280] = "";
    if (by[0] != '\0' && strcmp(why, "person") == 0)
        why = ""; /* the name says it */
    if (apart)
        print_holder(ctl, body, holder, sizeof holder);
    else
        print_hold(ctl, body, client_text(body, "note"), hold, sizeof hold);
    const char *comment = apart ? client_text(body, "comment") : "";
    snprintf(text, cap, "%s: %s/%s%s%s%s%s%s%s%s%s%s%s", words_transition(ctl, transition), event->asset,
             event->alarm,
             by[0] == '\0' ? ""
             : order_of    ? tr(ctl, " by ", " 操作人 ")
                           : tr(ctl, " by ", " 确认人 "),
             by, why[0] != '\0' ? tr(ctl, ", ", "，") : "", words_why(ctl, why), hold,
             comment[0] != '\0' ? ": " : "", comment, holder, sentence[0] != '\0' ? "  " : "", sentence);
}

/* What happened, in one line, from the members that this kind of event has. */
static void describe(const struct ctl *ctl, const json_t *body, const struct history_event *event, char *text,
                     size_t cap)
{
    const char *by = client_text(body, "by"), *sentence = client_name(ctl, body, "text", "");
    char words[EVENT_WORDS_MAX], joined[3072]; /* a body has less */
    if (sentence[0] == '\0')
        sentence = client_text(body, "detail");
    if (sentence[0] == '\0')
        sentence = client_text(body, "difference");
    if (strcmp(event->kind, "calibration") == 0) {
        snprintf(
            words, sizeof words,
            tr(ctl, "%s/%s from %.10s: %s; certificate %s; due %s", "%s/%s 自 %.10s：%s；证书 %s；到期 %s"),
            event->asset, client_text(body, "point"), client_text(body, "from"), client_text(body, "text"),
            client_text(body, "certificate"), client_text(body, "due"));
        sentence = words;
    }
    if (event_words(ctl, event->kind, body, words))
        sentence = words;
    join_lines(sentence, joined, sizeof joined);
    sentence = joined;
    const char *gap = sentence[0] != '\0' ? "  " : "";
    if (strcmp(event->kind, "alarm") == 0)
        describe_alarm(ctl, body, event, sentence, text, cap);
    else
        snprintf(text, cap, "%s%s%s%s%s", words_kind(ctl, event->kind),
                 by[0] != '\0' ? tr(ctl, " by ", " 操作人 ") : "", by, gap, sentence);
}

struct search {
    const struct ctl *ctl;
    int64_t found;
};

/* Everybody who is named in it: who did it, who acknowledged, who keeps it quiet, who signed. */
static bool is_by(const json_t *body, const char *person)
{
    static const char *const members[] = {"by", "who", "person", "acknowledged_by", "held_by"};
    for (size_t i = 0; i < sizeof members / sizeof *members; i++)
        if (strcmp(client_text(body, members[i]), person) == 0)
            return true;
    return false;
}

/* An event of another kind than alarm names its asset in its text only. */
static bool is_of(const json_t *body, const char *member, const char *column, const char *wanted)
{
    return wanted == NULL || strcmp(column[0] != '\0' ? column : client_text(body, member), wanted) == 0;
}

static bool print_event(void *context, const struct history_event *event)
{
    struct search *search = context;
    const struct ctl *ctl = search->ctl;
    char time[WHEN_MAX], text[4096], line[4200];
    json_t *body = json_loads(event->body, 0, NULL);
    bool wanted = (ctl->person == NULL || is_by(body, ctl->person)) &&
                  is_of(body, "asset", event->asset, ctl->asset) &&
                  is_of(body, "alarm", event->alarm, ctl->alarm);
    search->found += wanted;
    if (wanted && ctl->json) {
        puts(event->body); /* byte for byte as stored and published */
    } else if (wanted) {
        describe(ctl, body, event, text, sizeof text);
        snprintf(line, sizeof line, "%s  %s", when_print(ctl, time, event->utc_us, false), text);
        table_line(stdout, ctl->colour, strcmp(event->kind, "alarm") == 0 ? TABLE_PLAIN : TABLE_FAINT, 0,
                   line);
    }
    json_decref(body);
    return !ferror(stdout);
}

int verb_events(struct ctl *ctl, int argc, char **argv)
{
    (void)argc;
    (void)argv;
    struct history_reader *reader;
    struct search search = {.ctl = ctl};
    struct history_filter filter = {.kind = ctl->kind};
    int64_t from_us, to_us;
    if (!when_range(ctl, INT64_C(86400) * SECOND_US, &from_us, &to_us))
        return CTL_USAGE;
    int result = stored_open(ctl, &reader);
    if (result != CTL_OK)
        return result;
    int64_t n = history_events_where(reader, &filter, from_us, to_us, print_event, &search);
    bool filtered = ctl->kind != NULL || ctl->asset != NULL || ctl->alarm != NULL || ctl->person != NULL;
    if (n < 0) {
        result = stored_complain(ctl, (int)n);
    } else if (search.found == 0) {
        ctl_complain("%s", filtered ? tr(ctl, "no such events in that range", "该时段内没有符合条件的事件")
                                    : tr(ctl, "no events in that range", "该时段内没有事件"));
        result = CTL_NEGATIVE;
    }
    history_close(reader);
    return result;
}
