/*
 * verify.h - is the record what it was when it was written? An independent reader, for auditors.
 *
 * Works on the two files (or copies of them) without a daemon, and looks at one moment of each: its read
 * transactions last as long as it runs. What is proven, and from what, is in cryomon-record(7).
 *
 * A finding is a problem, or a note: something that an auditor should know and that is no sign of alteration.
 * What a chain alone can't show is that its end was cut off or that older files were put back: for that
 * somebody outside must have kept a head (head.h). Without one the result says so (verify_result.witnessed).
 */
#ifndef CRYOMON_VERIFY_H
#define CRYOMON_VERIFY_H

#include <stdbool.h>

#include "chain.h"
#include "head.h"
#include "signer.h"

enum verify_kind {
    /* the files */
    VERIFY_UNREADABLE, /* a file, or rows of a table, can't be read: rows after previous, until number */
    VERIFY_STRUCTURE,  /* a table or an index does not fit itself: detail says where */
    VERIFY_SCHEMA,     /* a table, index or trigger is not as cryomon makes it: detail is its name */
    /* events: number is the seq */
    VERIFY_EVENT_ALTERED, /* its content does not give its hash */
    VERIFY_EVENT_BROKEN,  /* it does not follow the event before it: some were removed, put in or moved */
    VERIFY_EVENT_HOLE,    /* note: numbers are missing in a whole chain: events given up before they were
                             stored (an event tells of it) */
    /* what is kept beside the events */
    VERIFY_ALARM,                 /* an alarm's state is not what its last event says */
    VERIFY_OUTBOX,                /* an event waits to be sent that does not exist */
    VERIFY_RUN,                   /* note: a run of the daemon in a boot that no event tells of */
    VERIFY_CONFIGURATION_ALTERED, /* a text does not give its SHA-256 */
    VERIFY_CONFIGURATION_MISSING, /* an event names a configuration whose text is not there */
    VERIFY_CONFIGURATION_UNKNOWN, /* note: a text that no event names */
    VERIFY_CALIBRATION_ALTERED,   /* number is its id: not what its event says */
    VERIFY_CALIBRATION_MISSING,   /* an event tells of a calibration that is not there */
    VERIFY_CALIBRATION_UNKNOWN,   /* note: a calibration that no event tells of */
    VERIFY_POINT,                 /* a point's row makes no sense, or readings have none */
    /* seals: number is the seal's id, utc_us its first hour */
    VERIFY_SEAL_ALTERED,   /* its content does not give its hash */
    VERIFY_SEAL_BROKEN,    /* it does not follow the seal before it */
    VERIFY_SEAL_SIGNATURE, /* the signature does not fit */
    VERIFY_SEAL_KEY,       /* signed with a key that is not the expected one */
    VERIFY_SEAL_RANGE,     /* what it covers does not continue what was covered before */
    VERIFY_SEAL_CONTENT,   /* it does not prove the hours that it covers */
    VERIFY_SEAL_ENTRIES,   /* its list of chunks is altered, missing, or there when it must not be */
    VERIFY_SEAL_EVENT,     /* the event that it names is not in the chain */
    VERIFY_KEY_CHANGED,    /* note: from this seal on another key signs, as an event tells */
    /* chunks: number is the seal's id, asset and point are set, utc_us..to_utc_us is the hour or day */
    VERIFY_CHUNK_ALTERED, /* its content does not give its hash */
    VERIFY_CHUNK_MISSING, /* listed in the seal, and not there */
    VERIFY_CHUNK_EXTRA,   /* there, and in no seal */
    VERIFY_CHUNK_CONTENT, /* an hour's readings do not give the hash that was signed for the hour */
    /* frames that are not sealed yet: number is the id */
    VERIFY_FRAME_ALTERED,
    VERIFY_FRAME_BROKEN,
    VERIFY_DAMAGED, /* a frame that was found damaged when its hour was sealed, and kept as it was */
    /* heads */
    VERIFY_HEAD_BAD,     /* the stored head makes no sense, or its signature or key is wrong */
    VERIFY_HEAD_MISSING, /* there should be a stored head */
    VERIFY_HEAD_BEYOND,  /* a head knows more than the files: they were cut off after number, or put back */
    VERIFY_HEAD_DIFFERS, /* the files hold something else than what a head was signed for */
    VERIFY_KEY_UNCONFIRMED, /* note: the key comes from the files themselves: nobody outside has confirmed it
                             */
    VERIFY_KINDS
};

