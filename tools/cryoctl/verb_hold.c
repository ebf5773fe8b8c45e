/* verb_hold.c - what keeps alarms quiet for a while, and its end: shelves, out of service, bypasses; resets
 * and drills. Each is a call of the daemon, which knows the limits and records the caller's name. */
#include <string.h>

#include "client.h"
#include "command.h"
#include "when.h"

/* ---------------------------------------------------------------- parameters */

/* --for and --until as the daemon takes them. False: complained. */
static bool add_end(const struct ctl *ctl, json_t *parameters)
{
    char text[RFC3339_MAX];
    int64_t us;
    if ((ctl->hold_for == NULL) == (ctl->until == NULL)) {
        ctl_complain("%s", tr(ctl, "say how long: --for 30min, or --until TIME",
                              "请说明时长：--for 30min 或 --until 时间"));
        return false;
    }
    if (ctl->hold_for != NULL && !when_parse_span(ctl->hold_for, &us)) {
        ctl_complain(tr(ctl, "--for is a span such as 30min, 2h or 3d, not \"%s\"",
                        "--for 应为时段，如 30min、2h、3d，而不是“%s”"),
                     ctl->hold_for);
        return false;
    }
    if (ctl->until != NULL && !when_option(ctl, "until", ctl->until, &us))
        return false;
    if (ctl->until != NULL)
        clock_print_utc(text, us);
    else
        snprintf(text, sizeof text, "%lld s", (long long)(us / SECOND_US));
    return command_set(parameters, ctl->until != NULL ? "until" : "for", text);
}

static bool is_blank(const char *text)
{
    return text == NULL || text[strspn(text, " \t")] == '\0';
}

/* What must be told with a hold. False: complained. */
static bool is_explained(const struct ctl *ctl, bool with_order)
{
    if (with_order && is_blank(ctl->order)) {
        ctl_complain("%s", tr(ctl, "say with --order which work order it is for", "请用 --order 说明工单号"));
        return false;
    }
    if (is_blank(ctl->why)) {
        ctl_complain("%s", tr(ctl, "say with --why why", "请用 --why 说明原因"));
        return false;
    }
    return true;
}

/* ---------------------------------------------------------------- what was done */

static long long count(const json_t *answer, const char *key)
{
    return (long long)json_integer_value(json_object_get(answer, key));
}

static void print_until(const struct ctl *ctl, const json_t *answer)
{
    char time[WHEN_MAX];
    if (when_print_text(ctl, time, client_text(answer, "until"))[0] != '\0')
        printf(tr(ctl, "until %s\n", "截止 %s\n"), time);
}

/* How many alarms it has reached; and plainly, which go on as ever. */
static void print_alarms(const struct ctl *ctl, const json_t *answer)
{
    long long marked = count(answer, "marked");
    printf(tr(ctl, "%lld alarms are out of service\n", "%lld 个报警已停用\n"),
           count(answer, "alarms") - marked);
    if (marked > 0)
        printf(tr(ctl,
                  "%lld are protected (critical, or life safety): they go on calling as ever, and their "
                  "messages say "
                  "that maintenance is going on\n",
                  "%lld 个受保护（紧急或生命安全）：照常报警和呼叫，消息中注明正在维护\n"),
               marked);
    print_until(ctl, answer);
}

/* ---------------------------------------------------------------- alarms */

int verb_shelve(struct ctl *ctl, int argc, char **argv)
{
    int status;
    (void)argc;
    if (!is_explained(ctl, false))
        return CTL_USAGE;
    json_t *parameters = json_pack("{s:s, s:s}", "asset", argv[0], "alarm", argv[1]);
    if (parameters == NULL || !command_set(parameters, "note", ctl->why))
        return command_not_utf8(ctl, parameters);
    if (ctl->one_shot)
        json_object_set_new(parameters, "one_shot", json_true());
    if (!add_end(ctl, parameters)) {
        json_decref(parameters);
        return CTL_USAGE;
    }
    json_t *answer = command_call(ctl, "Shelve", parameters, &status);
    if (answer != NULL && !ctl->json) {
        printf(tr(ctl, "shelved: %s/%s", "已搁置：%s/%s"), argv[0], argv[1]);
        printf("%s\n", ctl->one_shot ? tr(ctl, ", until its condition is over", "，至条件恢复为止") : "");
        print_until(ctl, answer);
    }
    json_decref(answer);
    return status;
}

