/* facts_verification.c - is the record whole? The one place that asks. */
#include <inttypes.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>

#include "chain.h"
#include "facts_internal.h"
#include "signer.h"

#define FINDINGS_MAX 50

static void hex(char ret[65], const unsigned char *bytes)
{
    sodium_bin2hex(ret, 65, bytes, 32);
}

static bool take_finding(void *context, const struct chain_finding *finding)
{
    json_t *findings = context;
    if (json_array_size(findings) < FINDINGS_MAX)
        json_array_append_new(
            findings, json_pack("{s:s, s:I, s:o}", "kind", chain_finding_name(finding->kind), "number",
                                (json_int_t)finding->number, "time", facts_time(finding->utc_us)));
    return true;
}

/* The public key that lies beside the databases, and its SHA-256 as a fingerprint that can be compared. */
static void add_key(json_t *ret, const char *dir)
{
    char path[4200], line[SIGNER_TEXT_MAX] = "", text[65];
    unsigned char key[SIGNER_KEY_SIZE], hash[32];
    snprintf(path, sizeof path, "%s/signing.pub", dir);
    FILE *file = fopen(path, "re");
    if (file == NULL)
        return;
    bool read = fgets(line, sizeof line, file) != NULL;
    (void)fclose(file);
    line[strcspn(line, "\r\n")] = '\0';
    if (!read || !signer_parse(line, key))
        return;
    crypto_hash_sha256(hash, key, sizeof key);
    hex(text, hash);
    json_object_set_new(ret, "public_key", json_string(line));
    json_object_set_new(ret, "public_key_sha256", json_string(text));
}

json_t *facts_verification(struct ctl *ctl, struct history_reader *reader, const char *dir)
{
    struct chain_result events = {0}, frames = {0};
    char head[65];
    (void)ctl;
    json_t *ret = json_object(), *findings = json_array();
    int result = chain_verify(reader, &events, take_finding, findings);
    int result_frames = chain_verify_frames(reader, &frames, take_finding, findings);
    uint64_t problems = events.problems + frames.problems;
    bool whole = result == 0 && result_frames == 0;
    json_object_set_new(ret, "result",
                        json_string(!whole         ? "unreadable"
                                    : problems > 0 ? "problems"
                                                   : "whole"));
    json_object_set_new(ret, "problems", json_integer((json_int_t)problems));
    json_object_set_new(ret, "events", json_integer((json_int_t)events.rows));
    json_object_set_new(ret, "frames", json_integer((json_int_t)frames.rows));
    json_object_set_new(ret, "last_event", json_integer((json_int_t)events.last));
    hex(head, events.head);
    json_object_set_new(ret, "event_head", json_string(head));
    json_object_set_new(ret, "findings", findings);
    add_key(ret, dir);
    return ret;
}