struct verify_finding {
    enum verify_kind kind;
    bool note;
    const char *file, *table;  /* "" when it belongs to none */
    int64_t number, previous;  /* see above; 0 when there is none */
    int64_t utc_us, to_utc_us; /* when; to: 0 when it is a moment; both 0: not known */
    const char *asset, *point; /* "" when it belongs to none; valid during the call */
    const char *detail;        /* more, in English; "" when there is no more */
};

const char *verify_kind_name(enum verify_kind kind); /* "event-altered" */

/* Called for each finding, and now and then with how far it is (0..1) and at which time. false stops. */
typedef bool verify_found_fn(void *context, const struct verify_finding *finding);
typedef bool verify_progress_fn(void *context, double done, int64_t utc_us);

struct verify_options {
    int64_t from_utc_us, to_utc_us;               /* readings looked at: INT64_MIN, INT64_MAX for all */
    const unsigned char (*keys)[SIGNER_KEY_SIZE]; /* public keys known from outside */
    size_t n_keys;
    const struct head *heads; /* witnessed outside, their signatures checked */
    size_t n_heads;
    bool shallow; /* don't unpack days to prove their hours again: only stored bytes are hashed */
    bool quick;   /* leave out the structure of the large tables */
    verify_found_fn *found;
    verify_progress_fn *progress; /* NULL: none */
    void *context;
};

enum verify_key_source {
    VERIFY_KEY_NONE,
    VERIFY_KEY_GIVEN,
    VERIFY_KEY_HEAD,
    VERIFY_KEY_FILE,
    VERIFY_KEY_DATABASE
};

struct verify_result {
    uint64_t problems, notes;
    bool state_read, history_read;
    int state_version, history_version;
    uint64_t events, holes, alarms, configurations, calibrations;
    int64_t first_event, last_event, last_event_utc_us;
    unsigned char event_hash[CHAIN_HASH_SIZE];
    uint64_t points, hours, days, tombstones, chunks, readings, bytes; /* bytes of chunks that were hashed */
    uint64_t hours_proven; /* content computed again from readings */
    int64_t last_seal, last_seal_utc_us;
    unsigned char seal_hash[CHAIN_HASH_SIZE];
    uint64_t frames, frame_readings; /* not sealed yet */
    int64_t last_frame;
    unsigned char frame_hash[CHAIN_HASH_SIZE];
    enum verify_key_source key_source;
    unsigned char key[SIGNER_KEY_SIZE];
    struct head head; /* the newest of the stored one and those of outside; site "" when there is none */
    bool witnessed;   /* it came from outside */
    uint64_t events_after_head, frames_after_head; /* what it can't vouch for */
};

/* Returns 0 (also with findings), -ECANCELED (stopped), or -errno when neither file can be read, with
 * message.
 */
int verify_record(const char *dir, const struct verify_options *options, struct verify_result *ret,
                  char *message, size_t cap);

/* A key that has sealed something, as history.db has it. */
struct verify_key {
    unsigned char key[SIGNER_KEY_SIZE];
    int64_t since_utc_us, last_utc_us; /* when it began, and its last seal */
};
/* All of them, the one that signed last first, up to cap; ret_n: how many there are. 0 or -errno. */
int verify_keys(const char *dir, struct verify_key *keys, size_t cap, size_t *ret_n);

#endif
