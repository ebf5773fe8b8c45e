/* verb_report.c - runs cryomon-report, which is installed beside this program: it alone needs a PDF library.
 */
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cryoctl.h"
#include "words.h"

#define ARGUMENTS_MAX 32

/* cryomon-report beside this program. False: there is no telling where that is. */
static bool find_program(char *path, size_t cap)
{
    ssize_t n = readlink("/proc/self/exe", path, cap - 1);
    if (n <= 0 || (size_t)n >= cap - 1)
        return false;
    path[n] = '\0';
    char *slash = strrchr(path, '/');
    size_t used = slash != NULL ? (size_t)(slash - path) + 1 : 0;
    return used > 0 && (size_t)snprintf(path + used, cap - used, "cryomon-report") < cap - used;
}

static void add(const char **arguments, size_t *n, const char *option, const char *value)
{
    if (value == NULL)
        return;
    arguments[(*n)++] = option;
    arguments[(*n)++] = value;
}

int verb_report(struct ctl *ctl, int argc, char **argv)
{
    char path[PATH_MAX];
    const char *arguments[ARGUMENTS_MAX] = {"cryomon-report"};
    size_t n = 1;
    if ((argc == 1) == (ctl->facts != NULL)) {
        ctl_complain(
            "%s", tr(ctl, "report wants an ASSET, or --facts FILE", "report 需要一个设备，或 --facts 文件"));
        return CTL_USAGE;
    }
    if (!find_program(path, sizeof path)) {
        ctl_complain("%s",
                     tr(ctl, "can't find out where cryomon-report is", "无法确定 cryomon-report 的位置"));
        return CTL_NEGATIVE;
    }
    add(arguments, &n, "--lang", ctl->language == LANGUAGE_ZH ? "zh" : "en");
    add(arguments, &n, "--point", ctl->point);
    add(arguments, &n, "--from", ctl->from);
    add(arguments, &n, "--to", ctl->to);
    add(arguments, &n, "--last", ctl->last);
    add(arguments, &n, "--dir", ctl->dir);
    add(arguments, &n, "--config", ctl->config);
    add(arguments, &n, "--output", ctl->output);
    add(arguments, &n, "--facts", ctl->facts);
    if (ctl->utc)
        arguments[n++] = "--utc";
    if (ctl->json)
        arguments[n++] = "--json";
    if (argc == 1)
        add(arguments, &n, "--", argv[0]);
    execv(path, (char *const *)arguments);
    int error = errno;
    if (error == ENOENT)
        ctl_complain(tr(ctl, "%s is not there: cryomon was built or installed without reports",
                        "%s 不存在：此 cryomon 构建或安装时未包含报告功能"),
                     path);
    else
        ctl_complain(tr(ctl, "%s can't be run: %s", "无法运行 %s：%s"), path, words_error(ctl, error));
    return CTL_NEGATIVE;
}
