#include "explain.h"

#include <MQTTAsync.h>
#include <errno.h>
#include <netdb.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "session.h"

#define PROBE_MS 1000

int explain_endpoint(const char *uri, char *host, size_t cap, char port[8])
{
    const char *start = strstr(uri, "://");
    start = start != NULL ? start + 3 : uri;
    const char *colon = strrchr(start, ':');
    if (colon == NULL || colon == start || strlen(colon + 1) >= 8 || colon[1] == '\0')
        return -EINVAL;
    size_t length = (size_t)(colon - start);
    if (start[0] == '[' && length > 2 && start[length - 1] == ']') {
        start++;
        length -= 2;
    }
    if (length >= cap)
        return -EINVAL;
    memcpy(host, start, length);
    host[length] = '\0';
    memcpy(port, colon + 1, strlen(colon + 1) + 1);
    return 0;
}

void explain_tls(const char *openssl, char *text, size_t cap)
{
    /* thread:error:code:library:function:reason:file:line:data */
    const char *at = openssl;
    for (int field = 0; field < 5; field++) {
        const char *colon = strchr(at, ':');
        if (colon == NULL || colon[1] == '\0') {
            at = openssl;
            break;
        }
        at = colon + 1;
    }
    snprintf(text, cap, "%.*s", (int)strcspn(at, ":\n"), at);
}

/* The outcome of a connect under way: 0 or -errno. */
static int outcome(int fd)
{
    struct pollfd wait = {.fd = fd, .events = POLLOUT};
    int error = 0;
    socklen_t size = sizeof error;
    if (poll(&wait, 1, PROBE_MS) <= 0)
        return -ETIMEDOUT;
    return getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size) < 0 ? -errno : -error;
}

static int probe_address(const struct addrinfo *address)
{
    int fd = socket(address->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return -errno;
    int result = connect(fd, address->ai_addr, address->ai_addrlen) < 0 ? -errno : 0;
    if (result == -EINPROGRESS)
        result = outcome(fd);
    close(fd);
    return result;
}

/* Connects and closes again: 0, -errno, or 1 with the resolver's words in text. */
static int probe(const char *host, const char *port, char *text, size_t cap)
{
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM}, *found = NULL;
    int error = getaddrinfo(host, port, &hints, &found);
    if (error != 0 || found == NULL) {
        snprintf(text, cap, "%s", gai_strerror(error));
        return 1;
    }
    int result = probe_address(found);
    freeaddrinfo(found);
    return result;
}

static void explain_connack(const struct mqtt_config *mqtt, int code, char *text, size_t cap)
{
    const char *name = MQTTReasonCode_toString((enum MQTTReasonCodes)code);
    if (code == MQTTREASONCODE_BAD_USER_NAME_OR_PASSWORD || code == MQTTREASONCODE_NOT_AUTHORIZED)
        snprintf(text, cap, "the broker refuses user \"%s\": %s (wrong user name, password or certificate)",
                 mqtt->username, name);
    else
        snprintf(text, cap, "the broker refuses the connection: %s", name != NULL ? name : "unknown reason");
}

void explain_refusal(const struct mqtt_config *mqtt, const struct note *refused, const char *tls, char *text,
                     size_t cap)
{
    bool secure = strncmp(mqtt->uri, "mqtts:", 6) == 0;
    char host[256] = "", port[8] = "", words[128] = "";
    (void)explain_endpoint(mqtt->uri, host, sizeof host, port);
    if (refused->code >= MQTTREASONCODE_UNSPECIFIED_ERROR) {
        explain_connack(mqtt, refused->code, text, cap);
    } else if (strstr(refused->text, "CONNACK") != NULL) {
        snprintf(text, cap, "%s port %s refuses the connection (code %d): it must speak MQTT 5", host, port,
                 refused->code);
    } else if (tls[0] != '\0') {
        snprintf(text, cap, "TLS failure with %s: %s", host, tls);
    } else if (strstr(refused->text, "timeout") != NULL) {
        snprintf(text, cap, "timeout: %s port %s does not answer", host, port);
    } else if (strstr(refused->text, "completion") != NULL) {
        snprintf(text, cap, "%s port %s closed the connection at once%s", host, port,
                 secure ? " (does it want a client certificate?)" : " (does it want TLS?)");
    } else {
        int result = probe(host, port, words, sizeof words);
        if (result > 0)
            snprintf(text, cap, "the name %s is not found: %s", host, words);
        else if (result < 0)
            snprintf(text, cap, "%s port %s: %s", host, port, strerrordesc_np(-result));
        else if (secure)
            snprintf(text, cap, "TLS failure with %s: its certificate is for another name, or it %s", host,
                     mqtt->certificate_file[0] != '\0' ? "refuses ours" : "wants one of ours");
        else
            snprintf(text, cap, "%s port %s hung up", host, port);
    }
}
