#include "control_fixture.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cmocka.h>

enum { POINTS_PER_TANK = 3, ALARMS_PER_TANK = 2 };

static struct point_config make_point(const char *id, uint16_t asset, const char *unit, uint8_t decimals)
{
    struct point_config p = {.asset = asset};
    snprintf(p.id, sizeof p.id, "%s", id);
    snprintf(p.unit, sizeof p.unit, "%s", unit);
    p.format.decimals = decimals;
    return p;
}

static void fill_tank(struct config *c, uint16_t tank)
{
    uint16_t index = (uint16_t)(tank + 1), point = (uint16_t)(tank * POINTS_PER_TANK),
             alarm = (uint16_t)(1 + tank * ALARMS_PER_TANK);
    struct asset_config *a = &c->assets[index];
    snprintf(a->id, sizeof a->id, "tank-%u", tank + 1);
    snprintf(a->name.text[LANGUAGE_EN], TEXT_MAX, "Tank %u", tank + 1);
    snprintf(a->name.text[LANGUAGE_ZH], TEXT_MAX, "%u号罐", tank + 1);
    a->kind = ASSET_TANK;
    a->first_point = point;
    a->n_points = POINTS_PER_TANK;
    a->first_alarm = alarm;
    a->n_alarms = ALARMS_PER_TANK;
    c->points[point] = make_point("temperature", index, "°C", 1);
    c->points[point + 1] = make_point("level", index, "cm", 2);
    c->points[point + 2] = make_point("lid", index, "", 0);
    c->points[point + 2].format.n_states = 2;
    c->points[point + 2].format.states[0] = (struct reg_state){0, "closed", "关闭"};
    c->points[point + 2].format.states[1] = (struct reg_state){1, "open", "打开"};
    for (uint16_t i = 0; i < ALARMS_PER_TANK; i++) {
        struct alarm_config *config = &c->alarms[alarm + i];
        snprintf(config->id, sizeof config->id, i == 0 ? "temperature-critical" : "lid-open");
        config->asset = index;
        c->alarm_models[alarm + i] =
            (struct alarm_model){.kind = i == 0 ? CONDITION_HIGH : CONDITION_STATE,
                                 .priority = i == 0 ? PRIORITY_CRITICAL : PRIORITY_MEDIUM,
                                 .point = (uint16_t)(point + 2 * i),
                                 .limit = -149900000};
    }
}

struct config *fixture_config(const char *socket_path, uint16_t n_tanks, uint32_t generation)
{
    struct config *c = calloc(1, sizeof *c);
    assert_non_null(c);
    atomic_init(&c->references, 1);
    c->generation = generation;
    snprintf(c->site_id, sizeof c->site_id, "demo");
    c->mqtt.enabled = generation != 7;
    snprintf(c->site_name.text[LANGUAGE_EN], TEXT_MAX, "Demo \"cell\" bank");
    snprintf(c->site_name.text[LANGUAGE_ZH], TEXT_MAX, "示范细胞库");
    snprintf(c->control_socket, sizeof c->control_socket, "%s", socket_path);
    c->n_assets = (uint16_t)(n_tanks + 1);
    c->n_points = (uint16_t)(n_tanks * POINTS_PER_TANK);
    c->n_alarms = (uint16_t)(n_tanks * ALARMS_PER_TANK + 1);
    c->assets = calloc(c->n_assets, sizeof *c->assets);
    c->points = calloc(c->n_points, sizeof *c->points);
    c->alarms = calloc(c->n_alarms, sizeof *c->alarms);
    c->point_models = calloc(c->n_points, sizeof *c->point_models);
    c->alarm_models = calloc(c->n_alarms, sizeof *c->alarm_models);
    snprintf(c->assets[0].id, ID_MAX, "system");
    c->assets[0].kind = ASSET_SYSTEM;
    c->assets[0].n_alarms = 1;
    snprintf(c->alarms[0].id, ID_MAX, "broker");
    c->alarm_models[0] = (struct alarm_model){.kind = CONDITION_FAULT, .fault = FAULT_BROKER};
    for (uint16_t i = 0; i < n_tanks; i++)
        fill_tank(c, i);
    return c;
}

/* ---------------------------------------------------------------- the core */

static void make_point_view(uint16_t point, struct point_view *view)
{
    *view = (struct point_view){.at = {.boot_us = 990 * SECOND_US, .utc_us = 1790000000 * SECOND_US},
                                .last_data_boot_us = 940 * SECOND_US};
    switch (point % POINTS_PER_TANK) {
    case 0:
        view->reading = (struct reading){.value = -190100000, .raw = 0xF893};
        break;
    case 1: /* a bad reading with a number in it: nobody may ever see that number */
        view->reading = (struct reading){.value = 12345678, .quality = QUALITY_BAD, .reason = REASON_TIMEOUT};
        break;
    default:
        view->reading = (struct reading){.value = MICRO_PER_UNIT, .raw = 1};
        if (point > POINTS_PER_TANK)
            *view = (struct point_view){.reading = {.quality = QUALITY_BAD, .reason = REASON_NEVER_READ},
                                        .last_data_boot_us = INT64_MIN};
    }
}

