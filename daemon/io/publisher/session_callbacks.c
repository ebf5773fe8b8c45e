/* session_callbacks.c - runs on paho's threads, under paho's lock: leaves a note and returns. */
#include "session_paho.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PAYLOAD_LIMIT 65536 /* more is not read */

static void leave(struct session_link *link, struct note note)
{
    note.epoch = link->epoch;
    /* Refused only when the publisher thread has not run for long; what is then missing is made up for: an
     * acknowledgement by SESSION_OVERDUE_SECONDS, a lost connection by session_is_closing. */
    (void)mailbox_post(link->notes, MAILBOX_RESERVED, &note);
}

static void on_connected(void *context, MQTTAsync_successData5 *data)
{
    struct note note = {.kind = NOTE_UP, .receive_maximum = 65535};
    MQTTProperties *props = data != NULL ? &data->properties : NULL;
    if (props != NULL && MQTTProperties_hasProperty(props, MQTTPROPERTY_CODE_RECEIVE_MAXIMUM)) {
        int maximum = MQTTProperties_getNumericValue(props, MQTTPROPERTY_CODE_RECEIVE_MAXIMUM);
        if (maximum > 0)
            note.receive_maximum = (unsigned)maximum;
    }
    leave(context, note);
}

static void on_refused(void *context, MQTTAsync_failureData5 *data)
{
    struct note note = {.kind = NOTE_REFUSED};
    if (data != NULL) {
        note.code = data->code;
        if (data->message != NULL)
            snprintf(note.text, sizeof note.text, "%s", data->message);
    }
    leave(context, note);
}

static void on_lost(void *context, char *cause)
{
    (void)cause; /* always NULL */
    leave(context, (struct note){.kind = NOTE_LOST});
}

static void on_told_to_go(void *context, MQTTProperties *properties, enum MQTTReasonCodes code)
{
    (void)properties;
    leave(context, (struct note){.kind = NOTE_TOLD_TO_GO, .code = (int)code});
}

static void on_ack(void *context, MQTTAsync_successData5 *data)
{
    leave(context, (struct note){.kind = NOTE_ACK, .token = data->token});
}

static void on_nack(void *context, MQTTAsync_failureData5 *data)
{
    /* Without a reason code it is not the broker's answer: paho gives up because the connection is gone. */
    if (data->reasonCode >= MQTTREASONCODE_UNSPECIFIED_ERROR)
        leave(context, (struct note){.kind = NOTE_ACK, .token = data->token, .code = (int)data->reasonCode});
}

static void on_subscribed(void *context, MQTTAsync_successData5 *data)
{
    leave(context, (struct note){.kind = NOTE_SUBSCRIBED, .token = data->token});
}

static void on_not_subscribed(void *context, MQTTAsync_failureData5 *data)
{
    if (data->reasonCode >= MQTTREASONCODE_UNSPECIFIED_ERROR)
        leave(context,
              (struct note){.kind = NOTE_SUBSCRIBED, .token = data->token, .code = (int)data->reasonCode});
}

static const MQTTProperty *property(MQTTAsync_message *message, enum MQTTPropertyCodes code)
{
    return MQTTProperties_hasProperty(&message->properties, code)
               ? MQTTProperties_getProperty(&message->properties, code)
               : NULL;
}

/* Copies bytes behind the struct, NUL-terminated, and moves on. */
static char *put(char **at, const void *bytes, size_t length)
{
    char *start = *at;
    if (length > 0)
        memcpy(start, bytes, length);
    start[length] = '\0';
    *at += length + 1;
    return start;
}

static struct arrival *copy_arrival(const char *topic, size_t topic_length, MQTTAsync_message *message)
{
    const MQTTProperty *response = property(message, MQTTPROPERTY_CODE_RESPONSE_TOPIC);
    const MQTTProperty *correlation = property(message, MQTTPROPERTY_CODE_CORRELATION_DATA);
    size_t payload = message->payloadlen > 0 ? (size_t)message->payloadlen : 0;
    size_t response_length = response != NULL ? (size_t)response->value.data.len : 0;
    size_t correlation_length = correlation != NULL ? (size_t)correlation->value.data.len : 0;
    const bool too_long = payload > PAYLOAD_LIMIT; /* that it came is told */
    if (too_long)
        payload = 0;
    struct arrival *arrival =
        malloc(sizeof *arrival + topic_length + payload + response_length + correlation_length + 4);
    if (arrival == NULL)
        return NULL;
    char *at = (char *)(arrival + 1);
    *arrival = (struct arrival){.length = payload,
                                .too_long = too_long,
                                .retained = message->retained != 0,
                                .correlation_length = correlation_length};
    arrival->topic = put(&at, topic, topic_length);
    arrival->payload = put(&at, message->payload, payload);
    if (response != NULL)
        arrival->response_topic = put(&at, response->value.data.data, response_length);
    if (correlation != NULL)
        arrival->correlation = put(&at, correlation->value.data.data, correlation_length);
    return arrival;
}

static int on_arrived(void *context, char *topic, int topic_length, MQTTAsync_message *message)
{
    struct session_link *link = context;
    /* The length comes or is 0, as paho likes; a topic with a NUL inside is against MQTT's rules. */
    size_t length = strlen(topic);
    bool whole = topic_length == 0 || (size_t)topic_length == length;
    struct arrival *arrival = whole ? copy_arrival(topic, length, message) : NULL;
    struct note note = {.kind = NOTE_ARRIVED, .epoch = link->epoch, .arrival = arrival};
    if (arrival != NULL && mailbox_post(link->notes, MAILBOX_ORDINARY, &note) < 0)
        free(
            arrival); /* a leftover is found again at the next connection; a command's sender waits in vain */
    MQTTAsync_freeMessage(&message);
    MQTTAsync_free(topic);
    return 1;
}

int session_callbacks_tls(const char *text, size_t length, void *context)
{
    struct note note = {.kind = NOTE_TLS};
    snprintf(note.text, sizeof note.text, "%.*s", (int)(length < NOTE_TEXT ? length : NOTE_TEXT - 1), text);
    leave(context, note);
    return 1;
}

void session_callbacks_set(struct session_link *link)
{
    MQTTAsync_setCallbacks(link->handle, link, on_lost, on_arrived, NULL);
    MQTTAsync_setDisconnected(link->handle, link, on_told_to_go);
}

void session_callbacks_connect(struct session_link *link, MQTTAsync_connectOptions *options)
{
    options->context = link;
    options->onSuccess5 = on_connected;
    options->onFailure5 = on_refused;
}

void session_callbacks_publish(struct session_link *link, MQTTAsync_responseOptions *options)
{
    options->context = link;
    options->onSuccess5 = on_ack;
    options->onFailure5 = on_nack;
}

void session_callbacks_subscribe(struct session_link *link, MQTTAsync_responseOptions *options)
{
    options->context = link;
    options->onSuccess5 = on_subscribed;
    options->onFailure5 = on_not_subscribed;
}
