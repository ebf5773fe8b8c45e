#include "stored.h"

#include <errno.h>
#include <string.h>

#include "places.h"

int stored_open(const struct ctl *ctl, struct history_reader **ret)
{
    char dir[4096], message[512] = "";
    if (!places_history(ctl, dir, sizeof dir))
        return CTL_NEGATIVE;
    int error = history_open(dir, ret, message, sizeof message);
    if (error >= 0)
        return CTL_OK;
    ctl_complain(tr(ctl, "the history in %s can't be read: %s", "无法读取 %s 中的历史记录：%s"), dir,
                 message[0] != '\0' ? message : strerror(-error));
    return error == -EACCES || error == -EPERM ? CTL_DENIED : CTL_NEGATIVE;
}

int stored_complain(const struct ctl *ctl, int error)
{
    ctl_complain(tr(ctl, "reading the history failed: %s", "读取历史记录失败：%s"), strerror(-error));
    return CTL_NEGATIVE;
}
