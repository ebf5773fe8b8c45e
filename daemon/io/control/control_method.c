#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "control_call.h"
#include "control_description.h"
#include "control_private.h"
#include "log.h"

#define ERROR_DENIED         "io.cryomon.Monitor.PermissionDenied"
#define ERROR_TOO_LONG       "io.cryomon.Monitor.TextTooLong"
#define ERROR_NO_POINT       "io.cryomon.Monitor.NoSuchPoint"
#define ERROR_NO_VALUE       "io.cryomon.Monitor.NoValue"
#define ERROR_REFUSED        "io.cryomon.Monitor.Refused"
#define ERROR_RELOAD_REFUSED "io.cryomon.Monitor.ReloadRefused"

static const struct interface {
    const char *name, *description;
} interfaces[] = {
    {"io.cryomon.Monitor", io_cryomon_Monitor},
    {"org.varlink.service", org_varlink_service},
};
#define N_INTERFACES (sizeof interfaces / sizeof interfaces[0])

uint32_t control_ticket(struct control *c)
{
    if (++c->last_ticket == 0)
        c->last_ticket = 1;
    return c->last_ticket;
}

static void end_call(struct control_client *client)
{
    client->wait = CONTROL_WAIT_NOTHING;
    client->joined = false;
    client->ticket = 0;
}

void control_answer_reply(struct control_client *client, struct control_reply *reply)
{
    bool oneway = client->oneway;
    end_call(client);
    if (oneway) /* the caller expects nothing, not even an error; but one that must go, goes */
        control_client_flush(client, clock_boot_us());
    else
        control_client_reply(client, reply != NULL ? control_reply_ref(reply) : NULL, clock_boot_us());
}

void control_answer(struct control_client *client, const char *error, json_t *parameters)
{
    struct control_reply *reply = control_reply_json(error, parameters);
    control_answer_reply(client, reply);
    control_reply_unref(reply);
}

void control_answer_parameter(struct control_client *client, const char *parameter)
{
    control_answer(client, CONTROL_ERROR_PARAMETER, json_pack("{s:s}", "parameter", parameter));
}

/* ---------------------------------------------------------------- org.varlink.service */

static void get_info(struct control *c, struct control_client *client, const struct control_call *call)
{
    (void)c;
    (void)call;
    json_t *names = json_array();
    for (size_t i = 0; i < N_INTERFACES; i++)
        json_array_append_new(names, json_string(interfaces[i].name));
    control_answer(client, NULL,
                   json_pack("{s:s, s:s, s:s, s:s, s:o}", "vendor", "cryomon", "product", "cryomond",
                             "version", CRYOMON_VERSION, "url", "man:cryomond-control(7)", "interfaces",
                             names));
}

static void get_description(struct control *c, struct control_client *client, const struct control_call *call)
{
    (void)c;
    const char *name = json_string_value(json_object_get(call->parameters, "interface"));
    if (name == NULL) {
        control_answer_parameter(client, "interface");
        return;
    }
    for (size_t i = 0; i < N_INTERFACES; i++) {
        if (strcmp(interfaces[i].name, name) == 0) {
            control_answer(client, NULL, json_pack("{s:s}", "description", interfaces[i].description));
            return;
        }
    }
    control_answer(client, "org.varlink.service.InterfaceNotFound", json_pack("{s:s}", "interface", name));
}

/* ---------------------------------------------------------------- io.cryomon.Monitor */

static void status(struct control *c, struct control_client *client, const struct control_call *call)
{
    (void)c; /* control_status_start will find the waiting client */
    const json_t *all = json_object_get(call->parameters, "all");
    if (all != NULL && !json_is_boolean(all) && !json_is_null(all)) {
        control_answer_parameter(client, "all");
        return;
    }
    client->wait = CONTROL_WAIT_STATUS;
    client->view = json_is_true(all) ? VIEW_STATUS_ALL : VIEW_STATUS;
    client->asked_us = clock_boot_us();
}

static void devices(struct control *c, struct control_client *client, const struct control_call *call)
{
    (void)c;
    (void)call;
    client->wait = CONTROL_WAIT_STATUS;
    client->view = VIEW_DEVICES;
    client->asked_us = clock_boot_us();
}

/* Control characters have no business in a record that people will read on terminals and on paper. */
static bool has_control(const char *text)
{
    for (; *text != '\0'; text++)
        if ((unsigned char)*text < 0x20 || *text == 0x7F)
            return true;
    return false;
}

