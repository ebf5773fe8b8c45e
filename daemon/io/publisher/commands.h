/*
 * commands.h - what people ask by MQTT: cryomon/<site>/cmd/<user>/<verb>, and the answers.
 *
 * The user is the level of the topic that the broker's ACL lets only that user write. Who is listed in
 * mqtt.agents may say in "person" on whose behalf. The verbs and their members are those of request.h. A
 * ticket binds a question to its MQTT 5 response topic and correlation data; the table is bounded and forgets
 * after COMMANDS_TIMEOUT_S.
 */
#ifndef CRYOMON_COMMANDS_H
#define CRYOMON_COMMANDS_H

#include "messages.h"
#include "note.h"
#include "payload.h"

#define COMMANDS_MAX         32
#define COMMANDS_TIMEOUT_S   30
#define COMMANDS_BODY_MAX    2048
#define COMMANDS_CORRELATION 256
#define COMMANDS_ANSWER_MAX  1536

struct commands_answer {
    uint32_t ticket; /* 0: free */
    bool ready;      /* text may be sent */
    int64_t expires_us;
    char topic[TOPIC_MAX];
    char correlation[COMMANDS_CORRELATION];
    size_t correlation_length;
    char text[COMMANDS_ANSWER_MAX];
};

struct commands {
    uint32_t last_ticket;
    struct commands_answer answers[COMMANDS_MAX];
};

/* The topic filter to subscribe to. */
char *commands_filter(char *topic, const struct config *config);

/* Is the arrival a command? Then 1: message is for the core (its command is malloc'd); 0: nothing to do for
 * it (it was refused, and the answer, if one is wanted, is ready; error says why, for the log); -ENOMSG: no
 * command at all. */
int commands_read(struct commands *commands, const struct config *config, const struct arrival *arrival,
                  int64_t now_us, struct core_message *ret, char *ret_error, size_t cap);

/* The core's answer. */
void commands_answered(struct commands *commands, uint32_t ticket, const struct command_result *result);

/* The next answer that is ready, or NULL. The caller sends it and sets ticket to 0. Forgets those too old. */
struct commands_answer *commands_next(struct commands *commands, int64_t now_us);

#endif
