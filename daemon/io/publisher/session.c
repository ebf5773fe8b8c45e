/*
 * session.c - what paho 1.3.12 needs from whoever uses it:
 *
 * - It resolves names on its send thread under its one big lock, so while a connection is being made no paho
 *   function but MQTTAsync_destroy may be called here, and that one only after heartbeat_busy (the caller).
 * - A handle keeps unsent commands over a reconnect and would send them before ours: each connection gets a
 * new handle. The new one is made before the old one is destroyed, because with the last handle paho ends its
 * threads, which takes a second.
 * - A write that fails makes it free a QoS 1 message twice. Its own heap table makes that harmless nearly
 * always; session_is_closing() keeps us from writing to a socket that is known to be dead.
 * - It sets neither TCP_NODELAY (so the second of two small messages waits 40 ms for the peer's delayed ACK)
 *   nor a send buffer that holds a window of messages (so a partial write waits for its poll loop).
 * - It has no way to take http_proxy from the environment away: publisher_create does.
 */
#include "session.h"

#include <MQTTAsync.h>
#include <dirent.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "clock.h"
#include "explain.h"
#include "secret.h"
#include "session_paho.h"

#define SEND_BUFFER (256 * 1024)

struct flight {
    int token; /* 0: free */
    enum session_owner owner;
    uint64_t key;
    int64_t sent_boot_us;
};

struct session {
    struct mailbox *notes;
    struct session_link *link;
    struct mqtt_config mqtt; /* as of the last session_connect */
    enum session_state state;
    uint32_t epoch;
    unsigned window;
    struct flight flights[SESSION_WINDOW];
    unsigned under_way[OWNERS];
    int filters[SESSION_FILTERS]; /* tokens of subscriptions under way */
    int fd;                       /* paho's socket, -1 when it was not found */
    char tls[NOTE_TEXT];
    char trouble[SESSION_TROUBLE];
};

int session_create(struct mailbox *notes, struct session **ret)
{
    struct session *s = calloc(1, sizeof *s);
    if (s == NULL)
        return -ENOMEM;
    s->notes = notes;
    s->fd = -1;
    *ret = s;
    return 0;
}

static void link_free(struct session_link *link)
{
    if (link == NULL)
        return;
    if (link->handle != NULL)
        MQTTAsync_destroy(&link->handle);
    free(link);
}

void session_free(struct session *s)
{
    if (s == NULL)
        return;
    link_free(s->link);
    free(s);
}

static int make_link(struct session *s, struct session_link **ret)
{
    MQTTAsync_createOptions options = MQTTAsync_createOptions_initializer5;
    char uri[sizeof s->mqtt.uri + 8];
    struct session_link *link = calloc(1, sizeof *link);
    if (link == NULL)
        return -ENOMEM;
    link->notes = s->notes;
    link->epoch = ++s->epoch;
    const char *rest = strstr(s->mqtt.uri, "://");
    snprintf(uri, sizeof uri, "%s%s", strncmp(s->mqtt.uri, "mqtts:", 6) == 0 ? "ssl" : "tcp",
             rest != NULL ? rest : "");
    options.sendWhileDisconnected = 0;
    int rc = MQTTAsync_createWithOptions(&link->handle, uri, s->mqtt.client_id, MQTTCLIENT_PERSISTENCE_NONE,
                                         NULL, &options);
    if (rc != MQTTASYNC_SUCCESS) {
        snprintf(s->trouble, sizeof s->trouble, "%s: %s", s->mqtt.uri, MQTTAsync_strerror(rc));
        link->handle = NULL;
        link_free(link);
        return -EINVAL;
    }
    session_callbacks_set(link);
    *ret = link;
    return 0;
}

