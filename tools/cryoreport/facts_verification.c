/* facts_verification.c - is the record whole? The one place that asks. */
#include <errno.h>
#include <inttypes.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "facts_internal.h"
#include "findings.h"
#include "signer.h"
#include "verify.h"

#define FINDINGS_MAX 1000 /* more are counted only */

struct proof {
    struct gather *g;
    json_t *findings;
    uint64_t left_out;
    bool terminal;
    int percent;
};

static bool take_finding(void *context, const struct verify_finding *finding)
{
    struct proof *proof = context;
    struct ctl english = *proof->g->ctl, chinese = *proof->g->ctl;
    char en[1024], zh[1024];
    if (json_array_size(proof->findings) >= FINDINGS_MAX) {
        proof->left_out++;
        return true;
    }
    english.language = LANGUAGE_EN;
    chinese.language = LANGUAGE_ZH;
    findings_text(&english, finding, en, sizeof en);
    findings_text(&chinese, finding, zh, sizeof zh);
    facts_append(proof->g, proof->findings,
                 json_pack("{s:s, s:b, s:I, s:{s:s, s:s}}", "kind", verify_kind_name(finding->kind), "note",
                           finding->note, "number", (json_int_t)finding->number, "text", "en", en, "zh", zh));
    return !proof->g->failed;
}

static bool show_progress(void *context, double done, int64_t utc_us)
{
    struct proof *proof = context;
    int percent = (int)(100 * done);
    (void)utc_us;
    if (proof->terminal && percent != proof->percent) {
        fprintf(stderr, tr(proof->g->ctl, "\rverifying %d %%\033[K", "\r正在验证 %d %%\033[K"), percent);
        proof->percent = percent;
    }
    return true;
}

static void set_count(struct gather *g, json_t *object, const char *key, uint64_t n)
{
    facts_set(g, object, key, json_integer((json_int_t)n));
}

static void set_hash(struct gather *g, json_t *object, const char *key, const unsigned char hash[32])
{
    char text[65];
    sodium_bin2hex(text, sizeof text, hash, 32);
    facts_set(g, object, key, json_string(text));
}

/* The key, its SHA-256 (as a fingerprint to be compared), and who says that it is the right one. */
static void add_key(struct gather *g, json_t *ret, const struct verify_result *result)
{
    static const char *const sources[] = {[VERIFY_KEY_NONE] = "none",
                                          [VERIFY_KEY_GIVEN] = "given",
                                          [VERIFY_KEY_HEAD] = "head",
                                          [VERIFY_KEY_FILE] = "file",
                                          [VERIFY_KEY_DATABASE] = "database"};
    char line[SIGNER_TEXT_MAX], fingerprint[SIGNER_FINGERPRINT_MAX];
    facts_set(g, ret, "key_source", json_string(sources[result->key_source]));
    if (result->key_source == VERIFY_KEY_NONE)
        return;
    signer_print(result->key, line);
    signer_fingerprint(result->key, fingerprint);
    facts_set(g, ret, "public_key", json_string(line));
    facts_set(g, ret, "fingerprint", json_string(fingerprint));
}

static void add_head(struct gather *g, json_t *ret, const struct verify_result *result)
{
    const struct head *head = &result->head;
    json_t *one;
    if (head->site[0] == '\0')
        return;
    one = json_object();
    facts_set(g, one, "time", facts_time(head->utc_us));
    set_count(g, one, "event", (uint64_t)head->event_seq);
    set_count(g, one, "seal", (uint64_t)head->seal_id);
    set_count(g, one, "frame", (uint64_t)head->frame_id);
    facts_set(g, one, "witnessed", json_boolean(result->witnessed));
    facts_set(g, ret, "head", one);
}

static void add_numbers(struct gather *g, json_t *ret, const struct verify_result *result)
{
    set_count(g, ret, "problems", result->problems);
    set_count(g, ret, "notes", result->notes);
    set_count(g, ret, "events", result->events);
    set_count(g, ret, "last_event", (uint64_t)result->last_event);
    set_hash(g, ret, "event_hash", result->event_hash);
    set_count(g, ret, "hours", result->hours);
    set_count(g, ret, "days", result->days);
    set_count(g, ret, "tombstones", result->tombstones);
    set_count(g, ret, "hours_proven", result->hours_proven);
    set_count(g, ret, "readings_sealed", result->readings);
    set_count(g, ret, "readings_not_sealed", result->frame_readings);
    set_count(g, ret, "last_seal", (uint64_t)result->last_seal);
    if (result->last_seal > 0)
        set_hash(g, ret, "seal_hash", result->seal_hash);
    set_count(g, ret, "last_frame", (uint64_t)result->last_frame);
    if (result->last_frame > 0)
        set_hash(g, ret, "frame_hash", result->frame_hash);
    add_key(g, ret, result);
    add_head(g, ret, result);
}

json_t *facts_verification(struct gather *g, const char *dir)
{
    struct proof proof = {
        .g = g, .findings = json_array(), .terminal = isatty(STDERR_FILENO) == 1, .percent = -1};
    const struct verify_options options = {.from_utc_us = g->request->from_us,
                                           .to_utc_us = g->request->to_us,
                                           .found = take_finding,
                                           .progress = show_progress,
                                           .context = &proof};
    struct verify_result result = {0};
    char message[512] = "";
    json_t *ret = json_object();
    int error = verify_record(dir, &options, &result, message, sizeof message);
    if (proof.percent >= 0)
        fputs("\r\033[K", stderr);
    bool read = error == 0 && result.state_read && result.history_read;
    facts_set(g, ret, "result",
              json_string(error == 0 && result.problems > 0 ? "problems"
                          : read                            ? "whole"
                                                            : "unreadable"));
    if (error == 0)
        add_numbers(g, ret, &result);
    facts_set(g, ret, "message", message[0] != '\0' ? json_string(message) : NULL);
    facts_set(g, ret, "findings", proof.findings);
    facts_set(g, ret, "left_out", proof.left_out > 0 ? json_integer((json_int_t)proof.left_out) : NULL);
    return ret;
}
