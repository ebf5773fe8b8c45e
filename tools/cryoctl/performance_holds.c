/* performance_holds.c - what was disabled: shelved, suppressed, out of service, bypassed, notification off.
 */
#include <stdlib.h>
#include <string.h>

#include "performance_internal.h"

static char *copy_of(struct performance *p, const char *text)
{
    char *copy = strdup(text);
    p->failed = p->failed || copy == NULL;
    return copy;
}

/* is_hidden: below a stronger hold, of which the event's members tell; of this one only who began it. */
static uint32_t begin(struct performance *p, enum disabled_kind kind, uint32_t alarm, const char *what,
                      int64_t utc_us, const json_t *body, bool is_hidden)
{
    if (p->n_disabled >= PERFORMANCE_DISABLED_MAX) {
        p->left_out++;
        return 0;
    }
    if (!performance_grow(p, (void **)&p->disabled, &p->cap_disabled, p->n_disabled, sizeof *p->disabled))
        return 0;
    const json_t *mark = json_object_get(body, "maintenance"); /* of a protected alarm, which goes on */
    if (mark != NULL && kind == DISABLED_OUT_OF_SERVICE) {
        body = mark;
        kind = DISABLED_MAINTENANCE;
    }
    const char *why = performance_text(body, is_hidden ? "comment" : "note");
    const char *who = is_hidden || json_object_get(body, "held_by") == NULL ? "by" : "held_by";
    struct disabled *d = &p->disabled[p->n_disabled++];
    *d = (struct disabled){.kind = kind, .from_us = utc_us, .alarm = alarm};
    d->until_us = is_hidden ? 0 : performance_time(body, "until");
    d->what = copy_of(p, what);
    d->by = copy_of(p, performance_text(body, who));
    d->why = copy_of(p, why[0] != '\0' ? why : performance_text(body, "why"));
    d->order = copy_of(p, is_hidden ? "" : performance_text(body, "order"));
    return (uint32_t)p->n_disabled;
}

static void end(struct performance *p, uint32_t *hold, int64_t utc_us, const char *how)
{
    if (*hold == 0)
        return;
    struct disabled *d = &p->disabled[*hold - 1];
    d->to_us = utc_us > d->from_us ? utc_us : d->from_us + 1;
    d->ended_by = copy_of(p, how);
    *hold = 0;
}

void performance_hold(struct performance *p, struct tracked *t, uint32_t alarm, const char *transition,
                      int64_t utc_us, const json_t *body)
{
    static const struct {
        const char *begins, *ends, *state;
    } kinds[] = {{"shelved", "unshelved", "shelved"},
                 {"suppressed", "unsuppressed", "suppressed"},
                 {"out-of-service", "in-service", "out-of-service"}};
    bool removed = strcmp(transition, "removed") == 0;
    for (unsigned i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        bool state = strcmp(performance_text(body, "state"), kinds[i].state) == 0;
        bool begins = strcmp(transition, kinds[i].begins) == 0;
        if (begins)
            end(p, &t->holds[i], utc_us, "again");
        if (begins || (state && t->holds[i] == 0)) {
            const bool marked = json_object_get(body, "maintenance") != NULL;
            t->holds[i] =
                begin(p, (enum disabled_kind)i, alarm + 1, "", utc_us, body, begins && !state && !marked);
        }
        if (strcmp(transition, kinds[i].ends) == 0 || removed) {
            const char *how = performance_text(body, "why");
            end(p, &t->holds[i], utc_us, removed ? "removed" : how);
        }
    }
}

/* A thing that no alarm stands for, from when it was switched off until it is on again. */
void performance_off(struct performance *p, int64_t utc_us, const json_t *body, const char *kind)
{
    bool device = strcmp(kind, "device") == 0;
    const enum disabled_kind as = device ? DISABLED_BYPASSED : DISABLED_NOTIFICATION;
    const char *what = performance_text(body, device ? "device" : "what");
    bool begins = strcmp(kind, "notify-off") == 0 ||
                  (device && strcmp(performance_text(body, "transition"), "bypassed") == 0);
    uint32_t found = 0;
    for (size_t i = p->n_disabled; i-- > 0 && found == 0;)
        if (p->disabled[i].kind == as && p->disabled[i].to_us == 0 && strcmp(p->disabled[i].what, what) == 0)
            found = (uint32_t)i + 1;
    end(p, &found, utc_us, performance_text(body, "why"));
    if (begins)
        (void)begin(p, as, 0, what, utc_us, body, false);
}
