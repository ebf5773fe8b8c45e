/* verify_heads.c - which keys are believed, and whether the files hold what heads were signed for. */
#include "verify_internal.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---------------------------------------------------------------- keys */

static void believe(struct verify *verify, const unsigned char key[SIGNER_KEY_SIZE])
{
    if (verify_key_is_believed(verify, key))
        return;
    unsigned char(*more)[SIGNER_KEY_SIZE] = realloc(verify->keys, (verify->n_keys + 1) * SIGNER_KEY_SIZE);
    if (!more)
        return; /* then it is not believed: told as a finding */
    verify->keys = more;
    memcpy(more[verify->n_keys++], key, SIGNER_KEY_SIZE);
}

static bool key_of_file(const struct verify *verify, unsigned char key[SIGNER_KEY_SIZE])
{
    char path[4096], text[2 * SIGNER_TEXT_MAX];
    snprintf(path, sizeof path, "%s/signing.pub", verify->dir);
    FILE *file = fopen(path, "re");
    if (!file)
        return false;
    text[fread(text, 1, sizeof text - 1, file)] = '\0';
    fclose(file);
    return signer_parse(text, key);
}

static bool key_of_database(const struct verify *verify, unsigned char key[SIGNER_KEY_SIZE])
{
    sqlite3_stmt *stmt = NULL;
    bool found = false;
    if (verify->history &&
        sqlite3_prepare_v2(verify->history,
                           "SELECT public_key FROM signer WHERE id ="
                           " (SELECT signer FROM seal ORDER BY id DESC LIMIT 1)",
                           -1, &stmt, NULL) == SQLITE_OK &&
        sqlite3_step(stmt) == SQLITE_ROW && sqlite3_column_bytes(stmt, 0) == SIGNER_KEY_SIZE) {
        memcpy(key, sqlite3_column_blob(stmt, 0), SIGNER_KEY_SIZE);
        found = true;
    }
    sqlite3_finalize(stmt);
    return found;
}

void verify_choose_keys(struct verify *verify)
{
    const struct verify_options *options = verify->options;
    struct verify_result *result = verify->result;
    unsigned char key[SIGNER_KEY_SIZE];
    for (size_t i = 0; i < options->n_keys; i++)
        believe(verify, options->keys[i]);
    result->key_source = verify->n_keys > 0 ? VERIFY_KEY_GIVEN : VERIFY_KEY_NONE;
    for (size_t i = 0; i < options->n_heads; i++)
        if (options->n_keys == 0)
            believe(verify, options->heads[i].public_key);
    if (result->key_source == VERIFY_KEY_NONE && verify->n_keys > 0)
        result->key_source = VERIFY_KEY_HEAD;
    if (verify->n_keys == 0 && key_of_file(verify, key)) {
        believe(verify, key);
        result->key_source = VERIFY_KEY_FILE;
    }
    if (verify->n_keys == 0 && key_of_database(verify, key)) {
        believe(verify, key);
        result->key_source = VERIFY_KEY_DATABASE;
    }
    if (verify->n_keys > 0)
        memcpy(result->key, verify->keys[verify->n_keys - 1], SIGNER_KEY_SIZE);
    if (result->key_source == VERIFY_KEY_FILE || result->key_source == VERIFY_KEY_DATABASE)
        verify_tell(verify, (struct verify_finding){.kind = VERIFY_KEY_UNCONFIRMED});
}

/* ---------------------------------------------------------------- heads */

static void differs(struct verify *verify, const struct head *head, bool beyond, const char *table,
                    int64_t number, int64_t last)
{
    verify_tell(verify, (struct verify_finding){
                            .kind = beyond ? VERIFY_HEAD_BEYOND : VERIFY_HEAD_DIFFERS,
                            .file = strcmp(table, "event") == 0 ? "state.db" : "history.db",
                            .table = table,
                            .number = beyond ? last : number,
                            .previous = number,
                            .utc_us = head->utc_us,
                        });
}

