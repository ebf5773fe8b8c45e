#include "template.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "fields.h"
#include "notice_json.h"
#include "scalar.h"
#include "suggest.h"

#define LIMIT_MIN 60
#define LIMIT_MAX 1000000

static const struct choice methods[] = {{"POST", false}, {"PUT", true}, {NULL, 0}};
static const struct choice contents[] = {
    {"json", TEMPLATE_JSON}, {"form", TEMPLATE_FORM}, {"text", TEMPLATE_TEXT}, {NULL, 0}};
static const struct choice schemes[] = {
    {"dingtalk", SIGN_DINGTALK}, {"feishu", SIGN_FEISHU}, {"body", SIGN_BODY}, {NULL, 0}};
static const struct choice escapes[] = {
    {"none", RENDER_AS_IS}, {"entities", RENDER_ENTITIES}, {"angles", RENDER_ANGLES}, {NULL, 0}};
static const struct choice units[] = {
    {"bytes", TEXT_BYTES}, {"characters", TEXT_UTF16}, {"sms", TEXT_SMS}, {NULL, 0}};

/* The file's sections, before they are looked at. */
struct draft {
    char description[256];
    int method; /* an enum's size: fields_walk stores 1, 2 or 4 bytes */
    enum template_content content;
    enum render_escape escape;
    const struct yaml_node *body, *form, *query, *headers, *sign, *ok, *busy, *limit, *at_most;
    char error[64];
    struct {
        enum sign_scheme scheme;
        bool required;
        const struct yaml_node *query, *headers, *members;
    } signing;
    struct {
        char json[64], text[64];
        const struct yaml_node *equals;
    } success;
    struct {
        uint32_t max, parts;
        enum text_unit unit;
    } size;
};

static const struct field file_fields[] = {
    {"description", FIELD_TEXT, FIELD_OF(struct draft, description)},
    {"method", FIELD_CHOICE, FIELD_OF(struct draft, method), .choices = methods},
    {"content", FIELD_CHOICE, FIELD_OF(struct draft, content), .choices = contents},
    {"escape", FIELD_CHOICE, FIELD_OF(struct draft, escape), .choices = escapes},
    {"body", FIELD_NODE, NODE_OF(struct draft, body)},
    {"form", FIELD_NODE, NODE_OF(struct draft, form)},
    {"query", FIELD_NODE, NODE_OF(struct draft, query)},
    {"headers", FIELD_NODE, NODE_OF(struct draft, headers)},
    {"sign", FIELD_NODE, NODE_OF(struct draft, sign)},
    {"ok", FIELD_NODE, NODE_OF(struct draft, ok)},
    {"busy", FIELD_NODE, NODE_OF(struct draft, busy)},
    {"error", FIELD_TEXT, FIELD_OF(struct draft, error)},
    {"limit", FIELD_NODE, NODE_OF(struct draft, limit)},
    {"at_most", FIELD_NODE, NODE_OF(struct draft, at_most)},
};
static const struct field sign_fields[] = {
    {"scheme", FIELD_CHOICE, FIELD_OF(struct draft, signing.scheme), .choices = schemes,
     .flags = FIELD_REQUIRED},
    {"required", FIELD_BOOL, FIELD_OF(struct draft, signing.required)},
    {"query", FIELD_NODE, NODE_OF(struct draft, signing.query)},
    {"headers", FIELD_NODE, NODE_OF(struct draft, signing.headers)},
    {"members", FIELD_NODE, NODE_OF(struct draft, signing.members)},
};
static const struct field ok_fields[] = {
    {"json", FIELD_TEXT, FIELD_OF(struct draft, success.json)},
    {"equals", FIELD_NODE, NODE_OF(struct draft, success.equals)},
    {"text", FIELD_TEXT, FIELD_OF(struct draft, success.text)},
};
static const struct field limit_fields[] = {
    {"max", FIELD_UINT, FIELD_OF(struct draft, size.max), .min = LIMIT_MIN, .max = LIMIT_MAX,
     .flags = FIELD_REQUIRED},
    {"unit", FIELD_CHOICE, FIELD_OF(struct draft, size.unit), .choices = units},
    {"parts", FIELD_UINT, FIELD_OF(struct draft, size.parts), .min = 1, .max = 99},
};

