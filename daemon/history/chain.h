/*
 * chain.h - what makes the record tamper-evident: each event is bound to the one before it by SHA-256.
 *
 * The bytes that are hashed, exactly (integers are 8 bytes, big-endian, two's complement; a text is its
 * length in bytes as such an integer, then its bytes without NUL):
 *
 *   event:  the 15 bytes "cryomon event 1", previous hash (32 bytes; zeros for the very first event),
 *           seq, utc_us, boot_us, text boot_id, text kind, text asset, text alarm, text body
 *   frame:  the 15 bytes "cryomon frame 2", previous hash (32 bytes: of the frame before, folded or not;
 *           zeros for the very first), id, first_utc_us, last_utc_us, count, the body's bytes. Of one that
 *           begins with the byte 1 (frame.h, version 1): "cryomon frame 1" and no previous hash
 *   seal:   seal.h
 *
 * So every column of a row is covered, and no row can be altered, removed, put in or moved without a break.
 * What a chain alone can't show is that its end was cut off: for that somebody outside must know an earlier
 * head.
 */
#ifndef CRYOMON_CHAIN_H
#define CRYOMON_CHAIN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define CHAIN_HASH_SIZE 32

/* Prepares the cryptographic library; any number of times, any thread. 0 or -EIO. */
int chain_init(void);

struct chain_event {
    uint64_t seq;
    int64_t utc_us, boot_us;
    const char *boot_id, *kind, *asset, *alarm, *body; /* UTF-8, not NULL */
};
void chain_event_hash(const unsigned char previous[CHAIN_HASH_SIZE], const struct chain_event *event,
                      unsigned char ret[CHAIN_HASH_SIZE]);

struct chain_frame {
    int64_t id, first_utc_us, last_utc_us, count;
    const void *body;
    size_t len;
};
void chain_frame_hash(const unsigned char previous[CHAIN_HASH_SIZE], const struct chain_frame *frame,
                      unsigned char ret[CHAIN_HASH_SIZE]);

/* Walks along frames in order of id. A damaged frame costs itself only: the next one is believed if it
 * follows the hash that is stored with the damaged one, or the one that its content gives. */
struct chain_frames {
    unsigned char stored[CHAIN_HASH_SIZE];   /* of the frame before */
    unsigned char computed[CHAIN_HASH_SIZE]; /* from its content; the same when it was whole */
    unsigned char version;                   /* of its body; 0: there is none, or it was folded */
    unsigned char head[CHAIN_HASH_SIZE];     /* the one of the two that the last whole frame follows */
};
/* head: the frames_head of the last seal of an hour; NULL: none, and the first frame is the very first. */
void chain_frames_begin(struct chain_frames *frames, const unsigned char *head);
/* True: the frame's content fits its hash and it follows the frame before. hash: as stored; any length. A
 * frame of version 1 after one of version 2 is not whole. */
bool chain_frames_next(struct chain_frames *frames, const struct chain_frame *frame, const void *hash,
                       size_t len);

#endif
