#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "address.h"
#include "channel.h"
#include "credential.h"
#include "fields.h"
#include "mail_message.h"
#include "scalar.h"
#include "suggest.h"
#include "template.h"

#define SECOND_MS INT64_C(1000)

static const struct choice kinds[] = {
    {"mail", CHANNEL_MAIL}, {"webhook", CHANNEL_WEBHOOK}, {"command", CHANNEL_COMMAND}, {NULL, 0}};
static const struct choice securities[] = {
    {"starttls", MAIL_STARTTLS}, {"tls", MAIL_TLS}, {"none", MAIL_PLAIN}, {NULL, 0}};

static const char secret_hint[] =
    "a secret never stands in the configuration; write it to a file and name that, or a systemd credential";

static const char enabled_hint[] = "nothing is switched off without a name, a reason and an end: use "
                                   "'cryonotify off PERSON/CHANNEL --for TIME "
                                   "--why TEXT', or take the channel out";

struct draft {
    struct channel_config config;
    char template[256];
    const struct yaml_node *args, *at_most;
};

#define COMMON_FIELDS                                                                                        \
    {"kind", FIELD_CHOICE, FIELD_OF(struct draft, config.kind), .choices = kinds, .flags = FIELD_REQUIRED},  \
        {"enabled", FIELD_REFUSED, .hint = enabled_hint},                                                    \
        {"timeout", FIELD_DURATION, FIELD_OF(struct draft, config.timeout_ms), .min = SECOND_MS,             \
         .max = 600 * SECOND_MS},                                                                            \
        {"at_most", FIELD_NODE, NODE_OF(struct draft, at_most)},                                             \
    {                                                                                                        \
        "queue", FIELD_UINT, FIELD_OF(struct draft, config.queue), .min = 1, .max = CHANNEL_QUEUE_MAX        \
    }

#define CONNECT_FIELD                                                                                        \
    {                                                                                                        \
        "connect_timeout", FIELD_DURATION, FIELD_OF(struct draft, config.connect_timeout_ms),                \
            .min = SECOND_MS, .max = 120 * SECOND_MS                                                         \
    }

static const struct field mail_fields[] = {
    COMMON_FIELDS,
    CONNECT_FIELD,
    {"host", FIELD_TEXT, FIELD_OF(struct draft, config.mail.host), .flags = FIELD_REQUIRED},
    {"port", FIELD_UINT, FIELD_OF(struct draft, config.mail.port), .min = 1, .max = 65535},
    {"security", FIELD_CHOICE, FIELD_OF(struct draft, config.mail.security), .choices = securities},
    {"user", FIELD_TEXT, FIELD_OF(struct draft, config.mail.user)},
    {"password", FIELD_REFUSED, .hint = secret_hint},
    {"password_file", FIELD_PATH, FIELD_OF(struct draft, config.mail.password.file)},
    {"password_credential", FIELD_TEXT, FIELD_OF(struct draft, config.mail.password.credential)},
    {"from", FIELD_TEXT, FIELD_OF(struct draft, config.mail.from), .flags = FIELD_REQUIRED},
    {"ca_file", FIELD_PATH, FIELD_OF(struct draft, config.mail.ca_file)},
};

static const struct field webhook_fields[] = {
    COMMON_FIELDS,
    CONNECT_FIELD,
    {"template", FIELD_TEXT, FIELD_OF(struct draft, template), .flags = FIELD_REQUIRED},
    {"url", FIELD_TEXT, FIELD_OF(struct draft, config.webhook.url)},
    {"url_file", FIELD_PATH, FIELD_OF(struct draft, config.webhook.url_place.file)},
    {"url_credential", FIELD_TEXT, FIELD_OF(struct draft, config.webhook.url_place.credential)},
    {"secret", FIELD_REFUSED, .hint = secret_hint},
    {"secret_file", FIELD_PATH, FIELD_OF(struct draft, config.webhook.secret.file)},
    {"secret_credential", FIELD_TEXT, FIELD_OF(struct draft, config.webhook.secret.credential)},
    {"token", FIELD_REFUSED, .hint = secret_hint},
    {"token_file", FIELD_PATH, FIELD_OF(struct draft, config.webhook.token.file)},
    {"token_credential", FIELD_TEXT, FIELD_OF(struct draft, config.webhook.token.credential)},
    {"user", FIELD_TEXT, FIELD_OF(struct draft, config.webhook.user)},
    {"proxy", FIELD_TEXT, FIELD_OF(struct draft, config.webhook.proxy)},
    {"ca_file", FIELD_PATH, FIELD_OF(struct draft, config.webhook.ca_file)},
};

