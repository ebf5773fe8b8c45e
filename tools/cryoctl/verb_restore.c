#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "backup_files.h"
#include "clock.h"
#include "copy.h"
#include "cryoctl.h"
#include "manifest.h"
#include "places.h"
#include "reader.h"
#include "record_check.h"
#include "when.h"
#include "words.h"

#define PART ".restore.part"

struct restore {
    const struct ctl *ctl;
    const char *backup;
    char dir[PATH_MAX - 256], part[PATH_MAX], aside[PATH_MAX];
    uid_t owner; /* the directory's */
    gid_t group;
    int lock_fd;
    bool replaces; /* there are files already */
    struct copy_counts counts, old;
    char message[RECORD_CHECK_MAX];
};

static bool fail(struct restore *r, const char *path, int error)
{
    snprintf(r->message, sizeof r->message, "%.400s: %s", path, strerrordesc_np(error));
    return false;
}

/* ---------------------------------------------------------------- the directory */

/* The lock that the daemon takes (store_files.c): held until the end, so that none starts meanwhile. */
static bool take_lock(struct restore *r)
{
    char path[PATH_MAX];
    struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
    snprintf(path, sizeof path, "%s/lock", r->dir);
    r->lock_fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0640);
    if (r->lock_fd < 0)
        return fail(r, path, errno);
    if (fcntl(r->lock_fd, F_OFD_SETLK, &lock) < 0) {
        if (errno != EAGAIN && errno != EACCES)
            return fail(r, path, errno);
        snprintf(r->message, sizeof r->message, "%.400s: cryomond runs on it; stop it first", r->dir);
        return false;
    }
    /* A lock file of root's would keep the daemon out. */
    if (fchown(r->lock_fd, r->owner, r->group) < 0 && geteuid() == 0)
        return fail(r, path, errno);
    return true;
}

static bool open_dir(struct restore *r)
{
    struct stat st;
    if (mkdir(r->dir, 0750) < 0 && errno != EEXIST)
        return fail(r, r->dir, errno);
    if (stat(r->dir, &st) < 0)
        return fail(r, r->dir, errno);
    if (!S_ISDIR(st.st_mode))
        return fail(r, r->dir, ENOTDIR);
    r->owner = st.st_uid;
    r->group = st.st_gid;
    snprintf(r->part, sizeof r->part, "%s/" PART, r->dir);
    return take_lock(r);
}

/* ---------------------------------------------------------------- what would be lost */

static bool is_there(const struct restore *r, const char *name)
{
    char path[PATH_MAX];
    struct stat st;
    snprintf(path, sizeof path, "%s/%s", r->dir, name);
    return lstat(path, &st) == 0;
}

static void tell_loss(const struct restore *r, const struct copy_counts *new, const struct copy_counts *old)
{
    const struct ctl *ctl = r->ctl;
    char now[WHEN_MAX], then[WHEN_MAX];
    fprintf(stderr,
            tr(ctl,
               "The record in %s goes to event %" PRId64 " (%s),\nthe backup to event %" PRId64 " (%s).\n",
               "%s 中的记录到事件 %" PRId64 "（%s），\n备份到事件 %" PRId64 "（%s）。\n"),
            r->dir, old->last_event, when_print(ctl, now, old->last_event_utc_us, false), new->last_event,
            when_print(ctl, then, new->last_event_utc_us, false));
    if (old->last_event > new->last_event || old->last_frame > new->last_frame)
        fprintf(stderr,
                tr(ctl,
                   "What lies between will only be in the files that are moved aside: about %" PRId64
                   " events and %" PRId64 " readings.\n",
                   "其间的内容只保留在被移开的文件中：约 %" PRId64 " 个事件、%" PRId64 " 个读数。\n"),
                old->events > new->events ? old->events - new->events : 0,
                old->readings > new->readings ? old->readings - new->readings : 0);
    if (strcmp(new->site, old->site) != 0)
        fprintf(stderr,
                tr(ctl, "The backup is of site \"%s\", the record there of site \"%s\".\n",
                   "备份属于站点“%s”，现有记录属于站点“%s”。\n"),
                new->site, old->site);
}

static bool ask(const struct ctl *ctl)
{
    char answer[16];
    if (ctl->yes)
        return true;
    if (!isatty(STDIN_FILENO)) {
        ctl_complain(
            "%s", tr(ctl, "nobody can be asked here: with --yes it is done", "无法询问：用 --yes 直接执行"));
        return false;
    }
    fputs(tr(ctl, "Move those files aside and restore the backup? [y/N] ", "移开现有文件并恢复备份？[y/N] "),
          stderr);
    return fgets(answer, sizeof answer, stdin) != NULL && (answer[0] == 'y' || answer[0] == 'Y');
}

/* ---------------------------------------------------------------- moving */

static const char *const replaced[] = {"state.db",   "state.db-wal",   "state.db-shm",
                                       "history.db", "history.db-wal", "history.db-shm"};
#define N_REPLACED (sizeof replaced / sizeof replaced[0])

static bool move(struct restore *r, const char *from_dir, const char *to_dir, const char *name)
{
    char from[PATH_MAX], to[PATH_MAX];
    struct stat st;
    if (snprintf(from, sizeof from, "%s/%s", from_dir, name) >= (int)sizeof from ||
        snprintf(to, sizeof to, "%s/%s", to_dir, name) >= (int)sizeof to)
        return fail(r, to_dir, ENAMETOOLONG);
    if (lstat(from, &st) < 0)
        return errno == ENOENT || fail(r, from, errno);
    if (lstat(to, &st) == 0)
        return fail(r, to, EEXIST);
    return rename(from, to) == 0 || fail(r, from, errno);
}

