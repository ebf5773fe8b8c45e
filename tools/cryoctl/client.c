#include "client.h"

#include <errno.h>
#include <malloc.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "clock.h"
#include "words.h"

#define REPLY_MAX ((size_t)64 * 1024 * 1024)

#define MONITOR "io.cryomon.Monitor."
#define SIGN    "io.cryomon.Sign."

/* ---------------------------------------------------------------- what went wrong, in words */

static void fail_unreachable(const struct ctl *ctl, const char *path, int error, struct client_failure *ret)
{
    *ret = (struct client_failure){.status = error == EINTR ? CTL_OK : CTL_UNREACHABLE};
    if (error == EACCES || error == EPERM) {
        ret->status = CTL_DENIED;
        snprintf(ret->text, sizeof ret->text,
                 tr(ctl, "no permission for %s: are you in group cryomon?",
                    "没有访问 %s 的权限：您是否属于 cryomon 组？"),
                 path);
        return;
    }
    const char *why = error == ETIMEDOUT ? tr(ctl, "no answer in time", "未及时应答")
                      : error == EPIPE || error == ECONNRESET ? tr(ctl, "it hung up", "连接被对方关闭")
                                                              : words_error(ctl, error);
    snprintf(ret->text, sizeof ret->text,
             tr(ctl, "the daemon cannot be reached at %s: %s. No current values are known.",
                "无法连接守护进程（%s）：%s。当前数值未知。"),
             path, why);
}

/* What the signing service says. */
static bool fail_signing(const struct ctl *ctl, const char *error, const json_t *parameters,
                         struct client_failure *ret)
{
    const char *name = strncmp(error, SIGN, sizeof SIGN - 1) == 0 ? error + sizeof SIGN - 1 : "";
    ret->status = CTL_DENIED;
    if (strcmp(name, "WrongPassword") == 0) {
        snprintf(ret->text, sizeof ret->text, "%s",
                 tr(ctl, "the password is wrong: nothing was signed", "密码错误：没有签署"));
    } else if (strcmp(name, "AccountInvalid") == 0) {
        snprintf(ret->text, sizeof ret->text,
                 tr(ctl, "your account is not valid, nothing was signed: %s", "账户无效，没有签署：%s"),
                 client_text(parameters, "message"));
    } else if (strcmp(name, "NotAPerson") == 0) {
        snprintf(ret->text, sizeof ret->text, "%s",
                 tr(ctl, "root, or a user without a name, can't sign: sign as yourself",
                    "root 或无名用户不能签署：请以本人账户签署"));
    } else if (strcmp(name, "NotComplete") == 0) {
        ret->status = CTL_NEGATIVE;
        snprintf(
            ret->text, sizeof ret->text,
            tr(ctl, "the period is not complete yet: try again after %s", "该时段尚未完结：请在 %s 之后再试"),
            client_text(parameters, "when"));
    } else if (strcmp(name, "NoSuchAsset") == 0) {
        ret->status = CTL_NEGATIVE;
        snprintf(ret->text, sizeof ret->text,
                 tr(ctl, "there is no asset \"%s\" in the record", "记录中没有设备“%s”"),
                 client_text(parameters, "asset"));
    } else if (strcmp(name, "Failed") == 0) {
        ret->status = CTL_NEGATIVE;
        snprintf(ret->text, sizeof ret->text, tr(ctl, "it could not be signed: %s", "未能签署：%s"),
                 client_text(parameters, "message"));
    } else {
        return false;
    }
    return true;
}

