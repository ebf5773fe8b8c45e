#include "stored.h"

#include <errno.h>
#include <string.h>

#include "places.h"
#include "words.h"

int stored_open(const struct ctl *ctl, struct history_reader **ret)
{
    char dir[4096], message[512] = "";
    if (!places_history(ctl, dir, sizeof dir))
        return CTL_NEGATIVE;
    int error = history_open(dir, ret, message, sizeof message);
    if (error >= 0)
        return CTL_OK;
    bool denied = error == -EACCES || error == -EPERM;
    if (ctl->language == LANGUAGE_ZH) /* the message is in English, and tells little more */
        ctl_complain("无法读取 %s 中的历史记录：%s%s", dir, words_error(ctl, -error),
                     denied ? "（需要属于该目录的组）" : "");
    else
        ctl_complain("the history in %s can't be read: %s", dir,
                     message[0] != '\0' ? message : words_error(ctl, -error));
    return denied ? CTL_DENIED : CTL_NEGATIVE;
}

int stored_complain(const struct ctl *ctl, int error)
{
    ctl_complain(tr(ctl, "reading the history failed: %s", "读取历史记录失败：%s"), words_error(ctl, -error));
    return CTL_NEGATIVE;
}
