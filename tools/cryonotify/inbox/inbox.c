/* inbox.c - the thread that owns paho. What paho 1.3.12 needs from its users stands in the publisher's
 * session.c; here too each connection gets a handle of its own, and nothing of paho is called while one is
 * being made. */
#include "inbox.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>

#include "clock.h"
#include "explain.h"
#include "inbox_internal.h"
#include "secret.h"

#define CONNECT_S      10
#define SLOW_US        (20 * SECOND_US) /* no outcome, or no confirmation, for so long is a failure */
#define BACKOFF_MIN_US (1 * SECOND_US)
#define BACKOFF_MAX_US (30 * SECOND_US)
#define SYNC_US        (120 * SECOND_US) /* by then all retained states must have come */
#define TURN_US        (1 * SECOND_US)
#define PUNCTUAL_US    (3 * SECOND_US) /* the book is not late for so long: the disk answers again */
#define REQUESTS       512
#define NEWS_RESERVED  256

static void tell(struct inbox *in, const struct inbox_news *news)
{
    (void)mailbox_post(in->news, MAILBOX_RESERVED, news);
}

static void tell_sent(struct inbox *in, unsigned tag, int64_t key, bool ok)
{
    struct inbox_news news = {.kind = INBOX_SENT, .tag = tag, .key = key, .ok = ok};
    tell(in, &news);
}

static void link_free(struct inbox_link *link)
{
    if (link == NULL)
        return;
    if (link->handle != NULL)
        MQTTAsync_destroy(&link->handle);
    free(link);
}

static int make_link(struct inbox *in, struct inbox_link **ret)
{
    MQTTAsync_createOptions options = MQTTAsync_createOptions_initializer5;
    const struct mqtt_config *mqtt = &in->config->mqtt;
    char uri[sizeof mqtt->uri + 8], id[sizeof mqtt->client_id + 8];
    const char *rest = strstr(mqtt->uri, "://");
    struct inbox_link *link = calloc(1, sizeof *link);
    if (link == NULL)
        return -ENOMEM;
    link->inbox = in;
    link->epoch = ++in->epoch;
    link->forgetful = in->forgetful;
    snprintf(id, sizeof id, "%s%s", mqtt->client_id, in->forgetful ? "-hung" : "");
    snprintf(uri, sizeof uri, "%s%s", strncmp(mqtt->uri, "mqtts:", 6) == 0 ? "ssl" : "tcp",
             rest != NULL ? rest : "");
    options.sendWhileDisconnected = 0;
    int rc = MQTTAsync_createWithOptions(&link->handle, uri, id, MQTTCLIENT_PERSISTENCE_NONE, NULL, &options);
    if (rc != MQTTASYNC_SUCCESS) {
        snprintf(in->trouble, sizeof in->trouble, "%s: %s", mqtt->uri, MQTTAsync_strerror(rc));
        link->handle = NULL;
        link_free(link);
        return -EINVAL;
    }
    inbox_paho_set(link);
    *ret = link;
    return 0;
}

static void fill_tls(struct inbox *in, MQTTAsync_SSLOptions *tls)
{
    const struct mqtt_config *mqtt = &in->config->mqtt;
    tls->enableServerCertAuth = 1;
    tls->verify = 1;
    tls->trustStore = mqtt->ca_file[0] != '\0' ? mqtt->ca_file : NULL;
    tls->keyStore = mqtt->certificate_file[0] != '\0' ? mqtt->certificate_file : NULL;
    tls->privateKey = mqtt->key_file[0] != '\0' ? mqtt->key_file : NULL;
    tls->ssl_error_cb = inbox_paho_tls;
    tls->ssl_error_context = in->link;
}