struct loader {
    struct template *template;
    struct problems *problems;
    json_t *full, *empty; /* samples */
    bool failed;          /* no memory */
};

/* ---------------------------------------------------------------- placeholders */

static void suggest_names(json_t *values, struct suggest *s)
{
    const char *key = NULL;
    json_t *value = NULL;

    json_object_foreach(values, key, value) suggest_try(s, key);
    suggest_try(s, "token");
    suggest_try(s, "notice");
}

/* Where a piece of the node's text stands in the file: a block's text begins on the next line. */
static void problem_in(struct problems *problems, const struct yaml_node *node, size_t offset,
                       const char *format, const char *detail, const char *hint)
{
    unsigned line = node->line, column = node->column;

    if (strchr(node->text, '\n') != NULL) {
        line++;
        column = 1;
        for (size_t i = 0; i < offset; i++)
            line += node->text[i] == '\n';
    }
    char text[400];
    (void)snprintf(text, sizeof text, format, detail, hint);
    problems_add(problems, node->file, line, column, "%s", text);
}

static bool check_placeholders(json_t *values, struct template *template, struct problems *problems,
                               const struct yaml_node *node, const char *pattern)
{
    const char *name = NULL, *at = pattern;
    size_t len = 0;
    bool good = true;

    while (render_find(at, &name, &len)) {
        char word[SUGGEST_WORD_MAX], hint[SUGGEST_TEXT_MAX];
        size_t offset = (size_t)(name - pattern);
        (void)snprintf(word, sizeof word, "%.*s", (int)(len < sizeof word ? len : sizeof word - 1), name);
        if (len == 0) {
            problem_in(problems, node, offset, "a placeholder is written ${name}%s%s", "", "");
            return false;
        }
        if (!render_knows(values, name, len)) {
            struct suggest s;
            suggest_begin(&s, word);
            suggest_names(values, &s);
            problem_in(problems, node, offset, "there is no placeholder ${%s}%s", word,
                       suggest_text(&s, hint));
            good = false;
        }
        template->needs_address |= strcmp(word, "address") == 0;
        template->uses_token |= strcmp(word, "token") == 0;
        at = name + len + 1;
    }
    return good;
}

/* ---------------------------------------------------------------- sections */

static void read_pairs(struct loader *l, const struct yaml_node *node, const char *what,
                       struct template_pairs *ret)
{
    if (node == NULL || !fields_is_mapping(l->problems, node, what))
        return;
    for (const struct yaml_node *child = node->first; child != NULL; child = child->next) {
        if (ret->n == TEMPLATE_PAIRS_MAX) {
            problems_at(l->problems, child, "%s has more than %d entries", what, TEMPLATE_PAIRS_MAX);
            return;
        }
        if (child->kind != YAML_SCALAR) {
            problems_at(l->problems, child, "a text is wanted here, not %s", scalar_kind_name(child));
            continue;
        }
        (void)check_placeholders(l->full, l->template, l->problems, child, child->text);
        ret->keys[ret->n] = strdup(child->key);
        ret->patterns[ret->n] = strdup(child->text);
        l->failed |= ret->keys[ret->n] == NULL || ret->patterns[ret->n] == NULL;
        ret->n++;
    }
}

static void check_header_names(struct loader *l, const struct yaml_node *node)
{
    for (const struct yaml_node *c = node != NULL ? node->first : NULL; c != NULL; c = c->next)
        for (const char *p = c->key; *p != '\0'; p++)
            if (!isalnum((unsigned char)*p) && *p != '-' && *p != '_') {
                problems_at_key(l->problems, c, "'%.64s' is no name of a header", c->key);
                break;
            }
}