static void fill_tls(const struct session *s, MQTTAsync_SSLOptions *tls)
{
    const struct mqtt_config *mqtt = &s->mqtt;
    tls->enableServerCertAuth = 1;
    tls->verify = 1; /* the name in the certificate too */
    tls->trustStore = mqtt->ca_file[0] != '\0' ? mqtt->ca_file : NULL;
    tls->keyStore = mqtt->certificate_file[0] != '\0' ? mqtt->certificate_file : NULL;
    tls->privateKey = mqtt->key_file[0] != '\0' ? mqtt->key_file : NULL;
    tls->ssl_error_cb = session_callbacks_tls;
    tls->ssl_error_context = s->link;
}

static int start(struct session *s, const char *will_topic, const char *will, const char *secret,
                 size_t length)
{
    MQTTAsync_connectOptions options = MQTTAsync_connectOptions_initializer5;
    MQTTAsync_willOptions last = MQTTAsync_willOptions_initializer;
    MQTTAsync_SSLOptions tls = MQTTAsync_SSLOptions_initializer;
    last.topicName = will_topic;
    last.message = will;
    last.retained = 1;
    last.qos = 1;
    options.will = &last;
    options.cleanstart = 1;
    options.keepAliveInterval = s->mqtt.keep_alive_s;
    options.connectTimeout = SESSION_CONNECT_SECONDS;
    options.automaticReconnect = 0;
    if (s->mqtt.username[0] != '\0')
        options.username = s->mqtt.username;
    if (length > 0) {
        options.binarypwd.data = secret;
        options.binarypwd.len = (int)length;
    }
    if (strncmp(s->mqtt.uri, "mqtts:", 6) == 0) {
        fill_tls(s, &tls);
        options.ssl = &tls;
    }
    session_callbacks_connect(s->link, &options);
    int rc = MQTTAsync_connect(s->link->handle, &options);
    if (rc == MQTTASYNC_SUCCESS)
        return 0;
    snprintf(s->trouble, sizeof s->trouble, "can't connect to %s: %s", s->mqtt.uri, MQTTAsync_strerror(rc));
    return -EIO;
}

static void forget(struct session *s)
{
    s->state = SESSION_IDLE;
    s->fd = -1;
    memset(s->flights, 0, sizeof s->flights);
    memset(s->under_way, 0, sizeof s->under_way);
    memset(s->filters, 0, sizeof s->filters);
}

int session_connect(struct session *s, const struct mqtt_config *mqtt, const char *will_topic,
                    const char *will)
{
    char secret[SECRET_MAX];
    size_t length = 0;
    struct session_link *link = NULL;
    forget(s);
    s->mqtt = *mqtt;
    s->tls[0] = s->trouble[0] = '\0';
    int error = secret_check_files(mqtt, s->trouble, sizeof s->trouble);
    if (error == 0)
        error = secret_read(mqtt, secret, &length, s->trouble, sizeof s->trouble);
    if (error == 0)
        error = make_link(s, &link);
    if (error == 0) {
        link_free(s->link);
        s->link = link;
        error = start(s, will_topic, will, secret, length);
    }
    explicit_bzero(secret, sizeof secret);
    if (error == 0)
        s->state = SESSION_CONNECTING;
    return error;
}

void session_drop(struct session *s, const char *why)
{
    MQTTAsync_disconnectOptions options = MQTTAsync_disconnectOptions_initializer5;
    if (s->state == SESSION_UP)
        (void)MQTTAsync_disconnect(s->link->handle, &options);
    if (s->state != SESSION_IDLE)
        s->epoch++;
    forget(s);
    snprintf(s->trouble, sizeof s->trouble, "%s", why);
}

enum session_state session_state(const struct session *s)
{
    return s->state;
}

const char *session_trouble(const struct session *s)
{
    return s->trouble;
}

/* paho does not tell its socket: it is the TCP socket of this process whose peer has the broker's port.
 * Should another one have it too, both get the options, which do no harm, and neither is watched. */
