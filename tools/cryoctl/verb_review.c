#include <errno.h>
#include <pwd.h>
#include <string.h>
#include <unistd.h>

#include "client.h"
#include "cryoctl.h"
#include "places.h"
#include "review.h"
#include "secret.h"
#include "stored.h"
#include "when.h"

#define HOUR_US         (INT64_C(3600) * SECOND_US)
#define SIGN_TIMEOUT_MS 60000
#define PASSWORD_MAX    512
#define DEFAULT_MEANING "review"

struct period {
    const char *asset; /* "": all */
    int64_t from_us, to_us;
};

/* ---------------------------------------------------------------- what is in it */

struct summary_of {
    uint64_t events, raised, critical, gaps, changes;
    json_t *waiting; /* asset/alarm: true, of alarms that nobody had acknowledged by the end */
};

static void look_at_alarm(struct summary_of *s, const json_t *body, const struct history_event *event)
{
    char name[2 * ID_MAX + 2];
    const char *state = client_text(body, "state");
    bool raised = strcmp(client_text(body, "transition"), "raised") == 0;
    s->raised += raised;
    s->critical += raised && strcmp(client_text(body, "priority"), "critical") == 0;
    snprintf(name, sizeof name, "%.63s/%.63s", event->asset, event->alarm);
    if (strcmp(state, "unacknowledged") == 0 || strcmp(state, "returned-unacknowledged") == 0)
        json_object_set_new(s->waiting, name, json_true());
    else
        json_object_del(s->waiting, name);
}

static bool look_at(void *context, const struct history_event *event)
{
    struct summary_of *s = context;
    s->events++;
    s->gaps += strcmp(event->kind, "gap") == 0;
    s->changes += strcmp(event->kind, "configuration") == 0;
    if (strcmp(event->kind, "alarm") == 0) {
        json_t *body = json_loads(event->body, 0, NULL);
        look_at_alarm(s, body, event);
        json_decref(body);
    }
    return true;
}

static void print_summary(const struct ctl *ctl, const struct period *p, const struct summary_of *s)
{
    char from[WHEN_MAX], to[WHEN_MAX];
    const char *name;
    json_t *value;
    printf(tr(ctl, "The record from %s to %s, of %s\n", "%s 至 %s 的记录，范围：%s\n"),
           when_print(ctl, from, p->from_us, false), when_print(ctl, to, p->to_us, false),
           p->asset[0] != '\0' ? p->asset : tr(ctl, "everything", "全部设备"));
    printf(tr(ctl, "  events                    %llu\n", "  事件          %llu\n"),
           (unsigned long long)s->events);
    printf(tr(ctl, "  alarms raised             %llu, of these critical %llu\n",
              "  报警触发      %llu，其中危急 %llu\n"),
           (unsigned long long)s->raised, (unsigned long long)s->critical);
    printf(tr(ctl, "  alarms nobody has acknowledged by its end  %zu", "  期末未确认报警  %zu"),
           json_object_size(s->waiting));
    json_object_foreach(s->waiting, name, value) printf("  %s", name);
    printf(tr(ctl, "\n  gaps told                 %llu\n", "\n  数据缺口      %llu\n"),
           (unsigned long long)s->gaps);
    printf(tr(ctl, "  changes of configuration  %llu\n", "  配置变更      %llu\n"),
           (unsigned long long)s->changes);
    fflush(stdout);
}

static int show_summary(const struct ctl *ctl, struct history_reader *reader, const struct period *p)
{
    struct summary_of s = {.waiting = json_object()};
    int64_t n = history_events(reader, 0, p->from_us, p->to_us, look_at, &s);
    if (n >= 0)
        print_summary(ctl, p, &s);
    json_decref(s.waiting);
    return n < 0 ? stored_complain(ctl, (int)n) : CTL_OK;
}

/* ---------------------------------------------------------------- which period */

/* From where nobody has looked yet, to the last full hour, unless it was said. */
static int choose_period(const struct ctl *ctl, struct history_reader *reader, struct period *ret)
{
    char when[WHEN_MAX];
    int64_t now_us = clock_now().utc_us;
    struct period p = {.asset = ctl->asset != NULL ? ctl->asset : "", .to_us = now_us / HOUR_US * HOUR_US};
    if ((ctl->from != NULL && !when_option(ctl, "from", ctl->from, &p.from_us)) ||
        (ctl->to != NULL && !when_option(ctl, "to", ctl->to, &p.to_us)))
        return CTL_USAGE;
    int error = ctl->from == NULL ? review_until(reader, 0, 0, &p.from_us) : 0;
    if (error < 0)
        return stored_complain(ctl, error);
    p.from_us = p.from_us / MS_US * MS_US; /* as it will be written */
    if (p.from_us >= p.to_us) {
        if (ctl->from != NULL || ctl->to != NULL)
            ctl_complain("%s", tr(ctl, "the period ends before it begins", "结束时间早于起始时间"));
        else
            ctl_complain(tr(ctl, "all was reviewed until %s", "%s 之前的记录均已审核"),
                         when_print(ctl, when, p.from_us, false));
        return ctl->from != NULL || ctl->to != NULL ? CTL_USAGE : CTL_NEGATIVE;
    }
    *ret = p;
    return CTL_OK;
}