/* Is it JSON once values stand in it, whatever the values are? */
static void check_json(struct loader *l, const struct yaml_node *node)
{
    json_t *samples[] = {l->full, l->empty};

    for (size_t i = 0; i < sizeof samples / sizeof samples[0]; i++) {
        struct render render = {samples[i], "a\"b\\c", l->template->escape};
        char *text = NULL;
        json_error_t where;
        int error = render_text(&render, RENDER_JSON, node->text, &text);
        if (error == -ENOENT) {
            problems_at(l->problems, node, "${token} stands in a string, within quotes");
            return;
        }
        json_t *json = error == 0 ? json_loads(text, JSON_REJECT_DUPLICATES, &where) : NULL;
        if (error == 0 && json == NULL) {
            /* Values have no line breaks: its lines are the file's. */
            unsigned line = node->line + (strchr(node->text, '\n') != NULL ? (unsigned)where.line : 0U);
            problems_add(l->problems, node->file, line, 1, "with values in it, this is not JSON: %s",
                         where.text);
        } else if (error == 0 && !json_is_object(json) && l->template->sign_members.n > 0) {
            problems_at(l->problems, node, "sign.members are put into an object ('{...}')");
        }
        l->failed |= error == -ENOMEM;
        free(text);
        if (json == NULL)
            return;
        json_decref(json);
    }
}

static void read_body(struct loader *l, const struct yaml_node *root, const struct draft *d)
{
    struct template *t = l->template;
    size_t before = l->problems->n;

    t->content = d->content;
    read_pairs(l, d->form, "'form'", &t->form);
    if (t->content == TEMPLATE_FORM) {
        if (d->form == NULL)
            problems_at(l->problems, root, "'form' is missing: content is form");
        if (d->body != NULL)
            problems_at_key(l->problems, d->body,
                            "'body' has no meaning where content is form; write 'form'");
        return;
    }
    if (d->form != NULL)
        problems_at_key(l->problems, d->form, "'form' has a meaning only where content is form");
    if (d->body == NULL) {
        problems_at(l->problems, root, "'body' is missing");
        return;
    }
    if (d->body->kind != YAML_SCALAR) {
        problems_at(l->problems, d->body, "the body is a text: write 'body: |' and the JSON below it");
        return;
    }
    (void)check_placeholders(l->full, t, l->problems, d->body, d->body->text);
    if (t->content == TEMPLATE_JSON && l->problems->n == before)
        check_json(l, d->body);
    t->body = strdup(d->body->text);
    l->failed |= t->body == NULL;
}

static void read_sign(struct loader *l, struct draft *d)
{
    struct template *t = l->template;

    if (d->sign == NULL)
        return;
    if (!fields_walk(l->problems, d->sign, "'sign'", sign_fields, COUNT_OF(sign_fields), d))
        return;
    t->scheme = d->signing.scheme;
    t->sign_required = d->signing.required;
    read_pairs(l, d->signing.query, "'sign.query'", &t->sign_query);
    read_pairs(l, d->signing.headers, "'sign.headers'", &t->sign_headers);
    check_header_names(l, d->signing.headers);
    read_pairs(l, d->signing.members, "'sign.members'", &t->sign_members);
    if (d->signing.members != NULL && (d->content != TEMPLATE_JSON || t->scheme == SIGN_BODY))
        problems_at_key(l->problems, d->signing.members,
                        "'members' needs content json and a signature that is not of the body");
}

static void read_ok(struct loader *l, struct draft *d)
{
    struct template *t = l->template;

    if (d->ok != NULL && fields_walk(l->problems, d->ok, "'ok'", ok_fields, COUNT_OF(ok_fields), d)) {
        if ((d->success.json[0] == '\0') != (d->success.equals == NULL))
            problems_at(l->problems, d->ok, "'json' (a member) and 'equals' (its value) stand together");
        else if (d->success.equals != NULL && d->success.equals->kind != YAML_SCALAR)
            problems_at(l->problems, d->success.equals, "a plain value is wanted here");
        else if (d->success.equals != NULL)
            t->ok_equals = strdup(d->success.equals->text);
        memcpy(t->ok_json, d->success.json, sizeof t->ok_json);
        memcpy(t->ok_text, d->success.text, sizeof t->ok_text);
    }
    memcpy(t->error, d->error, sizeof t->error);
    for (const struct yaml_node *c = d->busy != NULL ? d->busy->first : NULL; c != NULL; c = c->next) {
        if (c->kind != YAML_SCALAR || t->n_busy == TEMPLATE_BUSY_MAX) {
            problems_at(l->problems, c, "'busy' is a list of at most %d values", TEMPLATE_BUSY_MAX);
            return;
        }
        t->busy[t->n_busy] = strdup(c->text);
        l->failed |= t->busy[t->n_busy++] == NULL;
    }
    if (d->busy != NULL && (d->busy->kind != YAML_SEQUENCE || t->ok_json[0] == '\0'))
        problems_at_key(l->problems, d->busy,
                        "'busy' is a list of values of the member that 'ok.json' names");
}

