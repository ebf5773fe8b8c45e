/* inbox_paho.c - runs on paho's threads, under paho's lock. A message is committed to the book here, because
 * paho confirms it to the broker as soon as on_arrived has returned. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "clock.h"
#include "inbox_internal.h"

#define ROOM_TRIES 200 /* of 10 ms: as long as a message waits for room in memory if the book has none */

static void leave(struct inbox_link *link, struct paho_note note)
{
    note.epoch = link->epoch;
    (void)mailbox_post(link->inbox->notes, MAILBOX_RESERVED, &note);
}

static void on_connected(void *context, MQTTAsync_successData5 *data)
{
    leave(context, (struct paho_note){.kind = PAHO_UP,
                                      .known = data != NULL && data->alt.connect.sessionPresent != 0});
}

static void on_refused(void *context, MQTTAsync_failureData5 *data)
{
    struct paho_note note = {.kind = PAHO_REFUSED};
    if (data != NULL) {
        note.code = data->code;
        if (data->message != NULL)
            snprintf(note.text, sizeof note.text, "%s", data->message);
    }
    leave(context, note);
}

static void on_lost(void *context, char *cause)
{
    (void)cause;
    leave(context, (struct paho_note){.kind = PAHO_LOST});
}

static void on_told_to_go(void *context, MQTTProperties *properties, enum MQTTReasonCodes code)
{
    (void)properties;
    leave(context, (struct paho_note){.kind = PAHO_TOLD_TO_GO, .code = (int)code});
}

static void on_ack(void *context, MQTTAsync_successData5 *data)
{
    leave(context, (struct paho_note){.kind = PAHO_ACK, .token = data->token, .code = (int)data->reasonCode});
}

static void on_nack(void *context, MQTTAsync_failureData5 *data)
{
    leave(context, (struct paho_note){.kind = PAHO_ACK,
                                      .token = data->token,
                                      .code = data->reasonCode >= MQTTREASONCODE_UNSPECIFIED_ERROR
                                                  ? (int)data->reasonCode
                                                  : (int)MQTTREASONCODE_UNSPECIFIED_ERROR});
}

static void on_subscribed(void *context, MQTTAsync_successData5 *data)
{
    leave(context,
          (struct paho_note){.kind = PAHO_SUBSCRIBED, .token = data->token, .code = (int)data->reasonCode});
}

static void on_not_subscribed(void *context, MQTTAsync_failureData5 *data)
{
    leave(context,
          (struct paho_note){.kind = PAHO_SUBSCRIBED, .token = data->token, .code = (int)data->reasonCode});
}

/* '+' is one level; a '#' stands in none of our filters. */
static bool topic_fits(const char *filter, const char *topic)
{
    while (*filter != '\0' && *topic != '\0') {
        if (*filter == '+') {
            filter++;
            topic += strcspn(topic, "/");
        } else if (*filter++ != *topic++) {
            return false;
        }
    }
    return *filter == *topic;
}

static const struct inbox_filter *filter_of(const struct inbox_config *config, const char *topic)
{
    for (unsigned i = 0; i < config->n_filters; i++)
        if (topic_fits(config->filters[i].topic, topic))
            return &config->filters[i];
    return NULL;
}

static int64_t correlation_of(MQTTAsync_message *message)
{
    char text[24] = "";
    if (!MQTTProperties_hasProperty(&message->properties, MQTTPROPERTY_CODE_CORRELATION_DATA))
        return 0;
    MQTTProperty *p = MQTTProperties_getProperty(&message->properties, MQTTPROPERTY_CODE_CORRELATION_DATA);
    if (p->value.data.len <= 0 || p->value.data.len >= (int)sizeof text)
        return 0;
    memcpy(text, p->value.data.data, (size_t)p->value.data.len);
    return strtoll(text, NULL, 10);
}

static struct inbox_letter *copy_letter(const char *topic, MQTTAsync_message *message)
{
    size_t length = message->payloadlen > 0 ? (size_t)message->payloadlen : 0, topic_length = strlen(topic);
    struct inbox_letter *letter = malloc(sizeof *letter + topic_length + length + 2);
    if (letter == NULL)
        return NULL;
    char *at = (char *)(letter + 1);
    *letter = (struct inbox_letter){
        .utc_us = clock_now().utc_us, .length = length, .retained = message->retained != 0};
    memcpy(at, topic, topic_length + 1);
    letter->topic = at;
    at += topic_length + 1;
    if (length > 0)
        memcpy(at, message->payload, length);
    at[length] = '\0';
    letter->body = at;
    return letter;
}

