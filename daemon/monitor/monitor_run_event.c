/* monitor_run_event.c - the event of kind "run": what is told of a freezer's run, by cryomon or by a person.
 * Format: cryomon-mqtt(7). */
#include <stdio.h>
#include <string.h>

#include "clock.h"
#include "json_text.h"
#include "log.h"
#include "monitor_internal.h"
#include "run_report.h"

#define RUN_MEMBERS_MAX 3400 /* with what every event has it fits into BODY_MAX */

static void lots_member(struct json_text *j, const char *lots)
{
    char one[LOTS_MAX];

    if (lots[0] == '\0')
        return;
    json_text_array(j, "lots");
    for (const char *p = lots; *p != '\0';) {
        const size_t len = strcspn(p, "\n");
        snprintf(one, sizeof one, "%.*s", (int)len, p);
        json_text_string(j, NULL, one);
        p += len + (p[len] == '\n');
    }
    json_text_end(j);
}

static void text_member(struct json_text *j, const char *key, const char *text)
{
    if (text != NULL && text[0] != '\0')
        json_text_string(j, key, text);
}

static const char *decision_name(enum run_decision decision)
{
    return decision == RUN_ACCEPTED ? "accepted" : "rejected";
}

/* What a decision is about, and what was decided before: both stay. */
static void decision_members(struct json_text *j, const struct run_known *before,
                             const struct command_request *request)
{
    text_member(j, "verdict", before->verdict);
    text_member(j, "how", before->how);
    if (before->operator[0] != '\0' && strcmp(before->operator, request->who) == 0)
        json_text_bool(j, "by_operator", true);
    if (before->decision == RUN_UNDECIDED)
        return;
    json_text_object(j, "previous");
    json_text_string(j, "decision", decision_name(before->decision));
    json_text_string(j, "by", before->decided_by);
    json_text_end(j);
}

static void record_members(struct json_text *j, const struct run_telling *t, unsigned max_reasons,
                           struct run_row *row)
{
    if (t->record != NULL) {
        run_report_program(j, t->program);
        run_report_begin(j, t->record);
    } else {
        text_member(j, "program", row->program);
        if (row->begin_utc_us != 0)
            json_text_time(j, "begin", row->begin_utc_us);
    }
    if (strcmp(row->transition, "began") == 0 && row->gap_us > 0)
        json_text_integer(j, "gap_us", row->gap_us);
    if (strcmp(row->transition, "ended") != 0)
        return;
    if (t->record != NULL) {
        const enum freezer_verdict_kind kind =
            run_report_end(j, t->record, t->step, t->program, t->age_us, max_reasons);
        snprintf(row->verdict, sizeof row->verdict, "%s", run_report_verdict_name(kind));
        snprintf(row->how, sizeof row->how, "%s", freezer_record_end_name(t->record->how));
        row->end_utc_us = t->record->end.utc_us;
        return;
    }
    /* Nothing of it is known any more. */
    snprintf(row->verdict, sizeof row->verdict, "%s", run_report_verdict_name(FREEZER_VERDICT_UNKNOWN));
    snprintf(row->how, sizeof row->how, "%s", freezer_record_end_name(FREEZER_END_LOST));
    json_text_null(j, "end");
    json_text_string(j, "how", row->how);
    json_text_string(j, "verdict", row->verdict);
    json_text_raw(j, "reasons", "[{\"why\":\"end-unknown\"}]");
    json_text_integer(j, "n_reasons", 1);
}

static int write_members(const struct run_telling *t, unsigned max_reasons, struct run_row *row,
                         char text[RUN_MEMBERS_MAX])
{
    const struct command_request *request = t->request;
    struct json_text j;

    /* The members alone: the braces are cut off. */
    json_text_begin(&j, text, RUN_MEMBERS_MAX);
    json_text_object(&j, NULL);
    json_text_string(&j, "asset", row->asset);
    text_member(&j, "freezer_run", row->run);
    json_text_string(&j, "transition", row->transition);
    if (strcmp(row->transition, "began") == 0 || strcmp(row->transition, "ended") == 0)
        record_members(&j, t, max_reasons, row);
    else if (t->program != NULL)
        run_report_program(&j, t->program);
    text_member(&j, "operator", row->operator);
    lots_member(&j, row->lots);
    if (t->expected_utc_us != 0)
        json_text_time(&j, "expected", t->expected_utc_us);
    if (t->before != NULL)
        decision_members(&j, t->before, request);
    if (request != NULL) {
        json_text_string(&j, "by", request->who);
        text_member(&j, "via", request->via);
        text_member(&j, "note", request->note);
    }
    json_text_end(&j);
    const int len = json_text_finish(&j);
    if (len <= 2)
        return -1;
    memmove(text, text + 1, (size_t)len);
    text[len - 2] = '\0';
    return 0;
}

uint64_t monitor_run_tell(struct monitor *m, const struct run_telling *t)
{
    static const unsigned reasons[] = {12, 6, 2, 0};
    struct run_row row = *t->row;
    struct store_message message;
    const struct stamp now = clock_now();
    char members[RUN_MEMBERS_MAX];
    const bool of_vessel = strcmp(row.transition, "relearned") == 0;

    row.utc_us = now.utc_us;
    snprintf(row.program_hash, sizeof row.program_hash, "%s", t->program != NULL ? t->program->hash : "");
    struct event_record *event = monitor_begin_event(m, &message, of_vessel ? "vessel" : "run", now);
    snprintf(event->asset, sizeof event->asset, "%s", row.asset);
    for (unsigned i = 0; i < sizeof reasons / sizeof *reasons; i++)
        if (write_members(t, reasons[i], &row, members) == 0)
            break;
    announce_members(m->config, m->parts.run_id, event->seq, now, event->kind, members, event->body);
    monitor_send_event(m, &message);
    monitor_run_apply(m, &row);
    log_line(LOG_NOTICE, MID_CONTROL, "%s%s%s: %s%s%s%s%s", row.asset, row.run[0] != '\0' ? ", run " : "",
             row.run, row.transition, t->request != NULL ? " by " : "",
             t->request != NULL ? t->request->who : "", row.verdict[0] != '\0' ? ", verdict " : "",
             row.verdict);
    return event->seq;
}
