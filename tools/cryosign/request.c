#include "request.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "clock.h"

#define METHOD "io.cryomon.Sign.Review"

/* The bytes up to the NUL. */
static int receive(int fd, int timeout_ms, char text[REQUEST_MAX])
{
    int64_t deadline_us = clock_boot_us() + timeout_ms * MS_US;
    size_t len = 0;
    while (len < REQUEST_MAX) {
        struct pollfd wait = {.fd = fd, .events = POLLIN};
        int64_t left_us = deadline_us - clock_boot_us();
        if (left_us <= 0 || (poll(&wait, 1, (int)(left_us / MS_US) + 1) == 0))
            return -ETIMEDOUT;
        ssize_t n = recv(fd, text + len, REQUEST_MAX - len, MSG_DONTWAIT);
        if (n == 0)
            return -EPIPE;
        if (n < 0 && errno != EAGAIN && errno != EINTR)
            return -errno;
        if (n > 0 && memchr(text + len, '\0', (size_t)n) != NULL)
            return 0;
        len += n > 0 ? (size_t)n : 0;
    }
    return -EBADMSG;
}

/* Which parameters there are; the daemon looks at lengths and characters. */
static const char *find_wrong(struct request *r)
{
    static const char *const known[] = {"from", "to", "asset", "meaning", "comment", "password"};
    json_t *parameters = json_object_get(r->call, "parameters"), *value;
    const char *method = json_string_value(json_object_get(r->call, "method")), *key;
    const char *text[6] = {NULL};
    if (method == NULL || strcmp(method, METHOD) != 0)
        return "method";
    if (!json_is_object(parameters))
        return "parameters";
    json_object_foreach(parameters, key, value)
    {
        size_t i = 0;
        while (i < 6 && strcmp(known[i], key) != 0)
            i++;
        if (i == 6 || !json_is_string(value))
            return key;
        text[i] = json_string_value(value);
    }
    r->asset = text[2] != NULL ? text[2] : "";
    r->meaning = text[3];
    r->comment = text[4] != NULL ? text[4] : "";
    r->password = text[5];
    if (text[0] == NULL || clock_parse_utc(text[0], &r->from_utc_us) < 0)
        return "from";
    if (text[1] == NULL || clock_parse_utc(text[1], &r->to_utc_us) < 0 || r->to_utc_us <= r->from_utc_us)
        return "to";
    if (r->meaning == NULL || r->meaning[0] == '\0')
        return "meaning";
    return r->password == NULL || r->password[0] == '\0' ? "password" : NULL;
}

int request_read(int fd, int timeout_ms, struct request *ret, const char **ret_wrong)
{
    char text[REQUEST_MAX];
    struct request request = {0};
    *ret_wrong = "message";
    int error = receive(fd, timeout_ms, text);
    if (error == 0) {
        request.call = json_loads(text, JSON_REJECT_DUPLICATES, NULL);
        *ret_wrong = json_is_object(request.call) ? find_wrong(&request) : "message";
        error = *ret_wrong == NULL ? 0 : -EINVAL;
    }
    explicit_bzero(text, sizeof text);
    if (error < 0) {
        static const char *const parts[] = {"method",  "parameters", "from",     "to",
                                            "meaning", "comment",    "password", "asset"};
        const char *wrong = "message"; /* of our own: the text goes away */
        for (size_t i = 0; i < sizeof parts / sizeof *parts && *ret_wrong != NULL; i++)
            wrong = strcmp(parts[i], *ret_wrong) == 0 ? parts[i] : wrong;
        *ret_wrong = wrong;
        json_decref(request.call);
        return error;
    }
    *ret = request;
    return 0;
}

void request_free(struct request *request)
{
    json_decref(request->call);
    *request = (struct request){0};
}

void request_answer(int fd, const char *error, json_t *parameters)
{
    json_t *message = error != NULL ? json_pack("{s:s}", "error", error) : json_object();
    json_object_set_new(message, "parameters", parameters != NULL ? parameters : json_object());
    char *text = json_dumps(message, JSON_COMPACT);
    json_decref(message);
    if (text != NULL)
        (void)send(fd, text, strlen(text) + 1, MSG_NOSIGNAL);
    free(text);
}
