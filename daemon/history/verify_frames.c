/* verify_frames.c - the frames that are not sealed yet, and those that were found damaged. */
#include "verify_internal.h"

#include <errno.h>
#include <string.h>

#include "frame.h"

struct walk {
    struct chain_frames chain;
    int64_t last; /* id of the frame before, folded or not; 0: none */
};

static void check_points(struct verify *verify, const struct chain_frame *frame,
                         struct verify_finding finding)
{
    struct frame_cursor cursor;
    struct frame_entry entry;
    int64_t n = 0;
    int result = frame_begin(&cursor, frame->body, frame->len);
    while (result >= 0 && (result = frame_next(&cursor, &entry)) > 0) {
        n++;
        if (verify_find_point(verify, entry.point))
            continue;
        finding.kind = VERIFY_POINT;
        finding.previous = entry.point;
        finding.detail = "a reading's point is not there";
        verify_tell(verify, finding);
        return;
    }
    if (result == 0 && n == frame->count)
        return;
    finding.kind = VERIFY_FRAME_ALTERED;
    finding.detail = "the readings make no sense";
    verify_tell(verify, finding);
}

static void check_frame(struct verify *verify, sqlite3_stmt *stmt, void *context)
{
    struct walk *walk = context;
    struct verify_row row = {stmt, true};
    struct chain_frame frame = {
        .id = verify_integer(&row, 0),
        .first_utc_us = verify_integer(&row, 1),
        .last_utc_us = verify_integer(&row, 2),
        .count = verify_integer(&row, 3),
    };
    size_t hash_len;
    frame.body = verify_blob(&row, 4, &frame.len);
    const void *hash = verify_blob(&row, 5, &hash_len);
    struct verify_finding finding = {.file = "history.db",
                                     .table = "frame",
                                     .number = frame.id,
                                     .previous = walk->last,
                                     .utc_us = frame.first_utc_us,
                                     .to_utc_us = frame.last_utc_us};
    bool follows = walk->last == 0 || frame.id == walk->last + 1;
    bool whole = chain_frames_next(&walk->chain, &frame, hash, hash_len) && row.sound;
    if (!follows || !whole) {
        finding.kind = follows ? VERIFY_FRAME_ALTERED : VERIFY_FRAME_BROKEN;
        verify_tell(verify, finding);
    }
    if (whole)
        check_points(verify, &frame, finding);
    walk->last = frame.id;
    verify->result->frames++;
    verify->result->frame_readings += frame.count > 0 ? (uint64_t)frame.count : 0;
    verify->result->last_frame = frame.id;
    memcpy(verify->result->frame_hash, walk->chain.stored, CHAIN_HASH_SIZE);
}

static void tell_damaged(struct verify *verify, sqlite3_stmt *stmt, void *context)
{
    (void)context;
    verify_tell(verify, (struct verify_finding){.kind = VERIFY_DAMAGED,
                                                .file = "history.db",
                                                .table = "damaged",
                                                .number = sqlite3_column_int64(stmt, 0),
                                                .utc_us = sqlite3_column_int64(stmt, 1),
                                                .to_utc_us = sqlite3_column_int64(stmt, 2)});
}

int verify_frames(struct verify *verify)
{
    struct walk walk = {0};
    const struct verify_seal *last = NULL;
    if (!verify->history)
        return 0;
    for (size_t i = 0; i < verify->n_seals; i++)
        if (verify->seals[i].kind == SEAL_HOUR)
            last = &verify->seals[i];
    chain_frames_begin(&walk.chain, last ? last->frames_head : NULL);
    if (last) {
        walk.last = verify->result->last_frame = last->to_id;
        memcpy(verify->result->frame_hash, last->frames_head, CHAIN_HASH_SIZE);
    }
    int error = verify_each(verify, verify->history, "history.db", "frame",
                            "SELECT id, first_utc_us, last_utc_us, count, body, hash FROM frame NOT INDEXED"
                            " WHERE id > ?1 ORDER BY id",
                            check_frame, &walk);
    if (error == 0 && verify->result->history_version >= 2)
        error = verify_each(verify, verify->history, "history.db", "damaged",
                            "SELECT id, first_utc_us, last_utc_us FROM damaged WHERE id > ?1 ORDER BY id",
                            tell_damaged, NULL);
    return error;
}