static const struct field command_fields[] = {
    COMMON_FIELDS,
    {"command", FIELD_NODE, NODE_OF(struct draft, args), .flags = FIELD_REQUIRED},
    {"kill_after", FIELD_DURATION, FIELD_OF(struct draft, config.command.kill_after_ms), .min = 100,
     .max = 60 * SECOND_MS},
};

struct reader {
    struct problems *problems, *warnings;
    const struct yaml_node *node;
    struct draft *draft;
};

/* ---------------------------------------------------------------- secrets and files */

static const struct yaml_node *key(const struct reader *r, const char *name)
{
    return yaml_get(r->node, name);
}

static void check_place(struct reader *r, const struct secret_place *place, const char *file_key,
                        const char *credential_key)
{
    const struct yaml_node *file = key(r, file_key), *credential = key(r, credential_key);

    if (file != NULL && credential != NULL)
        problems_at_key(r->problems, credential, "write either '%s' or '%s', not both", file_key,
                        credential_key);
    if (credential != NULL && (strchr(place->credential, '/') != NULL || place->credential[0] == '.'))
        problems_at(r->problems, credential, "this is not the name of a credential: it is no path");
    if (file != NULL && place->file[0] != '\0' && access(place->file, R_OK) != 0)
        problems_at(r->warnings, file, "the file %s is not there, or can't be read", place->file);
}

static void check_file(struct reader *r, const char *name, const char *path)
{
    const struct yaml_node *node = key(r, name);

    if (node != NULL && path[0] != '\0' && access(path, R_OK) != 0)
        problems_at(r->warnings, node, "the file %s is not there, or can't be read", path);
}

/* ---------------------------------------------------------------- mail */

static bool is_loopback(const char *host)
{
    return strcmp(host, "localhost") == 0 || strncmp(host, "127.", 4) == 0 || strcmp(host, "::1") == 0;
}

static void finish_mail(struct reader *r)
{
    struct mail_config *mail = &r->draft->config.mail;
    const char *why = mail->host[0] != '\0' ? address_check_host(mail->host) : NULL;
    const char *from = mail->from[0] != '\0' ? mail_message_check_address(mail->from) : NULL;

    r->draft->config.needs_address = true;
    if (why != NULL)
        problems_at(r->problems, key(r, "host"), "'%.80s' is not the name or address of a host: %s",
                    mail->host, why);
    if (from != NULL)
        problems_at(r->problems, key(r, "from"), "'%.80s' is not a mail address: %s", mail->from, from);
    if (mail->port == 0)
        mail->port = mail->security == MAIL_TLS ? 465 : mail->security == MAIL_STARTTLS ? 587 : 25;
    check_place(r, &mail->password, "password_file", "password_credential");
    check_file(r, "ca_file", mail->ca_file);
    if (mail->user[0] != '\0' && !credential_is_set(&mail->password))
        problems_at_key(r->problems, key(r, "user"), "'user' needs 'password_file' or 'password_credential'");
    if (mail->user[0] == '\0' && credential_is_set(&mail->password))
        problems_at_key(r->problems, r->node, "a password needs 'user' beside it");
    if (mail->security == MAIL_PLAIN && !is_loopback(mail->host))
        problems_at(r->warnings, key(r, "security"),
                    "mails%s cross the network in clear text, and nobody proves to be the right server",
                    mail->user[0] != '\0' ? " and the password" : "");
}

