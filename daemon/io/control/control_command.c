/* control_command.c - what a person tells the daemon to do: acknowledge, shelve, take out of service ... */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "control_private.h"
#include "request.h"

#define ERROR_NO_ALARM   "io.cryomon.Monitor.NoSuchAlarm"
#define ERROR_NO_POINT   "io.cryomon.Monitor.NoSuchPoint"
#define ERROR_NO_DEVICE  "io.cryomon.Monitor.NoSuchDevice"
#define ERROR_NOTHING    "io.cryomon.Monitor.NothingToAcknowledge"
#define ERROR_NOT_NEEDED "io.cryomon.Monitor.NothingToDo"
#define ERROR_REFUSED    "io.cryomon.Monitor.Refused"
#define ERROR_TOO_LONG   "io.cryomon.Monitor.TextTooLong"

static const char *const names[COMMAND_VERBS] = {
    [COMMAND_ACKNOWLEDGE] = "Acknowledge",
    [COMMAND_SHELVE] = "Shelve",
    [COMMAND_UNSHELVE] = "Unshelve",
    [COMMAND_OUT_OF_SERVICE] = "OutOfService",
    [COMMAND_IN_SERVICE] = "InService",
    [COMMAND_RESET] = "Reset",
    [COMMAND_BYPASS] = "Bypass",
    [COMMAND_UNBYPASS] = "Unbypass",
    [COMMAND_READING] = "Reading",
    [COMMAND_DRILL] = "Drill",
    [COMMAND_RUN_PREPARE] = "RunPrepare",
    [COMMAND_RUN_NOTE] = "RunNote",
    [COMMAND_RUN_ACCEPT] = "RunAccept",
    [COMMAND_RUN_REJECT] = "RunReject",
    [COMMAND_VESSEL_RELEARN] = "VesselRelearn",
};

static enum command_verb verb_of(const char *method)
{
    const char *dot = strrchr(method, '.');
    unsigned i = 0;
    while (i < COMMAND_VERBS - 1 && strcmp(names[i], dot != NULL ? dot + 1 : method) != 0)
        i++;
    return (enum command_verb)i;
}

/* What the answer will be about. */
static void note_target(struct control_client *client, const struct command_request *request)
{
    client->verb = request->verb;
    memcpy(client->asset, request->device[0] != '\0' ? request->device : request->asset, ID_MAX);
    memcpy(client->alarm, request->point[0] != '\0' ? request->point : request->alarm, ID_MAX);
}

void control_command(struct control *c, struct control_client *client, const struct control_call *call)
{
    struct core_message m = {.kind = CORE_COMMAND, .generation = c->config->generation};
    char error[REQUEST_ERROR_MAX];
    const char *key = "";
    size_t limit = 0;
    struct command_request *request = calloc(1, sizeof *request);
    if (request == NULL) {
        control_answer(client, CONTROL_ERROR_BUSY, NULL);
        return;
    }
    request->verb = verb_of(call->method);
    int result = request_read(call->parameters, request, &key, &limit, error);
    if (result < 0) {
        free(request);
        if (result == -E2BIG)
            control_answer(client, ERROR_TOO_LONG,
                           json_pack("{s:s, s:I}", "parameter", key, "limit", (json_int_t)limit));
        else
            control_answer_parameter(client, key);
        return;
    }
    note_target(client, request);
    control_caller_name(c, client, request->who);
    request->origin = ORIGIN_CONTROL;
    request->ticket = control_ticket(c);
    m.command = request;
    if (!control_post_command(c, client, &m, request->ticket, CONTROL_WAIT_COMMAND, c->limits.command_ms))
        free(request);
}

/* ---------------------------------------------------------------- answers */

static void add_reading(json_t *reply, const struct command_result *r)
{
    json_t *beyond = json_array();
    json_object_set_new(reply, "seq", json_integer((json_int_t)r->seq));
    json_object_set_new(reply, "late", json_boolean(r->is_late));
    for (const char *p = r->beyond; *p != '\0';) {
        const size_t len = strcspn(p, " ");
        json_array_append_new(beyond, json_stringn(p, len));
        p += len + (p[len] == ' ');
    }
    json_object_set_new(reply, "beyond", beyond);
}

static bool is_of_runs(enum command_verb verb)
{
    return verb >= COMMAND_RUN_PREPARE && verb <= COMMAND_VESSEL_RELEARN;
}

static json_t *reply_of(enum command_verb verb, const struct command_result *r)
{
    const bool holds = verb == COMMAND_OUT_OF_SERVICE || verb == COMMAND_BYPASS;
    json_t *reply = json_object();
    char until[RFC3339_MAX];
    if (holds || verb == COMMAND_IN_SERVICE || verb == COMMAND_UNBYPASS)
        json_object_set_new(reply, "alarms", json_integer(r->n));
    if (holds)
        json_object_set_new(reply, "marked", json_integer(r->n_marked));
    if (holds || verb == COMMAND_SHELVE) {
        clock_print_utc(until, r->until_utc_us);
        json_object_set_new(reply, "until", json_string(until));
    }
    if (verb == COMMAND_READING)
        add_reading(reply, r);
    if (is_of_runs(verb))
        json_object_set_new(reply, "seq", json_integer((json_int_t)r->seq));
    return control_json_recorded(reply, &r->record);
}

static json_t *words_of(const struct command_result *r)
{
    return json_pack("{s:{s:s, s:s}}", "text", "en", r->why[LANGUAGE_EN], "zh", r->why[LANGUAGE_ZH]);
}

static void answer_missing(struct control_client *client)
{
    if (client->verb == COMMAND_BYPASS || client->verb == COMMAND_UNBYPASS)
        control_answer(client, ERROR_NO_DEVICE, json_pack("{s:s}", "device", client->asset));
    else if (client->verb == COMMAND_READING)
        control_answer(client, ERROR_NO_POINT,
                       json_pack("{s:s, s:s}", "asset", client->asset, "point", client->alarm));
    else
        control_answer(client, ERROR_NO_ALARM,
                       json_pack("{s:s, s:s}", "asset", client->asset, "alarm", client->alarm));
}

bool control_command_answer(struct control_client *client, const struct command_result *r)
{
    if (r->error == 0)
        control_answer(client, NULL, reply_of(client->verb, r));
    else if (r->error == -ENOENT && !is_of_runs(client->verb)) /* else words say what there is none of */
        answer_missing(client);
    else if (r->error == -EALREADY && client->verb == COMMAND_ACKNOWLEDGE)
        control_answer(
            client, ERROR_NOTHING,
            control_json_recorded(json_pack("{s:s, s:s}", "asset", client->asset, "alarm", client->alarm),
                                  &r->record));
    else if (r->error == -EALREADY)
        control_answer(client, ERROR_NOT_NEEDED, control_json_recorded(words_of(r), &r->record));
    else if (r->why[LANGUAGE_EN][0] != '\0')
        control_answer(client, ERROR_REFUSED, words_of(r));
    else
        return false;
    return true;
}
