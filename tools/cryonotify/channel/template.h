/*
 * template.h - what a service wants to be sent, and what it answers when it has taken it: a YAML file.
 *
 * cryonotify-channels(7) describes the file. A template is checked when it is loaded: unknown placeholders,
 * JSON that is no JSON once values stand in it, with file:line:column; so it can't fail when it is needed.
 */
#ifndef CRYOMON_TEMPLATE_H
#define CRYOMON_TEMPLATE_H

#include "channel.h"
#include "render.h"
#include "sign.h"
#include "text.h"
#include "yamldoc.h"

#define TEMPLATE_PAIRS_MAX 16
#define TEMPLATE_BUSY_MAX  8

enum template_content { TEMPLATE_JSON, TEMPLATE_FORM, TEMPLATE_TEXT };

struct template_pairs {
    char *keys[TEMPLATE_PAIRS_MAX];
    char *patterns[TEMPLATE_PAIRS_MAX];
    size_t n;
};

struct template
{
    bool put; /* PUT instead of POST */
    enum template_content content;
    char *body;                 /* JSON, TEXT */
    struct template_pairs form; /* FORM */
    struct template_pairs query, headers;

    enum sign_scheme scheme;
    bool sign_required;
    struct template_pairs sign_query, sign_headers,
        sign_members; /* only with a secret; members of the JSON body */

    /* It has taken the message when the status is 2xx and: */
    char ok_json[64];              /* this member ("errcode") ... */
    char *ok_equals;               /* ... prints as this ("0", "true", "ok") */
    char ok_text[64];              /* or the whole body, without white space at its ends, is this */
    char error[64];                /* the member with the service's words */
    char *busy[TEMPLATE_BUSY_MAX]; /* what ok_json prints as when messages come too fast */
    size_t n_busy;

    struct rate_limit at_most; /* messages that the service takes */
    size_t max;                /* of one message's text; 0: no limit */
    enum text_unit unit;
    size_t parts; /* 1: the first line only, shortened */
    enum render_escape escape;
    bool needs_address;
    bool uses_token, needs_token; /* a header with ${token} is left out when there is none */
};

/* Loads and checks. shown_name as in yamldoc_load. Returns 0, or -EINVAL or -errno with problems added, or
 * -ENOMEM. */
int template_load(const char *path, const char *shown_name, struct problems *problems, struct template **ret);
void template_free(struct template *template); /* NULL is a no-op */

/* Checks a pattern (a URL) at its node, as template_load does. May set needs_address of template. */
bool template_check(struct template *template, struct problems *problems, const struct yaml_node *node,
                    const char *pattern);

#endif