/* What the daemon says of a command: most of it comes with its own words. */
static bool fail_command(const struct ctl *ctl, const char *error, const json_t *parameters, char *text,
                         size_t cap)
{
    if (strcmp(error, MONITOR "NoSuchDevice") == 0) {
        snprintf(text, cap, tr(ctl, "there is no device \"%s\"", "没有装置“%s”"),
                 client_text(parameters, "device"));
    } else if (strcmp(error, MONITOR "NothingToDo") == 0) {
        snprintf(text, cap, tr(ctl, "nothing to do: %s", "无需操作：%s"),
                 client_name(ctl, parameters, "text", ""));
    } else if (strcmp(error, MONITOR "Refused") == 0) {
        snprintf(text, cap, tr(ctl, "refused: %s", "被拒绝：%s"), client_name(ctl, parameters, "text", ""));
    } else if (strcmp(error, MONITOR "ReloadRefused") == 0 && client_text(parameters, "detail")[0] != '\0') {
        snprintf(
            text, cap,
            tr(ctl, "refused; the old configuration stays in force:\n%s", "被拒绝，旧配置继续有效：\n%s"),
            client_text(parameters, "detail"));
    } else {
        return false;
    }
    return true;
}

/* What the daemon says of an alarm or a point that was named. */
static bool fail_thing(const struct ctl *ctl, const char *error, const json_t *parameters, char *text,
                       size_t cap)
{
    const char *asset = client_text(parameters, "asset"), *alarm = client_text(parameters, "alarm");
    if (strcmp(error, MONITOR "NoSuchAlarm") == 0 && alarm[0] == '\0') {
        snprintf(text, cap, tr(ctl, "there is no asset \"%s\"", "没有设备“%s”"), asset);
    } else if (strcmp(error, MONITOR "NoSuchAlarm") == 0) {
        snprintf(text, cap, tr(ctl, "there is no alarm \"%s\" on asset \"%s\"", "没有报警“%s”（设备“%s”）"),
                 alarm, asset);
    } else if (strcmp(error, MONITOR "NothingToAcknowledge") == 0) {
        snprintf(text, cap,
                 tr(ctl,
                    "%s/%s is not waiting to be acknowledged: it is normal, or somebody has done so already",
                    "%s/%s 无需确认：它处于正常状态，或已有人确认"),
                 asset, alarm);
    } else if (strcmp(error, MONITOR "NoSuchPoint") == 0) {
        snprintf(text, cap, tr(ctl, "there is no point \"%s\" on asset \"%s\"", "没有测点“%s”（设备“%s”）"),
                 client_text(parameters, "point"), asset);
    } else if (strcmp(error, MONITOR "NoValue") == 0) {
        snprintf(text, cap,
                 tr(ctl, "%s/%s has no value at this moment: there is nothing to compare with",
                    "%s/%s 目前没有有效数值，无法比较"),
                 asset, client_text(parameters, "point"));
    } else {
        return false;
    }
    return true;
}

/* What would have been taken; "" where that is not known. */
static const char *wanted(const struct ctl *ctl, const char *parameter)
{
    static const char *const texts[] = {"note", "order", "second", "reason", NULL};
    if (strcmp(parameter, "for") == 0)
        return tr(ctl, ": 49 d is the longest that anything can last", "：最长 49 d");
    for (size_t i = 0; texts[i] != NULL; i++)
        if (strcmp(parameter, texts[i]) == 0)
            return tr(ctl, ": one line of text is wanted, without control characters",
                      "：应为一行文本，不含控制字符，且不能为空白");
    return "";
}

