#include <unistd.h>

#include "client.h"
#include "cryoctl.h"
#include "view.h"
#include "words.h"

static void print_result(const struct ctl *ctl, const char *asset, const char *alarm, json_t *answer,
                         const struct client_failure *failure)
{
    if (ctl->json) {
        json_t *line = json_pack("{s:s, s:s, s:b}", "asset", asset, "alarm", alarm, "ok", failure == NULL);
        json_object_update(line, answer); /* recorded, warning */
        if (failure != NULL)
            json_object_set_new(line, "error",
                                json_string(failure->error[0] != '\0' ? failure->error : failure->text));
        json_dumpf(line, stdout, CTL_JSON);
        putchar('\n');
        json_decref(line);
    } else if (failure == NULL) {
        printf(tr(ctl, "acknowledged: %s/%s\n", "已确认：%s/%s\n"), asset, alarm);
    }
    if (failure != NULL)
        client_complain(failure);
}

static int acknowledge(const struct ctl *ctl, const char *asset, const char *alarm)
{
    struct client_failure failure;
    json_t *parameters = json_pack("{s:s, s:s}", "asset", asset, "alarm", alarm);
    if (parameters != NULL && ctl->note != NULL)
        json_object_set_new(parameters, "note", json_string(ctl->note));
    if (parameters == NULL || (ctl->note != NULL && json_object_get(parameters, "note") == NULL)) {
        json_decref(parameters);
        ctl_complain("%s", tr(ctl, "that is not UTF-8 text", "文本不是有效的 UTF-8"));
        return CTL_USAGE;
    }
    json_t *answer =
        client_call(ctl, "io.cryomon.Monitor.Acknowledge", parameters, CLIENT_TIMEOUT_MS, &failure);
    print_result(ctl, asset, alarm, answer, answer == NULL ? &failure : NULL);
    json_decref(answer);
    return answer != NULL ? CTL_OK : failure.status;
}

/* Shows what is about to be acknowledged, and asks. */
static bool agreed(const struct ctl *ctl, const json_t *alarms, size_t n_waiting)
{
    char answer[16];
    size_t i;
    const json_t *alarm;
    if (!ctl->json) {
        json_array_foreach(alarms, i, alarm) if (view_alarm_waits(alarm))
        {
            char text[1024];
            snprintf(text, sizeof text, "%s  %s/%s  %s", words_priority(ctl, client_text(alarm, "priority")),
                     client_text(alarm, "asset"), client_text(alarm, "alarm"),
                     client_name(ctl, alarm, "text", ""));
            table_line(stdout, ctl->colour, view_alarm_style(alarm), 0, text);
        }
    }
    if (ctl->yes)
        return true;
    printf(tr(ctl, "Have you seen these %zu alarms? [y/N] ", "您已看到以上 %zu 个报警吗？[y/N] "), n_waiting);
    fflush(stdout);
    return fgets(answer, sizeof answer, stdin) != NULL && (answer[0] == 'y' || answer[0] == 'Y');
}

static int acknowledge_each(const struct ctl *ctl, const json_t *alarms)
{
    int result = CTL_OK;
    size_t i;
    const json_t *alarm;
    json_array_foreach(alarms, i, alarm)
    {
        if (!view_alarm_waits(alarm))
            continue;
        int one = acknowledge(ctl, client_text(alarm, "asset"), client_text(alarm, "alarm"));
        if (one > result)
            result = one;
        if (one >= CTL_UNREACHABLE)
            break;
    }
    return result;
}

static int acknowledge_all(const struct ctl *ctl)
{
    struct client_failure failure;
    if (!ctl->yes && (ctl->json || !isatty(STDIN_FILENO))) {
        ctl_complain("%s", tr(ctl, "ack --all asks before it acts: where it can't, say --yes",
                              "ack --all 会先询问；无法询问时请加 --yes"));
        return CTL_USAGE;
    }
    json_t *status = client_call(ctl, "io.cryomon.Monitor.Status", NULL, CLIENT_TIMEOUT_MS, &failure);
    if (status == NULL)
        return client_complain(&failure);
    const json_t *alarms = json_object_get(status, "alarms"), *alarm;
    size_t i, n_waiting = 0;
    json_array_foreach(alarms, i, alarm) n_waiting += view_alarm_waits(alarm);
    int result = CTL_OK;
    if (n_waiting == 0 && !ctl->json)
        puts(tr(ctl, "Nothing waits to be acknowledged.", "没有待确认的报警。"));
    else if (n_waiting > 0)
        result = agreed(ctl, alarms, n_waiting) ? acknowledge_each(ctl, alarms) : CTL_NEGATIVE;
    json_decref(status);
    return result;
}

int verb_ack(struct ctl *ctl, int argc, char **argv)
{
    if (ctl->all ? argc != 0 : argc != 2) {
        ctl_complain("%s", tr(ctl, "usage: cryoctl ack ASSET ALARM, or cryoctl ack --all",
                              "用法：cryoctl ack 设备 报警，或 cryoctl ack --all"));
        return CTL_USAGE;
    }
    return ctl->all ? acknowledge_all(ctl) : acknowledge(ctl, argv[0], argv[1]);
}
