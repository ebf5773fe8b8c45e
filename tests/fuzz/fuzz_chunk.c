/* Any bytes as the body of a chunk, as a section, and as a summary: decoded without harm, and what is
 * believed comes back when it is written again. The first byte chooses, so that the decoder is reached
 * without a valid deflate. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "chunk.h"
#include "summary.h"

#define ENTRIES 20000

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size);

static void must(bool condition)
{
    if (!condition)
        abort();
}

static void try_section(const struct section *section)
{
    static struct frame_entry entries[ENTRIES], again[ENTRIES];
    struct bytes head = {0}, values = {0};
    int64_t n = section_decode(section, entries, ENTRIES);
    if (n < 0)
        return;
    must(n == section_count(section));
    must(section_encode(entries, (size_t)n, &head, &values) == 0);
    struct section written = {head.data, values.data, head.len, values.len};
    must(section_decode(&written, again, ENTRIES) == n);
    for (int64_t i = 0; i < n; i++)
        must(again[i].slot_ms == entries[i].slot_ms && again[i].taken_ms == entries[i].taken_ms &&
             again[i].number == entries[i].number && again[i].raw == entries[i].raw &&
             again[i].calibration == entries[i].calibration && again[i].quality == entries[i].quality &&
             again[i].reason == entries[i].reason && again[i].micro == entries[i].micro);
    bytes_free(&head);
    bytes_free(&values);
}

static void try_chunk(const unsigned char *data, size_t size)
{
    struct chunk chunk = {0}, again = {0};
    struct bytes body = {0};
    if (chunk_unpack(data, size, &chunk) == 0) {
        for (size_t i = 0; i < chunk.n; i++)
            try_section(&chunk.sections[i]);
        must(chunk_pack(chunk.sections, chunk.n, &body) == 0);
        must(chunk_unpack(body.data, body.len, &again) == 0 && again.n == chunk.n);
        for (size_t i = 0; i < chunk.n; i++)
            must(again.sections[i].head_len == chunk.sections[i].head_len &&
                 memcmp(again.sections[i].head, chunk.sections[i].head, chunk.sections[i].head_len) == 0);
    }
    bytes_free(&body);
    chunk_free(&chunk);
    chunk_free(&again);
}

static void try_summary(const unsigned char *data, size_t size)
{
    static struct summary buckets[1000], again[1000];
    struct summary_thresholds thresholds, back;
    struct bytes bytes = {0};
    int64_t n = summary_decode(data, size, &thresholds, buckets, 1000);
    if (n < 0)
        return;
    must(summary_encode(buckets, (size_t)n, &thresholds, &bytes) == 0);
    must(summary_decode(bytes.data, bytes.len, &back, again, 1000) == n);
    must(memcmp(buckets, again, (size_t)n * sizeof *buckets) == 0);
    bytes_free(&bytes);
}

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size)
{
    if (size < 2)
        return 0;
    size_t head = data[1] < size - 2 ? data[1] : size - 2;
    struct section section = {data + 2, data + 2 + head, head, size - 2 - head};
    if (data[0] % 3 == 0)
        try_section(&section);
    else if (data[0] % 3 == 1)
        try_summary(data + 1, size - 1);
    else
        try_chunk(data + 1, size - 1);
    return 0;
}
