#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "backup_files.h"
#include "clock.h"
#include "copy.h"
#include "cryoctl.h"
#include "manifest.h"
#include "meter.h"
#include "places.h"
#include "record.h"
#include "record_check.h"
#include "words.h"

#define PART      ".cryomon-backup.part"
#define TEST      ".cryomon-backup.test"
#define NAME_MAX_ 128
#define KEEP_MAX  100000

struct backup {
    const struct ctl *ctl;
    const char *dest;
    char record[PATH_MAX], part[PATH_MAX], test[PATH_MAX], final[PATH_MAX];
    char name[NAME_MAX_];
    long keep; /* 0: all */
    int lock_fd;
    int64_t begin_utc_us, begin_boot_us;
    struct copy_counts counts;
    bool verified;
    unsigned removed;
    char message[RECORD_CHECK_MAX];
};

/* ---------------------------------------------------------------- the destination */

static bool set_paths(struct backup *b)
{
    int n = snprintf(b->part, sizeof b->part, "%s/" PART, b->dest);
    int m = snprintf(b->test, sizeof b->test, "%s/" TEST, b->dest);
    if (n < (int)sizeof b->part - NAME_MAX_ && m < (int)sizeof b->test)
        return true;
    snprintf(b->message, sizeof b->message, "%.300s: %s", b->dest, strerrordesc_np(ENAMETOOLONG));
    return false;
}