static void make_alarm_view(uint16_t alarm, struct snapshot_alarm *view)
{
    *view = (struct snapshot_alarm){.state = ALARM_NORMAL};
    if (alarm == 1) {
        view->state = ALARM_ACKNOWLEDGED;
        view->raised_utc_us = 1790000000 * SECOND_US;
        view->acked_utc_us = 1790000060 * SECOND_US;
        snprintf(view->who, sizeof view->who, "li.na");
        snprintf(view->body, sizeof view->body,
                 "{\"seq\":17,\"asset\":\"tank-1\",\"alarm\":\"temperature-critical\",\"state\":"
                 "\"unacknowledged\","
                 "\"value\":-149.2,\"limit\":-150,\"text\":{\"en\":\"too warm\",\"zh\":\"过高\"}}");
    } else if (alarm == 3) { /* restored from an earlier run: no event of this one */
        view->state = ALARM_UNACKNOWLEDGED;
        view->raised_utc_us = 1780000000 * SECOND_US;
    }
}

static void answer_page(struct fake_core *core, const struct core_message *m)
{
    struct control_message *page = calloc(1, sizeof *page);
    assert_non_null(page);
    bool points = m->snapshot.table == SNAPSHOT_POINTS;
    uint16_t n = points ? core->config->n_points : core->config->n_alarms;
    page->kind = CONTROL_PAGE;
    page->generation = core->config->generation;
    page->page.ticket = m->snapshot.ticket;
    page->page.table = m->snapshot.table;
    page->page.first = m->snapshot.first;
    page->page.now = (struct stamp){.boot_us = 1000 * SECOND_US, .utc_us = 1790000010 * SECOND_US};
    page->page.broker_failed = core->broker_failed;
    page->page.disk_failed = core->disk_failed;
    for (uint16_t i = m->snapshot.first; i < n && page->page.count < SNAPSHOT_PAGE; i++, page->page.count++) {
        if (points)
            make_point_view(i, &page->page.points[page->page.count]);
        else
            make_alarm_view(i, &page->page.alarms[page->page.count]);
    }
    mailbox_post(control_mailbox(core->control), MAILBOX_ORDINARY, page);
    free(page);
}

static void switch_config(struct fake_core *core)
{
    struct control_message *m = calloc(1, sizeof *m);
    assert_non_null(m);
    core->config = core->next;
    m->kind = CONTROL_CONFIG;
    m->generation = core->config->generation;
    m->config = config_ref(core->config);
    mailbox_post(control_mailbox(core->control), MAILBOX_RESERVED, m);
    free(m);
}

static void answer_command(struct fake_core *core, uint32_t ticket)
{
    struct control_message *m = calloc(1, sizeof *m);
    assert_non_null(m);
    m->kind = CONTROL_ANSWER;
    m->answer.ticket = ticket;
    m->answer.error = atomic_load(&core->answer_error);
    m->answer.result = core->result;
    m->answer.result.error = m->answer.error;
    m->answer.seq = 4711;
    mailbox_post(control_mailbox(core->control), MAILBOX_ORDINARY, m);
    free(m);
}

static void handle(struct fake_core *core, const struct core_message *m)
{
    if (m->kind == CORE_SNAPSHOT) {
        if (atomic_fetch_add(&core->requests, 1) + 1 == atomic_load(&core->switch_after))
            switch_config(core); /* and the request of the old generation is dropped */
        else if (m->generation == core->config->generation)
            answer_page(core, m);
    } else {
        pthread_mutex_lock(&core->lock);
        core->last = *m;
        if (m->kind == CORE_RECORD) {
            core->last_request = *m->record.request;
            free(m->record.request);
        }
        if (m->kind == CORE_COMMAND) {
            core->last_order = *m->command;
            free(m->command);
        }
        pthread_mutex_unlock(&core->lock);
        answer_command(core, m->kind == CORE_RELOAD   ? m->reload.ticket
                             : m->kind == CORE_RECORD ? m->record.ticket
                                                      : core->last_order.ticket);
    }
}

static void *core_thread(void *argument)
{
    struct fake_core *core = argument;
    struct core_message m;
    while (!atomic_load(&core->quit)) {
        mailbox_wait(core->box, -1, clock_boot_us() + 20 * MS_US);
        while (mailbox_take(core->box, &m))
            if (!atomic_load(&core->mute))
                handle(core, &m);
            else if (m.kind == CORE_COMMAND)
                free(m.command);
    }
    return NULL;
}

/* ---------------------------------------------------------------- the fixture */