/* Ends something of an alarm, which may be absent where several are meant. */
static int end(struct ctl *ctl, const char *method, const char *asset, const char *alarm, const char *done)
{
    int status;
    json_t *parameters = json_pack("{s:s}", "asset", asset);
    if (parameters == NULL || !command_set(parameters, "alarm", alarm) ||
        !command_set(parameters, "note", ctl->note))
        return command_not_utf8(ctl, parameters);
    json_t *answer = command_call(ctl, method, parameters, &status);
    if (answer != NULL && !ctl->json)
        printf(tr(ctl, "%s: %s%s%s\n", "%s：%s%s%s\n"), done, asset, alarm != NULL ? "/" : "",
               alarm != NULL ? alarm : "");
    if (answer != NULL && !ctl->json && json_object_get(answer, "alarms") != NULL)
        printf(tr(ctl, "%lld alarms\n", "%lld 个报警\n"), count(answer, "alarms"));
    json_decref(answer);
    return status;
}

int verb_unshelve(struct ctl *ctl, int argc, char **argv)
{
    (void)argc;
    return end(ctl, "Unshelve", argv[0], argv[1], tr(ctl, "no longer shelved", "已取消搁置"));
}

int verb_in_service(struct ctl *ctl, int argc, char **argv)
{
    return end(ctl, "InService", argv[0], argc > 1 ? argv[1] : NULL,
               tr(ctl, "in service again", "已恢复使用"));
}

int verb_reset(struct ctl *ctl, int argc, char **argv)
{
    (void)argc;
    return end(ctl, "Reset", argv[0], argv[1], tr(ctl, "reset", "已复位"));
}

int verb_out_of_service(struct ctl *ctl, int argc, char **argv)
{
    int status;
    if (!is_explained(ctl, true))
        return CTL_USAGE;
    json_t *parameters = json_pack("{s:s}", "asset", argv[0]);
    if (parameters == NULL || !command_set(parameters, "alarm", argc > 1 ? argv[1] : NULL) ||
        !command_set(parameters, "order", ctl->order) || !command_set(parameters, "note", ctl->why))
        return command_not_utf8(ctl, parameters);
    if (!add_end(ctl, parameters)) {
        json_decref(parameters);
        return CTL_USAGE;
    }
    json_t *answer = command_call(ctl, "OutOfService", parameters, &status);
    if (answer != NULL && !ctl->json)
        print_alarms(ctl, answer);
    json_decref(answer);
    return status;
}

/* ---------------------------------------------------------------- devices */

int verb_bypass(struct ctl *ctl, int argc, char **argv)
{
    int status;
    (void)argc;
    if (!is_explained(ctl, false))
        return CTL_USAGE;
    json_t *parameters = json_pack("{s:s}", "device", argv[0]);
    if (parameters == NULL || !command_set(parameters, "order", ctl->order) ||
        !command_set(parameters, "note", ctl->why))
        return command_not_utf8(ctl, parameters);
    if (!add_end(ctl, parameters)) {
        json_decref(parameters);
        return CTL_USAGE;
    }
    json_t *answer = command_call(ctl, "Bypass", parameters, &status);
    if (answer != NULL && !ctl->json) {
        printf(tr(ctl, "bypassed: %s; manual readings are due now (cryoctl reading)\n",
                  "已旁路：%s；现在需要人工读数（cryoctl reading）\n"),
               argv[0]);
        print_alarms(ctl, answer);
    }
    json_decref(answer);
    return status;
}

int verb_unbypass(struct ctl *ctl, int argc, char **argv)
{
    int status;
    (void)argc;
    json_t *parameters = json_pack("{s:s}", "device", argv[0]);
    if (parameters == NULL || !command_set(parameters, "note", ctl->note))
        return command_not_utf8(ctl, parameters);
    json_t *answer = command_call(ctl, "Unbypass", parameters, &status);
    if (answer != NULL && !ctl->json)
        printf(tr(ctl, "no longer bypassed: %s; %lld alarms are in service again\n",
                  "已取消旁路：%s；%lld 个报警恢复使用\n"),
               argv[0], count(answer, "alarms"));
    json_decref(answer);
    return status;
}

/* ---------------------------------------------------------------- drills */

int verb_drill(struct ctl *ctl, int argc, char **argv)
{
    int status;
    (void)argc;
    (void)argv;
    json_t *parameters = json_object();
    if (parameters == NULL || !command_set(parameters, "note", ctl->note))
        return command_not_utf8(ctl, parameters);
    json_t *answer = command_call(ctl, "Drill", parameters, &status);
    if (answer != NULL && !ctl->json)
        puts(tr(ctl,
                "The drill has begun. Whoever is called confirms it: cryoctl ack system drill, or as the "
                "message says.",
                "演练已开始。被呼叫的人员请确认：cryoctl ack system drill，或按消息提示操作。"));
    json_decref(answer);
    return status;
}
