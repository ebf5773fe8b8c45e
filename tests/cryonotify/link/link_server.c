/*
 * link_server - the listener for tests in Python.
 *
 *   link_server check CONFIG                problems and warnings of its section "link" on stdout
 *   link_server run KEYFILE ADDRESS PER_MINUTE CONNECTIONS [CERTIFICATE KEY]
 *
 * run prints {"port": N}, then each question as it comes, {"ask": 1, "question": "show", ...}, and reads an
 * object a line:
 *   {"make": {"person":..., "occurrence":..., "expires_s": N}}  -> {"token": ...}
 *   {"check": TOKEN, "now_s": N}                                -> {"error": "", "person":...,
 * "occurrence":...}
 *   {"answer": {"ask": 1, "state": 0, "language": "zh", "text":..., ...}}
 */
#include <errno.h>
#include <jansson.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "clock.h"
#include "link.h"

static struct link_key key;

static void print(json_t *json)
{
    char *text = json_dumps(json, JSON_COMPACT);

    printf("%s\n", text);
    fflush(stdout);
    free(text);
    json_decref(json);
}

static void copy(char *to, size_t cap, const json_t *from, const char *name)
{
    const char *text = json_string_value(json_object_get(from, name));

    (void)snprintf(to, cap, "%s", text != NULL ? text : "");
}

static void make(const json_t *o)
{
    struct link_claim claim = {.expires_utc_us =
                                   json_integer_value(json_object_get(o, "expires_s")) * SECOND_US};
    char token[LINK_TOKEN_MAX] = "";

    copy(claim.person, sizeof claim.person, o, "person");
    copy(claim.occurrence, sizeof claim.occurrence, o, "occurrence");
    int error = link_make(&key, &claim, token);
    print(json_pack("{s:s,s:s}", "token", token, "error", error < 0 ? strerrorname_np(-error) : ""));
}

static void check(const json_t *o)
{
    struct link_claim claim = {0};
    int error = link_check(&key, json_string_value(json_object_get(o, "check")),
                           json_integer_value(json_object_get(o, "now_s")) * SECOND_US, &claim);

    print(json_pack("{s:s,s:s,s:s}", "error", error < 0 ? strerrorname_np(-error) : "", "person",
                    claim.person, "occurrence", claim.occurrence));
}

static void answer(struct link *link, const json_t *o)
{
    struct link_reply reply = {.ask = (uint64_t)json_integer_value(json_object_get(o, "ask")),
                               .state = (enum link_state)json_integer_value(json_object_get(o, "state")),
                               .drill = json_is_true(json_object_get(o, "drill")),
                               .priority = (enum priority)json_integer_value(json_object_get(o, "priority")),
                               .utc_us = json_integer_value(json_object_get(o, "utc_us"))};
    char language[8];

    copy(language, sizeof language, o, "language");
    reply.language = strcmp(language, "zh") == 0 ? LANGUAGE_ZH : LANGUAGE_EN;
    copy(reply.text, sizeof reply.text, o, "text");
    copy(reply.by, sizeof reply.by, o, "by");
    copy(reply.person, sizeof reply.person, o, "person");
    if (link_answer(link, &reply) < 0)
        exit(3);
}

/* False at the end of the input. */
static bool obey(struct link *link)
{
    static char line[65536];
    static size_t len;
    ssize_t n = read(STDIN_FILENO, line + len, sizeof line - 1 - len);
    char *end = NULL;

    if (n <= 0)
        return false;
    len += (size_t)n;
    while ((end = memchr(line, '\n', len)) != NULL) {
        *end = '\0';
        json_t *o = json_loads(line, 0, NULL);
        if (json_object_get(o, "make") != NULL)
            make(json_object_get(o, "make"));
        else if (json_object_get(o, "check") != NULL)
            check(o);
        else
            answer(link, json_object_get(o, "answer"));
        json_decref(o);
        len -= (size_t)(end + 1 - line);
        memmove(line, end + 1, len);
    }
    return true;
}

static void run(struct link *link, struct mailbox *asks)
{
    struct link_ask ask;

    for (;;) {
        if (!mailbox_wait(asks, STDIN_FILENO, clock_boot_us() + 60 * SECOND_US) && !obey(link))
            return;
        while (mailbox_take(asks, &ask))
            print(json_pack("{s:I,s:s,s:s,s:s,s:s,s:s}", "ask", (json_int_t)ask.id, "question",
                            ask.question == LINK_SHOW ? "show" : "confirm", "person", ask.claim.person,
                            "occurrence", ask.claim.occurrence, "from", ask.from, "token_id", ask.token_id));
    }
}

static int serve(int argc, char **argv)
{
    struct link_config config = {.enabled = true, .valid_ms = 3600000};
    struct mailbox *asks = NULL;
    struct link *link = NULL;
    char error[256] = "";

    (void)snprintf(config.address, sizeof config.address, "%s", argv[3]);
    if (getenv("LINK_PORT") != NULL)
        config.port = (uint16_t)atoi(getenv("LINK_PORT"));
    config.per_minute = (uint16_t)atoi(argv[4]);
    config.connections = (uint16_t)atoi(argv[5]);
    (void)snprintf(config.site_name[LANGUAGE_EN], NAME_MAX_BYTES, "Demo cell bank");
    (void)snprintf(config.site_name[LANGUAGE_ZH], NAME_MAX_BYTES, "示范细胞库");
    if (argc > 7) {
        (void)snprintf(config.certificate_file, sizeof config.certificate_file, "%s", argv[6]);
        (void)snprintf(config.key_file, sizeof config.key_file, "%s", argv[7]);
    }
    if (link_key_load(argv[2], &key, error, sizeof error) < 0 ||
        mailbox_create(sizeof(struct link_ask), 8, 0, &asks) < 0 ||
        link_open(&config, &key, asks, &link, error, sizeof error) < 0) {
        fprintf(stderr, "%s\n", error);
        mailbox_free(asks);
        return 1;
    }
    print(json_pack("{s:i}", "port", (int)link_port(link)));
    run(link, asks);
    link_free(link);
    mailbox_free(asks);
    return 0;
}

static int check_config(const char *path)
{
    struct problems problems = {0}, warnings = {0};
    struct yamldoc *doc = NULL;
    struct link_config config = {0};

    if (yamldoc_load(path, "notify.yaml", &problems, &doc) == 0 &&
        link_read(&problems, &warnings, yaml_get(yamldoc_root(doc), "link"), &config))
        printf("%d [%s] %u %s %u %u %u\n", config.enabled, config.address, config.port, config.url,
               config.valid_ms, config.per_minute, config.connections);
    problems_print(&problems, stdout);
    for (size_t i = 0; i < warnings.n; i++)
        printf("warning: %s\n", warnings.lines[i]);
    int status = problems.n > 0;
    problems_free(&problems);
    problems_free(&warnings);
    yamldoc_free(doc);
    return status;
}

int main(int argc, char **argv)
{
    if (sodium_init() < 0 || argc < 3)
        return 2;
    if (strcmp(argv[1], "check") == 0)
        return check_config(argv[2]);
    return argc >= 6 ? serve(argc, argv) : 2;
}
