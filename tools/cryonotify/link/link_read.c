#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "fields.h"
#include "link.h"

#define MINUTE_MS INT64_C(60000)
#define HOUR_MS   INT64_C(3600000)

struct draft {
    char listen[96];
    struct link_config config;
};

static const struct field link_fields[] = {
    {"listen", FIELD_TEXT, FIELD_OF(struct draft, listen), .flags = FIELD_REQUIRED},
    {"url", FIELD_TEXT, FIELD_OF(struct draft, config.url), .flags = FIELD_REQUIRED},
    {"certificate_file", FIELD_PATH, FIELD_OF(struct draft, config.certificate_file)},
    {"key_file", FIELD_PATH, FIELD_OF(struct draft, config.key_file)},
    {"valid", FIELD_DURATION, FIELD_OF(struct draft, config.valid_ms), .min = 10 * MINUTE_MS,
     .max = 72 * HOUR_MS},
    {"per_minute", FIELD_UINT, FIELD_OF(struct draft, config.per_minute), .min = 5, .max = 6000},
    {"connections", FIELD_UINT, FIELD_OF(struct draft, config.connections), .min = 4, .max = 512},
};

/* "192.0.2.7:8443" or "[2001:db8::7]:8443". Returns what is wrong, or NULL. */
static const char *read_listen(struct link_config *config, const char *text)
{
    unsigned char scratch[sizeof(struct in6_addr)];
    bool v6 = text[0] == '[';
    const char *end = v6 ? strstr(text, "]:") : strrchr(text, ':');
    const char *port = end != NULL ? end + (v6 ? 2 : 1) : "";
    size_t len = end != NULL ? (size_t)(end - text) - (v6 ? 1 : 0) : 0;
    char *rest = NULL;

    if (len == 0 || len >= sizeof config->address)
        return "write an address and a port, \"127.0.0.1:8080\" or \"[::1]:8080\"";
    memcpy(config->address, text + (v6 ? 1 : 0), len);
    config->address[len] = '\0';
    if (inet_pton(v6 ? AF_INET6 : AF_INET, config->address, scratch) != 1)
        return "the address is written as a number, not as a name; an IPv6 address stands in [ ]";
    unsigned long number = port[0] >= '1' && port[0] <= '9' ? strtoul(port, &rest, 10) : 0;
    if (number == 0 || number > 65535 || *rest != '\0')
        return "the port is a number from 1 to 65535";
    config->port = (uint16_t)number;
    return NULL;
}

static bool is_loopback(const char *address)
{
    return strncmp(address, "127.", 4) == 0 || strcmp(address, "::1") == 0;
}

/* Nobody can listen in between. */
static bool is_this_machine(const char *host)
{
    return strncmp(host, "127.", 4) == 0 || strncmp(host, "localhost", 9) == 0 ||
           strncmp(host, "[::1]", 5) == 0;
}

static void check_url(struct problems *problems, struct problems *warnings, const struct yaml_node *node,
                      struct link_config *config)
{
    size_t len = strlen(config->url);
    bool tls = strncmp(config->url, "https://", 8) == 0;

    if (len == 0)
        return; /* reported */
    if (!tls && strncmp(config->url, "http://", 7) != 0)
        problems_at(problems, node, "the address that people open begins with https:// (or http://)");
    else if (config->url[tls ? 8 : 7] == '\0' || config->url[tls ? 8 : 7] == '/')
        problems_at(problems, node, "the host is missing");
    else if (strpbrk(config->url, " ?#\"<>") != NULL)
        problems_at(problems, node, "an address of this kind has no '?', '#', quotes or spaces");
    else if (!tls && !is_this_machine(config->url + 7))
        problems_at(
            warnings, node,
            "links go over the network in clear text: who sees one can acknowledge with it; use https://");
    while (len > 0 && config->url[len - 1] == '/')
        config->url[--len] = '\0';
}

static void check_files(struct problems *problems, struct problems *warnings, const struct yaml_node *node,
                        const struct link_config *config)
{
    const char *paths[] = {config->certificate_file, config->key_file};

    if ((config->certificate_file[0] == '\0') != (config->key_file[0] == '\0'))
        problems_at_key(problems, node, "'certificate_file' and 'key_file' stand together");
    for (size_t i = 0; i < sizeof paths / sizeof paths[0]; i++)
        if (paths[i][0] != '\0' && access(paths[i], R_OK) != 0)
            problems_at(warnings, node, "the file %s is not there, or can't be read", paths[i]);
    if (config->certificate_file[0] == '\0' && !is_loopback(config->address))
        problems_at(warnings, yaml_get(node, "listen"),
                    "without a certificate this is plain HTTP, and it can be reached from the network; let a "
                    "proxy with "
                    "TLS stand before it, on 127.0.0.1");
}

bool link_read(struct problems *problems, struct problems *warnings, const struct yaml_node *node,
               struct link_config *ret)
{
    struct draft draft = {.config = {.valid_ms = 24 * HOUR_MS, .per_minute = 60, .connections = 64}};
    size_t before = problems->n;

    memcpy(draft.config.site_name, ret->site_name, sizeof draft.config.site_name);
    if (node == NULL) {
        *ret = draft.config;
        return true;
    }
    if (fields_walk(problems, node, "'link'", link_fields, COUNT_OF(link_fields), &draft)) {
        const char *why = read_listen(&draft.config, draft.listen);
        if (why != NULL)
            problems_at(problems, yaml_get(node, "listen"), "'%.64s': %s", draft.listen, why);
        check_url(problems, warnings, yaml_get(node, "url"), &draft.config);
        if (why == NULL)
            check_files(problems, warnings, node, &draft.config);
    }
    if (problems->n > before)
        return false;
    draft.config.enabled = true;
    *ret = draft.config;
    return true;
}

int link_url(const struct link_config *config, const char *token, char url[LINK_URL_MAX])
{
    return snprintf(url, LINK_URL_MAX, "%s/a/%s", config->url, token) >= LINK_URL_MAX ? -ENOSPC : 0;
}
