/*
 * review.h - what a person's review of a period is bound to, and which reviews there are.
 *
 * A review is an event of kind "review" (cryomon-sign(8)). It covers all events of the period, and all seals
 * of the history that overlap it; "covers" in its body has their numbers and this hash, SHA-256 over the text
 * (UTF-8, each line ended by \n; times RFC 3339 UTC with ms; hashes in lower-case hex)
 *
 *     cryomon review 1
 *     from TIME
 *     to TIME
 *     asset ASSET           * for all of them
 *     events HEAD           the last event that there was at all when it was signed
 *     seals HEAD            the last seal; 0: none
 *     event SEQ HASH        each event with from <= utc < to and SEQ <= HEAD, in order of SEQ
 *     seal ID HASH          each seal with first < to and last >= from and ID <= HEAD, in order of ID
 *
 * where HASH is computed anew from the row's columns (chain.h, seal.h), not taken from it. So one byte that
 * is changed in an event, or in a seal and with it in what it has sealed, shows. What is in the chunks is
 * bound by the seals: cryoctl verify says whether it still fits them.
 *
 * A period can be reviewed when it is complete: when none of its readings waits to be sealed.
 */
#ifndef CRYOMON_REVIEW_H
#define CRYOMON_REVIEW_H

#include <stdbool.h>
#include <stdint.h>

#include "chain.h"

struct history_reader;

struct review_run {
    int64_t count, from, to; /* the first and the last one covered; 0 when there is none */
    int64_t head;            /* the last one that there was at all */
};

struct review_cover {
    struct review_run events, seals;
    unsigned char sha256[CHAIN_HASH_SIZE];
};

/* Computes what a review of from <= utc < to covers. asset "": all. bound: the heads of an earlier review
 * whose hash is to be computed again, or NULL: those of now. Returns 0 or -errno. */
int review_bind(struct history_reader *reader, int64_t from_utc_us, int64_t to_utc_us, const char *asset,
                const struct review_cover *bound, struct review_cover *ret);

/* 0 when the period is complete; -EAGAIN when not, and *ret_when is when it should be worth another try;
 * or -errno. */
int review_complete(struct history_reader *reader, int64_t from_utc_us, int64_t to_utc_us, int64_t now_utc_us,
                    int64_t *ret_when_utc_us);

struct review {
    uint64_t seq;
    int64_t utc_us, from_utc_us, to_utc_us;
    const char *asset, *by, *name, *meaning, *comment; /* valid during the call; "" where there is none */
    struct review_cover cover;
};
typedef bool review_fn(void *context, const struct review *review);

/* Calls review() for each review, in order of their events. Returns how many, or -errno. Events that make no
 * sense as a review are left out and counted in *ret_odd (NULL: nobody asks). */
int64_t review_each(struct history_reader *reader, review_fn *review, void *context, uint64_t *ret_odd);

/* Until when the record was reviewed as a whole (asset "") without a hole, counted from its first event; with
 * another review from..to that is about to be made (0, 0: none). *ret is 0 when there is no record. */
int review_until(struct history_reader *reader, int64_t from_utc_us, int64_t to_utc_us, int64_t *ret_utc_us);

#endif
