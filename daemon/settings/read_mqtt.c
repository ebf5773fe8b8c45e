#include <string.h>
#include <unistd.h>

#include "address.h"
#include "draft.h"
#include "scalar.h"

static const char password_hint[] =
    "a password never stands in the configuration; write password_file or password_credential";

static const struct field mqtt_fields[] = {
    {"broker", FIELD_TEXT, FIELD_OF(struct draft_mqtt, config.uri)},
    {"client_id", FIELD_TEXT, FIELD_OF(struct draft_mqtt, config.client_id)},
    {"username", FIELD_TEXT, FIELD_OF(struct draft_mqtt, config.username)},
    {"password", FIELD_REFUSED, .hint = password_hint},
    {"password_file", FIELD_PATH, FIELD_OF(struct draft_mqtt, config.password_file)},
    {"password_credential", FIELD_TEXT, FIELD_OF(struct draft_mqtt, config.password_credential)},
    {"ca_file", FIELD_PATH, FIELD_OF(struct draft_mqtt, config.ca_file)},
    {"certificate_file", FIELD_PATH, FIELD_OF(struct draft_mqtt, config.certificate_file)},
    {"key_file", FIELD_PATH, FIELD_OF(struct draft_mqtt, config.key_file)},
    {"keep_alive", FIELD_DURATION, FIELD_OF(struct draft_mqtt, keep_alive_ms), .min = 5000, .max = HOUR_MS},
    {"home_assistant", FIELD_BOOL, FIELD_OF(struct draft_mqtt, config.home_assistant)},
    {"commands", FIELD_BOOL, FIELD_OF(struct draft_mqtt, config.commands)},
    {"agents", FIELD_NODE, NODE_OF(struct draft_mqtt, agents)},
};

/* Who is believed when he says on whose behalf he sends: never the users themselves. */
static void read_agents(struct draft *d, const struct yaml_node *node)
{
    struct mqtt_config *config = &d->mqtt.config;

    if (node->kind != YAML_SEQUENCE || node->n_children > AGENTS_MAX) {
        problems_at(d->problems, node, "a list of at most %d users is wanted here: [cryonotify]", AGENTS_MAX);
        return;
    }
    for (const struct yaml_node *child = node->first; child != NULL; child = child->next) {
        char *name = config->agents[config->n_agents];
        if (!scalar_text(d->problems, child, name, USER_MAX))
            continue;
        if (strpbrk(name, "/+#") != NULL) {
            problems_at(d->problems, child, "'%.64s' can't be a user: topics have users' names in them",
                        name);
            continue;
        }
        for (unsigned i = 0; i < config->n_agents; i++)
            if (strcmp(config->agents[i], name) == 0)
                problems_at(d->problems, child, "the user '%.64s' stands twice in the list", name);
        config->n_agents++;
    }
}

void read_mqtt(struct draft *d, const struct yaml_node *section)
{
    const bool had_agents = d->mqtt.agents != NULL;

    (void)fields_walk(d->problems, section, "'mqtt'", mqtt_fields, COUNT_OF(mqtt_fields), &d->mqtt);
    read_repeated(d, "mqtt", section, mqtt_fields, COUNT_OF(mqtt_fields));
    if (d->mqtt.agents != NULL && !had_agents)
        read_agents(d, d->mqtt.agents);
}

/* ---------------------------------------------------------------- mqtt://host:port */

static bool is_host_character(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '.' || c == '_';
}

/* 1 to 65535, or 0. */
static unsigned parse_port(const char *text)
{
    unsigned port = 0;

    if (text[0] == '0')
        return 0;
    for (; *text >= '0' && *text <= '9' && port <= 65535; text++)
        port = port * 10 + (unsigned)(*text - '0');
    return *text == '\0' && port <= 65535 ? port : 0;
}

/* Returns what is wrong, or NULL with the host's length (with its brackets) and the port (0: not given). */
static const char *parse_host_port(const char *text, size_t *ret_host_len, unsigned *ret_port)
{
    const char *p = text;
    bool in_brackets = *p == '[';

    if (strchr(text, '@') != NULL)
        return "user and password never stand in the address; write username and password_file";
    if (strpbrk(text, "/?#") != NULL)
        return "nothing may follow the port";
    if (in_brackets) {
        p++;
        p += strspn(p, "0123456789abcdefABCDEF:.");
        if (*p++ != ']')
            return "an IPv6 address ends with ']'";
    } else {
        while (is_host_character(*p))
            p++;
    }
    *ret_host_len = (size_t)(p - text);
    if (*ret_host_len == 0 || (in_brackets && *ret_host_len < 4))
        return "the host is missing";
    *ret_port = 0;
    if (*p == '\0')
        return NULL;
    if (*p != ':')
        return "a host name has letters, digits, '-' and '.'; an IPv6 address stands in [ ]";
    *ret_port = parse_port(p + 1);
    return *ret_port == 0 ? "the port is a number from 1 to 65535" : NULL;
}

/* What is wrong with the host before the port, or NULL. */
static const char *check_broker_host(const char *text, size_t len)
{
    char host[sizeof((struct mqtt_config *)NULL)->uri];
    bool in_brackets = text[0] == '[';

    (void)snprintf(host, sizeof host, "%.*s", (int)(in_brackets ? len - 2 : len), text + in_brackets);
    if (in_brackets && strchr(host, ':') == NULL)
        return "an IPv6 address stands in [ ]";
    return address_check_host(host);
}