static void read_limit(struct loader *l, struct draft *d)
{
    d->size.parts = 1;
    if (d->at_most != NULL)
        channel_read_limit(l->problems, d->at_most, &l->template->at_most);
    if (d->limit == NULL ||
        !fields_walk(l->problems, d->limit, "'limit'", limit_fields, COUNT_OF(limit_fields), d))
        return;
    l->template->max = d->size.max;
    l->template->unit = d->size.unit;
    l->template->parts = d->size.parts;
}

static void read_all(struct loader *l, const struct yaml_node *root)
{
    struct draft d = {0};

    if (!fields_walk(l->problems, root, "a template", file_fields, COUNT_OF(file_fields), &d))
        return;
    l->template->put = d.method != 0;
    l->template->escape = d.escape;
    read_sign(l, &d);
    read_body(l, root, &d);
    read_pairs(l, d.query, "'query'", &l->template->query);
    l->template->needs_token = l->template->uses_token;
    read_pairs(l, d.headers, "'headers'", &l->template->headers);
    check_header_names(l, d.headers);
    read_ok(l, &d);
    read_limit(l, &d);
}

/* ---------------------------------------------------------------- a template */

/* What webhook.c adds when it sends. */
static int sample(bool full, json_t **ret)
{
    int error = notice_json_make_sample(full, ret);

    if (error < 0)
        return error;
    if (json_object_set_new(*ret, "timestamp", json_string("1")) != 0 ||
        json_object_set_new(*ret, "timestamp_ms", json_string("1")) != 0 ||
        json_object_set_new(*ret, "sign", json_string("A+/=")) != 0)
        return -ENOMEM;
    return 0;
}

int template_load(const char *path, const char *shown_name, struct problems *problems, struct template **ret)
{
    struct loader l = {.problems = problems};
    struct yamldoc *doc = NULL;
    size_t before = problems->n;
    int error = yamldoc_load(path, shown_name, problems, &doc);

    if (error < 0)
        return error;
    l.template = calloc(1, sizeof *l.template);
    if (l.template == NULL || sample(true, &l.full) < 0 || sample(false, &l.empty) < 0)
        l.failed = true;
    else
        read_all(&l, yamldoc_root(doc));
    yamldoc_free(doc);
    json_decref(l.full);
    json_decref(l.empty);
    if (l.failed || problems->n > before) {
        template_free(l.template);
        return l.failed ? -ENOMEM : -EINVAL;
    }
    *ret = l.template;
    return 0;
}

bool template_check(struct template *template, struct problems *problems, const struct yaml_node *node,
                    const char *pattern)
{
    json_t *values = NULL;

    if (sample(true, &values) < 0)
        return false;
    bool good = check_placeholders(values, template, problems, node, pattern);
    json_decref(values);
    return good;
}

static void free_pairs(struct template_pairs *pairs)
{
    for (size_t i = 0; i < pairs->n; i++) {
        free(pairs->keys[i]);
        free(pairs->patterns[i]);
    }
}

void template_free(struct template *template)
{
    if (template == NULL)
        return;
    struct template_pairs *all[] = {&template->form,       &template->query,        &template->headers,
                                    &template->sign_query, &template->sign_headers, &template->sign_members};
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++)
        free_pairs(all[i]);
    for (size_t i = 0; i < template->n_busy; i++)
        free(template->busy[i]);
    free(template->ok_equals);
    free(template->body);
    free(template);
}
