#include "command.h"

#include "client.h"

bool command_set(json_t *parameters, const char *key, const char *value)
{
    return value == NULL || json_object_set_new(parameters, key, json_string(value)) == 0;
}

int command_not_utf8(const struct ctl *ctl, json_t *parameters)
{
    json_decref(parameters);
    ctl_complain("%s", tr(ctl, "that is not UTF-8 text", "文本不是有效的 UTF-8"));
    return CTL_USAGE;
}

static void print_json(json_t *answer, const struct client_failure *failure)
{
    json_t *line = answer != NULL ? json_incref(answer) : json_object();
    json_object_set_new(line, "ok", json_boolean(answer != NULL));
    if (answer == NULL) {
        json_object_set_new(line, "error",
                            json_string(failure->error[0] != '\0' ? failure->error : "unreachable"));
        json_object_set_new(line, "message", json_string(failure->text));
    }
    json_dumpf(line, stdout, CTL_JSON);
    putchar('\n');
    json_decref(line);
}

json_t *command_call(const struct ctl *ctl, const char *method, json_t *parameters, int *ret_status)
{
    char name[96];
    struct client_failure failure;
    snprintf(name, sizeof name, "io.cryomon.Monitor.%s", method);
    json_t *answer = client_call(ctl, name, parameters, CLIENT_TIMEOUT_MS, &failure);
    if (ctl->json)
        print_json(answer, &failure);
    *ret_status = answer != NULL ? CTL_OK : client_complain(&failure);
    return answer;
}