static void finish_broker(struct draft *d, const struct yaml_node *node, bool *ret_tls)
{
    const char *text = d->mqtt.config.uri;
    const char *why = "it begins with mqtt:// or mqtts://";
    bool tls = strncmp(text, "mqtts://", 8) == 0;
    size_t scheme = tls ? 8 : 7;
    size_t host_len = 0;
    unsigned port = 0;
    char uri[sizeof d->mqtt.config.uri];

    /* Of what begins otherwise nobody knows. */
    *ret_tls = strncmp(text, "mqtt://", 7) != 0;
    if (text[0] == '\0')
        return; /* reported */
    if (tls || strncmp(text, "mqtt://", 7) == 0)
        why = parse_host_port(text + scheme, &host_len, &port);
    if (why == NULL)
        why = check_broker_host(text + scheme, host_len);
    if (why != NULL) {
        problems_at(d->problems, node,
                    "'%.80s' is not a broker's address such as mqtts://broker.example:8883: %s", text, why);
        return;
    }
    if (port == 0)
        port = tls ? 8883 : 1883;
    int n = snprintf(uri, sizeof uri, "%.*s:%u", (int)(scheme + host_len), text, port);
    if (n < 0 || (size_t)n >= sizeof uri)
        problems_at(d->problems, node, "the broker's address is too long");
    else
        memcpy(d->mqtt.config.uri, uri, (size_t)n + 1);
}

/* ---------------------------------------------------------------- what belongs together */

/* The keys that mean nothing without TLS. */
static void check_tls(struct draft *d, bool tls)
{
    static const char *const keys[] = {"ca_file", "certificate_file", "key_file"};
    const struct yaml_node *certificate = draft_setting(d, "mqtt", "certificate_file");
    const struct yaml_node *key = draft_setting(d, "mqtt", "key_file");

    for (size_t i = 0; i < COUNT_OF(keys); i++) {
        const struct yaml_node *node = draft_setting(d, "mqtt", keys[i]);
        if (node != NULL && !tls)
            problems_at_key(d->problems, node,
                            "'%s' has no meaning without TLS; the broker must be mqtts://...", keys[i]);
    }
    if (certificate != NULL && key == NULL && !d->incomplete)
        problems_at_key(d->problems, certificate, "'certificate_file' needs 'key_file' beside it");
    if (key != NULL && certificate == NULL && !d->incomplete)
        problems_at_key(d->problems, key, "'key_file' needs 'certificate_file' beside it");
}

static void check_password(struct draft *d, bool tls)
{
    const struct yaml_node *file = draft_setting(d, "mqtt", "password_file");
    const struct yaml_node *credential = draft_setting(d, "mqtt", "password_credential");
    const char *name = d->mqtt.config.password_credential;
    const char *uri = d->mqtt.config.uri;

    if (file != NULL && credential != NULL)
        problems_at_key(d->problems, credential,
                        "write either 'password_file' or 'password_credential', not both");
    if (credential != NULL && name[0] != '\0' && (strchr(name, '/') != NULL || name[0] == '.'))
        problems_at(d->problems, credential, "'%.64s' is not the name of a credential: it is no path", name);
    if ((file != NULL || credential != NULL) && !tls && strncmp(uri, "mqtt://127.", 11) != 0 &&
        strncmp(uri, "mqtt://localhost:", 17) != 0 && strncmp(uri, "mqtt://[::1]:", 13) != 0)
        problems_at_key(d->warnings, file != NULL ? file : credential,
                        "the password crosses the network in clear text; use mqtts://");
}

/* A missing file is a fault at run time (the disk may come later), so only a warning here. */
static void warn_missing_file(struct draft *d, const char *key, const char *path)
{
    const struct yaml_node *node = draft_setting(d, "mqtt", key);

    if (node != NULL && path[0] != '\0' && access(path, F_OK) != 0)
        problems_at(d->warnings, node, "the file %s is not there", path);
}

void read_mqtt_finish(struct draft *d)
{
    const struct yaml_node *section = draft_setting(d, "mqtt", NULL);
    const struct yaml_node *broker = draft_setting(d, "mqtt", "broker");
    bool tls = false;

    if (section == NULL) {
        if (!d->incomplete)
            problems_add(d->warnings, d->main_name, 1, 1,
                         "there is no 'mqtt' section: alarms will be kept, but nobody will be told");
        return;
    }
    d->mqtt.config.enabled = true;
    d->mqtt.config.keep_alive_s = (uint16_t)(d->mqtt.keep_alive_ms / 1000);
    if (d->mqtt.keep_alive_ms % 1000 != 0)
        problems_at(d->problems, draft_setting(d, "mqtt", "keep_alive"), "whole seconds are wanted here");
    if (broker != NULL)
        finish_broker(d, broker, &tls);
    else if (!d->incomplete)
        problems_at_key(d->problems, section, "'broker' is missing in 'mqtt'");
    if (d->mqtt.config.n_agents > 0 && !d->mqtt.config.commands && !d->incomplete)
        problems_at_key(d->warnings, d->mqtt.agents,
                        "'agents' has no effect while 'commands' is false: acknowledgements are not heard");
    check_tls(d, tls || broker == NULL);
    check_password(d, tls || broker == NULL);
    warn_missing_file(d, "password_file", d->mqtt.config.password_file);
    warn_missing_file(d, "ca_file", d->mqtt.config.ca_file);
    warn_missing_file(d, "certificate_file", d->mqtt.config.certificate_file);
    warn_missing_file(d, "key_file", d->mqtt.config.key_file);
    if (d->mqtt.config.client_id[0] == '\0')
        (void)snprintf(d->mqtt.config.client_id, sizeof d->mqtt.config.client_id, "cryomon-%.55s",
                       d->site.id);
}
