/* Any bytes as the body of a frame: decoded without harm, and what is believed encodes to the same bytes (of
 * the version before: to bytes that decode to the same entries). */
#include <stdlib.h>
#include <string.h>

#include "frame.h"

static struct frame_entry entries[FRAME_ENTRIES_MAX];
static unsigned char again[FRAME_BYTES_MAX];

static bool is_same(const struct frame_entry *a, const struct frame_entry *b)
{
    return a->slot_ms == b->slot_ms && a->taken_ms == b->taken_ms && a->number == b->number &&
           a->point == b->point && a->raw == b->raw && a->calibration == b->calibration &&
           a->quality == b->quality && a->reason == b->reason && a->micro == b->micro;
}

static bool decodes_to(const unsigned char *body, size_t len, const struct frame_entry *expected, size_t n)
{
    struct frame_cursor cursor;
    struct frame_entry entry;
    if (frame_begin(&cursor, body, len) < 0)
        return false;
    for (size_t i = 0; i < n; i++) {
        if (frame_next(&cursor, &entry) != 1 || !is_same(&entry, &expected[i]))
            return false;
    }
    return frame_next(&cursor, &entry) == 0;
}

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size);

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size)
{
    struct frame_cursor cursor;
    struct frame_entry entry;
    struct reading reading;
    size_t n = 0, len = 0;
    int more;
    if (frame_begin(&cursor, data, size) < 0)
        return 0;
    while ((more = frame_next(&cursor, &entry)) > 0) {
        for (unsigned decimals = 0; decimals <= DECIMALS_MAX; decimals++)
            (void)frame_entry_reading(&entry, decimals, &reading);
        entries[n++] = entry; /* frame_begin has refused more than FRAME_ENTRIES_MAX */
    }
    if (more < 0)
        return 0;
    if (frame_encode(entries, n, again, sizeof again, &len) < 0)
        abort();
    if (data[0] == again[0] ? len != size || memcmp(again, data, size) != 0
                            : !decodes_to(again, len, entries, n))
        abort();
    return 0;
}
