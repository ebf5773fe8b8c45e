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
