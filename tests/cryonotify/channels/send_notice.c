/*
 * send_notice - the channels for tests in Python.
 *
 *   send_notice check CONFIG TEMPLATES   problems on stdout, warnings behind "warning: "; status 1 after a
 * problem send_notice run CONFIG TEMPLATES     CONFIG is a mapping of channels
 *
 * run reads a JSON object a line:
 *   {"send": "CHANNEL", "notice": {...}}  -> {"queued": true} or {"queued": false, "error": "..."}
 *   {"results": N, "timeout_ms": T}       waits for N results: each {"id":..., "outcome": "sent", ...}
 *   {"waiting": "CHANNEL"}                -> {"waiting": 2}
 *   {"text": {...}}                       -> {"title":..., "first":..., "details":..., "answer":...}
 *   {"split": {...}, "max": 70, "unit": "sms", "parts": 3} -> {"parts": [...]}
 *   {"shorten": "...", "max": 70, "unit": "sms"}           -> {"text": ...}
 *   {"free": "CHANNEL"}                   -> {"freed": true}
 * The end of the input frees all channels; results that come then are printed too.
 */
#include <curl/curl.h>
#include <errno.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "channel.h"
#include "clock.h"
#include "notice_read.h"
#include "text.h"

#define CHANNELS 16

static struct channel_config configs[CHANNELS];
static struct channel *channels[CHANNELS];
static size_t n_channels;

static void print(json_t *json)
{
    char *text = json_dumps(json, JSON_COMPACT);

    printf("%s\n", text);
    fflush(stdout);
    free(text);
    json_decref(json);
}

static size_t channel_index(const char *name)
{
    for (size_t i = 0; i < n_channels; i++)
        if (strcmp(configs[i].name, name) == 0)
            return i;
    fprintf(stderr, "no channel %s\n", name);
    exit(2);
}

static void print_result(const struct channel_result *r)
{
    static const char *const outcomes[] = {"sent", "failed", "stopped"};

    print(json_pack("{s:I,s:s,s:s,s:b,s:b,s:I,s:s,s:s,s:I}", "id", (json_int_t)r->id, "channel",
                    configs[r->tag].name, "outcome", outcomes[r->outcome], "maybe_sent", r->maybe_sent,
                    "permanent", r->permanent, "retry_after_ms", (json_int_t)r->retry_after_ms, "error",
                    r->error, "detail", r->detail, "took_us",
                    (json_int_t)(r->ended_utc_us - r->began_utc_us)));
}

static void take_results(struct mailbox *results, json_int_t wanted, json_int_t timeout_ms)
{
    int64_t deadline = clock_boot_us() + timeout_ms * MS_US;
    struct channel_result result;

    while (wanted > 0 && mailbox_wait(results, -1, deadline))
        while (wanted > 0 && mailbox_take(results, &result)) {
            print_result(&result);
            wanted--;
        }
    if (wanted > 0)
        print(json_pack("{s:s}", "error", "timeout"));
}

static enum text_unit unit_of(const json_t *command)
{
    const char *unit = json_string_value(json_object_get(command, "unit"));

    return unit == NULL || strcmp(unit, "bytes") == 0 ? TEXT_BYTES
           : strcmp(unit, "sms") == 0                 ? TEXT_SMS
                                                      : TEXT_UTF16;
}

static void make_text(const json_t *json, struct text *text, enum language *language)
{
    struct notice notice;

    notice_read(json, &notice);
    if (text_make(&notice, text) < 0)
        exit(2);
    *language = notice.language;
    notice_read_free(&notice);
}

static void show_text(const json_t *json)
{
    struct text text;
    enum language language;

    make_text(json, &text, &language);
    print(json_pack("{s:s,s:s,s:s,s:s}", "title", text.title, "first", text.first, "details", text.details,
                    "answer", text.answer));
    text_free(&text);
}

static void show_parts(const json_t *command)
{
    struct text text;
    struct text_parts parts = {0};
    enum language language;
    json_t *list = json_array();
    size_t max = (size_t)json_integer_value(json_object_get(command, "max"));

    make_text(json_object_get(command, "split"), &text, &language);
    int error = text_split(&text, language, max, unit_of(command),
                           (size_t)json_integer_value(json_object_get(command, "parts")), &parts);
    for (size_t i = 0; i < parts.n; i++)
        json_array_append_new(list, json_string(parts.parts[i]));
    print(json_pack("{s:i,s:o}", "error", error, "parts", list));
    text_parts_free(&parts);
    text_free(&text);
}

