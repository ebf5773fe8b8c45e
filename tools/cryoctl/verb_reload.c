#include "client.h"
#include "cryoctl.h"

int verb_reload(struct ctl *ctl, int argc, char **argv)
{
    (void)argc;
    (void)argv;
    struct client_failure failure;
    json_t *answer = client_call(ctl, "io.cryomon.Monitor.Reload", NULL, CLIENT_RELOAD_TIMEOUT_MS, &failure);
    if (ctl->json)
        printf(answer != NULL ? "{\"ok\":true}\n" : "{\"ok\":false}\n");
    if (answer == NULL)
        return client_complain(&failure);
    json_decref(answer);
    if (!ctl->json)
        puts(tr(ctl, "The configuration has been read again and is in force.", "配置已重新读取并生效。"));
    return CTL_OK;
}
