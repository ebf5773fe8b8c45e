/* Any bytes as the body of a frame: decoded without harm, and what is believed encodes to the same bytes. */
#include <stdlib.h>
#include <string.h>

#include "frame.h"

static struct frame_entry entries[FRAME_ENTRIES_MAX];
static unsigned char again[FRAME_BYTES_MAX];

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
    if (frame_encode(entries, n, again, sizeof again, &len) < 0 || len != size ||
        memcmp(again + 1, data + 1, size - 1) != 0) /* the version may be older */
        abort();
    return 0;
}