static void send_it(const json_t *command)
{
    struct notice notice;
    size_t i = channel_index(json_string_value(json_object_get(command, "send")));

    notice_read(json_object_get(command, "notice"), &notice);
    int error = channel_send(channels[i], &notice);
    notice_read_free(&notice);
    print(json_pack("{s:b,s:s}", "queued", error == 0, "error", error < 0 ? strerrorname_np(-error) : ""));
}

static void obey(const json_t *command, struct mailbox *results)
{
    const json_t *value = NULL;

    if (json_object_get(command, "send") != NULL) {
        send_it(command);
    } else if ((value = json_object_get(command, "results")) != NULL) {
        take_results(results, json_integer_value(value),
                     json_integer_value(json_object_get(command, "timeout_ms")));
    } else if ((value = json_object_get(command, "waiting")) != NULL) {
        print(json_pack("{s:I}", "waiting",
                        (json_int_t)channel_waiting(channels[channel_index(json_string_value(value))])));
    } else if ((value = json_object_get(command, "text")) != NULL) {
        show_text(value);
    } else if (json_object_get(command, "split") != NULL) {
        show_parts(command);
    } else if ((value = json_object_get(command, "shorten")) != NULL) {
        char *text =
            text_shorten(json_string_value(value),
                         (size_t)json_integer_value(json_object_get(command, "max")), unit_of(command));
        print(
            json_pack("{s:s,s:I}", "text", text, "length", (json_int_t)text_length(text, unit_of(command))));
        free(text);
    } else if ((value = json_object_get(command, "free")) != NULL) {
        size_t i = channel_index(json_string_value(value));
        channel_free(channels[i]);
        channels[i] = NULL;
        print(json_pack("{s:b}", "freed", 1));
    } else {
        fprintf(stderr, "what?\n");
        exit(2);
    }
}

static int read_config(const char *path, const char *templates, bool check)
{
    struct problems problems = {0}, warnings = {0};
    struct yamldoc *doc = NULL;

    if (yamldoc_load(path, "notify.yaml", &problems, &doc) == 0) {
        for (const struct yaml_node *c = yamldoc_root(doc)->first; c != NULL && n_channels < CHANNELS;
             c = c->next)
            if (channel_read(&problems, &warnings, c, templates, &configs[n_channels]))
                n_channels++;
    }
    if (check) {
        problems_print(&problems, stdout);
        for (size_t i = 0; i < warnings.n && i < PROBLEMS_MAX; i++)
            printf("warning: %s\n", warnings.lines[i]);
    } else {
        problems_print(&problems, stderr);
    }
    int status = problems.n > 0;
    yamldoc_free(doc);
    problems_free(&problems);
    problems_free(&warnings);
    return status;
}

static void run(void)
{
    struct mailbox *results = NULL;
    struct channel_result result;
    char *line = NULL;
    size_t cap = 0;

    if (mailbox_create(sizeof(struct channel_result), 64, 0, &results) < 0)
        exit(2);
    for (size_t i = 0; i < n_channels; i++)
        if (channel_open(&configs[i], (unsigned)i, results, &channels[i]) < 0)
            exit(2);
    while (getline(&line, &cap, stdin) > 0) {
        json_t *command = json_loads(line, 0, NULL);
        obey(command, results);
        json_decref(command);
    }
    for (size_t i = 0; i < n_channels; i++)
        if (channels[i] != NULL)
            channel_stop(channels[i]);
    for (size_t i = 0; i < n_channels; i++)
        channel_free(channels[i]);
    while (mailbox_take(results, &result))
        print_result(&result);
    mailbox_free(results);
    free(line);
}

int main(int argc, char **argv)
{
    if (argc != 4 || sodium_init() < 0 || curl_global_init(CURL_GLOBAL_DEFAULT) != 0)
        return 2;
    bool check = strcmp(argv[1], "check") == 0;
    int status = read_config(argv[2], argv[3], check);
    if (!check && status == 0)
        run();
    for (size_t i = 0; i < n_channels; i++)
        channel_config_free(&configs[i]);
    curl_global_cleanup();
    return status;
}