static bool frame_fits(struct verify *verify, const struct head *head)
{
    sqlite3_stmt *stmt = NULL;
    int fits = -1; /* not there */
    if (sqlite3_prepare_v2(verify->history, "SELECT hash FROM frame WHERE id = ?1", -1, &stmt, NULL) ==
        SQLITE_OK) {
        sqlite3_bind_int64(stmt, 1, head->frame_id);
        if (sqlite3_step(stmt) == SQLITE_ROW)
            fits = sqlite3_column_bytes(stmt, 0) == CHAIN_HASH_SIZE &&
                   memcmp(sqlite3_column_blob(stmt, 0), head->frame_hash, CHAIN_HASH_SIZE) == 0;
    }
    sqlite3_finalize(stmt);
    /* Folded: only of the last frame of an hour is the hash still known. */
    for (size_t i = 0; i < verify->n_seals && fits < 0; i++)
        if (verify->seals[i].kind == SEAL_HOUR && verify->seals[i].to_id == head->frame_id)
            fits = memcmp(verify->seals[i].frames_head, head->frame_hash, CHAIN_HASH_SIZE) == 0;
    return fits != 0;
}

static void check_head(struct verify *verify, const struct head *head)
{
    const struct verify_result *result = verify->result;
    if (verify->state && head->event_seq > 0) {
        bool beyond = head->event_seq > result->last_event;
        if (beyond || !verify_has_event(verify, head->event_seq, head->event_hash))
            differs(verify, head, beyond, "event", head->event_seq, result->last_event);
    }
    if (verify->history && head->seal_id > 0) {
        bool beyond = head->seal_id > result->last_seal;
        const struct verify_seal *seal = verify_find_seal(verify, head->seal_id);
        if (beyond || !seal || memcmp(seal->hash, head->seal_hash, CHAIN_HASH_SIZE) != 0)
            differs(verify, head, beyond, "seal", head->seal_id, result->last_seal);
    }
    if (verify->history && head->frame_id > 0) {
        bool beyond = head->frame_id > result->last_frame;
        if (beyond || !frame_fits(verify, head))
            differs(verify, head, beyond, "frame", head->frame_id, result->last_frame);
    }
}

static void note_newest(struct verify_result *result, const struct head *head, bool witnessed)
{
    bool newer = result->head.site[0] == '\0' || head->event_seq > result->head.event_seq ||
                 (head->event_seq == result->head.event_seq && head->frame_id >= result->head.frame_id);
    if (!newer)
        return;
    result->head = *head;
    result->witnessed = witnessed;
}

static void check_stored(struct verify *verify)
{
    struct head head;
    char message[256], text[SIGNER_TEXT_MAX], detail[SIGNER_TEXT_MAX + 64];
    unsigned char sealed[SIGNER_KEY_SIZE];
    struct verify_finding finding = {.kind = VERIFY_HEAD_BAD, .file = "state.db", .table = "head"};
    if (!verify->head_text) {
        /* The head is written after the seal, in the other file: a crash between the two is no offence. */
        finding.kind = VERIFY_HEAD_MISSING;
        if (verify->result->state_version >= 2 && verify->result->last_seal >= 2)
            verify_tell(verify, finding);
        return;
    }
    if (head_read(verify->head_text, &head, message, sizeof message) < 0) {
        finding.detail = message;
        verify_tell(verify, finding);
        return;
    }
    signer_print(head.public_key, text);
    snprintf(detail, sizeof detail, "signed with another key than the expected one: %s", text);
    finding.detail = detail;
    finding.utc_us = head.utc_us;
    /* An event may tell of a new key; but who knows the key from outside need not believe that. */
    bool known_outside =
        verify->result->key_source == VERIFY_KEY_GIVEN || verify->result->key_source == VERIFY_KEY_HEAD;
    if (!verify_key_is_believed(verify, head.public_key) &&
        (known_outside || !verify_key_is_announced(verify, head.public_key)))
        verify_tell(verify, finding);
    else if (key_of_database(verify, sealed) && memcmp(sealed, head.public_key, sizeof sealed) != 0) {
        finding.kind = VERIFY_KEY_CHANGED; /* and nothing is sealed with it yet */
        finding.detail = text;
        verify_tell(verify, finding);
    }
    check_head(verify, &head);
    note_newest(verify->result, &head, false);
}

int verify_heads(struct verify *verify)
{
    struct verify_result *result = verify->result;
    if (verify->state)
        check_stored(verify);
    for (size_t i = 0; i < verify->options->n_heads; i++) {
        check_head(verify, &verify->options->heads[i]);
        note_newest(result, &verify->options->heads[i], true);
    }
    if (result->last_event > result->head.event_seq)
        result->events_after_head = (uint64_t)(result->last_event - result->head.event_seq);
    if (result->last_frame > result->head.frame_id)
        result->frames_after_head = (uint64_t)(result->last_frame - result->head.frame_id);
    return 0;
}
