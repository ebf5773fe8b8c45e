#include "stored.h"

#include <errno.h>
#include <inttypes.h>
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

int stored_no_point(const struct ctl *ctl, struct history_reader *reader, const char *asset,
                    const char *point)
{
    if (asset == NULL)
        ctl_complain("%s", tr(ctl, "the history has no points yet", "历史记录中还没有测点"));
    else if (point != NULL && history_has_point(reader, asset, NULL) > 0)
        ctl_complain(tr(ctl, "no such point: asset \"%s\" has no point \"%s\" in the history",
                        "没有该测点：历史记录中设备“%s”没有测点“%s”"),
                     asset, point);
    else
        ctl_complain(
            tr(ctl, "no such point: the history has no asset \"%s\"", "没有该测点：历史记录中没有设备“%s”"),
            asset);
    return CTL_NEGATIVE;
}

static bool take_one(void *context, const struct history_event *event)
{
    (void)event;
    *(bool *)context = true;
    return false;
}

bool stored_has_alarms_of(struct history_reader *reader, const char *asset)
{
    const struct history_filter filter = {.kind = "alarm", .asset = asset}; /* also of one without points */
    bool found = false;
    if (strcmp(asset, "system") == 0 || history_has_point(reader, asset, NULL) != 0)
        return true;
    (void)history_events_where(reader, &filter, INT64_MIN, INT64_MAX, take_one, &found);
    return found;
}

void stored_tell_damage(const struct ctl *ctl, const struct history_reader *reader)
{
    uint64_t damaged = history_damaged(reader);
    if (damaged > 0)
        ctl_complain(tr(ctl, "%" PRIu64 " damaged parts of the history were left out: see cryoctl verify",
                        "历史记录中有 %" PRIu64 " 处损坏，已略过：见 cryoctl verify"),
                     damaged);
}
