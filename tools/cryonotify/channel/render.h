/*
 * render.h - puts values into the placeholders of a template: ${name}, or ${name.member}.
 *
 * Values are escaped for the place that they stand in, so that no value can become anything but a value:
 * - in JSON, inside a string: as part of the string; outside: as a JSON value of its own (a number, null, a
 * list);
 * - in a URL or form: percent-encoded; in a header: without control characters; in a text: as they are.
 */
#ifndef CRYOMON_RENDER_H
#define CRYOMON_RENDER_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

enum render_place { RENDER_JSON, RENDER_URL, RENDER_HEADER, RENDER_TEXT };

/* What a service takes for markup in its texts. */
enum render_escape {
    RENDER_AS_IS,
    RENDER_ENTITIES, /* & < > as &amp; &lt; &gt; (Slack) */
    RENDER_ANGLES,   /* < > as ‹ ›: so that nothing reads as <@all> (WeCom, Feishu) */
};

struct render {
    const json_t *values;
    const char *token; /* ${token}; NULL: there is none */
    enum render_escape escape;
};

/* Returns 0 with a malloced text, -ENOENT (a placeholder that is not known), -EINVAL ("${" without "}") or
 * -ENOMEM. */
int render_text(const struct render *render, enum render_place place, const char *pattern, char **ret);

/* The next placeholder at or after text: its name's position and length, false when there is none. *ret_len
 * is 0 for one that does not end. */
bool render_find(const char *text, const char **ret_name, size_t *ret_len);

/* Is there a value (also null) of that name? */
bool render_knows(const json_t *values, const char *name, size_t len);

#endif
