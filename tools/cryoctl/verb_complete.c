#include <string.h>

#include "client.h"
#include "cryoctl.h"

static int complete_devices(struct ctl *ctl)
{
    struct client_failure failure;
    json_t *answer = client_call(ctl, "io.cryomon.Monitor.Devices", NULL, CLIENT_TIMEOUT_MS, &failure);
    size_t i;
    const json_t *device;
    json_array_foreach(json_object_get(answer, "devices"), i, device)
    {
        puts(client_text(device, "device"));
    }
    json_decref(answer);
    return CTL_OK;
}

/* complete assets | devices | points ASSET | alarms ASSET: one id a line, for the shell. Says nothing when it
 * can't. */
int verb_complete(struct ctl *ctl, int argc, char **argv)
{
    struct client_failure failure;
    bool assets = strcmp(argv[0], "assets") == 0, alarms = strcmp(argv[0], "alarms") == 0;
    if (strcmp(argv[0], "devices") == 0)
        return complete_devices(ctl);
    json_t *status = client_call(ctl, "io.cryomon.Monitor.Status", json_pack("{s:b}", "all", 1),
                                 CLIENT_TIMEOUT_MS, &failure);
    const char *last = "";
    size_t i;
    const json_t *object;
    json_array_foreach(json_object_get(status, alarms || assets ? "alarms" : "points"), i, object)
    {
        const char *asset = client_text(object, "asset");
        if (assets && strcmp(last, asset) != 0)
            puts(asset);
        else if (!assets && argc == 2 && strcmp(asset, argv[1]) == 0)
            puts(client_text(object, alarms ? "alarm" : "point"));
        last = asset;
    }
    json_decref(status);
    return CTL_OK;
}