/* ---------------------------------------------------------------- webhook */

static void suggest_template(struct reader *r, const char *directory)
{
    static const char *const shipped[] = {"wecom", "dingtalk", "feishu",   "slack",
                                          "ntfy",  "json",     "sms-form", "sms-json"};
    char hint[SUGGEST_TEXT_MAX];
    struct suggest s;

    suggest_begin(&s, r->draft->template);
    for (size_t i = 0; i < COUNT_OF(shipped); i++)
        suggest_try(&s, shipped[i]);
    problems_at(r->problems, key(r, "template"), "there is no template '%.64s' in %s%s", r->draft->template,
                directory, suggest_text(&s, hint));
}

static void load_template(struct reader *r, const char *directory)
{
    struct webhook_config *webhook = &r->draft->config.webhook;
    const char *name = r->draft->template;
    const char *last = strrchr(name, '/');
    char path[PATH_MAX];

    if (name[0] == '\0')
        return; /* reported */
    if (name[0] == '/')
        (void)snprintf(path, sizeof path, "%s", name);
    else if (last != NULL || name[0] == '.') {
        problems_at(r->problems, key(r, "template"),
                    "a template is named ('wecom'), or has an absolute path");
        return;
    } else
        (void)snprintf(path, sizeof path, "%s/%s.yaml", directory, name);
    (void)snprintf(webhook->template_name, sizeof webhook->template_name, "%.63s",
                   last != NULL ? last + 1 : name);
    if (name[0] != '/' && access(path, F_OK) != 0)
        suggest_template(r, directory);
    else
        (void)template_load(path, path, r->problems, &webhook->template);
}

static void check_url(struct reader *r)
{
    struct webhook_config *webhook = &r->draft->config.webhook;
    const struct yaml_node *node = key(r, "url");
    const char *url = webhook->url;
    bool tls = strncmp(url, "https://", 8) == 0;
    const char *host = url + (tls ? 8 : 7);

    if (node == NULL) {
        if (!credential_is_set(&webhook->url_place))
            problems_at_key(r->problems, r->node, "one of 'url', 'url_file' and 'url_credential' is missing");
        return;
    }
    if (url[0] == '\0')
        return; /* reported */
    if (credential_is_set(&webhook->url_place))
        problems_at_key(r->problems, node, "write either 'url' or its file or credential, not both");
    if (!tls && strncmp(url, "http://", 7) != 0) {
        problems_at(r->problems, node, "an address begins with https:// or http://");
        return;
    }
    if (host[strcspn(host, "/?#")] != '\0' && memchr(host, '@', strcspn(host, "/?#")) != NULL)
        problems_at(r->problems, node, "user and password never stand in the address");
    if (!tls && strncmp(host, "127.", 4) != 0 && strncmp(host, "localhost", 9) != 0 &&
        strncmp(host, "[::1]", 5) != 0)
        problems_at(r->warnings, node, "messages cross the network in clear text; use https://");
    if (strstr(url, "key=") != NULL || strstr(url, "token=") != NULL || strstr(url, "/hook/") != NULL ||
        strstr(url, "hooks.slack.com/services/") != NULL)
        problems_at(
            r->warnings, node,
            "this address holds a key: whoever reads this file can send; write url_file or url_credential");
    if (webhook->template != NULL)
        (void)template_check(webhook->template, r->problems, node, url);
}