static int check_complete(const struct ctl *ctl, struct history_reader *reader, const struct period *p)
{
    char when[WHEN_MAX];
    int64_t when_us = 0;
    int error = review_complete(reader, p->from_us, p->to_us, clock_now().utc_us, &when_us);
    if (error == 0)
        return CTL_OK;
    if (error != -EAGAIN)
        return stored_complain(ctl, error);
    ctl_complain(
        tr(ctl,
           "the period is not complete yet: its readings are sealed when the next hour has begun. Try "
           "again after %s, or with an earlier --to",
           "该时段尚未完结：读数在下一小时开始后封存。请在 %s 之后再试，或用 --to 指定更早的时间"),
        when_print(ctl, when, when_us, false));
    return CTL_NEGATIVE;
}

/* ---------------------------------------------------------------- signing */

static int complain_about_signing(const struct ctl *ctl, const char *path,
                                  const struct client_failure *failure)
{
    if (failure->error[0] == '\0' && failure->status == CTL_UNREACHABLE) {
        ctl_complain(tr(ctl, "the signing service can't be reached at %s: is cryomon-sign.socket started?",
                        "无法连接签名服务（%s）：cryomon-sign.socket 是否已启动？"),
                     path);
        return failure->status;
    }
    return client_complain(failure);
}

static void print_signed(const struct ctl *ctl, const json_t *answer)
{
    long long seq = json_integer_value(json_object_get(answer, "seq"));
    if (ctl->json) {
        json_dumpf(answer, stdout, CTL_JSON);
        putchar('\n');
    } else {
        printf(tr(ctl, "%s (%s) has reviewed this period: event %lld\n", "%s（%s）已审核该时段：事件 %lld\n"),
               client_text(answer, "name"), client_text(answer, "by"), seq);
    }
    if (!json_is_true(json_object_get(answer, "stored")))
        ctl_complain("%s", tr(ctl, "it is not on disk yet: look for it with cryoctl reviews",
                              "尚未写入磁盘：请稍后用 cryoctl reviews 查看"));
}

static json_t *make_parameters(const struct ctl *ctl, const struct period *p, const char *password)
{
    char from[RFC3339_MAX], to[RFC3339_MAX];
    clock_print_utc(from, p->from_us);
    clock_print_utc(to, p->to_us);
    return json_pack("{s:s, s:s, s:s, s:s, s:s, s:s}", "from", from, "to", to, "asset", p->asset, "meaning",
                     ctl->meaning != NULL ? ctl->meaning : DEFAULT_MEANING, "comment",
                     ctl->comment != NULL ? ctl->comment : "", "password", password);
}

static int sign(const struct ctl *ctl, const struct period *p, const char *password)
{
    const char *path = ctl->sign_socket != NULL ? ctl->sign_socket : CTL_SIGN_SOCKET;
    struct client_failure failure;
    json_t *parameters = make_parameters(ctl, p, password);
    if (parameters == NULL) {
        ctl_complain("%s", tr(ctl, "that is not UTF-8 text", "文本不是有效的 UTF-8"));
        return CTL_USAGE;
    }
    json_t *answer =
        client_call_at(ctl, path, "io.cryomon.Sign.Review", parameters, SIGN_TIMEOUT_MS, &failure);
    if (answer == NULL)
        return complain_about_signing(ctl, path, &failure);
    print_signed(ctl, answer);
    json_decref(answer);
    return CTL_OK;
}

static bool ask_password(const struct ctl *ctl, char password[PASSWORD_MAX])
{
    char prompt[512];
    const struct passwd *user = getpwuid(getuid());
    const char *meaning = ctl->meaning != NULL ? ctl->meaning : DEFAULT_MEANING;
    if (ctl->password_stdin)
        return secret_from_stdin(password, PASSWORD_MAX);
    snprintf(prompt, sizeof prompt,
             tr(ctl, "You sign: %s%s%s\nPassword of %s: ", "您将签署：%s%s%s\n%s 的密码："), meaning,
             ctl->comment != NULL ? ". " : "", ctl->comment != NULL ? ctl->comment : "",
             user != NULL ? user->pw_name : "?");
    return secret_from_terminal(prompt, password, PASSWORD_MAX);
}

int verb_review(struct ctl *ctl, int argc, char **argv)
{
    struct history_reader *reader;
    struct period period = {.asset = ""};
    char password[PASSWORD_MAX];
    (void)argc;
    (void)argv;
    int result = stored_open(ctl, &reader);
    if (result != CTL_OK)
        return result;
    result = choose_period(ctl, reader, &period);
    if (result == CTL_OK)
        result = check_complete(ctl, reader, &period);
    if (result == CTL_OK && !ctl->json)
        result = show_summary(ctl, reader, &period);
    history_close(reader);
    if (result != CTL_OK)
        return result;
    client_wipe_memory();
    if (ask_password(ctl, password)) {
        result = sign(ctl, &period, password);
    } else {
        ctl_complain("%s", tr(ctl, "no password: nothing was signed", "未输入密码：没有签署"));
        result = CTL_NEGATIVE;
    }
    explicit_bzero(password, sizeof password);
    return result;
}
