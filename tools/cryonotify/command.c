/* command.c - see command.h. */
#include "command.h"

#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define ANSWER_MAX 4194304
#define PATIENCE_S 10

enum { STATUS_OK, STATUS_REFUSED, STATUS_USAGE, STATUS_AWAY };

bool command_is(const char *verb)
{
    static const char *const verbs[] = {"status", "calls", "off", "on", "test", "ack"};
    for (unsigned i = 0; i < sizeof verbs / sizeof verbs[0]; i++)
        if (strcmp(verbs[i], verb) == 0)
            return true;
    return false;
}

/* "90s", "30min", "2h", "7d" in milliseconds; 0: it is none. */
static long long parse_span(const char *text)
{
    static const struct {
        const char *unit;
        long long ms;
    } units[] = {{"s", 1000}, {"min", 60000}, {"h", 3600000}, {"d", 86400000}};
    char *end = NULL;
    errno = 0;
    long long n = strtoll(text, &end, 10);
    while (*end == ' ')
        end++;
    for (unsigned i = 0; i < 4; i++)
        if (strcmp(end, units[i].unit) == 0 && n > 0 && n <= 700000 && errno == 0)
            return n * units[i].ms;
    return 0;
}

static int connect_to(const char *path)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    const struct timeval patience = {.tv_sec = PATIENCE_S};
    if (strlen(path) >= sizeof address.sun_path)
        return -ENAMETOOLONG;
    memcpy(address.sun_path, path, strlen(path) + 1);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return -errno;
    (void)setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    if (connect(fd, (struct sockaddr *)&address, sizeof address) == 0)
        return fd;
    int error = errno;
    (void)close(fd);
    return -error;
}

static char *read_answer(int fd)
{
    size_t used = 0, cap = 65536;
    char *text = malloc(cap);
    while (text != NULL) {
        ssize_t n = recv(fd, text + used, cap - 1 - used, 0);
        if (n <= 0)
            break;
        used += (size_t)n;
        if (cap - 1 == used) {
            char *grown = cap < ANSWER_MAX ? realloc(text, cap *= 2) : NULL;
            if (grown == NULL)
                break;
            text = grown;
        }
    }
    if (text != NULL)
        text[used] = '\0';
    return text;
}

static json_t *ask(const char *path, json_t *question)
{
    json_error_t where;
    json_t *reply = NULL;
    char *text = json_dumps(question, JSON_COMPACT), *answer = NULL;
    json_decref(question);
    int fd = text != NULL ? connect_to(path) : -ENOMEM;
    if (fd < 0) {
        fprintf(stderr, "cryonotify: the service can't be reached at %s: %s\n", path, strerrordesc_np(-fd));
        free(text);
        return NULL;
    }
    if (send(fd, text, strlen(text), MSG_NOSIGNAL) >= 0 && send(fd, "\n", 1, MSG_NOSIGNAL) >= 0)
        answer = read_answer(fd);
    if (answer != NULL)
        reply = json_loads(answer, 0, &where);
    if (reply == NULL)
        fprintf(stderr, "cryonotify: the service gave no answer\n");
    (void)close(fd);
    free(answer);
    free(text);
    return reply;
}

static const char *text_of(const json_t *root, const char *key)
{
    const char *text = json_string_value(json_object_get(root, key));
    return text != NULL ? text : "";
}

static void print_alarm(const json_t *alarm)
{
    static const char *const states[] = {
        "normal",  "not acknowledged", "acknowledged",  "over, not acknowledged",
        "shelved", "suppressed",       "out of service"};
    long long state = json_integer_value(json_object_get(alarm, "state"));
    const char *who = NULL;
    size_t i;
    json_t *one;
    printf("alarm: %s %s, level %lld, called %lld times", text_of(alarm, "alarm_id"),
           state >= 0 && state < 7 ? states[state] : "?",
           (long long)json_integer_value(json_object_get(alarm, "level")),
           (long long)json_integer_value(json_object_get(alarm, "calls")));
    if (json_is_true(json_object_get(alarm, "folded")))
        printf(", told with its group");
    json_array_foreach(json_object_get(alarm, "told"), i, one)
    {
        who = json_string_value(one);
        printf("%s%s", i == 0 ? ", told: " : " ", who);
    }
    putchar('\n');
}