static bool post(struct inbox *inbox, struct inbox_letter *letter)
{
    struct inbox_news news = {.kind = INBOX_LETTER, .letter = letter};
    return mailbox_try(inbox->news, MAILBOX_ORDINARY, &news) == 0;
}

/* Only here, and there is no room: the broker waits for its confirmation, but not for ever. */
static bool post_patiently(struct inbox *inbox, struct inbox_letter *letter)
{
    const struct timespec pause = {.tv_nsec = 10000000};
    for (unsigned i = 0; i < ROOM_TRIES; i++) {
        if (post(inbox, letter))
            return true;
        (void)nanosleep(&pause, NULL);
    }
    return false;
}

static void take_in(struct inbox_link *link, const struct inbox_filter *filter, struct inbox_letter *letter)
{
    struct inbox *inbox = link->inbox;
    letter->synced = atomic_load(&inbox->synced);
    letter->is_answer = filter->answers;
    letter->beside = link->forgetful;
    if (inbox->book != NULL && filter->durable && !letter->retained && !link->forgetful) {
        int error = book_inbox_add(inbox->book, letter->topic, letter->body, letter->length, letter->retained,
                                   letter->utc_us, &letter->id);
        atomic_store(&inbox->book_error, error != -EINPROGRESS ? error : 0);
        if (error == -EINPROGRESS)
            leave(link, (struct paho_note){.kind = PAHO_LATE});
    }
    /* Once it is posted, it is the receiver's. */
    bool kept = letter->id != 0;
    if (kept ? post(inbox, letter) : post_patiently(inbox, letter))
        return;
    if (kept)
        atomic_store(&inbox->left, true);
    else
        atomic_fetch_add(&inbox->lost, 1);
    free(letter);
}

static int on_arrived(void *context, char *topic, int topic_length, MQTTAsync_message *message)
{
    struct inbox_link *link = context;
    struct inbox *inbox = link->inbox;
    size_t length = strlen(topic);
    bool whole = (topic_length == 0 || (size_t)topic_length == length) && length < INBOX_TOPIC &&
                 message->payloadlen <= INBOX_PAYLOAD_MAX;
    if (whole && strcmp(topic, inbox->config->echo) == 0) {
        char text[24] = "";
        memcpy(text, message->payload,
               (size_t)message->payloadlen < sizeof text ? (size_t)message->payloadlen : 0);
        if (!message->retained && strtoull(text, NULL, 10) == atomic_load(&inbox->wanted)) {
            struct inbox_news news = {.kind = INBOX_SYNCED};
            atomic_store(&inbox->synced, true);
            (void)mailbox_post(inbox->news, MAILBOX_RESERVED, &news);
        }
    } else if (whole) {
        const struct inbox_filter *filter = filter_of(inbox->config, topic);
        struct inbox_letter *letter = filter != NULL ? copy_letter(topic, message) : NULL;
        if (letter != NULL) {
            letter->correlation = filter->answers ? correlation_of(message) : 0;
            take_in(link, filter, letter);
        } else if (filter != NULL) {
            atomic_fetch_add(&inbox->lost, 1); /* no memory */
        }
    }
    MQTTAsync_freeMessage(&message);
    MQTTAsync_free(topic);
    return 1;
}

int inbox_paho_tls(const char *text, size_t length, void *context)
{
    struct paho_note note = {.kind = PAHO_TLS};
    snprintf(note.text, sizeof note.text, "%.*s", (int)(length < NOTE_TEXT ? length : NOTE_TEXT - 1), text);
    leave(context, note);
    return 1;
}

void inbox_paho_set(struct inbox_link *link)
{
    MQTTAsync_setCallbacks(link->handle, link, on_lost, on_arrived, NULL);
    MQTTAsync_setDisconnected(link->handle, link, on_told_to_go);
}

void inbox_paho_connect(struct inbox_link *link, MQTTAsync_connectOptions *options)
{
    options->context = link;
    options->onSuccess5 = on_connected;
    options->onFailure5 = on_refused;
}

void inbox_paho_send(struct inbox_link *link, MQTTAsync_responseOptions *options)
{
    options->context = link;
    options->onSuccess5 = on_ack;
    options->onFailure5 = on_nack;
}

void inbox_paho_subscribe(struct inbox_link *link, MQTTAsync_responseOptions *options)
{
    options->context = link;
    options->onSuccess5 = on_subscribed;
    options->onFailure5 = on_not_subscribed;
}
