/* caller_control.c - the socket of the commands: one JSON object in a line asks, one answers. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "caller.h"
#include "clock.h"
#include "control_peer.h"

#define CLIENT_US   (5 * SECOND_US)
#define CALLS_SHOWN 200

static void close_client(struct caller_client *client)
{
    (void)close(client->fd);
    free(client->answer);
    *client = (struct caller_client){.fd = -1};
}

void caller_accept(struct caller *c, struct stamp now)
{
    int fd = accept4(c->socket.fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
    struct control_peer peer;
    if (fd < 0)
        return;
    for (unsigned i = 0; i < CALLER_CLIENTS; i++) {
        struct caller_client *client = &c->clients[i];
        if (client->fd >= 0 || control_peer_identify(fd, &peer) < 0)
            continue;
        *client = (struct caller_client){.fd = fd,
                                         .may_read = peer.may_read || peer.may_command,
                                         .may_command = peer.may_command,
                                         .until_us = now.boot_us + CLIENT_US};
        control_peer_name(peer.uid, client->who, sizeof client->who);
        return;
    }
    (void)close(fd);
}

void caller_clients_expire(struct caller *c, struct stamp now)
{
    for (unsigned i = 0; i < CALLER_CLIENTS; i++)
        if (c->clients[i].fd >= 0 && now.boot_us > c->clients[i].until_us)
            close_client(&c->clients[i]);
}

void caller_clients_close(struct caller *c)
{
    for (unsigned i = 0; i < CALLER_CLIENTS; i++)
        if (c->clients[i].fd >= 0)
            close_client(&c->clients[i]);
}

static json_t *failure(const char *en, const char *zh)
{
    return json_pack("{s:b, s:s, s:s}", "ok", 0, "error", en, "error_zh", zh);
}

static json_t *outcome(int result)
{
    static const struct {
        int error;
        const char *en, *zh;
    } table[] = {
        {-ENOENT, "there is no such thing", "没有该对象"},
        {-EALREADY, "it is acknowledged already", "已确认过"},
        {-ESTALE, "that was another occurrence of this alarm", "那是此报警的另一次发生"},
        {-EROFS, "notify.db can't be written: what is not recorded is not switched off",
         "notify.db 无法写入：未能记录的停用不生效"},
        {-ETIMEDOUT,
         "notify.db can't be written, the disk does not answer: what is not recorded is not switched off",
         "notify.db 无法写入（磁盘无响应）：未能记录的停用不生效"},
        {-EBUSY, "too many at once, try again", "请求过多，请重试"},
    };
    if (result == 0)
        return json_pack("{s:b}", "ok", 1);
    for (size_t i = 0; i < sizeof table / sizeof *table; i++)
        if (table[i].error == result)
            return failure(table[i].en, table[i].zh);
    return failure(strerrordesc_np(-result), strerrordesc_np(-result));
}

static const char *text_of(const json_t *root, const char *key)
{
    const char *text = json_string_value(json_object_get(root, key));
    return text != NULL ? text : "";
}

static json_t *do_off(struct caller *c, struct stamp now, const json_t *ask, const char *who)
{
    struct book_off off = {.from_utc_us = now.utc_us};
    int64_t for_ms = json_integer_value(json_object_get(ask, "for_ms"));
    uint16_t person;
    uint8_t channel;
    snprintf(off.what, sizeof off.what, "%s", text_of(ask, "what"));
    snprintf(off.why, sizeof off.why, "%s", text_of(ask, "why"));
    snprintf(off.by, sizeof off.by, "%s", who);
    if (notify_config_what(c->config, off.what, &person, &channel) < 0)
        return failure("there is no such person or channel; write PERSON or PERSON/CHANNEL",
                       "没有该人员或通道；请写 人员 或 人员/通道");
    if (off.why[0] == '\0')
        return failure("a reason is needed", "须说明原因");
    if (for_ms <= 0 || for_ms * MS_US > CALL_OFF_MAX_US)
        return failure("the time is more than 0 and at most 7 days", "时长须大于 0 且不超过 7 天");
    off.until_utc_us = now.utc_us + for_ms * MS_US;
    return outcome(caller_off(c, now, &off));
}

/* Whoever is called without need is better off than who is not called: so it is on, whatever the disk says.
 */
static json_t *do_on(struct caller *c, struct stamp now, const json_t *ask, const char *who)
{
    int result = caller_on(c, now, text_of(ask, "what"), who);
    if (result == -EROFS)
        return failure("it is on again, but notify.db can't be written: a restart would switch it off again "
                       "until its time is over",
                       "已恢复，但 notify.db 无法写入：重启后将再次停用，直至到期");
    return outcome(result);
}

static json_t *do_test(struct caller *c, struct stamp now, const json_t *ask)
{
    struct call_event event = {.kind = CALL_TEST};
    if (notify_config_what(c->config, text_of(ask, "what"), &event.person, &event.channel) < 0)
        return failure("there is no such person or channel; write PERSON or PERSON/CHANNEL",
                       "没有该人员或通道；请写 人员 或 人员/通道");
    call_feed(c->call, now, &event);
    return json_pack("{s:b, s:I}", "ok", 1, "after", (json_int_t)c->last_id);
}