/* Never removed: what was there may be needed as evidence. */
static bool move_aside(struct restore *r)
{
    char time[RFC3339_MAX];
    clock_print_utc(time, clock_now().utc_us);
    time[19] = '\0';
    snprintf(r->aside, sizeof r->aside, "%s/replaced-%sZ", r->dir, time);
    if (mkdir(r->aside, 0750) < 0)
        return fail(r, r->aside, errno);
    (void)!chown(r->aside, r->owner, r->group);
    for (size_t i = 0; i < N_REPLACED; i++)
        if (!move(r, r->dir, r->aside, replaced[i]))
            return false;
    return backup_files_sync_dir(r->aside, r->message, sizeof r->message) == 0;
}

static bool give_owner(struct restore *r, const char *name)
{
    char path[PATH_MAX];
    if (snprintf(path, sizeof path, "%s/%s", r->part, name) >= (int)sizeof path)
        return fail(r, r->part, ENAMETOOLONG);
    if (lchown(path, r->owner, r->group) == 0 || errno == ENOENT || geteuid() != 0)
        return true;
    return fail(r, path, errno);
}

static bool put_in_place(struct restore *r)
{
    bool key = !is_there(r, "signing.pub"); /* the key in use stays */
    if (!give_owner(r, "state.db") || !give_owner(r, "history.db") || !give_owner(r, "signing.pub"))
        return false;
    if (r->replaces && !move_aside(r))
        return false;
    if (!move(r, r->part, r->dir, "history.db") || !move(r, r->part, r->dir, "state.db") ||
        (key && !move(r, r->part, r->dir, "signing.pub")))
        return false;
    return backup_files_sync_dir(r->dir, r->message, sizeof r->message) == 0;
}

/* ---------------------------------------------------------------- the verb */

/* Copies beside the record, and looks at the copy before anything is moved. */
static bool prepare(struct restore *r)
{
    if (backup_files_remove(r->part, r->message, sizeof r->message) < 0)
        return false;
    if (mkdir(r->part, 0700) < 0)
        return fail(r, r->part, errno);
    if (backup_files_restore(r->backup, r->part, r->message, sizeof r->message) < 0 ||
        copy_count(r->part, &r->counts, r->message, sizeof r->message) < 0)
        return false;
    return record_check(r->ctl, r->part, &r->counts, r->message);
}

static bool look_at_old(struct restore *r)
{
    char why[RECORD_CHECK_MAX];
    for (size_t i = 0; i < N_REPLACED; i++)
        r->replaces = r->replaces || is_there(r, replaced[i]);
    if (!r->replaces)
        return true;
    if (copy_count(r->dir, &r->old, why, sizeof why) == 0)
        tell_loss(r, &r->counts, &r->old);
    else
        fprintf(stderr,
                tr(r->ctl, "The record that is there can't be read (%s).\n", "现有记录无法读取（%s）。\n"),
                why);
    snprintf(r->message, sizeof r->message, "%s", tr(r->ctl, "nothing was changed", "未作任何更改"));
    return ask(r->ctl);
}

static void print(const struct restore *r)
{
    char time[WHEN_MAX];
    if (r->ctl->json) {
        json_t *result =
            json_pack("{s:s, s:s, s:s?, s:I, s:I, s:b}", "backup", r->backup, "directory", r->dir, "aside",
                      r->replaces ? r->aside : NULL, "events", (json_int_t)r->counts.events, "readings",
                      (json_int_t)r->counts.readings, "verified", true);
        json_dumpf(result, stdout, CTL_JSON);
        putchar('\n');
        json_decref(result);
        return;
    }
    printf(tr(r->ctl, "%s: restored and verified, to event %" PRId64 " (%s)\n",
              "%s：已恢复并验证，到事件 %" PRId64 "（%s）\n"),
           r->dir, r->counts.last_event, when_print(r->ctl, time, r->counts.last_event_utc_us, false));
    if (r->replaces)
        printf(tr(r->ctl, "what was there: %s\n", "原有文件：%s\n"), r->aside);
}

int verb_restore(struct ctl *ctl, int argc, char **argv)
{
    struct restore *r = calloc(1, sizeof *r);
    char ignored[RECORD_CHECK_MAX];
    (void)argc;
    if (r == NULL)
        return CTL_NEGATIVE;
    r->ctl = ctl;
    r->backup = argv[0];
    r->lock_fd = -1;
    int status = CTL_NEGATIVE;
    if (!places_history(ctl, r->dir, sizeof r->dir)) {
        status = CTL_NEGATIVE;
    } else if (open_dir(r) && prepare(r) && look_at_old(r) && put_in_place(r) &&
               record_check(ctl, r->dir, &r->counts, r->message)) {
        print(r);
        status = CTL_OK;
    } else {
        ctl_complain(tr(ctl, "not restored: %s", "未恢复：%s"), r->message);
        if (r->aside[0] != '\0')
            ctl_complain(tr(ctl, "what was there is in %s", "原有文件在 %s"), r->aside);
    }
    if (r->part[0] != '\0' && r->lock_fd >= 0)
        (void)backup_files_remove(r->part, ignored, sizeof ignored);
    if (r->lock_fd >= 0)
        close(r->lock_fd);
    free(r);
    return status;
}
