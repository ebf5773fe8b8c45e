#include "reporter.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "words.h"

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

void reporter_add(struct reporter *reporter, const char *option, const char *value)
{
    if (value == NULL || reporter->n + 4 >= REPORTER_ARGUMENTS_MAX)
        return;
    reporter->arguments[reporter->n++] = option;
    if (value[0] != '\0')
        reporter->arguments[reporter->n++] = value;
}

int reporter_begin(const struct ctl *ctl, struct reporter *ret)
{
    *ret = (struct reporter){.arguments = {"cryomon-report"}, .n = 1};
    if (!find_program(ret->path, sizeof ret->path)) {
        ctl_complain("%s",
                     tr(ctl, "can't find out where cryomon-report is", "无法确定 cryomon-report 的位置"));
        return CTL_NEGATIVE;
    }
    reporter_add(ret, "--lang", ctl->language == LANGUAGE_ZH ? "zh" : "en");
    reporter_add(ret, "--from", ctl->from);
    reporter_add(ret, "--to", ctl->to);
    reporter_add(ret, "--last", ctl->last);
    reporter_add(ret, "--dir", ctl->dir);
    reporter_add(ret, "--config", ctl->config);
    reporter_add(ret, "--utc", ctl->utc ? "" : NULL);
    reporter_add(ret, "--json", ctl->json ? "" : NULL);
    return CTL_OK;
}

int reporter_run(const struct ctl *ctl, struct reporter *reporter, const char *argument)
{
    if (argument != NULL) {
        reporter->arguments[reporter->n++] = "--";
        reporter->arguments[reporter->n++] = argument;
    }
    execv(reporter->path, (char *const *)reporter->arguments);
    int error = errno;
    if (error == ENOENT)
        ctl_complain(tr(ctl, "%s is not there: cryomon was built or installed without reports",
                        "%s 不存在：此 cryomon 构建或安装时未包含报告功能"),
                     reporter->path);
    else
        ctl_complain(tr(ctl, "%s can't be run: %s", "无法运行 %s：%s"), reporter->path,
                     words_error(ctl, error));
    return CTL_NEGATIVE;
}