static void finish_webhook(struct reader *r, const char *directory)
{
    struct webhook_config *webhook = &r->draft->config.webhook;

    load_template(r, directory);
    check_place(r, &webhook->url_place, "url_file", "url_credential");
    check_place(r, &webhook->secret, "secret_file", "secret_credential");
    check_place(r, &webhook->token, "token_file", "token_credential");
    check_file(r, "ca_file", webhook->ca_file);
    check_url(r);
    if (webhook->proxy[0] != '\0' &&
        (strncmp(webhook->proxy, "http://", 7) != 0 || strchr(webhook->proxy, '@') != NULL))
        problems_at(r->problems, key(r, "proxy"),
                    "a proxy is written http://host:port, without user and password");
    if (webhook->template == NULL)
        return;
    const struct template *t = webhook->template;
    r->draft->config.needs_address = t->needs_address;
    if (t->scheme != SIGN_NONE && t->sign_required && !credential_is_set(&webhook->secret))
        problems_at_key(r->problems, r->node,
                        "the template signs: 'secret_file' or 'secret_credential' is missing");
    if (t->scheme == SIGN_NONE && credential_is_set(&webhook->secret))
        problems_at_key(r->problems, r->node, "a secret is given, but the template '%s' does not sign",
                        webhook->template_name);
    if (t->needs_token && !credential_is_set(&webhook->token))
        problems_at_key(r->problems, r->node,
                        "the template uses ${token}: 'token_file' or 'token_credential' is missing");
    if (webhook->user[0] != '\0' && !credential_is_set(&webhook->token))
        problems_at_key(r->problems, key(r, "user"),
                        "'user' needs its password: 'token_file' or 'token_credential'");
    if (!t->uses_token && webhook->user[0] == '\0' && credential_is_set(&webhook->token))
        problems_at_key(r->problems, r->node,
                        "a token is given, but neither 'user' nor the template uses it");
}

/* ---------------------------------------------------------------- command */

static void finish_command(struct reader *r)
{
    struct command_config *command = &r->draft->config.command;
    const struct yaml_node *args = r->draft->args;
    struct template scratch = {0};

    if (args == NULL)
        return; /* reported */
    if (args->kind != YAML_SEQUENCE || args->n_children == 0 || args->n_children > CHANNEL_ARGS_MAX) {
        problems_at(
            r->problems, args,
            "a command is a list of 1 to %d texts: [/usr/local/bin/sms, \"${address}\"]; there is no shell",
            CHANNEL_ARGS_MAX);
        return;
    }
    /* NOLINTNEXTLINE(clang-analyzer-unix.Malloc): what is kept in args is freed by channel_config_free */
    for (const struct yaml_node *c = args->first; c != NULL; c = c->next) {
        if (c->kind != YAML_SCALAR) {
            problems_at(r->problems, c, "a text is wanted here, not %s", scalar_kind_name(c));
            continue;
        }
        if (c == args->first && c->text[0] != '/')
            problems_at(r->problems, c, "a program is named by its absolute path");
        else if (c == args->first && strstr(c->text, "${") != NULL)
            problems_at(r->problems, c, "which program runs can't depend on a message");
        else if (c == args->first && access(c->text, X_OK) != 0)
            problems_at(r->warnings, c, "%s is not there, or can't be run", c->text);
        (void)template_check(&scratch, r->problems, c, c->text);
        char *text = strdup(c->text);
        if (text == NULL) {
            problems_at(r->problems, c, "no memory");
            return;
        }
        command->args[command->n_args++] = text;
    }
    if (scratch.uses_token)
        problems_at(r->problems, args,
                    "a command has no ${token}: others on this machine can read arguments");
    r->draft->config.needs_address = scratch.needs_address;
}

/* ---------------------------------------------------------------- all of it */

static bool walk(struct reader *r, int kind)
{
    struct problems *p = r->problems;

    switch ((enum channel_kind)kind) {
    case CHANNEL_MAIL:
        return fields_walk(p, r->node, "a mail channel", mail_fields, COUNT_OF(mail_fields), r->draft);
    case CHANNEL_WEBHOOK:
        return fields_walk(p, r->node, "a webhook", webhook_fields, COUNT_OF(webhook_fields), r->draft);
    case CHANNEL_COMMAND:
        return fields_walk(p, r->node, "a command channel", command_fields, COUNT_OF(command_fields),
                           r->draft);
    }
    return false;
}