static void fail_answered(const struct ctl *ctl, const char *error, const json_t *parameters,
                          struct client_failure *ret)
{
    *ret = (struct client_failure){.status = CTL_NEGATIVE};
    snprintf(ret->error, sizeof ret->error, "%s", error);
    if (fail_signing(ctl, error, parameters, ret))
        return;
    ret->status = CTL_NEGATIVE;
    char *text = ret->text;
    size_t cap = sizeof ret->text;
    if (fail_command(ctl, error, parameters, text, cap) || fail_thing(ctl, error, parameters, text, cap))
        return;
    if (strcmp(error, MONITOR "PermissionDenied") == 0) {
        ret->status = CTL_DENIED;
        snprintf(text, cap,
                 tr(ctl, "you are not allowed to: that needs group %s", "没有权限：需要属于 %s 组"),
                 client_text(parameters, "group"));
    } else if (strcmp(error, "org.varlink.service.PermissionDenied") == 0) {
        ret->status = CTL_DENIED;
        snprintf(text, cap, "%s", tr(ctl, "you are not allowed to ask", "没有权限"));
    } else if (strcmp(error, MONITOR "Busy") == 0) {
        ret->status = CTL_UNREACHABLE;
        snprintf(text, cap, "%s",
                 tr(ctl, "the daemon is too busy to answer; a command may still take effect",
                    "守护进程正忙，未能应答；命令仍可能生效"));
    } else if (strcmp(error, "org.varlink.service.InvalidParameter") == 0 &&
               strcmp(client_text(parameters, "parameter"), "displayed") == 0) {
        snprintf(
            text, cap, "%s",
            tr(ctl,
               "what the display shows must be a plain decimal (-190.1), or the name of a state of the point",
               "显示值应为普通十进制数（-190.1），或测点的状态名"));
    } else if (strcmp(error, MONITOR "ReloadRefused") == 0) {
        snprintf(
            text, cap, "%s",
            tr(ctl,
               "the new configuration was refused; the old one stays in force. See cryoctl check, or the "
               "journal",
               "新配置被拒绝，旧配置继续有效。见 cryoctl check 或系统日志"));
    } else if (strcmp(error, MONITOR "TextTooLong") == 0) {
        snprintf(text, cap, tr(ctl, "%s is longer than %lld bytes", "%s 超过 %lld 字节"),
                 client_text(parameters, "parameter"),
                 (long long)json_integer_value(json_object_get(parameters, "limit")));
    } else if (strcmp(error, "org.varlink.service.InvalidParameter") == 0) {
        snprintf(text, cap, tr(ctl, "the daemon does not take this as %s%s", "守护进程不接受此内容：%s%s"),
                 client_text(parameters, "parameter"), wanted(ctl, client_text(parameters, "parameter")));
    } else {
        const char *detail = client_text(parameters, "message");
        if (detail[0] == '\0')
            detail = client_text(parameters, "parameter");
        snprintf(text, cap, tr(ctl, "the daemon says: %s %s", "守护进程应答：%s %s"), error, detail);
    }
}

/* ---------------------------------------------------------------- the call */

/* 0 when the socket is ready, or errno: ETIMEDOUT, EINTR when the user interrupts. */
static int wait_ready(const struct ctl *ctl, int fd, short events, int64_t deadline_us)
{
    for (;;) {
        struct pollfd fds[2] = {{.fd = fd, .events = events}, {.fd = ctl->interrupt_fd, .events = POLLIN}};
        int64_t left_us = deadline_us - clock_boot_us();
        if (left_us <= 0)
            return ETIMEDOUT;
        int n = poll(fds, 2, (int)(left_us / MS_US) + 1);
        if (n < 0 && errno != EINTR)
            return errno;
        if (n > 0 && fds[1].revents != 0)
            return EINTR;
        if (n > 0 && fds[0].revents != 0)
            return 0;
    }
}

static int open_socket(const char *path, int *ret_fd)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    if (strlen(path) >= sizeof address.sun_path)
        return ENAMETOOLONG;
    memcpy(address.sun_path, path, strlen(path) + 1);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0)
        return errno;
    if (connect(fd, (struct sockaddr *)&address, sizeof address) < 0) {
        int error = errno;
        close(fd);
        return error;
    }
    *ret_fd = fd;
    return 0;
}

static int send_all(const struct ctl *ctl, int fd, const char *text, size_t len, int64_t deadline_us)
{
    while (len > 0) {
        ssize_t n = send(fd, text, len, MSG_NOSIGNAL);
        if (n < 0 && errno == EPIPE)
            return 0; /* turned away: the reason may be there to be read */
        if (n < 0 && errno != EAGAIN && errno != EINTR)
            return errno;
        if (n > 0) {
            text += n;
            len -= (size_t)n;
            continue;
        }
        int error = wait_ready(ctl, fd, POLLOUT, deadline_us);
        if (error != 0)
            return error;
    }
    return 0;
}