static void add_call(void *context, const struct book_attempt *a)
{
    char time[RFC3339_MAX], ended[RFC3339_MAX] = "";
    clock_print_utc(time, a->utc_us);
    if (a->ended_utc_us != 0)
        clock_print_utc(ended, a->ended_utc_us);
    json_t *one =
        json_pack("{s:I, s:s, s:s, s:s, s:s, s:s, s:s, s:i, s:i, s:s, s:s, s:s}", "id", (json_int_t)a->id,
                  "time", time, "ended", ended, "alarm_id", a->occurrence, "person", a->person, "channel",
                  a->channel, "purpose", a->purpose, "level", a->level, "attempt", a->round, "outcome",
                  a->outcome != NULL ? a->outcome : "under way", "error", a->error, "detail", a->detail);
    (void)json_array_append_new(context, one);
}

static json_t *do_calls(struct caller *c, const json_t *ask)
{
    json_t *calls = json_array();
    int64_t limit = json_integer_value(json_object_get(ask, "limit"));
    if (limit <= 0 || limit > CALLS_SHOWN)
        limit = CALLS_SHOWN;
    if (c->book == NULL || book_attempt_load(c->book, false, (unsigned)limit, add_call, calls) < 0) {
        json_decref(calls);
        return failure("the record can't be read", "无法读取记录");
    }
    return json_pack("{s:b, s:o}", "ok", 1, "calls", calls);
}

static json_t *open_alarms(struct caller *c)
{
    json_t *alarms = json_array();
    struct call_view view;
    for (uint32_t i = 0; i < c->config->rules.n_alarms; i++) {
        if (!call_view(c->call, i, &view))
            continue;
        json_t *told = json_array();
        for (unsigned p = 0; p < c->config->n_people; p++)
            if ((view.told >> p & 1U) != 0)
                (void)json_array_append_new(told, json_string(c->config->people[p].id));
        (void)json_array_append_new(alarms,
                                    json_pack("{s:s, s:i, s:i, s:b, s:i, s:o}", "alarm_id", view.occurrence,
                                              "state", (int)view.state, "level", view.level + 1, "folded",
                                              view.folded, "calls", (int)view.rounds, "told", told));
    }
    return alarms;
}

static json_t *answer(struct caller *c, struct stamp now, const struct caller_client *client,
                      const json_t *ask)
{
    const char *command = text_of(ask, "command");
    if (!client->may_read)
        return failure("permission denied: group cryomon may look, cryomon-operator may command",
                       "权限不足：cryomon 组可查看，cryomon-operator 组可操作");
    if (strcmp(command, "status") == 0) {
        json_t *status = caller_status_json(c, now);
        json_object_set_new(status, "alarms", open_alarms(c));
        json_object_set_new(status, "connected", json_boolean(c->watch.connected));
        return json_pack("{s:b, s:o}", "ok", 1, "status", status);
    }
    if (strcmp(command, "calls") == 0)
        return do_calls(c, ask);
    if (!client->may_command)
        return failure("permission denied: only the group cryomon-operator may do this",
                       "权限不足：仅 cryomon-operator 组可操作");
    if (strcmp(command, "off") == 0)
        return do_off(c, now, ask, client->who);
    if (strcmp(command, "on") == 0)
        return do_on(c, now, ask, client->who);
    if (strcmp(command, "test") == 0)
        return do_test(c, now, ask);
    if (strcmp(command, "ack") == 0)
        return outcome(caller_acknowledge(c, now, text_of(ask, "what"), client->who, text_of(ask, "note")));
    return failure("unknown command", "未知命令");
}

/* An answer may be longer than the socket holds: the rest goes as it is read, until the client's time is
 * over. */
static void send_answer(struct caller_client *client)
{
    ssize_t n = send(client->fd, client->answer + client->answer_sent,
                     client->answer_length - client->answer_sent, MSG_NOSIGNAL);
    if (n < 0 && (errno == EAGAIN || errno == EINTR))
        return;
    if (n > 0)
        client->answer_sent += (size_t)n;
    if (n <= 0 || client->answer_sent == client->answer_length)
        close_client(client);
}

static void read_request(struct caller *c, struct stamp now, struct caller_client *client)
{
    json_error_t where;
    ssize_t n = recv(client->fd, client->text + client->used, sizeof client->text - 1 - client->used, 0);
    if (n < 0 && (errno == EAGAIN || errno == EINTR))
        return;
    if (n <= 0) {
        close_client(client);
        return;
    }
    client->used += (size_t)n;
    client->text[client->used] = '\0';
    char *end = strchr(client->text, '\n');
    if (end == NULL) {
        if (client->used + 1 >= sizeof client->text)
            close_client(client);
        return;
    }
    json_t *ask = json_loadb(client->text, (size_t)(end - client->text), 0, &where);
    json_t *reply = json_is_object(ask) ? answer(c, now, client, ask)
                                        : failure("this is not a JSON object", "不是 JSON 对象");
    char *text = reply != NULL ? json_dumps(reply, JSON_COMPACT) : NULL;
    json_decref(reply);
    json_decref(ask);
    if (text == NULL) {
        close_client(client);
        return;
    }
    client->answer = text;
    client->answer_length = strlen(text) + 1;
    text[client->answer_length - 1] = '\n'; /* in the place of the NUL */
    client->until_us = now.boot_us + CLIENT_US;
    send_answer(client);
}

void caller_client_turn(struct caller *c, struct stamp now, struct caller_client *client)
{
    if (client->answer != NULL)
        send_answer(client);
    else
        read_request(c, now, client);
}
