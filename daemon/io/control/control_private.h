/*
 * control_private.h - the control thread's state, shared by the files of this folder and their tests.
 *
 * control.c         thread, poll loop, connections
 * control_method.c  a call to its answer
 * control_command.c Acknowledge, Shelve and the other verbs: what a person tells the daemon to do
 * control_correct.c Correct: a correction of the past, beside the readings
 * control_record.c  Record and Review: what goes into the audit chain
 * control_status.c  Status: pages from the core thread put together
 * control_json.c    a point or an alarm as JSON
 */
#ifndef CRYOMON_CONTROL_PRIVATE_H
#define CRYOMON_CONTROL_PRIVATE_H

#include <pthread.h>

#include "clock.h"
#include "control.h"
#include "control_call.h"
#include "control_client.h"
#include "control_reply.h"
#include "control_socket.h"

#define CONTROL_CLIENTS_MAX  32
#define CONTROL_COMMANDS_MAX 8 /* at the core thread at once: their answers fit the mailbox */
#define CONTROL_RUN_MAX      64

#define CONTROL_ERROR_BUSY   "io.cryomon.Monitor.Busy"
#define CONTROL_ERROR_FAILED "io.cryomon.Monitor.Failed"

/* How long things may take. */
struct control_limits {
    uint32_t page_ms;    /* a snapshot page */
    uint32_t command_ms; /* the answer to a command: the core holds it for ANSWER_HOLD_MS at most */
    uint32_t status_ms;  /* all pages of a Status */
    uint32_t reload_ms;  /* the loader reads files */
    uint32_t message_ms; /* from the first byte of a call to its last */
    uint32_t reply_ms;   /* from the first byte of a reply until the peer has taken the last */
    uint32_t idle_ms;    /* a client idle for longer gives its place to a new one when all are taken */
};
extern const struct control_limits control_limits_default;

/* A Status being put together for the clients that have joined it. */
struct control_status {
    bool running;
    enum control_view view;
    uint32_t ticket; /* of the page asked for */
    enum snapshot_table table;
    uint16_t next; /* first entry of that page */
    bool complete; /* the last page was not full */
    int64_t page_deadline_us, deadline_us;
    int64_t now_utc_us; /* of the last page, as what follows */
    bool broker_failed, disk_failed;
    enum notifier_state notifier;
    struct control_text points, alarms, devices, disabled, rounds;
};

struct control {
    struct config *config; /* owned reference; changed by the thread only */
    char run[CONTROL_RUN_MAX];
    int64_t started_utc_us;
    struct control_limits limits;
    struct mailbox *core; /* not ours */
    struct mailbox *box;
    struct heartbeats *heartbeats; /* not ours */
    int beat;
    struct control_socket socket;
    int64_t accept_again_us; /* accept failed for want of something: pause until then */
    struct control_client clients[CONTROL_CLIENTS_MAX];
    uint32_t last_ticket;
    struct control_status status;
    struct control_message incoming; /* 60 KB: not for the stack */
    int stop_fd, done_fd;
    pthread_t thread;
    bool started, joined; /* of the creating thread */
};

/* control_create with other limits, for tests. */
int control_create_limited(struct config *config, const char *run_id, struct mailbox *core,
                           struct heartbeats *heartbeats, const struct control_limits *limits,
                           struct control **ret);

/* Each answer belongs to the request with its ticket; never 0. */
uint32_t control_ticket(struct control *c);

/* Ends the client's call. parameters is consumed; error NULL: a success. */
void control_answer(struct control_client *client, const char *error, json_t *parameters);
/* The same with a reply made before (borrowed). */
void control_answer_reply(struct control_client *client, struct control_reply *reply);

/* Begins the call in text. False: it must wait for others to end, try again later. */
bool control_method_call(struct control *c, struct control_client *client, const char *text, size_t len);
/* The core thread's answer to a command. */
void control_method_answer(struct control *c, const struct control_message *message);
/* Ends the calls whose answer is overdue. */
void control_method_expire(struct control *c, int64_t now_us);

/* Of the methods. Take a text parameter of less than cap bytes (an optional one may be absent), or any
 * parameter of which key is the name; false: answered already. */
bool control_take_text(struct control_client *client, const struct control_call *call, const char *key,
                       bool optional, char *ret, size_t cap);
void control_answer_parameter(struct control_client *client, const char *parameter);
/* False, and it is answered: cryomon derives the point (a point that there is not is left to the caller). */
bool control_is_measured(const struct control *c, struct control_client *client, const char *asset,
                         const char *point);
/* The login name for the record. */
void control_caller_name(struct control *c, const struct control_client *client, char who[WHO_MAX]);
/* Posts a command; the answer comes as CONTROL_ANSWER. False: answered that there is no room. */
bool control_post_command(struct control *c, struct control_client *client,
                          const struct core_message *message, uint32_t ticket, enum control_wait wait,
                          uint32_t timeout_ms);

/* control_record.c: fills in the members of a request (false: they do not fit), and hands it over, which
 * takes it: the answer is the event's number. */
bool control_record_put(struct record_request *request, const json_t *members);
void control_record_hand_over(struct control *c, struct control_client *client,
                              struct record_request *request);

/* control_command.c: any verb of request.h; and the core's answer (false: an error without words). */
void control_command(struct control *c, struct control_client *client, const struct control_call *call);
bool control_command_answer(struct control_client *client, const struct command_result *result);

/* control_correct.c. */
void control_correct(struct control *c, struct control_client *client, const struct control_call *call);

/* The methods of control_record.c. */
void control_record_record(struct control *c, struct control_client *client, const struct control_call *call);
void control_record_review(struct control *c, struct control_client *client, const struct control_call *call);

void control_status_start(struct control *c, int64_t now_us); /* if somebody waits and none is running */
void control_status_page(struct control *c, const struct control_message *page);
void control_status_restart(struct control *c); /* the configuration has changed */
void control_status_expire(struct control *c, int64_t now_us);
void control_status_free(struct control_status *s);

/* One element of Status's arrays, appended without a comma. */
void control_json_point(struct control_text *t, const struct config *config, uint16_t point,
                        const struct point_view *view, const struct calibrated *calibrated, struct stamp now);
void control_json_alarm(struct control_text *t, const struct config *config, uint16_t alarm,
                        const struct snapshot_alarm *view);
/* Takes a reply and gives it with what the record has of it: "recorded", and "warning" when it has not. */
json_t *control_json_recorded(json_t *reply, const struct record_note *record);
/* {"en":..., "zh":...}; a new reference. */
json_t *control_json_bilingual(const struct bilingual *text, const char *fallback);

#endif
