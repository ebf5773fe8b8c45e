#include <string.h>

#include "client.h"
#include "cryoctl.h"
#include "when.h"

/* False: complained. */
static bool is_complete(const struct ctl *ctl)
{
    if (ctl->from == NULL || ctl->to == NULL) {
        ctl_complain("%s",
                     tr(ctl, "say with --from and --to which readings", "请用 --from 和 --to 指明时段"));
        return false;
    }
    if (ctl->offset == NULL && ctl->note == NULL) {
        ctl_complain("%s", tr(ctl, "say with --offset or --note what is known of them",
                              "请用 --offset 或 --note 说明如何更正"));
        return false;
    }
    if (ctl->reason == NULL || ctl->reason[0] == '\0') {
        ctl_complain("%s", tr(ctl, "say with --reason why", "请用 --reason 说明原因"));
        return false;
    }
    return true;
}

static json_t *make_parameters(const struct ctl *ctl, char **argv, int64_t from_us, int64_t to_us)
{
    char from[RFC3339_MAX], to[RFC3339_MAX];
    clock_print_utc(from, from_us);
    clock_print_utc(to, to_us);
    json_t *parameters = json_pack("{s:s, s:s, s:s, s:s, s:s}", "asset", argv[0], "point", argv[1], "from",
                                   from, "to", to, "reason", ctl->reason);
    const struct {
        const char *key, *value;
    } optional[] = {{"offset", ctl->offset}, {"note", ctl->note}};
    for (size_t i = 0; i < sizeof optional / sizeof optional[0] && parameters != NULL; i++) {
        if (optional[i].value != NULL &&
            json_object_set_new(parameters, optional[i].key, json_string(optional[i].value)) < 0) {
            json_decref(parameters);
            parameters = NULL;
        }
    }
    return parameters;
}

int verb_correct(struct ctl *ctl, int argc, char **argv)
{
    struct client_failure failure;
    int64_t from_us, to_us;
    (void)argc;
    if (!is_complete(ctl) || !when_range(ctl, 0, &from_us, &to_us))
        return CTL_USAGE;
    json_t *parameters = make_parameters(ctl, argv, from_us, to_us);
    if (parameters == NULL) {
        ctl_complain("%s", tr(ctl, "that is not UTF-8 text", "文本不是有效的 UTF-8"));
        return CTL_USAGE;
    }
    json_t *answer = client_call(ctl, "io.cryomon.Monitor.Correct", parameters, CLIENT_TIMEOUT_MS, &failure);
    if (answer == NULL)
        return client_complain(&failure);
    if (ctl->json) {
        json_dumpf(answer, stdout, CTL_JSON);
        putchar('\n');
    } else {
        printf(tr(ctl, "recorded as event %lld; the readings stay as they are\n",
                  "已记录为事件 %lld；原读数保持不变\n"),
               (long long)json_integer_value(json_object_get(answer, "seq")));
    }
    json_decref(answer);
    return CTL_OK;
}