static int start(struct inbox *in, const char *secret, size_t length)
{
    MQTTAsync_connectOptions options = MQTTAsync_connectOptions_initializer5;
    MQTTAsync_willOptions will = MQTTAsync_willOptions_initializer;
    MQTTAsync_SSLOptions tls = MQTTAsync_SSLOptions_initializer;
    const struct mqtt_config *mqtt = &in->config->mqtt;
    MQTTProperties properties = MQTTProperties_initializer;
    MQTTProperty expiry = {.identifier = MQTTPROPERTY_CODE_SESSION_EXPIRY_INTERVAL};
    expiry.value.integer4 = in->forgetful ? 0 : INBOX_EXPIRY_S;
    (void)MQTTProperties_add(&properties, &expiry);
    options.connectProperties = &properties;
    options.cleanstart = 0;
    options.keepAliveInterval = mqtt->keep_alive_s;
    options.connectTimeout = CONNECT_S;
    if (in->config->will_topic[0] != '\0') {
        will.topicName = in->config->will_topic;
        will.message = in->config->will;
        will.retained = 1;
        will.qos = 1;
        options.will = &will;
    }
    if (mqtt->username[0] != '\0')
        options.username = mqtt->username;
    if (length > 0) {
        options.binarypwd.data = secret;
        options.binarypwd.len = (int)length;
    }
    if (strncmp(mqtt->uri, "mqtts:", 6) == 0) {
        fill_tls(in, &tls);
        options.ssl = &tls;
    }
    inbox_paho_connect(in->link, &options);
    int rc = MQTTAsync_connect(in->link->handle, &options);
    MQTTProperties_free(&properties);
    if (rc != MQTTASYNC_SUCCESS)
        snprintf(in->trouble, sizeof in->trouble, "can't connect to %s: %s", mqtt->uri,
                 MQTTAsync_strerror(rc));
    return rc == MQTTASYNC_SUCCESS ? 0 : -EIO;
}

static int64_t backoff_us(unsigned attempts)
{
    uint32_t random = 0;
    int64_t delay = BACKOFF_MIN_US << (attempts > 6 ? 5 : attempts > 0 ? attempts - 1 : 0);
    delay = delay > BACKOFF_MAX_US ? BACKOFF_MAX_US : delay;
    if (getrandom(&random, sizeof random, GRND_NONBLOCK) < 0)
        random = (uint32_t)clock_boot_us();
    return delay / 2 + (int64_t)(random % 1000) * (delay / 2) / 1000;
}

static void went_down(struct inbox *in, int64_t now_us)
{
    struct inbox_news news = {.kind = INBOX_DOWN};
    for (unsigned i = 0; i < INBOX_WINDOW; i++) {
        struct inbox_flight *f = &in->flights[i];
        if (f->token != 0)
            tell_sent(in, f->tag, f->key, false);
        f->token = 0;
    }
    in->n_flights = in->n_subscribing = 0;
    atomic_store(&in->synced, false);
    in->state = STATE_IDLE;
    in->attempts++;
    in->retry_us = now_us + backoff_us(in->attempts);
    snprintf(news.text, sizeof news.text, "%s", in->trouble);
    tell(in, &news);
}

static void drop(struct inbox *in, const char *why, int64_t now_us)
{
    MQTTAsync_disconnectOptions options = MQTTAsync_disconnectOptions_initializer5;
    if (in->state == STATE_UP)
        (void)MQTTAsync_disconnect(in->link->handle, &options);
    in->epoch++;
    snprintf(in->trouble, sizeof in->trouble, "%s", why);
    went_down(in, now_us);
}

static void try_to_connect(struct inbox *in, int64_t now_us)
{
    char secret[SECRET_MAX];
    size_t length = 0;
    struct inbox_link *link = NULL;
    in->tls[0] = in->trouble[0] = '\0';
    in->connecting_us = now_us;
    int error = secret_check_files(&in->config->mqtt, in->trouble, sizeof in->trouble);
    if (error == 0)
        error = secret_read(&in->config->mqtt, secret, &length, in->trouble, sizeof in->trouble);
    if (error == 0)
        error = make_link(in, &link);
    if (error == 0) {
        link_free(in->link); /* the new one is there: so paho does not end its threads */
        in->link = link;
        error = start(in, secret, length);
    }
    explicit_bzero(secret, sizeof secret);
    if (error < 0)
        went_down(in, now_us);
    else
        in->state = STATE_CONNECTING;
}