bool control_take_text(struct control_client *client, const struct control_call *call, const char *key,
                       bool optional, char *ret, size_t cap)
{
    const json_t *value = json_object_get(call->parameters, key);
    ret[0] = '\0';
    if (optional && (value == NULL || json_is_null(value)))
        return true;
    const char *text = json_string_value(value);
    if (text == NULL || has_control(text) || (!optional && text[0] == '\0')) {
        control_answer_parameter(client, key);
        return false;
    }
    if (strlen(text) >= cap) {
        control_answer(client, ERROR_TOO_LONG,
                       json_pack("{s:s, s:I}", "parameter", key, "limit", (json_int_t)(cap - 1)));
        return false;
    }
    memcpy(ret, text, strlen(text) + 1);
    return true;
}

bool control_post_command(struct control *c, struct control_client *client,
                          const struct core_message *message, uint32_t ticket, enum control_wait wait,
                          uint32_t timeout_ms)
{
    if (mailbox_post(c->core, MAILBOX_ORDINARY, message) < 0) {
        control_answer(client, CONTROL_ERROR_BUSY, NULL);
        return false;
    }
    client->wait = wait;
    client->ticket = ticket;
    client->deadline_us = clock_boot_us() + timeout_ms * MS_US;
    return true;
}

/* The name service may take its time (a directory server over the network): the watchdog is told. */
void control_caller_name(struct control *c, const struct control_client *client, char who[WHO_MAX])
{
    heartbeat_busy(c->heartbeats, c->beat, 60000);
    control_peer_name(client->peer.uid, who, WHO_MAX);
    heartbeat_beat(c->heartbeats, c->beat);
}

bool control_is_measured(const struct control *c, struct control_client *client, const char *asset,
                         const char *point)
{
    const int index = config_find_point(c->config, asset, point);
    if (index < 0 || !config_is_derived(c->config, (uint16_t)index))
        return true;
    control_answer(client, ERROR_REFUSED,
                   json_pack("{s:{s:s, s:s}}", "text", "en",
                             "cryomon derives this value from others: no device shows it, correct those",
                             "zh", "该数值由 cryomon 根据其他测点推算，没有设备显示它；请针对原始测点操作"));
    return false;
}

static void verify_point(struct control *c, struct control_client *client, const struct control_call *call)
{
    struct core_message m = {.kind = CORE_VERIFY, .generation = c->config->generation};
    char tolerance[MICRO_TEXT_MAX];
    if (!control_take_text(client, call, "asset", false, m.verify.asset, ID_MAX) ||
        !control_take_text(client, call, "point", false, m.verify.point, ID_MAX) ||
        !control_take_text(client, call, "displayed", false, m.verify.displayed, sizeof m.verify.displayed) ||
        !control_take_text(client, call, "tolerance", true, tolerance, sizeof tolerance) ||
        !control_take_text(client, call, "note", true, m.verify.note, NOTE_MAX))
        return;
    m.verify.has_tolerance = tolerance[0] != '\0';
    if (m.verify.has_tolerance && (!micro_parse(tolerance, &m.verify.tolerance) || m.verify.tolerance < 0)) {
        control_answer_parameter(client, "tolerance");
        return;
    }
    if (!control_is_measured(c, client, m.verify.asset, m.verify.point))
        return;
    memcpy(client->asset, m.verify.asset, ID_MAX);
    memcpy(client->alarm, m.verify.point, ID_MAX);
    control_caller_name(c, client, m.verify.who);
    m.verify.ticket = control_ticket(c);
    (void)control_post_command(c, client, &m, m.verify.ticket, CONTROL_WAIT_VERIFY, c->limits.command_ms);
}

static void reload(struct control *c, struct control_client *client, const struct control_call *call)
{
    struct core_message m = {.kind = CORE_RELOAD, .generation = c->config->generation};
    if (!control_take_text(client, call, "reason", true, m.reload.reason, NOTE_MAX))
        return;
    control_caller_name(c, client, m.reload.who);
    m.reload.ticket = control_ticket(c);
    (void)control_post_command(c, client, &m, m.reload.ticket, CONTROL_WAIT_RELOAD, c->limits.reload_ms);
}

/* ---------------------------------------------------------------- answers of the core thread */

static void answer_failed(struct control_client *client, int error)
{
    char text[128];
    const char *meaning = strerrordesc_np(-error);
    snprintf(text, sizeof text, "error %d: %s", -error, meaning != NULL ? meaning : "unknown");
    control_answer(client, CONTROL_ERROR_FAILED, json_pack("{s:s}", "message", text));
}

static void answer_verify_error(struct control_client *client, int error)
{
    if (error == -EINVAL)
        control_answer_parameter(client, "displayed");
    else if (error == -ENOENT || error == -ENODATA)
        control_answer(client, error == -ENOENT ? ERROR_NO_POINT : ERROR_NO_VALUE,
                       json_pack("{s:s, s:s}", "asset", client->asset, "point", client->alarm));
    else
        answer_failed(client, error);
}

