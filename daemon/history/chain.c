/* chain.c - see chain.h. */
#include "chain.h"

#include <errno.h>
#include <sodium.h>
#include <string.h>

#include "hash.h"

_Static_assert(CHAIN_HASH_SIZE == HASH_SIZE, "the hash is SHA-256");

int chain_init(void)
{
    return sodium_init() < 0 ? -EIO : 0;
}

void chain_event_hash(const unsigned char previous[CHAIN_HASH_SIZE], const struct chain_event *event,
                      unsigned char ret[CHAIN_HASH_SIZE])
{
    struct hash state;
    hash_begin(&state, "cryomon event 1");
    hash_bytes(&state, previous, CHAIN_HASH_SIZE);
    hash_integer(&state, (int64_t)event->seq);
    hash_integer(&state, event->utc_us);
    hash_integer(&state, event->boot_us);
    hash_text(&state, event->boot_id);
    hash_text(&state, event->kind);
    hash_text(&state, event->asset);
    hash_text(&state, event->alarm);
    hash_text(&state, event->body);
    hash_end(&state, ret);
}

static unsigned char version_of(const struct chain_frame *frame)
{
    return frame->len > 0 ? *(const unsigned char *)frame->body : 0;
}

void chain_frame_hash(const unsigned char previous[CHAIN_HASH_SIZE], const struct chain_frame *frame,
                      unsigned char ret[CHAIN_HASH_SIZE])
{
    struct hash state;
    if (version_of(frame) == 1) {
        hash_begin(&state, "cryomon frame 1");
    } else {
        hash_begin(&state, "cryomon frame 2");
        hash_bytes(&state, previous, CHAIN_HASH_SIZE);
    }
    hash_integer(&state, frame->id);
    hash_integer(&state, frame->first_utc_us);
    hash_integer(&state, frame->last_utc_us);
    hash_integer(&state, frame->count);
    hash_bytes(&state, frame->body, frame->len);
    hash_end(&state, ret);
}

void chain_frames_begin(struct chain_frames *frames, const unsigned char *head)
{
    *frames = (struct chain_frames){.version = 0};
    if (!head)
        return;
    memcpy(frames->stored, head, CHAIN_HASH_SIZE);
    memcpy(frames->computed, head, CHAIN_HASH_SIZE);
    memcpy(frames->head, head, CHAIN_HASH_SIZE);
}

bool chain_frames_next(struct chain_frames *frames, const struct chain_frame *frame, const void *hash,
                       size_t len)
{
    unsigned char stored[CHAIN_HASH_SIZE] = {0}, computed[CHAIN_HASH_SIZE];
    const unsigned char *previous = frames->stored;
    bool sound = hash && len == CHAIN_HASH_SIZE;
    if (sound)
        memcpy(stored, hash, CHAIN_HASH_SIZE);
    chain_frame_hash(previous, frame, computed);
    if (sound && memcmp(computed, stored, CHAIN_HASH_SIZE) != 0) {
        unsigned char other[CHAIN_HASH_SIZE];
        chain_frame_hash(frames->computed, frame, other);
        if (memcmp(other, stored, CHAIN_HASH_SIZE) == 0) {
            previous = frames->computed;
            memcpy(computed, other, CHAIN_HASH_SIZE);
        }
    }
    sound = sound && memcmp(computed, stored, CHAIN_HASH_SIZE) == 0;
    sound = sound && !(version_of(frame) == 1 && frames->version > 1);
    if (sound)
        memcpy(frames->head, previous, CHAIN_HASH_SIZE);
    memcpy(frames->stored, stored, CHAIN_HASH_SIZE);
    memcpy(frames->computed, computed, CHAIN_HASH_SIZE);
    frames->version = version_of(frame) > frames->version ? version_of(frame) : frames->version;
    return sound;
}
