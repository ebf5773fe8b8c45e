#include "record_check.h"

#include <inttypes.h>
#include <string.h>

#include "findings.h"
#include "meter.h"
#include "verify.h"

struct check {
    const struct ctl *ctl;
    struct meter meter;
    char *message;
};

static bool take_finding(void *context, const struct verify_finding *finding)
{
    struct check *check = context;
    if (!finding->note && check->message[0] == '\0')
        findings_text(check->ctl, finding, check->message, RECORD_CHECK_MAX);
    return true;
}

static bool show_progress(void *context, double done, int64_t utc_us)
{
    struct check *check = context;
    (void)utc_us;
    meter_show(&check->meter, done);
    return true;
}

static bool check_record(const struct ctl *ctl, const char *dir, char message[RECORD_CHECK_MAX])
{
    char why[RECORD_CHECK_MAX] = "";
    struct check check = {.ctl = ctl, .message = message};
    struct verify_result result;
    const struct verify_options options = {.from_utc_us = INT64_MIN,
                                           .to_utc_us = INT64_MAX,
                                           .found = take_finding,
                                           .progress = show_progress,
                                           .context = &check};
    meter_begin(&check.meter, tr(ctl, "verifying", "正在验证"));
    int error = verify_record(dir, &options, &result, why, sizeof why);
    meter_end(&check.meter);
    if (error < 0 || !result.state_read || !result.history_read)
        snprintf(message, RECORD_CHECK_MAX, "%.300s: %.400s", dir, why[0] != '\0' ? why : "can't be read");
    return error == 0 && result.state_read && result.history_read && result.problems == 0;
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
    message[0] = '\0';
    if (copy_check_pages(dir, message, RECORD_CHECK_MAX) < 0)
        return false;
    return check_record(ctl, dir, message) && (expected == NULL || check_counts(dir, expected, message));
}
