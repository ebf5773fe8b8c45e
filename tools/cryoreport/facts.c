#include "facts.h"

#include <errno.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "facts_internal.h"
#include "performance.h"
#include "stored.h"
#include "words.h"

/* ---------------------------------------------------------------- small things */

void facts_set(struct gather *g, json_t *object, const char *key, json_t *value)
{
    if (value != NULL && json_object_set_new(object, key, value) < 0)
        g->failed = true;
}

void facts_append(struct gather *g, json_t *array, json_t *value)
{
    if (value == NULL || json_array_append_new(array, value) < 0)
        g->failed = true;
}

json_t *facts_time(int64_t utc_us)
{
    char text[RFC3339_MAX];
    clock_print_utc(text, utc_us);
    return json_string(text);
}

json_t *facts_number(micro_t value)
{
    return json_real((double)value / (double)MICRO_PER_UNIT);
}

json_t *facts_seconds(int64_t us)
{
    return json_real((double)(us / MS_US) / 1000.0);
}

json_t *facts_bilingual(const struct bilingual *text, const char *fallback)
{
    return json_pack("{s:s, s:s}", "en", bilingual_get(text, LANGUAGE_EN, fallback), "zh",
                     bilingual_get(text, LANGUAGE_ZH, fallback));
}

const char *facts_text_of(const json_t *object, const char *key)
{
    const char *text = json_string_value(json_object_get(object, key));
    return text != NULL ? text : "";
}

int64_t facts_time_of(const json_t *object, const char *key)
{
    int64_t utc_us;
    return clock_parse_utc(facts_text_of(object, key), &utc_us) == 0 ? utc_us : 0;
}

char *facts_text(const json_t *facts, size_t *ret_len)
{
    size_t flags = JSON_REAL_PRECISION(15) | JSON_COMPACT | JSON_SORT_KEYS,
           len = json_dumpb(facts, NULL, 0, flags);
    char *text = len > 0 ? malloc(len + 2) : NULL;
    if (text == NULL)
        return NULL;
    json_dumpb(facts, text, len, flags);
    text[len] = '\n';
    text[len + 1] = '\0';
    *ret_len = len + 1;
    return text;
}

/* ---------------------------------------------------------------- the head */

static json_t *made(struct gather *g)
{
    char host[256] = "";
    json_t *ret = json_object();
    const struct passwd *user = getpwuid(getuid());
    facts_set(g, ret, "time", facts_time(clock_now().utc_us / MS_US * MS_US));
    facts_set(g, ret, "program", json_string("cryomon " CRYOMON_VERSION));
    if (user != NULL) {
        char name[256];
        snprintf(name, sizeof name, "%s", user->pw_gecos != NULL ? user->pw_gecos : "");
        name[strcspn(name, ",")] = '\0';
        facts_set(g, ret, "user", json_string(user->pw_name));
        facts_set(g, ret, "user_name", name[0] != '\0' ? json_string(name) : NULL);
    } else {
        facts_set(g, ret, "user_id", json_integer(getuid()));
    }
    if (gethostname(host, sizeof host - 1) == 0)
        facts_set(g, ret, "host", json_string(host));
    return ret;
}

static json_t *files(struct gather *g, const char *dir)
{
    static const char *const names[] = {"history.db", "state.db"};
    json_t *ret = json_array();
    for (size_t i = 0; i < 2; i++) {
        char path[4200], *full;
        struct stat st;
        snprintf(path, sizeof path, "%s/%s", dir, names[i]);
        if (stat(path, &st) < 0)
            continue;
        full = realpath(path, NULL);
        json_t *file = json_object();
        facts_set(g, file, "path", json_string(full != NULL ? full : path));
        int64_t bytes = st.st_size, log_bytes = 0;
        snprintf(path, sizeof path, "%s/%s-wal", dir, names[i]); /* what was written last is only there */
        if (stat(path, &st) == 0)
            log_bytes = st.st_size;
        facts_set(g, file, "bytes", json_integer(bytes + log_bytes));
        facts_set(g, file, "log_bytes", log_bytes > 0 ? json_integer(log_bytes) : NULL);
        facts_append(g, ret, file);
        free(full);
    }
    return ret;
}

void facts_names(struct gather *g)
{
    static const struct bilingual nothing;
    int asset = -1;
    const struct config *config = facts_config_of(g, &asset);
    json_t *site = json_object(), *object = json_object();
    facts_set(g, object, "id", json_string(g->request->asset));
    facts_set(g, object, "name",
              facts_bilingual(config != NULL ? &config->assets[asset].name : &nothing, g->request->asset));
    if (config != NULL) {
        facts_set(g, object, "kind", json_string(asset_kind_name(config->assets[asset].kind)));
        facts_set(g, site, "id", json_string(config->site_id));
        facts_set(g, site, "name", facts_bilingual(&config->site_name, config->site_id));
    }
    facts_set(g, g->facts, "asset", object);
    facts_set(g, g->facts, "site", site);
}

