#include "places.h"

#include <unistd.h>

#include "settings.h"

/* *ret: the configuration, or NULL when there is none to be used. False: --config names one with mistakes. */
static bool load(const struct ctl *ctl, struct config **ret)
{
    const char *dir = ctl->config != NULL ? ctl->config : CTL_CONFIG_DIR;
    struct problems problems = {0}, warnings = {0};
    char file[4096];
    *ret = NULL;
    snprintf(file, sizeof file, "%s/cryomon.yaml", dir);
    if (ctl->config == NULL && access(file, R_OK) < 0)
        return true;
    bool loaded = settings_load(dir, 1, &problems, &warnings, ret) >= 0;
    problems_free(&problems);
    problems_free(&warnings);
    if (loaded)
        return true;
    *ret = NULL;
    if (ctl->config == NULL)
        return true; /* the daemon runs with what it had before the mistake: try where it usually is */
    ctl_complain(tr(ctl, "the configuration in %s has mistakes: see cryoctl check %s",
                    "%s 中的配置有错误：见 cryoctl check %s"),
                 dir, dir);
    return false;
}

bool places_socket(struct ctl *ctl)
{
    struct config *config;
    if (ctl->socket != NULL)
        return true;
    if (!load(ctl, &config))
        return false;
    snprintf(ctl->socket_path, sizeof ctl->socket_path, "%s",
             config != NULL ? config->control_socket : CTL_SOCKET);
    ctl->socket = ctl->socket_path;
    config_unref(config);
    return true;
}

bool places_history(const struct ctl *ctl, char *path, size_t cap)
{
    struct config *config = NULL;
    if (ctl->dir == NULL && !load(ctl, &config))
        return false;
    snprintf(path, cap, "%s",
             ctl->dir != NULL ? ctl->dir
             : config != NULL ? config->storage.directory
                              : CTL_HISTORY);
    config_unref(config);
    return true;
}
