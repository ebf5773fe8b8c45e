/*
 * control_reply.h - a Varlink reply as bytes: made once, counted (several clients may get the same), and the
 * text builder for large ones. For the control thread only: the counts are not atomic.
 */
#ifndef CRYOMON_CONTROL_REPLY_H
#define CRYOMON_CONTROL_REPLY_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#define CONTROL_REPLY_MAX ((size_t)64 * 1024 * 1024) /* the largest site with every text it may have */

/* Text that grows; failed when memory or CONTROL_REPLY_MAX ran out (it is then not to be used). */
struct control_text {
    char *text;
    size_t len, cap;
    bool failed;
};
void control_text_add(struct control_text *t, const char *text, size_t len);
void control_text_free(struct control_text *t); /* leaves it empty and usable */

struct control_reply {
    unsigned references;
    size_t len; /* with the NUL that ends a Varlink message */
    char text[];
};

/* All return NULL when memory is short. error NULL: a success. parameters is consumed, NULL: none. */
struct control_reply *control_reply_text(const struct control_text *t);
struct control_reply *control_reply_json(const char *error, json_t *parameters);
struct control_reply *control_reply_ref(struct control_reply *reply);
void control_reply_unref(struct control_reply *reply); /* NULL is a no-op */

/* How numbers are printed: 15 digits are exact for any reading, and -190.1 stays -190.1. */
#define CONTROL_JSON_FLAGS (JSON_COMPACT | JSON_REAL_PRECISION(15))

#endif