static void print_status(const json_t *status)
{
    size_t i;
    json_t *one;
    printf("%s\n", json_is_true(json_object_get(status, "would_be_told"))
                       ? "somebody would be told of an alarm"
                       : "NOBODY WOULD BE TOLD OF AN ALARM");
    printf("reachable: %lld (proven: %lld), needed: %lld\n",
           (long long)json_integer_value(json_object_get(status, "reachable")),
           (long long)json_integer_value(json_object_get(status, "proven")),
           (long long)json_integer_value(json_object_get(status, "needed")));
    printf("on duty:  ");
    json_array_foreach(json_object_get(status, "on_duty"), i, one)
    {
        printf(" %s", json_string_value(one));
    }
    printf("\nbroker: %s\n",
           json_is_true(json_object_get(status, "connected")) ? "connected" : "NOT CONNECTED");
    json_array_foreach(json_object_get(status, "problems"), i, one)
    {
        printf("problem: %s: %s\n", text_of(one, "kind"), text_of(json_object_get(one, "text"), "en"));
    }
    json_array_foreach(json_object_get(status, "channels"), i, one)
    {
        const json_t *ok = json_object_get(one, "ok");
        bool probed = strcmp(text_of(one, "proof"), "probe") == 0;
        printf("channel: %s/%s %s%s%s\n", text_of(one, "person"), text_of(one, "channel"),
               json_is_null(ok)    ? "not tried yet"
               : !json_is_true(ok) ? "FAILED"
               : probed            ? "the server answers, no message sent yet"
                                   : "ok",
               text_of(one, "since")[0] != '\0' ? " since " : "", text_of(one, "since"));
    }
    json_array_foreach(json_object_get(status, "alarms"), i, one)
    {
        print_alarm(one);
    }
}

static void print_calls(const json_t *calls)
{
    size_t i;
    json_t *one;
    printf("%-24s %-16s %-12s %-12s %-9s %s\n", "TIME", "PERSON", "CHANNEL", "WHY", "OUTCOME", "ALARM");
    json_array_foreach(calls, i, one)
    {
        printf("%-24s %-16s %-12s %-12s %-9s %s%s%s\n", text_of(one, "time"), text_of(one, "person"),
               text_of(one, "channel"), text_of(one, "purpose"), text_of(one, "outcome"),
               text_of(one, "alarm_id"), text_of(one, "error")[0] != '\0' ? "  " : "", text_of(one, "error"));
    }
}

static int usage(const char *words)
{
    fprintf(stderr, "cryonotify: %s\n", words);
    return STATUS_USAGE;
}

static int check(const struct command *c, long long *ret_ms)
{
    bool off = strcmp(c->verb, "off") == 0;
    if ((off || strcmp(c->verb, "on") == 0 || strcmp(c->verb, "test") == 0) && c->what == NULL)
        return usage("PERSON or PERSON/CHANNEL is missing");
    if (strcmp(c->verb, "ack") == 0 && c->what == NULL)
        return usage("ASSET/ALARM is missing (see cryonotify status)");
    if (off && (c->why == NULL || c->lasting == NULL))
        return usage(
            "who switches notification off says why (--why TEXT) and for how long (--for 2h, at most 7d)");
    if (off && (*ret_ms = parse_span(c->lasting)) == 0)
        return usage("--for is a time such as 90s, 30min, 2h or 7d");
    return STATUS_OK;
}

int command_run(const struct command *c)
{
    long long for_ms = 0;
    int status = check(c, &for_ms);
    if (status != STATUS_OK)
        return status;
    json_t *reply = ask(c->socket, json_pack("{s:s, s:s*, s:s*, s:I}", "command", c->verb, "what", c->what,
                                             "why", c->why, "for_ms", (json_int_t)for_ms));
    if (reply == NULL)
        return STATUS_AWAY;
    const json_t *calls = json_object_get(reply, "calls"), *state = json_object_get(reply, "status");
    if (!json_is_true(json_object_get(reply, "ok"))) {
        fprintf(stderr, "cryonotify: %s\n", text_of(reply, "error"));
        status = STATUS_REFUSED;
    } else if (c->json && (calls != NULL || state != NULL)) {
        (void)json_dumpf(calls != NULL ? calls : state, stdout, JSON_INDENT(2));
        putchar('\n');
    } else if (calls != NULL) {
        print_calls(calls);
    } else if (state != NULL) {
        print_status(state);
    }
    if (state != NULL && status == STATUS_OK && !json_is_true(json_object_get(state, "would_be_told")))
        status = STATUS_REFUSED; /* for scripts */
    json_decref(reply);
    return status;
}