static void subscribe_all(struct inbox *in, int64_t now_us)
{
    bool sent = true;
    in->n_subscribing = 0;
    in->synced_by_us = now_us + SYNC_US;
    atomic_store(&in->synced, false);
    for (unsigned i = 0; i <= in->config->n_filters; i++) {
        bool echo = i == in->config->n_filters;
        MQTTAsync_responseOptions options = MQTTAsync_responseOptions_initializer;
        options.subscribeOptions.noLocal = 0;
        options.subscribeOptions.retainAsPublished = 0; /* the flag says: this is from the subscription */
        options.subscribeOptions.retainHandling = 0;
        inbox_paho_subscribe(in->link, &options);
        if (MQTTAsync_subscribe(in->link->handle, echo ? in->config->echo : in->config->filters[i].topic,
                                echo ? 1 : in->config->filters[i].qos, &options) != MQTTASYNC_SUCCESS)
            sent = false;
        else
            in->n_subscribing++;
    }
    if (!sent)
        drop(in, "a subscription could not be sent", now_us);
}

static int send_now(struct inbox *in, const char *topic, const char *payload, bool retain,
                    const char *response, int64_t key, int *ret_token)
{
    MQTTAsync_responseOptions options = MQTTAsync_responseOptions_initializer;
    char number[24];
    if (response != NULL) {
        MQTTProperty p = {.identifier = MQTTPROPERTY_CODE_RESPONSE_TOPIC};
        p.value.data.data = (char *)(uintptr_t)response; /* copied */
        p.value.data.len = (int)strlen(response);
        (void)MQTTProperties_add(&options.properties, &p);
        snprintf(number, sizeof number, "%lld", (long long)key);
        p.identifier = MQTTPROPERTY_CODE_CORRELATION_DATA;
        p.value.data.data = number;
        p.value.data.len = (int)strlen(number);
        (void)MQTTProperties_add(&options.properties, &p);
    }
    inbox_paho_send(in->link, &options);
    int rc = MQTTAsync_send(in->link->handle, topic, (int)strlen(payload), payload, 1, retain, &options);
    MQTTProperties_free(&options.properties);
    *ret_token = options.token;
    return rc == MQTTASYNC_SUCCESS ? 0 : -EIO;
}

static void send_echo(struct inbox *in)
{
    char text[24];
    int token;
    in->echo++;
    atomic_store(&in->wanted, in->echo);
    snprintf(text, sizeof text, "%llu", (unsigned long long)in->echo);
    (void)send_now(in, in->config->echo, text, false, NULL, 0, &token);
}

static void acked(struct inbox *in, const struct paho_note *note)
{
    for (unsigned i = 0; i < INBOX_WINDOW; i++) {
        struct inbox_flight *f = &in->flights[i];
        if (f->token == 0 || f->token != note->token)
            continue;
        f->token = 0;
        in->n_flights--;
        tell_sent(in, f->tag, f->key, note->code < 0x80);
        return;
    }
}

static void take_note(struct inbox *in, const struct paho_note *note, int64_t now_us)
{
    struct note refused = {.kind = NOTE_REFUSED, .code = note->code};
    if (note->kind == PAHO_STOP || in->state == STATE_IDLE || note->epoch != in->epoch)
        return;
    switch (note->kind) {
    case PAHO_UP:
        in->state = STATE_UP;
        in->attempts = 0;
        tell(in, &(struct inbox_news){.kind = INBOX_UP, .known = note->known});
        subscribe_all(in, now_us);
        break;
    case PAHO_REFUSED:
        memcpy(refused.text, note->text, sizeof refused.text);
        explain_refusal(&in->config->mqtt, &refused, in->tls, in->trouble, sizeof in->trouble);
        went_down(in, now_us);
        break;
    case PAHO_LOST:
    case PAHO_TOLD_TO_GO:
        snprintf(in->trouble, sizeof in->trouble, "the connection to %s broke", in->config->mqtt.uri);
        went_down(in, now_us);
        break;
    case PAHO_TLS:
        explain_tls(note->text, in->tls, sizeof in->tls);
        break;
    case PAHO_ACK:
        acked(in, note);
        break;
    case PAHO_SUBSCRIBED:
        if (note->code >= 0x80) {
            drop(in, "the broker refuses a subscription: see the ACL", now_us);
        } else if (in->n_subscribing > 0 && --in->n_subscribing == 0) {
            send_echo(in);
        }
        break;
    case PAHO_ECHO:
    case PAHO_LATE:
    case PAHO_STOP:
        break;
    }
}

