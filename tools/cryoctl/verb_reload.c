#include <stdlib.h>
#include <string.h>

#include "client.h"
#include "clock.h"
#include "cryoctl.h"
#include "width.h"

/* What the daemon has to say about a configuration that it refused at since or later, as its alarm
 * system/configuration tells it: or "". An older text is about an older mistake. */
static void find_reason(const struct ctl *ctl, const char *since, char *ret, size_t cap)
{
    struct client_failure failure;
    json_t *status = client_call(ctl, "io.cryomon.Monitor.Status", NULL, CLIENT_TIMEOUT_MS, &failure);
    size_t i;
    const json_t *alarm;
    json_array_foreach(json_object_get(status, "alarms"), i, alarm)
    {
        if (strcmp(client_text(alarm, "asset"), "system") != 0 ||
            strcmp(client_text(alarm, "alarm"), "configuration") != 0 ||
            strcmp(client_text(alarm, "time"), since) < 0)
            continue;
        char *text = width_clean(client_name(ctl, alarm, "text", ""), (unsigned)cap);
        if (text != NULL && strlen(text) < cap)
            snprintf(ret, cap, "%s", text);
        free(text);
    }
    json_decref(status);
}

static void print_failure(const struct client_failure *failure)
{
    json_t *object =
        json_pack("{s:b, s:s, s:s}", "ok", 0, "error",
                  failure->error[0] != '\0' ? failure->error : "unreachable", "message", failure->text);
    json_dumpf(object, stdout, CTL_JSON);
    putchar('\n');
    json_decref(object);
}

int verb_reload(struct ctl *ctl, int argc, char **argv)
{
    (void)argc;
    (void)argv;
    struct client_failure failure = {0};
    char since[RFC3339_MAX];
    clock_print_utc(since, clock_now().utc_us);
    json_t *parameters = ctl->reason != NULL ? json_pack("{s:s}", "reason", ctl->reason) : NULL;
    if (ctl->reason != NULL && (parameters == NULL || ctl->reason[strspn(ctl->reason, " \t")] == '\0')) {
        json_decref(parameters);
        ctl_complain("%s", tr(ctl, "--reason is a text that says why", "--reason 应说明原因"));
        return CTL_USAGE;
    }
    json_t *answer =
        client_call(ctl, "io.cryomon.Monitor.Reload", parameters, CLIENT_RELOAD_TIMEOUT_MS, &failure);
    bool told = strchr(failure.text, '\n') != NULL; /* line by line */
    if (answer == NULL && !told && strcmp(failure.error, "io.cryomon.Monitor.ReloadRefused") == 0)
        find_reason(ctl, since, failure.text, sizeof failure.text);
    if (answer == NULL) {
        if (ctl->json)
            print_failure(&failure);
        return client_complain(&failure);
    }
    if (ctl->json) {
        json_t *line = json_pack("{s:b}", "ok", 1);
        json_object_update(line, answer); /* recorded, warning */
        json_dumpf(line, stdout, CTL_JSON);
        putchar('\n');
        json_decref(line);
    } else {
        puts(tr(ctl, "The configuration has been read again and is in force.", "配置已重新读取并生效。"));
    }
    json_decref(answer);
    return CTL_OK;
}
