#include "record_check.h"

#include <inttypes.h>
#include <string.h>

#include "chain.h"
#include "reader.h"

struct findings {
    uint64_t n;
    char *message;
};

static bool note(void *context, const struct chain_finding *finding)
{
    struct findings *findings = context;
    if (finding->kind == CHAIN_HOLE)
        return true;
    if (findings->n++ == 0)
        snprintf(findings->message, RECORD_CHECK_MAX, "%s: %" PRId64, chain_finding_name(finding->kind),
                 finding->number);
    return true;
}

static bool check_chains(const char *dir, char message[RECORD_CHECK_MAX])
{
    struct history_reader *reader = NULL;
    struct chain_result events, frames;
    struct findings findings = {.message = message};
    if (history_open(dir, &reader, message, RECORD_CHECK_MAX) < 0)
        return false;
    bool read = message[0] == '\0' && chain_verify(reader, &events, note, &findings) == 0 &&
                chain_verify_frames(reader, &frames, note, &findings) == 0;
    if (!read && message[0] == '\0')
        snprintf(message, RECORD_CHECK_MAX, "%.300s: can't be read", dir);
    history_close(reader);
    return read && findings.n == 0;
}

static bool check_counts(const char *dir, const struct copy_counts *expected, char message[RECORD_CHECK_MAX])
{
    struct copy_counts counts;
    if (copy_count(dir, &counts, message, RECORD_CHECK_MAX) < 0)
        return false;
    if (counts.events == expected->events && counts.last_event == expected->last_event &&
        counts.frames == expected->frames && counts.last_frame == expected->last_frame &&
        counts.seals == expected->seals && counts.last_seal == expected->last_seal &&
        counts.chunks == expected->chunks && counts.readings == expected->readings)
        return true;
    snprintf(message, RECORD_CHECK_MAX,
             "%.300s has %" PRId64 " events and %" PRId64 " readings, not %" PRId64 " and %" PRId64, dir,
             counts.events, counts.readings, expected->events, expected->readings);
    return false;
}

bool record_check(const struct ctl *ctl, const char *dir, const struct copy_counts *expected,
                  char message[RECORD_CHECK_MAX])
{
    (void)ctl;
    message[0] = '\0';
    if (copy_check_pages(dir, message, RECORD_CHECK_MAX) < 0)
        return false;
    return check_chains(dir, message) && (expected == NULL || check_counts(dir, expected, message));
}
