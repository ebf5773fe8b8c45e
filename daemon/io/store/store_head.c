/* store_head.c - the signed head: stored in state.db and given to the publisher. See store_internal.h. */
#include <stdio.h>
#include <string.h>

#include "log.h"
#include "store_internal.h"

#define INTERVAL_US (60 * SECOND_US)

_Static_assert(HEAD_TEXT_MAX == HEAD_BODY_MAX, "the publisher takes it whole");

/* What both files hold: only when both have been seen, else the head would say that one was cut off. */
static bool fill(const struct store *store, struct head *head)
{
    const struct store_state *state = &store->state;
    if (!store->fold.fold || !state->db.db || !state->opened_once)
        return false;
    *head = (struct head){.utc_us = clock_now().utc_us,
                          .event_seq = (int64_t)state->known_seq,
                          .seal_id = store->fold.seal.id,
                          .frame_id = store->history.last.id};
    snprintf(head->site, sizeof head->site, "%s", store->config->site_id);
    memcpy(head->event_hash, state->known_hash, CHAIN_HASH_SIZE);
    memcpy(head->seal_hash, store->fold.seal.hash, CHAIN_HASH_SIZE);
    memcpy(head->frame_hash, store->history.last.hash, CHAIN_HASH_SIZE);
    memcpy(head->public_key, signer_public(store->fold.signer), SIGNER_KEY_SIZE);
    return true;
}

static bool is_new(const struct head *a, const struct head *b)
{
    return a->event_seq != b->event_seq || a->seal_id != b->seal_id || a->frame_id != b->frame_id;
}

void store_head_step(struct store *store, int64_t now_boot_us, bool at_the_end)
{
    struct store_head *head = &store->head;
    struct head now;
    if (head->to_publisher) {
        struct publisher_message message = {.kind = PUBLISHER_HEAD, .generation = store->config->generation};
        memcpy(message.head, head->text, sizeof message.head);
        head->to_publisher = mailbox_try(store->publisher, MAILBOX_RESERVED, &message) < 0;
    }
    bool sealed = store->fold.seal.id != head->last.seal_id;
    if (!at_the_end && !sealed && now_boot_us < head->due_boot_us)
        return;
    if (!fill(store, &now)) {
        head->due_boot_us = now_boot_us + SECOND_US;
        return;
    }
    if (!is_new(&now, &head->last))
        return;
    if (head_write(&now, store->fold.signer, head->text, sizeof head->text) < 0) {
        log_line(LOG_ERR, MID_STORE, "the head of the record does not fit");
        head->due_boot_us = now_boot_us + INTERVAL_US;
        return;
    }
    head->last = now;
    head->to_state = head->to_publisher = true;
    head->due_boot_us = now_boot_us + INTERVAL_US;
    if (!at_the_end)
        store_head_step(store, now_boot_us, false); /* to the publisher */
}

void store_head_settle(struct store *store, int64_t now_boot_us)
{
    struct store_history *history = &store->history;
    struct publisher_message message = {.kind = PUBLISHER_SETTLED, .generation = store->config->generation};
    if (!store->ending || store->head.settled)
        return;
    if (history->db.db && !history->failing && history->readings.n > 0) {
        history->due_boot_us = 0; /* on the next turn */
        return;
    }
    store->head.due_boot_us = 0;
    store_head_step(store, now_boot_us, false);
    store->head.settled =
        !store->head.to_publisher && mailbox_try(store->publisher, MAILBOX_RESERVED, &message) == 0;
}

int64_t store_head_deadline(const struct store *store)
{
    const struct store_head *head = &store->head;
    return store->fold.fold &&
                   (head->to_publisher || head->last.event_seq != (int64_t)store->state.known_seq ||
                    head->last.frame_id != store->history.last.id)
               ? head->due_boot_us
               : STORE_NEVER;
}

void store_head_read(struct store *store)
{
    sqlite3_stmt *stmt = NULL;
    struct head head;
    char message[STORE_DETAIL_MAX];
    store->head.earlier.site[0] = '\0';
    if (sqlite3_prepare_v2(store->state.db.db, "SELECT text FROM head", -1, &stmt, NULL) == SQLITE_OK &&
        sqlite3_step(stmt) == SQLITE_ROW) {
        const char *text = (const char *)sqlite3_column_text(stmt, 0);
        if (text && head_read(text, &head, message, sizeof message) == 0)
            store->head.earlier = head;
    }
    sqlite3_finalize(stmt);
}

void store_head_compare(struct store *store, struct store_link *last)
{
    const struct head *head = &store->head.earlier;
    if (store->head.last.frame_id > head->frame_id)
        head = &store->head.last;
    if (head->site[0] == '\0' || last->id >= head->frame_id)
        return;
    if (!store->head.told_loss) {
        struct core_message message = {.kind = CORE_CUSTODY};
        message.custody.kind = CUSTODY_DAMAGE;
        message.custody.count = (uint64_t)(head->frame_id - last->id);
        message.custody.from_utc_us = head->utc_us;
        snprintf(
            message.custody.detail, sizeof message.custody.detail,
            "history.db ends with frame %lld, but frame %lld was signed: readings are lost, or an older file "
            "was put back",
            (long long)last->id, (long long)head->frame_id);
        store_report_custody(store, &message);
        store->head.told_loss = true;
    }
    *last = (struct store_link){.id = head->frame_id};
}