static const struct field limit_fields[] = {
    {"count", FIELD_UINT, FIELD_OF(struct rate_limit, count), .min = 1, .max = RATE_COUNT_MAX,
     .flags = FIELD_REQUIRED},
    {"within", FIELD_DURATION, FIELD_OF(struct rate_limit, within_ms), .min = SECOND_MS,
     .max = 3600 * SECOND_MS, .flags = FIELD_REQUIRED},
};

void channel_read_limit(struct problems *problems, const struct yaml_node *node, struct rate_limit *ret)
{
    struct rate_limit limit = {0};

    if (fields_walk(problems, node, "'at_most'", limit_fields, COUNT_OF(limit_fields), &limit))
        *ret = limit;
}

/* As the template says, unless the channel says otherwise. */
static void finish_limit(struct reader *r)
{
    struct channel_config *config = &r->draft->config;

    if (config->webhook.template != NULL)
        config->at_most = config->webhook.template->at_most;
    if (r->draft->at_most != NULL)
        channel_read_limit(r->problems, r->draft->at_most, &config->at_most);
}

static void set_defaults(struct channel_config *config)
{
    config->timeout_ms = 30 * SECOND_MS;
    config->connect_timeout_ms = 10 * SECOND_MS;
    config->queue = 100;
    config->command.kill_after_ms = 2 * SECOND_MS;
}

bool channel_read(struct problems *problems, struct problems *warnings, const struct yaml_node *node,
                  const char *templates_dir, struct channel_config *ret)
{
    struct draft draft = {0};
    struct reader r = {problems, warnings, node, &draft};
    size_t before = problems->n;
    const struct yaml_node *kind_node = NULL;
    int kind = 0;

    *ret = (struct channel_config){0};
    set_defaults(&draft.config);
    if (node->kind != YAML_MAPPING) {
        problems_at(problems, node, "a channel is written as a mapping ('kind: mail'), not as %s",
                    scalar_kind_name(node));
        return false;
    }
    (void)scalar_key_id(problems, node, draft.config.name, sizeof draft.config.name);
    kind_node = yaml_get(node, "kind");
    if (kind_node == NULL) {
        problems_at_key(problems, node, "'kind' is missing: mail, webhook or command");
        return false;
    }
    if (!fields_choice(problems, kind_node, kinds, &kind))
        return false;
    (void)walk(&r, kind);
    draft.config.kind = (enum channel_kind)kind;
    if (kind == CHANNEL_MAIL)
        finish_mail(&r);
    else if (kind == CHANNEL_WEBHOOK)
        finish_webhook(&r, templates_dir);
    else
        finish_command(&r);
    finish_limit(&r);
    if (draft.config.connect_timeout_ms > draft.config.timeout_ms)
        draft.config.connect_timeout_ms = draft.config.timeout_ms;
    if (problems->n > before) {
        channel_config_free(&draft.config);
        return false;
    }
    *ret = draft.config;
    return true;
}

void channel_config_free(struct channel_config *config)
{
    if (config == NULL)
        return;
    template_free(config->webhook.template);
    for (size_t i = 0; i < config->command.n_args; i++)
        free(config->command.args[i]);
    *config = (struct channel_config){0};
}

const char *channel_check_address(const struct channel_config *config, const char *address)
{
    if (address == NULL || address[0] == '\0')
        return config->needs_address ? "this channel needs an address" : NULL;
    if (config->kind == CHANNEL_MAIL)
        return mail_message_check_address(address);
    if (strlen(address) > 255)
        return "it is longer than 255 bytes";
    for (const char *p = address; *p != '\0'; p++)
        if ((unsigned char)*p < 0x20 || *p == 0x7F)
            return "it holds control characters";
    if (config->kind == CHANNEL_COMMAND && address[0] == '-')
        return "a program would take it for an option: it begins with '-'";
    return NULL;
}
