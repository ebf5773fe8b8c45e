#include <string.h>

#include "client.h"
#include "cryoctl.h"

static json_t *make_parameters(const struct ctl *ctl, char **argv)
{
    json_t *parameters =
        json_pack("{s:s, s:s, s:s}", "asset", argv[0], "point", argv[1], "displayed", argv[2]);
    const struct {
        const char *key, *value;
    } optional[] = {{"tolerance", ctl->tolerance}, {"note", ctl->note}};
    for (size_t i = 0; i < sizeof optional / sizeof optional[0] && parameters != NULL; i++) {
        if (optional[i].value != NULL &&
            json_object_set_new(parameters, optional[i].key, json_string(optional[i].value)) < 0) {
            json_decref(parameters);
            parameters = NULL;
        }
    }
    return parameters;
}

static void print_answer(const struct ctl *ctl, char **argv, const json_t *answer)
{
    bool agrees = json_is_true(json_object_get(answer, "agrees"));
    const char *state = client_text(answer, "state"), *unit = client_text(answer, "unit");
    const char *verdict = agrees ? tr(ctl, "they agree; recorded", "一致，已记录")
                                 : tr(ctl, "THEY DIFFER; recorded", "不一致，已记录");
    if (state[0] != '\0')
        printf(tr(ctl, "display %s, register %s: %s\n", "显示 %s，寄存器 %s：%s\n"), argv[2], state, verdict);
    else
        printf(tr(ctl, "display %s %s, register %.6g %s, difference %.6g, tolerance %.6g: %s\n",
                  "显示 %s %s，寄存器 %.6g %s，差值 %.6g，允许 %.6g：%s\n"),
               argv[2], unit, json_number_value(json_object_get(answer, "value")), unit,
               json_number_value(json_object_get(answer, "difference")),
               json_number_value(json_object_get(answer, "tolerance")), verdict);
}

int verb_verify_point(struct ctl *ctl, int argc, char **argv)
{
    struct client_failure failure;
    (void)argc;
    json_t *parameters = make_parameters(ctl, argv);
    if (parameters == NULL) {
        ctl_complain("%s", tr(ctl, "that is not UTF-8 text", "文本不是有效的 UTF-8"));
        return CTL_USAGE;
    }
    json_t *answer =
        client_call(ctl, "io.cryomon.Monitor.VerifyPoint", parameters, CLIENT_TIMEOUT_MS, &failure);
    if (answer == NULL)
        return client_complain(&failure);
    if (ctl->json) {
        json_dumpf(answer, stdout, CTL_JSON);
        putchar('\n');
    } else {
        print_answer(ctl, argv, answer);
    }
    bool agrees = json_is_true(json_object_get(answer, "agrees"));
    json_decref(answer);
    return agrees ? CTL_OK : CTL_NEGATIVE;
}
