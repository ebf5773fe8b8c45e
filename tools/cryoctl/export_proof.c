/* export_proof.c - how an archive is bound into the signed record. See export.h. */
#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <time.h>

#include "backup_files.h"
#include "clock.h"
#include "export.h"
#include "head.h"
#include "output.h"
#include "reader_links.h"
#include "record.h"

#define LOOK_EVERY_MS 200
#define HEAD_WAIT_US  (INT64_C(150) * SECOND_US) /* one is signed each minute */
#define LINKS_MAX     10000

/* ---------------------------------------------------------------- the event */

static json_t *make_detail(const struct export *e, const char *hash)
{
    char from[RFC3339_MAX], to[RFC3339_MAX];
    clock_print_utc(from, e->from_us);
    clock_print_utc(to, e->to_us);
    json_t *detail = json_pack("{s:s, s:s, s:s, s:I, s:I}", "manifest_sha256", hash, "from", from, "to", to,
                               "events", (json_int_t)e->events, "readings", (json_int_t)e->readings);
    if (e->asset != NULL)
        json_object_set_new(detail, "asset", json_string(e->asset));
    if (e->point != NULL)
        json_object_set_new(detail, "point", json_string(e->point));
    return detail;
}

struct search {
    const char *hash;
    uint64_t seq;
};

static bool look_at_event(void *context, const struct history_event *event)
{
    struct search *search = context;
    json_t *body = json_loads(event->body, 0, NULL);
    const char *hash = json_string_value(json_object_get(json_object_get(body, "detail"), "manifest_sha256"));
    if (hash != NULL && strcmp(hash, search->hash) == 0)
        search->seq = event->seq;
    json_decref(body);
    return true;
}

/* The daemon answers before the event is on disk. */
static uint64_t find_event(const struct export *e, const char *hash)
{
    struct search search = {.hash = hash};
    struct history_filter filter = {.kind = "export"};
    for (int i = 0; i < 50 && search.seq == 0; i++) {
        if (i > 0)
            nanosleep(&(struct timespec){.tv_nsec = LOOK_EVERY_MS * 1000000L}, NULL);
        if (history_events_where(e->reader, &filter, e->made_us - 3600 * SECOND_US, INT64_MAX, look_at_event,
                                 &search) < 0)
            break;
    }
    return search.seq;
}

/* ---------------------------------------------------------------- the head */

/* Waits for a head that covers the event. Its event, or 0. */
static uint64_t wait_for_head(const struct export *e, uint64_t seq, char text[HEAD_TEXT_MAX])
{
    int64_t begin_us = clock_boot_us(), end_us = begin_us + HEAD_WAIT_US;
    struct head head;
    char why[256];
    struct progress progress;
    uint64_t found = 0;
    progress_begin(&progress, e->ctl, begin_us, end_us, false);
    while (found == 0 && clock_boot_us() < end_us) {
        int len = reader_head(e->reader, text, HEAD_TEXT_MAX);
        if (len > 0 && head_read(text, &head, why, sizeof why) == 0 && (uint64_t)head.event_seq >= seq)
            found = (uint64_t)head.event_seq;
        else
            nanosleep(&(struct timespec){.tv_nsec = LOOK_EVERY_MS * 1000000L}, NULL);
        progress_at(&progress, clock_boot_us());
    }
    progress_end(&progress);
    return found;
}

/* ---------------------------------------------------------------- proof.json */

static bool add_link(void *context, const struct reader_link *link)
{
    char previous[MANIFEST_HEX_SIZE], hash[MANIFEST_HEX_SIZE];
    const struct chain_event *event = &link->event;
    manifest_hex(link->previous, previous);
    manifest_hex(link->hash, hash);
    return json_array_append_new(context,
                                 json_pack("{s:I, s:I, s:I, s:s, s:s, s:s, s:s, s:s, s:s, s:s}", "seq",
                                           (json_int_t)event->seq, "utc_us", (json_int_t)event->utc_us,
                                           "boot_us", (json_int_t)event->boot_us, "boot_id", event->boot_id,
                                           "kind", event->kind, "asset", event->asset, "alarm", event->alarm,
                                           "body", event->body, "previous", previous, "hash", hash)) == 0;
}

static int write_proof(struct export *e, uint64_t first, uint64_t last, const char *head_text)
{
    char path[PATH_MAX];
    json_t *links = json_array(), *head = head_text[0] != '\0' ? json_loads(head_text, 0, NULL) : NULL;
    if (last > first + LINKS_MAX)
        last = first + LINKS_MAX;
    int64_t n = links != NULL ? reader_links(e->reader, first, last, add_link, links) : -ENOMEM;
    json_t *proof = json_pack("{s:s, s:o, s:o?}", "cryomon", "export proof 1", "events", links, "head", head);
    char *text = n > 0 && proof != NULL ? json_dumps(proof, JSON_INDENT(1) | JSON_PRESERVE_ORDER) : NULL;
    json_decref(proof);
    if (text == NULL) {
        export_fail(e, EXPORT_PROOF, n < 0 ? (int)-n : EIO);
        return -EIO;
    }
    snprintf(path, sizeof path, "%s/" EXPORT_PROOF, e->dir);
    int error = backup_files_write(path, text, 0666, e->message, sizeof e->message);
    free(text);
    return error;
}

int export_proof(struct export *e)
{
    char path[PATH_MAX], hash[MANIFEST_HEX_SIZE], head[HEAD_TEXT_MAX] = "";
    snprintf(path, sizeof path, "%s/" MANIFEST_NAME, e->dir);
    int error = manifest_hash_file(path, hash);
    if (error < 0) {
        export_fail(e, path, -error);
        return CTL_NEGATIVE;
    }
    int status = record_event(e->ctl, "export", make_detail(e, hash));
    if (status != CTL_OK)
        return status;
    uint64_t seq = find_event(e, hash);
    if (seq == 0) {
        ctl_complain(
            "%s", tr(e->ctl, "the event of the export did not come into the record", "导出事件没有写入记录"));
        return CTL_NEGATIVE;
    }
    uint64_t last = wait_for_head(e, seq, head);
    if (write_proof(e, seq, last > seq ? last : seq, last > 0 ? head : "") < 0) {
        ctl_complain("%s", e->message);
        return CTL_NEGATIVE;
    }
    if (last > 0)
        return CTL_OK;
    ctl_complain(
        "%s", tr(e->ctl, "the record was not signed in the last minutes: the archive is recorded, not signed",
                 "最近几分钟记录没有签名：存档已登记，但未签名"));
    return CTL_NEGATIVE;
}
