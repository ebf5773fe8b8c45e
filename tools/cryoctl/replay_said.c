/* replay_said.c - what people said of freezers and vessels, as it is in the record: which program a run was
 * to follow, that somebody took care of its end, that a vessel's baseline is to be learned anew. It is true
 * whatever the limits are, so both sides hear it when it was said. */
#include <stdlib.h>
#include <string.h>

#include "replay_internal.h"
#include "run_book.h"

/* A run that is known by its temperature is noticed so late. */
#define BEGINS_LATE_US (INT64_C(1800) * SECOND_US)
#define SAID_MAX       200000

static const char *text_of(const json_t *body, const char *key)
{
    const char *text = json_string_value(json_object_get(body, key));
    return text != NULL ? text : "";
}

static struct said *add(struct replay *r, enum said_kind kind, const char *asset, int64_t utc_us)
{
    if (r->n_said >= SAID_MAX || !replay_grow(r, (void **)&r->said, &r->cap_said, r->n_said, sizeof *r->said))
        return NULL;
    struct said *s = &r->said[r->n_said++];
    *s = (struct said){.kind = kind, .utc_us = utc_us};
    snprintf(s->asset, sizeof s->asset, "%s", asset);
    return s;
}

static struct said *plan_of(struct replay *r, const char *asset, int64_t begin_us)
{
    for (size_t i = r->n_said; i > 0; i--) {
        struct said *s = &r->said[i - 1];
        if (s->kind == SAID_PLAN && s->begin_us == begin_us && strcmp(s->asset, asset) == 0)
            return s;
    }
    return NULL;
}

/* Is it the freezer's newest run? */
static bool is_last(const struct replay *r, const struct said *plan)
{
    for (size_t i = r->n_said; i > 0; i--)
        if (r->said[i - 1].kind == SAID_PLAN && strcmp(r->said[i - 1].asset, plan->asset) == 0)
            return &r->said[i - 1] == plan;
    return false;
}

static void set_program(struct said *plan, const json_t *body)
{
    snprintf(plan->program, sizeof plan->program, "%s", text_of(body, "program"));
    snprintf(plan->program_hash, sizeof plan->program_hash, "%s", text_of(body, "program_sha256"));
}

static void of_run(struct replay *r, const struct history_event *event, const json_t *body, int64_t begin_us)
{
    const char *transition = text_of(body, "transition");
    struct said *plan = plan_of(r, event->asset, begin_us);
    if (plan == NULL && strcmp(transition, "began") == 0) {
        plan = add(r, SAID_PLAN, event->asset, begin_us - FREEZER_MATCH_NEAR_US);
        if (plan != NULL)
            plan->begin_us = begin_us;
    }
    if (plan == NULL)
        return;
    if (text_of(body, "program")[0] != '\0')
        set_program(plan, body);
    if (strcmp(transition, "ended") == 0)
        plan->end_us = event->utc_us;
    else if (plan->end_us != 0 && is_last(r, plan))
        (void)add(r, SAID_ATTENDED, event->asset, event->utc_us);
}

static bool take_event(void *context, const struct history_event *event)
{
    struct replay *r = context;
    json_t *body = json_loads(event->body, 0, NULL);
    int64_t begin_us;
    if (event->asset != NULL && run_book_begin(text_of(body, "freezer_run"), event->asset, &begin_us))
        of_run(r, event, body, begin_us);
    else if (event->asset != NULL && strcmp(text_of(body, "transition"), "relearned") == 0)
        (void)add(r, SAID_RELEARN, event->asset, event->utc_us);
    json_decref(body);
    return !r->failed;
}

static int by_time(const void *a, const void *b)
{
    const struct said *x = a, *y = b;
    return (x->utc_us > y->utc_us) - (x->utc_us < y->utc_us);
}

int said_read(struct replay *r, int64_t from_us)
{
    const struct history_filter filter = {.kind = "run"};
    const int64_t n = history_events_where(r->reader, &filter, from_us, r->to_us, take_event, r);
    if (r->n_said > 0)
        qsort(r->said, r->n_said, sizeof *r->said, by_time);
    return n < 0 ? (int)n : 0;
}

/* ---------------------------------------------------------------- passing on */

void said_rewind(const struct replay *r, struct side *s, int64_t utc_us)
{
    s->n_said = 0;
    while (s->n_said < r->n_said && r->said[s->n_said].utc_us < utc_us)
        s->n_said++;
}

/* What was in force judged the run by the program's file as it was when the run began, also after a reload;
 * where the daemon had that no more, by none. A candidate tries its own file of that name. */
static int find_program(const struct side *s, const struct said *said)
{
    const struct config *c = s->config;
    const bool exactly = s->kind == IN_FORCE && said->program_hash[0] != '\0';
    const int program = config_find_program(c, said->program, exactly ? said->program_hash : NULL);
    return program < 0 && exactly ? DERIVE_NO_PROGRAM : program;
}

static void pass_on(const struct side *s, const struct said *said)
{
    const struct config *c = s->config;
    const int asset = config_find_asset(c, said->asset);
    const int program = said->kind == SAID_PLAN ? find_program(s, said) : -1;
    const int64_t late_us = said->begin_us + BEGINS_LATE_US;
    const bool ended = said->end_us > said->begin_us && said->end_us < late_us;
    for (uint16_t i = 0; i < c->n_vessels; i++)
        if (said->kind == SAID_RELEARN && c->vessels[i].asset == asset)
            derive_relearn(s->derive, i);
    for (uint16_t i = 0; i < c->n_freezers; i++) {
        if (c->freezers[i].asset != asset)
            continue;
        if (said->kind == SAID_ATTENDED)
            derive_attend(s->derive, i);
        else if (said->kind == SAID_PLAN && program != -1)
            derive_plan(s->derive, i,
                        &(struct derive_plan){.from_utc_us = said->utc_us,
                                              .late_utc_us = late_us,
                                              .to_utc_us = ended ? said->end_us : late_us,
                                              .program = program});
    }
}

void said_pass(const struct replay *r, struct side *s, int64_t utc_us)
{
    while (s->n_said < r->n_said && r->said[s->n_said].utc_us <= utc_us)
        pass_on(s, &r->said[s->n_said++]);
}