static void answer_verified(struct control_client *client, const struct config *config,
                            const struct verification *v, const struct record_note *record)
{
    const struct point_config *point = &config->points[v->point];
    const char *state = decode_state_name(&point->format, v->reading.value);
    json_t *answer = json_pack("{s:b, s:f, s:s, s:s, s:f, s:f}", "agrees", v->agrees, "value",
                               (double)v->reading.value / (double)MICRO_PER_UNIT, "unit", point->unit,
                               "quality", quality_name(v->reading.quality), "difference",
                               (double)v->difference / (double)MICRO_PER_UNIT, "tolerance",
                               (double)v->tolerance / (double)MICRO_PER_UNIT);
    if (answer != NULL && state != NULL)
        json_object_set_new(answer, "state", json_string(state));
    control_answer(client, NULL, control_json_recorded(answer, record));
}

void control_method_answer(struct control *c, const struct control_message *message)
{
    uint32_t ticket = message->answer.ticket;
    int error = message->answer.error;
    struct control_client *client = NULL;
    for (size_t i = 0; i < CONTROL_CLIENTS_MAX && client == NULL; i++)
        if (c->clients[i].fd >= 0 && c->clients[i].wait >= CONTROL_WAIT_COMMAND &&
            c->clients[i].ticket == ticket)
            client = &c->clients[i];
    if (client == NULL)
        return; /* gone, or told "busy" before */
    const struct verification *v = &message->answer.verification;
    const struct record_note *record = &message->answer.result.record;
    bool verified = error == 0 && client->wait == CONTROL_WAIT_VERIFY;
    if (client->wait == CONTROL_WAIT_COMMAND && control_command_answer(client, &message->answer.result))
        return;
    if (verified && message->generation == c->config->generation && v->point < c->config->n_points)
        answer_verified(client, c->config, v, record);
    else if (error == 0 && client->wait == CONTROL_WAIT_RECORD)
        control_answer(
            client, NULL,
            control_json_recorded(json_pack("{s:I}", "seq", (json_int_t)message->answer.seq), record));
    else if (error == 0 && verified)
        control_answer(client, CONTROL_ERROR_BUSY, NULL);
    else if (error == 0)
        control_answer(client, NULL, control_json_recorded(NULL, record));
    else if (error == -EBUSY || error == -EAGAIN || error == -ENOSPC)
        control_answer(client, CONTROL_ERROR_BUSY, NULL);
    else if (client->wait == CONTROL_WAIT_COMMAND)
        answer_failed(client, error);
    else if (client->wait == CONTROL_WAIT_VERIFY)
        answer_verify_error(client, error);
    else if (error == -EINVAL)
        control_answer(client, ERROR_RELOAD_REFUSED, json_pack("{s:s}", "detail", message->answer.detail));
    else
        answer_failed(client, error);
}

void control_method_expire(struct control *c, int64_t now_us)
{
    for (size_t i = 0; i < CONTROL_CLIENTS_MAX; i++) {
        struct control_client *client = &c->clients[i];
        if (client->fd >= 0 && client->wait >= CONTROL_WAIT_COMMAND && now_us >= client->deadline_us)
            control_answer(client, CONTROL_ERROR_BUSY, NULL);
    }
}

/* ---------------------------------------------------------------- dispatch */

#define ANY                                                                                                  \
    {                                                                                                        \
        "*"                                                                                                  \
    } /* request.h knows them */

static const struct method {
    const char *name;
    bool command; /* needs CONTROL_GROUP_COMMAND and an answer from the core thread */
    bool root;    /* and nobody but root may call it: it speaks for others */
    const char *parameters[12];
    void (*run)(struct control *c, struct control_client *client, const struct control_call *call);
} methods[] = {
    {"org.varlink.service.GetInfo", false, false, {NULL}, get_info},
    {"org.varlink.service.GetInterfaceDescription", false, false, {"interface"}, get_description},
    {"io.cryomon.Monitor.Status", false, false, {"all"}, status},
    {"io.cryomon.Monitor.Devices", false, false, {NULL}, devices},
    {"io.cryomon.Monitor.Acknowledge", true, false, ANY, control_command},
    {"io.cryomon.Monitor.Shelve", true, false, ANY, control_command},
    {"io.cryomon.Monitor.Unshelve", true, false, ANY, control_command},
    {"io.cryomon.Monitor.OutOfService", true, false, ANY, control_command},
    {"io.cryomon.Monitor.InService", true, false, ANY, control_command},
    {"io.cryomon.Monitor.Reset", true, false, ANY, control_command},
    {"io.cryomon.Monitor.Bypass", true, false, ANY, control_command},
    {"io.cryomon.Monitor.Unbypass", true, false, ANY, control_command},
    {"io.cryomon.Monitor.Reading", true, false, ANY, control_command},
    {"io.cryomon.Monitor.Drill", true, false, ANY, control_command},
    {"io.cryomon.Monitor.RunPrepare", true, false, ANY, control_command},
    {"io.cryomon.Monitor.RunNote", true, false, ANY, control_command},
    {"io.cryomon.Monitor.RunAccept", true, false, ANY, control_command},
    {"io.cryomon.Monitor.RunReject", true, false, ANY, control_command},
    {"io.cryomon.Monitor.VesselRelearn", true, false, ANY, control_command},
    {"io.cryomon.Monitor.VerifyPoint",
     true,
     false,
     {"asset", "point", "displayed", "tolerance", "note"},
     verify_point},
    {"io.cryomon.Monitor.Correct",
     true,
     false,
     {"asset", "point", "from", "to", "offset", "note", "reason"},
     control_correct},
    {"io.cryomon.Monitor.Record", true, false, {"kind", "detail"}, control_record_record},
    {"io.cryomon.Monitor.Review",
     true,
     true,
     {"who", "name", "meaning", "comment", "from", "to", "asset", "covers", "reviewed_until"},
     control_record_review},
    {"io.cryomon.Monitor.Reload", true, false, {"reason"}, reload},
};

