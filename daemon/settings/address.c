#include "address.h"

#include <arpa/inet.h>
#include <limits.h>
#include <net/if.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define NAME_BYTES_MAX  253
#define LABEL_BYTES_MAX 63

/* ---------------------------------------------------------------- hosts */

static bool is_alphanumeric(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

/* An IPv6 address, perhaps with the interface that a link-local one needs (fe80::1%eth0). ret_zone: "" or
 * what stands from '%' on. */
static bool parse_ipv6(const char *host, struct in6_addr *ret, const char **ret_zone)
{
    char address[INET6_ADDRSTRLEN];
    size_t len = strcspn(host, "%");

    if (len >= sizeof address)
        return false;
    memcpy(address, host, len);
    address[len] = '\0';
    *ret_zone = host + len;
    return inet_pton(AF_INET6, address, ret) == 1;
}

static const char *check_ipv6(const char *host)
{
    struct in6_addr address;
    const char *zone;

    if (!parse_ipv6(host, &address, &zone))
        return "it has a ':', and is no IPv6 address such as 2001:db8::1";
    if (zone[0] == '%' && (zone[1] == '\0' || strlen(zone) > IFNAMSIZ || strpbrk(zone + 1, "%:") != NULL))
        return "behind '%' stands the name of a network interface";
    return NULL;
}

/* Labels between dots; the dot at the end of a full name is no mistake. */
static const char *check_name(const char *host)
{
    size_t len = strlen(host);

    if (len > 0 && host[len - 1] == '.')
        len--;
    if (len > NAME_BYTES_MAX)
        return "a name has at most 253 characters";
    for (size_t begin = 0, i = 0; i <= len; i++) {
        if (i < len && host[i] != '.') {
            if (!is_alphanumeric(host[i]) && host[i] != '-' && host[i] != '_')
                return "a name has letters, digits, '-' and '.' only";
            continue;
        }
        if (i == begin)
            return "a part of the name between its dots is empty";
        if (i - begin > LABEL_BYTES_MAX)
            return "a part of a name has at most 63 characters";
        if (host[begin] == '-' || host[i - 1] == '-')
            return "no part of a name begins or ends with '-'";
        begin = i + 1;
    }
    return NULL;
}

const char *address_check_host(const char *host)
{
    struct in_addr address;

    if (strchr(host, ':') != NULL)
        return check_ipv6(host);
    if (inet_pton(AF_INET, host, &address) == 1)
        return NULL;
    /* The resolver would take 10.1 for 10.0.0.1, 010 for 8 and 0x7f000001 for 127.0.0.1: not what was meant,
     * or not what others would read. */
    if (host[strspn(host, "0123456789.")] == '\0' || inet_aton(host, &address) != 0)
        return "an IPv4 address has four numbers from 0 to 255, without zeros before them";
    return check_name(host);
}

static void plain_name(const char *host, char *ret, size_t cap)
{
    size_t len = strlen(host);

    if (len > 0 && host[len - 1] == '.')
        len--;
    (void)snprintf(ret, cap, "%.*s", (int)len, host);
    for (char *p = ret; *p != '\0'; p++) {
        if (*p >= 'A' && *p <= 'Z')
            *p = (char)(*p - 'A' + 'a');
    }
}

void address_plain_host(const char *host, char *ret, size_t cap)
{
    struct in6_addr v6;
    struct in_addr v4;
    char text[INET6_ADDRSTRLEN] = "";
    const char *zone = "";

    if (inet_pton(AF_INET, host, &v4) == 1) {
        (void)inet_ntop(AF_INET, &v4, text, sizeof text);
    } else if (parse_ipv6(host, &v6, &zone)) {
        if (IN6_IS_ADDR_V4MAPPED(&v6))
            (void)inet_ntop(AF_INET, &v6.s6_addr[12], text, sizeof text);
        else
            (void)inet_ntop(AF_INET6, &v6, text, sizeof text);
    } else {
        plain_name(host, ret, cap);
        return;
    }
    (void)snprintf(ret, cap, "%s%s", text, zone);
}

static bool is_loopback_of(const char *name, const char *address)
{
    return strcmp(name, "localhost") == 0 &&
           (strcmp(address, "127.0.0.1") == 0 || strcmp(address, "::1") == 0);
}

bool address_same_host(const char *a, const char *b)
{
    return strcmp(a, b) == 0 || is_loopback_of(a, b) || is_loopback_of(b, a);
}

/* ---------------------------------------------------------------- paths */

void address_plain_path(const char *path, char *ret, size_t cap)
{
    size_t n = 0;

    while (*path != '\0') {
        path += strspn(path, "/");
        size_t len = strcspn(path, "/");
        if (len == 2 && path[0] == '.' && path[1] == '.') {
            while (n > 0 && ret[--n] != '/')
                ;
        } else if (len > 0 && !(len == 1 && path[0] == '.') && n + len + 2 < cap) {
            ret[n++] = '/';
            memcpy(ret + n, path, len);
            n += len;
        }
        path += len;
    }
    if (n == 0)
        ret[n++] = '/';
    ret[n] = '\0';
}

void address_real_path(const char *path, char *ret, size_t cap)
{
    char real[PATH_MAX];

    if (realpath(path, real) != NULL && strlen(real) < cap)
        (void)snprintf(ret, cap, "%s", real);
    else
        address_plain_path(path, ret, cap);
}

bool address_is_directory(const char *path)
{
    struct stat st;

    return stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}