/* One backup at a time; what an interrupted one has left is removed. */
static bool open_dest(struct backup *b)
{
    b->lock_fd = open(b->dest, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (b->lock_fd < 0) {
        snprintf(b->message, sizeof b->message, "%.300s: %s", b->dest, strerrordesc_np(errno));
        return false;
    }
    if (flock(b->lock_fd, LOCK_EX | LOCK_NB) < 0) {
        snprintf(b->message, sizeof b->message, "%.300s: another backup is being made there", b->dest);
        return false;
    }
    if (!set_paths(b) || backup_files_remove(b->part, b->message, sizeof b->message) < 0 ||
        backup_files_remove(b->test, b->message, sizeof b->message) < 0)
        return false;
    if (mkdir(b->part, 0750) == 0)
        return true;
    snprintf(b->message, sizeof b->message, "%.300s: %s", b->part, strerrordesc_np(errno));
    return false;
}

/* cryomon-SITE-20261122T080000Z */
static void make_name(struct backup *b)
{
    char time[RFC3339_MAX], compact[RFC3339_MAX], site[COPY_SITE_MAX];
    size_t n = 0;
    clock_print_utc(time, b->begin_utc_us);
    for (const char *at = time; *at != '\0' && *at != '.'; at++)
        if (*at != '-' && *at != ':')
            compact[n++] = *at;
    compact[n] = '\0';
    snprintf(site, sizeof site, "%s", b->counts.site[0] != '\0' ? b->counts.site : "unknown");
    for (char *at = site; *at != '\0'; at++)
        if (strchr("/ \t\n", *at) != NULL || (unsigned char)*at < ' ')
            *at = '_';
    snprintf(b->name, sizeof b->name, "cryomon-%s-%sZ", site, compact);
    snprintf(b->final, sizeof b->final, "%.3900s/%s", b->dest, b->name);
}

/* ---------------------------------------------------------------- the copy */

static bool show(void *context, int64_t done, int64_t all)
{
    meter_show(context, all > 0 ? (double)done / (double)all : 1);
    return true;
}

static json_t *make_facts(const struct backup *b)
{
    char time[RFC3339_MAX], last[RFC3339_MAX];
    clock_print_utc(time, b->begin_utc_us);
    clock_print_utc(last, b->counts.last_event_utc_us);
    return json_pack("{s:s, s:s, s:s, s:s, s:I, s:I, s:s, s:I, s:I, s:I, s:I, s:I, s:I}", "cryomon",
                     "backup 1", "site", b->counts.site, "time", time, "version", CRYOMON_VERSION, "events",
                     (json_int_t)b->counts.events, "last_event", (json_int_t)b->counts.last_event,
                     "last_event_time", last, "readings", (json_int_t)b->counts.readings, "frames",
                     (json_int_t)b->counts.frames, "last_frame", (json_int_t)b->counts.last_frame, "seals",
                     (json_int_t)b->counts.seals, "last_seal", (json_int_t)b->counts.last_seal, "chunks",
                     (json_int_t)b->counts.chunks);
}

static bool copy(struct backup *b)
{
    struct meter meter;
    meter_begin(&meter, tr(b->ctl, "copying", "正在复制"));
    int error = copy_record(b->record, b->part, show, &meter, &b->counts, b->message, sizeof b->message);
    meter_end(&meter);
    if (error < 0)
        return false;
    make_name(b);
    json_t *facts = make_facts(b);
    error = backup_files_complete(b->part, b->record, facts, b->ctl->with_key, b->message, sizeof b->message);
    json_decref(facts);
    return error == 0;
}

/* Only what has been restored once is known to be restorable. */
static bool try_restore(struct backup *b)
{
    if (mkdir(b->test, 0700) < 0) {
        snprintf(b->message, sizeof b->message, "%.300s: %s", b->test, strerrordesc_np(errno));
        return false;
    }
    b->verified = backup_files_restore(b->part, b->test, b->message, sizeof b->message) == 0 &&
                  record_check(b->ctl, b->test, &b->counts, b->message);
    char ignored[RECORD_CHECK_MAX];
    (void)backup_files_remove(b->test, ignored, sizeof ignored);
    return b->verified;
}

/* Under its name from now on. One that could not be verified may still be the best there is, but it is not
 * called a backup. */
static bool put_in_place(struct backup *b)
{
    char ignored[RECORD_CHECK_MAX];
    if (!b->verified)
        snprintf(b->final, sizeof b->final, "%.3900s/%s.unverified", b->dest, b->name);
    if (rename(b->part, b->final) < 0) {
        snprintf(b->verified ? b->message : ignored, sizeof b->message, "%.300s: %s", b->final,
                 strerrordesc_np(errno));
        b->verified = false;
        return false;
    }
    return backup_files_sync_dir(b->dest, b->verified ? b->message : ignored, sizeof b->message) == 0;
}

/* ---------------------------------------------------------------- old ones */

/* "cryomon-SITE-" of this site, and a time behind it. */
static bool is_backup(const struct backup *b, const char *name)
{
    static const char form[] = "dddddddd"
                               "T"
                               "dddddd"
                               "Z";
    size_t prefix = strlen(b->name) - (sizeof form - 1);
    if (strncmp(name, b->name, prefix) != 0 || strlen(name) != strlen(b->name))
        return false;
    for (size_t i = 0; i < sizeof form - 1; i++) {
        char c = name[prefix + i];
        if (form[i] == 'd' ? c < '0' || c > '9' : c != form[i])
            return false;
    }
    return true;
}

static int by_name(const struct dirent **a, const struct dirent **b)
{
    return strcmp((*a)->d_name, (*b)->d_name);
}

static bool prune(struct backup *b)
{
    struct dirent **entries = NULL;
    long backups = 0;
    bool well = true;
    int n = b->keep > 0 ? scandir(b->dest, &entries, NULL, by_name) : 0;
    for (int i = n - 1; i >= 0; i--) { /* the newest first */
        char path[PATH_MAX];
        if (well && is_backup(b, entries[i]->d_name) && ++backups > b->keep) {
            snprintf(path, sizeof path, "%.3800s/%s", b->dest, entries[i]->d_name);
            well = backup_files_remove(path, b->message, sizeof b->message) == 0;
            b->removed += well;
        }
        free(entries[i]);
    }
    free((void *)entries);
    return well && n >= 0;
}

/* ---------------------------------------------------------------- what is said */

static json_t *make_result(const struct backup *b)
{
    return json_pack("{s:s, s:b, s:I, s:f, s:I, s:I, s:I}", "backup", b->final, "verified", b->verified,
                     "bytes", (json_int_t)b->counts.bytes, "seconds",
                     (double)((clock_boot_us() - b->begin_boot_us) / 100000) / 10, "events",
                     (json_int_t)b->counts.events, "readings", (json_int_t)b->counts.readings, "last_event",
                     (json_int_t)b->counts.last_event);
}

static void print(const struct backup *b, const json_t *result)
{
    if (b->ctl->json) {
        json_dumpf(result, stdout, CTL_JSON);
        putchar('\n');
        return;
    }
    printf(tr(b->ctl, "%s: %" PRId64 " events, %" PRId64 " readings, %.1f MB, restored and verified\n",
              "%s：%" PRId64 " 个事件，%" PRId64 " 个读数，%.1f MB，已试恢复并验证\n"),
           b->final, b->counts.events, b->counts.readings, (double)b->counts.bytes / 1e6);
    if (b->removed > 0)
        printf(tr(b->ctl, "older backups removed: %u\n", "已删除的旧备份：%u\n"), b->removed);
}

/* The chain is told of both outcomes. */
static int record(const struct backup *b, const json_t *result)
{
    json_t *detail = json_deep_copy(result);
    json_object_set_new(detail, "backup", json_string(b->name));
    json_object_set_new(detail, "seals", json_integer(b->counts.last_seal));
    if (!b->verified) {
        char error[200];
        snprintf(error, sizeof error, "%.180s", b->message);
        json_object_set_new(detail, "error", json_string(error));
    }
    return record_event(b->ctl, "backup", detail);
}

/* That there is none since yesterday belongs into the record, too. */
static int complain(const struct backup *b)
{
    json_t *detail = json_pack("{s:b, s:s}", "verified", false, "directory", b->dest);
    char error[200];
    snprintf(error, sizeof error, "%.180s", b->message);
    json_object_set_new(detail, "error", json_string(error));
    (void)record_event(b->ctl, "backup", detail);
    ctl_complain(tr(b->ctl, "no backup was made: %s", "未能完成备份：%s"), b->message);
    return CTL_NEGATIVE;
}

static int conclude(struct backup *b)
{
    bool placed = put_in_place(b);
    json_t *result = make_result(b);
    int status = record(b, result);
    if (!b->verified || !placed) {
        ctl_complain(tr(b->ctl, "the backup could not be verified, and is kept as %s: %s",
                        "备份未通过验证，保留为 %s：%s"),
                     b->final, b->message);
        status = CTL_NEGATIVE;
    } else if (!prune(b)) {
        ctl_complain(tr(b->ctl, "the backup is well, but an old one could not be removed: %s",
                        "备份正常，但旧备份未能删除：%s"),
                     b->message);
        status = CTL_NEGATIVE;
    } else {
        if (status != CTL_OK)
            ctl_complain("%s", tr(b->ctl, "the backup itself is well", "备份本身正常"));
        print(b, result);
    }
    json_decref(result);
    return status;
}

static bool read_keep(const struct ctl *ctl, long *ret)
{
    char *end;
    *ret = 0;
    if (ctl->keep == NULL)
        return true;
    errno = 0;
    *ret = strtol(ctl->keep, &end, 10);
    if (errno == 0 && *end == '\0' && end != ctl->keep && *ret >= 1 && *ret <= KEEP_MAX)
        return true;
    ctl_complain(tr(ctl, "--keep is a number from 1 on, not \"%s\"", "--keep 应为不小于 1 的数，而不是“%s”"),
                 ctl->keep);
    return false;
}

int verb_backup(struct ctl *ctl, int argc, char **argv)
{
    struct stamp now = clock_now();
    struct backup *b = calloc(1, sizeof *b);
    (void)argc;
    if (b == NULL)
        return CTL_NEGATIVE;
    b->ctl = ctl;
    b->dest = argv[0];
    b->lock_fd = -1;
    b->begin_utc_us = now.utc_us;
    b->begin_boot_us = now.boot_us;
    int status;
    if (!read_keep(ctl, &b->keep))
        status = CTL_USAGE;
    else if (!places_history(ctl, b->record, sizeof b->record))
        status = CTL_NEGATIVE;
    else if (!open_dest(b) || !copy(b))
        status = complain(b);
    else {
        (void)try_restore(b);
        status = conclude(b);
    }
    if (b->lock_fd >= 0)
        close(b->lock_fd);
    free(b);
    return status;
}