void fixture_open(struct fixture *f, uint16_t n_tanks, const struct control_limits *limits)
{
    memset(f, 0, sizeof *f);
    snprintf(f->directory, sizeof f->directory, "/tmp/cryomon-control-XXXXXX");
    assert_non_null(mkdtemp(f->directory));
    assert_int_equal(chmod(f->directory, 0755), 0);
    snprintf(f->path, sizeof f->path, "%s/control", f->directory);
    f->core.config = f->first = fixture_config(f->path, n_tanks, 1);
    pthread_mutex_init(&f->core.lock, NULL);
    f->core.next = fixture_config(f->path, 1, 2);
    assert_int_equal(heartbeats_create(&f->heartbeats), 0);
    assert_int_equal(mailbox_create(sizeof(struct core_message), 64, 0, &f->core.box), 0);
    assert_int_equal(control_create_limited(f->core.config, "run-1", f->core.box, f->heartbeats,
                                            limits != NULL ? limits : &control_limits_default, &f->control),
                     0);
    f->core.control = f->control;
    assert_int_equal(pthread_create(&f->core.thread, NULL, core_thread, &f->core), 0);
}

void fixture_close(struct fixture *f)
{
    atomic_store(&f->core.quit, true);
    pthread_join(f->core.thread, NULL);
    assert_int_equal(control_stop(f->control, 2000), 0);
    control_free(f->control);
    struct stat st;
    assert_int_equal(lstat(f->path, &st), -1); /* the name is gone with the daemon */
    config_unref(f->first);
    config_unref(f->core.next);
    mailbox_free(f->core.box);
    heartbeats_free(f->heartbeats);
    rmdir(f->directory);
}

struct core_message fixture_last_command(struct fixture *f)
{
    pthread_mutex_lock(&f->core.lock);
    struct core_message m = f->core.last;
    pthread_mutex_unlock(&f->core.lock);
    return m;
}

/* ---------------------------------------------------------------- the caller */

int caller_connect(const struct fixture *f)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    struct timeval timeout = {.tv_sec = 10};
    snprintf(address.sun_path, sizeof address.sun_path, "%s", f->path);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_true(fd >= 0);
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof timeout);
    assert_int_equal(connect(fd, (struct sockaddr *)&address, sizeof address), 0);
    return fd;
}

void caller_send_bytes(int fd, const char *bytes, size_t len)
{
    while (len > 0) {
        ssize_t n = send(fd, bytes, len, MSG_NOSIGNAL);
        if (n <= 0)
            return; /* the server has hung up: the test will see that when it reads */
        bytes += n;
        len -= (size_t)n;
    }
}

void caller_send(int fd, const char *text)
{
    caller_send_bytes(fd, text, strlen(text) + 1);
}

json_t *caller_receive(int fd, char *text, size_t cap)
{
    size_t size = 1 << 16, len = 0;
    char *buffer = malloc(size);
    json_t *reply = NULL;
    while (reply == NULL) {
        if (size - len < 1 << 16)
            buffer = realloc(buffer, size *= 2);
        assert_non_null(buffer);
        /* Looked at first: what follows the NUL belongs to the next reply. */
        ssize_t n = recv(fd, buffer + len, size - len, MSG_PEEK);
        assert_true(n >= 0 || errno == ECONNRESET);
        if (n <= 0)
            break;
        const char *end = memchr(buffer + len, '\0', (size_t)n);
        size_t mine = end != NULL ? (size_t)(end - buffer) + 1 - len : (size_t)n;
        assert_int_equal(recv(fd, buffer + len, mine, 0), mine);
        len += mine;
        if (end == NULL)
            continue;
        reply = json_loads(buffer, JSON_REJECT_DUPLICATES, NULL);
        assert_non_null(reply);
        if (text != NULL)
            snprintf(text, cap, "%s", buffer);
    }
    free(buffer);
    return reply;
}

bool caller_sees_end(int fd)
{
    char byte;
    ssize_t n = recv(fd, &byte, 1, 0);
    return n == 0 || (n < 0 && errno == ECONNRESET);
}

json_t *caller_call(const struct fixture *f, const char *text)
{
    int fd = caller_connect(f);
    caller_send(fd, text);
    json_t *reply = caller_receive(fd, NULL, 0);
    close(fd);
    return reply;
}

const char *reply_error(const json_t *reply)
{
    const char *error = json_string_value(json_object_get(reply, "error"));
    return error != NULL ? error : "";
}

const json_t *reply_parameter(const json_t *reply, const char *key)
{
    return json_object_get(json_object_get(reply, "parameters"), key);
}

const char *reply_text(const json_t *object, const char *key)
{
    const char *text = json_string_value(json_object_get(object, key));
    return text != NULL ? text : "(none)";
}

void reply_assert_error(json_t *reply, const char *error)
{
    assert_non_null(reply);
    assert_string_equal(reply_error(reply), error);
    json_decref(reply);
}

void reply_assert_bad_parameter(json_t *reply, const char *parameter)
{
    assert_non_null(reply);
    assert_string_equal(json_string_value(reply_parameter(reply, "parameter")), parameter);
    reply_assert_error(reply, "org.varlink.service.InvalidParameter");
}