static const struct method *find_method(const char *name)
{
    for (size_t i = 0; i < sizeof methods / sizeof methods[0]; i++)
        if (strcmp(methods[i].name, name) == 0)
            return &methods[i];
    return NULL;
}

/* The part before the last dot is the interface: is it the method or the interface that is not there? */
static void answer_unknown(struct control_client *client, const char *method)
{
    const char *dot = strrchr(method, '.');
    size_t len = dot != NULL ? (size_t)(dot - method) : strlen(method);
    for (size_t i = 0; i < N_INTERFACES; i++) {
        if (strlen(interfaces[i].name) == len && strncmp(interfaces[i].name, method, len) == 0) {
            control_answer(client, "org.varlink.service.MethodNotFound",
                           json_pack("{s:s}", "method", method));
            return;
        }
    }
    control_answer(client, "org.varlink.service.InterfaceNotFound",
                   json_pack("{s:s%}", "interface", method, len));
}

static bool is_monitor(const char *method)
{
    return strncmp(method, "io.cryomon.Monitor.", 19) == 0;
}

static void answer_denied(struct control_client *client, const char *method, const char *group)
{
    log_line(LOG_NOTICE, MID_CONTROL, "control: uid %lu may not call %s: not in group %s",
             (unsigned long)client->peer.uid, is_monitor(method) ? method : "anything", group);
    if (is_monitor(method))
        control_answer(client, ERROR_DENIED, json_pack("{s:s}", "group", group));
    else
        control_answer(client, "org.varlink.service.PermissionDenied", NULL);
}

static bool commands_full(const struct control *c)
{
    unsigned n = 0;
    for (size_t i = 0; i < CONTROL_CLIENTS_MAX; i++)
        n += c->clients[i].fd >= 0 && c->clients[i].wait >= CONTROL_WAIT_COMMAND;
    return n >= CONTROL_COMMANDS_MAX;
}

/* Everything that can be said about a call before it is begun. True: go on. */
static bool admit(struct control_client *client, const struct control_call *call, const struct method *method)
{
    if (!client->peer.may_read) {
        client->closing = true; /* there is nothing for it here: its place is for others */
        answer_denied(client, call->method, CONTROL_GROUP_READ);
        return false;
    }
    if (method == NULL) {
        answer_unknown(client, call->method);
        return false;
    }
    if (method->command && !client->peer.may_command) {
        answer_denied(client, call->method, CONTROL_GROUP_COMMAND);
        return false;
    }
    if (method->root && client->peer.uid != 0) {
        answer_denied(client, call->method, "root");
        return false;
    }
    if (call->upgrade) { /* no method of ours hands the connection over */
        control_answer_parameter(client, "upgrade");
        return false;
    }
    const char *unknown =
        method->run == control_command ? NULL : control_call_unknown(call, method->parameters);
    if (unknown != NULL)
        control_answer_parameter(client, unknown);
    return unknown == NULL;
}

bool control_method_call(struct control *c, struct control_client *client, const char *text, size_t len)
{
    struct control_call call;
    const char *wrong;
    client->oneway = false;
    if (control_call_parse(text, len, &call, &wrong) < 0) {
        client->closing = true; /* what follows such a message can't be trusted to be a message */
        control_answer_parameter(client, wrong);
        return true;
    }
    const struct method *method = find_method(call.method);
    client->oneway = call.oneway;
    /* call.more: none of our methods has more than one reply; without "continues" that is a plain call. */
    bool later = method != NULL && method->command && client->peer.may_command && commands_full(c);
    if (!later && admit(client, &call, method))
        method->run(c, client, &call);
    control_call_free(&call);
    return !later;
}