static void send_requests(struct inbox *in, int64_t now_us)
{
    struct inbox_request r;
    while ((in->state != STATE_UP || in->n_flights < INBOX_WINDOW) && mailbox_take(in->requests, &r)) {
        struct inbox_flight *f = in->flights;
        int token = 0;
        bool sent = in->state == STATE_UP &&
                    send_now(in, r.topic, r.payload, r.retain, r.response, r.key, &token) == 0;
        while (sent && f->token != 0)
            f++;
        if (sent) {
            *f = (struct inbox_flight){.token = token, .tag = r.tag, .key = r.key, .sent_us = now_us};
            in->n_flights++;
        } else {
            tell_sent(in, r.tag, r.key, false);
        }
        free(r.topic);
    }
}

/* What can't be written must not be confirmed, and paho confirms whatever it has delivered. So while the disk
 * hangs, our session is left with the broker, which keeps the events, and they are heard in another one that
 * nobody keeps. */
static void watch_book(struct inbox *in, int64_t now_us)
{
    if (book_is_late(in->book))
        in->late_us = now_us;
    bool forgetful = in->late_us != 0 && now_us - in->late_us < PUNCTUAL_US;
    if (forgetful == in->forgetful || in->state == STATE_CONNECTING || in->stopping)
        return;
    in->forgetful = forgetful;
    if (in->state == STATE_UP)
        drop(in,
             forgetful ? "the disk does not answer: the broker keeps the events, and they are heard beside it"
                       : "the disk answers again: what the broker has kept is fetched",
             now_us);
    in->attempts = 0;
    in->retry_us = now_us;
}

static void watch(struct inbox *in, int64_t now_us)
{
    watch_book(in, now_us);
    if (in->state == STATE_CONNECTING && now_us - in->connecting_us > SLOW_US)
        drop(in, "the broker does not answer", now_us);
    for (unsigned i = 0; i < INBOX_WINDOW && in->state == STATE_UP; i++)
        if (in->flights[i].token != 0 && now_us - in->flights[i].sent_us > SLOW_US)
            drop(in, "the broker has not confirmed a message for 20 s", now_us);
    if (in->state == STATE_UP && now_us > in->synced_by_us && !atomic_load(&in->synced))
        drop(in, "the broker does not answer a subscription", now_us);
    if (in->state == STATE_UP && atomic_exchange(&in->resync, false))
        subscribe_all(in, now_us);
    if (in->state == STATE_IDLE && !in->stopping && now_us >= in->retry_us)
        try_to_connect(in, now_us);
}

static void *run(void *arg)
{
    struct inbox *in = arg;
    for (;;) {
        struct paho_note note;
        int64_t now_us = clock_boot_us();
        while (mailbox_take(in->notes, &note)) {
            if (note.kind == PAHO_STOP)
                in->stopping = true;
            take_note(in, &note, now_us);
        }
        send_requests(in, now_us);
        watch(in, now_us);
        if (in->stopping && (in->n_flights == 0 || in->state != STATE_UP || now_us > in->stop_us))
            break;
        bool full = in->state == STATE_UP && in->n_flights >= INBOX_WINDOW;
        (void)mailbox_wait(in->notes, full ? -1 : mailbox_fd(in->requests), now_us + TURN_US);
    }
    if (in->state == STATE_UP) {
        MQTTAsync_disconnectOptions options = MQTTAsync_disconnectOptions_initializer5;
        options.timeout = 1000;
        (void)MQTTAsync_disconnect(in->link->handle, &options);
        const struct timespec moment = {.tv_nsec = 100000000};
        (void)nanosleep(&moment, NULL);
    }
    return NULL;
}