static void tune_socket(struct session *s)
{
    char host[256], port[8];
    DIR *directory = opendir("/proc/self/fd");
    unsigned found = 0;
    s->fd = -1;
    if (directory == NULL || explain_endpoint(s->mqtt.uri, host, sizeof host, port) < 0)
        goto out;
    for (struct dirent *entry = readdir(directory); entry != NULL; entry = readdir(directory)) {
        struct sockaddr_storage peer = {0};
        socklen_t size = sizeof peer;
        int fd = (int)strtol(entry->d_name, NULL, 10), on = 1, buffer = SEND_BUFFER;
        if (getpeername(fd, (struct sockaddr *)&peer, &size) < 0)
            continue;
        in_port_t got = peer.ss_family == AF_INET    ? ((struct sockaddr_in *)&peer)->sin_port
                        : peer.ss_family == AF_INET6 ? ((struct sockaddr_in6 *)&peer)->sin6_port
                                                     : 0;
        if (got == 0 || ntohs(got) != strtol(port, NULL, 10))
            continue;
        if (setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on) < 0)
            continue;
        (void)setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &buffer, sizeof buffer);
        s->fd = fd;
        found++;
    }
    if (found != 1)
        s->fd = -1;
out:
    if (directory != NULL)
        closedir(directory);
}

bool session_is_closing(const struct session *s)
{
    struct pollfd fd = {.fd = s->fd, .events = POLLRDHUP};
    return s->state == SESSION_UP && s->fd >= 0 && poll(&fd, 1, 0) > 0;
}

static void came_up(struct session *s, const struct note *note)
{
    s->state = SESSION_UP;
    s->window = note->receive_maximum < SESSION_WINDOW ? note->receive_maximum : SESSION_WINDOW;
    s->trouble[0] = '\0';
    tune_socket(s);
}

static const char *code_name(int code)
{
    const char *name = MQTTReasonCode_toString((enum MQTTReasonCodes)code);
    return name != NULL ? name : "unknown reason";
}

static enum session_change went_down(struct session *s, const struct note *note)
{
    if (s->state == SESSION_IDLE)
        return SESSION_NOTHING;
    if (note->kind == NOTE_REFUSED)
        explain_refusal(&s->mqtt, note, s->tls, s->trouble, sizeof s->trouble);
    else if (note->kind == NOTE_TOLD_TO_GO)
        snprintf(s->trouble, sizeof s->trouble, "the broker ended the connection: %s", code_name(note->code));
    else
        snprintf(s->trouble, sizeof s->trouble, "the connection to %s broke", s->mqtt.uri);
    forget(s);
    return SESSION_WENT_DOWN;
}

static enum session_change acknowledged(struct session *s, const struct note *note, struct session_ack *ret)
{
    for (unsigned i = 0; i < SESSION_WINDOW; i++) {
        struct flight *f = &s->flights[i];
        if (f->token == 0 || f->token != note->token)
            continue;
        *ret = (struct session_ack){
            .owner = f->owner, .key = f->key, .code = note->code, .text = code_name(note->code)};
        s->under_way[f->owner]--;
        f->token = 0;
        return SESSION_ACKED;
    }
    return SESSION_NOTHING;
}

static enum session_change subscribed(struct session *s, const struct note *note, struct session_ack *ret)
{
    for (int i = 0; i < SESSION_FILTERS; i++)
        if (s->filters[i] != 0 && s->filters[i] == note->token) {
            s->filters[i] = 0;
            *ret = (struct session_ack){.code = note->code, .text = code_name(note->code), .filter = i};
            return SESSION_SUBACKED;
        }
    return SESSION_NOTHING;
}

enum session_change session_note(struct session *s, const struct note *note, struct session_ack *ret)
{
    if (s->state == SESSION_IDLE || note->epoch != s->epoch)
        return SESSION_NOTHING;
    switch (note->kind) {
    case NOTE_UP:
        came_up(s, note);
        return SESSION_CAME_UP;
    case NOTE_REFUSED:
    case NOTE_LOST:
    case NOTE_TOLD_TO_GO:
        return went_down(s, note);
    case NOTE_TLS:
        explain_tls(note->text, s->tls, sizeof s->tls);
        return SESSION_NOTHING;
    case NOTE_ACK:
        return acknowledged(s, note, ret);
    case NOTE_SUBSCRIBED:
        return subscribed(s, note, ret);
    case NOTE_ARRIVED:
        return SESSION_ARRIVED;
    case NOTE_PAGE:
    case NOTE_STOP:
        break;
    }
    return SESSION_NOTHING;
}