/* ---------------------------------------------------------------- the whole */

void facts_begin(struct gather *g)
{
    json_t **const arrays[] = {&g->alarms, &g->changes,   &g->clocks, &g->reviews, &g->corrections,
                               &g->fills,  &g->relearned, &g->vacuum, &g->holds,   &g->by_eye};
    for (size_t i = 0; i < sizeof arrays / sizeof arrays[0]; i++)
        if ((*arrays[i] = json_array()) == NULL)
            g->failed = true;
    g->facts = json_object();
}

int facts_end(struct gather *g, int status, json_t **ret)
{
    json_t *const arrays[] = {g->alarms, g->changes,   g->clocks, g->reviews, g->corrections,
                              g->fills,  g->relearned, g->vacuum, g->holds,   g->by_eye};
    for (size_t i = 0; i < sizeof arrays / sizeof arrays[0]; i++)
        json_decref(arrays[i]);
    facts_free_periods(g);
    free(g->calibrations);
    if (status == CTL_OK)
        *ret = g->facts;
    else
        json_decref(g->facts);
    return status;
}

void facts_head(struct gather *g, const char *form, const char *dir)
{
    json_t *range = json_object();
    facts_set(g, g->facts, "cryomon", json_string(form));
    facts_set(g, g->facts, "made", made(g));
    facts_set(g, range, "from", facts_time(g->request->from_us));
    facts_set(g, range, "to", facts_time(g->request->to_us));
    facts_set(g, g->facts, "range", range);
    facts_set(g, g->facts, "files", files(g, dir));
}

static int read_readings(struct gather *g)
{
    static int (*const passes[])(struct gather *) = {facts_read_points, facts_read_gaps,
                                                     facts_read_exposures};
    const struct facts_request *r = g->request;
    int result = 0;
    for (size_t i = 0; i < sizeof passes / sizeof passes[0] && result == 0 && !g->failed; i++) {
        progress_begin(&g->progress, g->ctl, r->from_us, r->to_us, false);
        result = passes[i](g);
        progress_end(&g->progress);
    }
    return result;
}

/* 0 or -errno; -ENOENT: the history knows no such point. */
static int gather(struct gather *g, const char *dir)
{
    facts_head(g, "report 1", dir);
    int result = facts_find_periods(g);
    if (result == 0)
        result = facts_read_events(g);
    if (result < 0)
        return result;
    facts_load_periods(g);
    facts_names(g);
    result = read_readings(g);
    if (result < 0)
        return result;
    facts_set(g, g->facts, "damaged", json_integer((json_int_t)history_damaged(g->reader)));
    facts_set(g, g->facts, "alarms", json_incref(g->alarms));
    facts_set(g, g->facts, "kept_quiet", json_incref(g->holds));
    facts_set(g, g->facts, "manual_readings", json_incref(g->by_eye));
    facts_set(g, g->facts, "clock_steps", json_incref(g->clocks));
    facts_set(g, g->facts, "reviews", json_incref(g->reviews));
    facts_set(g, g->facts, "corrections", json_incref(g->corrections));
    facts_set(g, g->facts, "configuration", facts_configuration(g));
    facts_set(g, g->facts, "calibrations", facts_calibrations(g));
    facts_tank(g);
    facts_set(g, g->facts, "verification", facts_verification(g, dir));
    return g->failed ? -ENOMEM : 0;
}

int facts_gather(struct ctl *ctl, struct history_reader *reader, const char *dir,
                 const struct facts_request *request, json_t **ret)
{
    struct gather g = {.ctl = ctl, .reader = reader, .request = request};
    facts_begin(&g);
    int result = gather(&g, dir), status = CTL_OK;
    if (result == -ENOENT)
        stored_no_point(ctl, reader, request->asset, request->point);
    else if (result < 0)
        (void)stored_complain(ctl, g.failed ? -ENOMEM : result);
    if (result < 0)
        status = CTL_NEGATIVE;
    return facts_end(&g, status, ret);
}

int facts_gather_alarms(struct ctl *ctl, struct history_reader *reader, const char *dir,
                        const struct facts_request *request, json_t **ret)
{
    struct gather g = {.ctl = ctl, .reader = reader, .request = request};
    if (request->asset != NULL && !stored_has_alarms_of(reader, request->asset))
        return stored_no_point(ctl, reader, request->asset, NULL);
    progress_begin(&g.progress, ctl, request->from_us, request->to_us, false);
    int result = performance_gather(reader, request->asset, request->from_us, request->to_us, progress_at,
                                    &g.progress, &g.facts);
    progress_end(&g.progress);
    if (result == 0) {
        facts_set(&g, g.facts, "made", made(&g));
        facts_set(&g, g.facts, "files", files(&g, dir));
        result = g.failed ? -ENOMEM : 0;
    }
    if (result < 0) {
        json_decref(g.facts);
        return stored_complain(ctl, result);
    }
    *ret = g.facts;
    return CTL_OK;
}