static int receive(const struct ctl *ctl, int fd, int64_t deadline_us, char **ret_text)
{
    size_t len = 0, cap = 65536;
    char *text = malloc(cap);
    int error = text != NULL ? 0 : ENOMEM;
    while (error == 0) {
        ssize_t n = recv(fd, text + len, cap - len, 0);
        if (n == 0) {
            error = EPIPE;
        } else if (n < 0) {
            error = errno != EAGAIN && errno != EINTR ? errno : wait_ready(ctl, fd, POLLIN, deadline_us);
        } else if (memchr(text + len, '\0', (size_t)n) != NULL) {
            *ret_text = text;
            return 0;
        } else if ((len += (size_t)n) == cap) {
            char *grown = cap < REPLY_MAX ? realloc(text, cap * 2) : NULL;
            error = grown != NULL ? 0 : ENOMEM;
            text = grown != NULL ? grown : text;
            cap *= 2;
        }
    }
    free(text);
    return error;
}

static int exchange(const struct ctl *ctl, const char *path, const char *request, int timeout_ms,
                    char **ret_reply)
{
    int64_t deadline_us = clock_boot_us() + timeout_ms * MS_US;
    int fd = -1, error = open_socket(path, &fd);
    if (error != 0)
        return error;
    error = send_all(ctl, fd, request, strlen(request) + 1, deadline_us);
    if (error == 0)
        error = receive(ctl, fd, deadline_us, ret_reply);
    close(fd);
    return error;
}

static void wipe_free(void *memory)
{
    if (memory != NULL)
        explicit_bzero(memory, malloc_usable_size(memory));
    free(memory);
}

void client_wipe_memory(void)
{
    json_set_alloc_funcs(malloc, wipe_free);
}

/* In one place, for every verb: whoever has done something must not take for granted that it is kept. */
static void warn_unrecorded(const struct ctl *ctl, const json_t *answer)
{
    if (json_is_false(json_object_get(answer, "recorded")))
        ctl_complain("%s", client_name(ctl, answer, "warning",
                                       tr(ctl, "done, but not yet on disk", "已执行，但尚未写入磁盘")));
}

json_t *client_call_at(const struct ctl *ctl, const char *path, const char *method, json_t *parameters,
                       int timeout_ms, struct client_failure *ret_failure)
{
    char *reply_text = NULL;
    json_t *call = json_pack("{s:s, s:o}", "method", method, "parameters",
                             parameters != NULL ? parameters : json_object());
    char *request = call != NULL ? json_dumps(call, CTL_JSON) : NULL;
    json_decref(call);
    int error = request != NULL ? exchange(ctl, path, request, timeout_ms, &reply_text) : EINVAL;
    wipe_free(request); /* a password may be in it */
    json_t *reply = error == 0 ? json_loads(reply_text, 0, NULL) : NULL;
    free(reply_text);
    if (!json_is_object(reply)) {
        json_decref(reply);
        fail_unreachable(ctl, path, error != 0 ? error : EBADMSG, ret_failure);
        return NULL;
    }
    const json_t *name = json_object_get(reply, "error");
    json_t *result = json_object_get(reply, "parameters");
    json_incref(result);
    if (json_is_string(name)) {
        fail_answered(ctl, json_string_value(name), result, ret_failure);
        json_decref(result);
        result = NULL;
    } else if (!json_is_object(result)) {
        json_decref(result);
        result = json_object();
    }
    warn_unrecorded(ctl, result);
    json_decref(reply);
    return result;
}

json_t *client_call(const struct ctl *ctl, const char *method, json_t *parameters, int timeout_ms,
                    struct client_failure *ret_failure)
{
    return client_call_at(ctl, ctl->socket, method, parameters, timeout_ms, ret_failure);
}

int client_complain(const struct client_failure *failure)
{
    ctl_complain("%s", failure->text);
    return failure->status;
}

const char *client_text(const json_t *object, const char *key)
{
    const char *text = json_string_value(json_object_get(object, key));
    return text != NULL ? text : "";
}

const char *client_name(const struct ctl *ctl, const json_t *object, const char *key, const char *fallback)
{
    const char *text = client_text(json_object_get(object, key), ctl->language == LANGUAGE_ZH ? "zh" : "en");
    return text[0] != '\0' ? text : fallback;
}