unsigned session_window(const struct session *s)
{
    return s->window;
}

unsigned session_under_way(const struct session *s, enum session_owner owner)
{
    return s->under_way[owner];
}

static unsigned under_way_all(const struct session *s)
{
    unsigned sum = 0;
    for (unsigned i = 0; i < OWNERS; i++)
        sum += s->under_way[i];
    return sum;
}

static int fill_properties(const struct session_message *message, MQTTProperties *props)
{
    int rc = 0;
    if (message->expiry_s > 0) {
        MQTTProperty expiry = {.identifier = MQTTPROPERTY_CODE_MESSAGE_EXPIRY_INTERVAL};
        expiry.value.integer4 = message->expiry_s;
        rc |= MQTTProperties_add(props, &expiry);
    }
    if (message->correlation_length > 0) {
        MQTTProperty correlation = {.identifier = MQTTPROPERTY_CODE_CORRELATION_DATA};
        correlation.value.data.len = (int)message->correlation_length;
        correlation.value.data.data = message->correlation; /* copied */
        rc |= MQTTProperties_add(props, &correlation);
    }
    return rc;
}

int session_publish(struct session *s, const struct session_message *message)
{
    MQTTAsync_responseOptions options = MQTTAsync_responseOptions_initializer;
    struct flight *slot = NULL;
    if (s->state != SESSION_UP)
        return -ENOTCONN;
    if (under_way_all(s) >= s->window)
        return -EAGAIN;
    for (unsigned i = 0; i < SESSION_WINDOW && slot == NULL; i++)
        if (s->flights[i].token == 0)
            slot = &s->flights[i];
    if (slot == NULL || fill_properties(message, &options.properties) != 0) {
        MQTTProperties_free(&options.properties);
        return -EAGAIN;
    }
    session_callbacks_publish(s->link, &options);
    int rc = MQTTAsync_send(s->link->handle, message->topic, (int)message->length, message->payload, 1,
                            message->retain, &options);
    MQTTProperties_free(&options.properties);
    if (rc != MQTTASYNC_SUCCESS)
        return rc == MQTTASYNC_DISCONNECTED ? -ENOTCONN : -EIO;
    *slot = (struct flight){.token = options.token,
                            .owner = message->owner,
                            .key = message->key,
                            .sent_boot_us = clock_boot_us()};
    s->under_way[message->owner]++;
    return 0;
}

bool session_is_overdue(const struct session *s, int64_t now_boot_us)
{
    for (unsigned i = 0; i < SESSION_WINDOW; i++)
        if (s->flights[i].token != 0 &&
            now_boot_us - s->flights[i].sent_boot_us > SESSION_OVERDUE_SECONDS * SECOND_US)
            return true;
    return false;
}

int session_subscribe(struct session *s, int filter, const char *topic, bool retained)
{
    MQTTAsync_responseOptions options = MQTTAsync_responseOptions_initializer;
    if (s->state != SESSION_UP)
        return -ENOTCONN;
    options.subscribeOptions.noLocal = 1;           /* not what we publish ourselves */
    options.subscribeOptions.retainAsPublished = 1; /* a retained command must show that it is one */
    options.subscribeOptions.retainHandling = retained ? 0 : 2;
    session_callbacks_subscribe(s->link, &options);
    if (MQTTAsync_subscribe(s->link->handle, topic, 1, &options) != MQTTASYNC_SUCCESS)
        return -EIO;
    s->filters[filter] = options.token;
    return 0;
}

void session_unsubscribe(struct session *s, const char *topic)
{
    MQTTAsync_responseOptions options = MQTTAsync_responseOptions_initializer;
    if (s->state == SESSION_UP)
        (void)MQTTAsync_unsubscribe(s->link->handle, topic, &options);
}
