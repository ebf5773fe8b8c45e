#include <errno.h>
#include <ftw.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "clock.h"
#include "export.h"
#include "export_archive.h"
#include "places.h"
#include "stored.h"
#include "when.h"
#include "words.h"

/* ---------------------------------------------------------------- places */

/* What the files lie below in the archive: the file's name without its endings. */
static bool base_name(const char *output, char name[256])
{
    static const char *const endings[] = {".gz", ".tgz", ".tar", ".zip"};
    const char *slash = strrchr(output, '/');
    size_t len = (size_t)snprintf(name, 256, "%.250s", slash != NULL ? slash + 1 : output);
    for (size_t i = 0; export_archive_is_file(output) && i < sizeof endings / sizeof endings[0]; i++) {
        size_t n = strlen(endings[i]);
        if (len > n && strcmp(name + len - n, endings[i]) == 0)
            name[len -= n] = '\0';
    }
    return name[0] != '\0' && name[0] != '.';
}

/* Only below what this program has made. */
static int remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
    (void)st;
    (void)type;
    (void)ftw;
    return remove(path);
}

static void remove_tree(const char *dir)
{
    (void)nftw(dir, remove_one, 16, FTW_DEPTH | FTW_PHYS | FTW_MOUNT);
}

static bool begin(struct export *e, const char *output)
{
    struct stat st;
    if (lstat(output, &st) == 0)
        return export_fail(e, output, EEXIST);
    if (snprintf(e->dir, sizeof e->dir, "%s.XXXXXX", output) >= (int)sizeof e->dir)
        return export_fail(e, output, ENAMETOOLONG);
    if (mkdtemp(e->dir) == NULL)
        return export_fail(e, output, errno);
    mode_t mask = umask(0); /* a private directory, until it is whole */
    umask(mask);
    return chmod(e->dir, 0777 & ~mask) == 0 || export_fail(e, e->dir, errno);
}

/* ---------------------------------------------------------------- the end */

static bool finish(struct export *e, const char *output)
{
    char name[256];
    if (!export_archive_is_file(output))
        return rename(e->dir, output) == 0 || export_fail(e, output, errno);
    (void)base_name(output, name);
    if (export_archive_pack(output, e->dir, name, (const char *const *)e->names, e->n_names, e->message,
                            sizeof e->message) == 0) {
        remove_tree(e->dir);
        return true;
    }
    e->failed = true;
    (void)unlink(output);
    return false;
}

/* What was written must stand the look of those who get it. */
static bool check(struct export *e, const char *output)
{
    struct export_archive_result result;
    if (export_archive_verify(output, NULL, NULL, NULL, &result, e->message, sizeof e->message) < 0)
        return false;
    if (result.problems == 0)
        return true;
    snprintf(e->message, sizeof e->message, "%.300s can't be verified", output);
    return false;
}

static void print(const struct export *e, const char *output, bool is_signed)
{
    if (e->ctl->json) {
        json_t *result = json_pack("{s:s, s:I, s:I, s:b}", "archive", output, "events", (json_int_t)e->events,
                                   "readings", (json_int_t)e->readings, "signed", is_signed);
        json_dumpf(result, stdout, CTL_JSON);
        putchar('\n');
        json_decref(result);
        return;
    }
    printf(tr(e->ctl, "%s: %" PRId64 " readings, %" PRId64 " events; %s\n",
              "%s：%" PRId64 " 个读数，%" PRId64 " 个事件；%s\n"),
           output, e->readings, e->events,
           is_signed ? tr(e->ctl, "recorded and signed", "已登记并签名")
                     : tr(e->ctl, "NOT SIGNED", "未签名"));
}

static int run(struct export *e, const char *output)
{
    if (!begin(e, output) || !export_data(e))
        return CTL_NEGATIVE;
    int proof = export_proof(e);
    if (e->failed || !finish(e, output) || !check(e, output)) {
        e->failed = true;
        return CTL_NEGATIVE;
    }
    e->dir[0] = '\0'; /* it is in its place */
    print(e, output, proof == CTL_OK);
    if (proof == CTL_OK || e->ctl->unsigned_too)
        return CTL_OK;
    ctl_complain("%s", tr(e->ctl, "the archive is written, but not signed (--unsigned: that is well)",
                          "存档已写入，但未签名（用 --unsigned 表示允许）"));
    return CTL_NEGATIVE;
}

static bool check_range(const struct export *e)
{
    const struct ctl *ctl = e->ctl;
    if (e->asset == NULL || history_has_point(e->reader, e->asset, e->point) > 0)
        return true;
    ctl_complain(tr(ctl, "the history has no %s%s%s", "历史记录中没有 %s%s%s"), e->asset,
                 e->point != NULL ? "/" : "", e->point != NULL ? e->point : "");
    return false;
}

int verb_export(struct ctl *ctl, int argc, char **argv)
{
    char name[256];
    struct export *e = calloc(1, sizeof *e);
    int status = CTL_USAGE;
    if (e == NULL)
        return CTL_NEGATIVE;
    e->ctl = ctl;
    e->asset = argc > 0 ? argv[0] : NULL;
    e->point = argc > 1 ? argv[1] : NULL;
    e->made_us = clock_now().utc_us;
    if (ctl->output == NULL || !base_name(ctl->output, name))
        ctl_complain("%s", tr(ctl, "say where to: --output FILE.tar", "请指定输出：--output FILE.tar"));
    else if (when_range(ctl, INT64_C(86400) * SECOND_US, &e->from_us, &e->to_us) &&
             (status = places_history(ctl, e->record, sizeof e->record) ? stored_open(ctl, &e->reader)
                                                                        : CTL_NEGATIVE) == CTL_OK) {
        status = check_range(e) ? run(e, ctl->output) : CTL_NEGATIVE;
        if (e->failed)
            ctl_complain(tr(ctl, "nothing was exported: %s", "未导出：%s"), e->message);
        if (e->dir[0] != '\0')
            remove_tree(e->dir);
    }
    export_free(e);
    return status;
}