int inbox_create(const struct inbox_config *config, struct book *book, struct inbox **ret)
{
    struct inbox *in = calloc(1, sizeof *in);
    if (in == NULL)
        return -ENOMEM;
    in->config = config;
    in->book = book;
    in->echo = (uint64_t)clock_now().utc_us; /* the session may still hold one of an earlier run */
    (void)unsetenv("http_proxy");            /* paho would take them, for plain MQTT too */
    (void)unsetenv("https_proxy");
    int result = mailbox_create(sizeof(struct inbox_news), INBOX_SLOTS, NEWS_RESERVED, &in->news);
    if (result == 0)
        result = mailbox_create(sizeof(struct paho_note), REQUESTS, REQUESTS / 2, &in->notes);
    if (result == 0)
        result = mailbox_create(sizeof(struct inbox_request), REQUESTS, 0, &in->requests);
    if (result == 0)
        result = -pthread_create(&in->thread, NULL, run, in);
    if (result < 0) {
        mailbox_free(in->news);
        mailbox_free(in->notes);
        mailbox_free(in->requests);
        free(in);
        return result;
    }
    *ret = in;
    return 0;
}

struct mailbox *inbox_news(struct inbox *in)
{
    return in->news;
}

int inbox_send(struct inbox *in, const char *topic, const char *payload, bool retain, const char *response,
               unsigned tag, int64_t key)
{
    size_t t = strlen(topic) + 1, p = strlen(payload) + 1, a = response != NULL ? strlen(response) + 1 : 0;
    struct inbox_request r = {.retain = retain, .tag = tag, .key = key, .topic = malloc(t + p + a)};
    if (r.topic == NULL)
        return -ENOMEM;
    memcpy(r.topic, topic, t);
    r.payload = r.topic + t;
    memcpy(r.payload, payload, p);
    r.response = a > 0 ? r.payload + p : NULL;
    if (a > 0)
        memcpy(r.response, response, a);
    int result = mailbox_try(in->requests, MAILBOX_ORDINARY, &r);
    if (result < 0)
        free(r.topic);
    return result;
}

void inbox_resync(struct inbox *in)
{
    atomic_store(&in->resync, true);
}

bool inbox_take_left(struct inbox *in)
{
    return atomic_exchange(&in->left, false);
}

unsigned inbox_take_lost(struct inbox *in)
{
    return atomic_exchange(&in->lost, 0);
}

int inbox_book_error(const struct inbox *in)
{
    return atomic_load(&in->book_error);
}

bool inbox_free(struct inbox *in, unsigned timeout_ms)
{
    struct inbox_news news;
    struct inbox_request r;
    struct timespec until;
    if (in == NULL)
        return true;
    in->stop_us = clock_boot_us() + timeout_ms * MS_US; /* read after PAHO_STOP has been taken */
    (void)mailbox_post(in->notes, MAILBOX_RESERVED, &(struct paho_note){.kind = PAHO_STOP});
    (void)clock_gettime(CLOCK_REALTIME, &until);
    until.tv_sec += timeout_ms / 1000 + 2;
    if (pthread_timedjoin_np(in->thread, NULL, &until) != 0)
        return false; /* it hangs in paho: it is left behind, the process ends */
    link_free(in->link);
    while (mailbox_take(in->news, &news))
        free(news.letter);
    while (mailbox_take(in->requests, &r))
        free(r.topic);
    mailbox_free(in->news);
    mailbox_free(in->notes);
    mailbox_free(in->requests);
    free(in);
    return true;
}
