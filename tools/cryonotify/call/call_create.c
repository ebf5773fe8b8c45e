/* call_create.c - the only file here that allocates. */
#include <errno.h>
#include <stdlib.h>

#include "call_state.h"

#define SLOTS_MIN 8
#define SLOTS_MAX 16384

static int check(const struct call_rules *r)
{
    if (r->n_people > CALL_PEOPLE || r->n_alarms < SLOTS_MIN || r->n_alarms > SLOTS_MAX ||
        r->flood_count >= CALL_FLOOD || r->attempt_ms == 0 || r->retry_ms == 0)
        return -EINVAL;
    for (unsigned i = 0; i < r->n_people; i++)
        if (r->person[i].n_channels > CALL_CHANNELS)
            return -EINVAL;
    return 0;
}

int call_create(const struct call_rules *rules, struct call **ret)
{
    if (check(rules) < 0)
        return -EINVAL;
    struct call *c = calloc(1, sizeof *c);
    if (c == NULL)
        return -ENOMEM;
    c->alarms = calloc(rules->n_alarms, sizeof *c->alarms);
    if (c->alarms == NULL) {
        free(c);
        return -ENOMEM;
    }
    c->rules = *rules;
    c->n_slots = rules->n_alarms;
    *ret = c;
    return 0;
}

void call_free(struct call *c)
{
    if (c == NULL)
        return;
    free(c->alarms);
    free(c);
}
