/*
 * control_fixture.h - a control thread with a core thread that the test scripts, and a Varlink caller.
 */
#ifndef CRYOMON_TEST_CONTROL_FIXTURE_H
#define CRYOMON_TEST_CONTROL_FIXTURE_H

#include <jansson.h>
#include <stdatomic.h>

#include "control_private.h"

/* What the core of the test does. All fields may be set before fixture_open only, but for the atomics. */
struct fake_core {
    struct mailbox *box; /* of struct core_message */
    struct control *control;
    struct config *config;
    atomic_bool mute; /* takes requests and answers nothing */
    atomic_bool quit;
    atomic_int requests;     /* snapshot pages asked for */
    atomic_int switch_after; /* > 0: after so many pages the next configuration is in force */
    struct config *next;
    atomic_int answer_error; /* to commands */
    atomic_bool broker_failed, disk_failed;
    pthread_mutex_t lock;
    struct core_message last;           /* command; fixture_last_command */
    struct command_request last_order;  /* the same, of a person's */
    struct command_result result;       /* what is answered to these, with answer_error */
    struct record_request last_request; /* of the last record; its pointer in last is freed */
    pthread_t thread;
};

struct fixture {
    char directory[64], path[96];
    struct heartbeats *heartbeats;
    struct config *first;
    struct fake_core core;
    struct control *control;
};

/* A configuration of n_tanks tanks with a temperature, a level and a lid, and two alarms each;
 * generation 7 is one without a broker. */
struct config *fixture_config(const char *socket_path, uint16_t n_tanks, uint32_t generation);

void fixture_open(struct fixture *f, uint16_t n_tanks, const struct control_limits *limits);
void fixture_close(struct fixture *f);
struct core_message fixture_last_command(struct fixture *f);

/* A connected socket with a receive timeout of 10 s. */
int caller_connect(const struct fixture *f);
void caller_send(int fd, const char *text); /* with its NUL */
void caller_send_bytes(int fd, const char *bytes, size_t len);
/* The next reply, parsed; NULL at the end of the connection. text: as it came, cut to cap; may be NULL. */
json_t *caller_receive(int fd, char *text, size_t cap);
/* True when the peer closes within 10 s without another byte. */
bool caller_sees_end(int fd);
/* Connects, calls, receives, closes. */
json_t *caller_call(const struct fixture *f, const char *text);
const char *reply_error(const json_t *reply); /* "" for a success */
const json_t *reply_parameter(const json_t *reply, const char *key);

/* A text of an object; "(none)". */
const char *reply_text(const json_t *object, const char *key);

/* The reply is this error ("": none), and frees it; or that a parameter is not right. */
void reply_assert_error(json_t *reply, const char *error);
void reply_assert_bad_parameter(json_t *reply, const char *parameter);

#endif
