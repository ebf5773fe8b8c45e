/*
 * head.h - the signed head of the record: what an outside witness keeps, so that nobody can cut off its end
 * or put back an older copy unseen.
 *
 * The text that is signed (UTF-8, each line ended by \n; hashes in lower-case hex; times RFC 3339 UTC with
 * ms):
 *
 *     cryomon head 1
 *     site SITE
 *     time TIME
 *     event SEQ HASH        the last event in state.db's chain
 *     seal ID HASH          the last seal in history.db's chain (0 and zeros: none yet)
 *     frame ID HASH         the last frame that was committed (0 and zeros: none yet)
 *
 * As JSON (published retained on cryomon/<site>/head, kept in state.db's table "head", taken by cryoctl
 * verify --head):
 *   {"cryomon":"head 1","site":..,"time":..,"event":{"seq":N,"hash":".."},"seal":{"id":N,"hash":".."},
 *    "frame":{"id":N,"hash":".."},"public_key":"cryomon-public-key-1 ...","signature":"BASE64"}
 */
#ifndef CRYOMON_HEAD_H
#define CRYOMON_HEAD_H

#include "chain.h"
#include "signer.h"

#define HEAD_TEXT_MAX 1024
#define HEAD_SITE_MAX 64

struct head {
    char site[HEAD_SITE_MAX];
    int64_t utc_us;
    int64_t event_seq, seal_id, frame_id;
    unsigned char event_hash[CHAIN_HASH_SIZE], seal_hash[CHAIN_HASH_SIZE], frame_hash[CHAIN_HASH_SIZE];
    unsigned char public_key[SIGNER_KEY_SIZE];
};

/* Signs and writes the JSON; returns its length, or -ENOSPC. */
int head_write(const struct head *head, const struct signer *signer, char *text, size_t cap);
/* Reads JSON (extra members are ignored) and checks the signature against the key in it. 0, -EBADMSG (no
 * head), or -EKEYREJECTED (the signature is wrong); message says what. */
int head_read(const char *text, struct head *ret, char *message, size_t cap);

#endif
