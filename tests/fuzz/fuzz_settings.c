/* The configuration from hostile texts: cryomon.yaml, a form feed, devices/p.yaml, a form feed,
 * conf.d/10.yaml, a form feed, programs/p.yaml. (No YAML has a form feed.) Nothing is written, and of the
 * disk only the existence of files that the text names is asked for. */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "limit_changes.h"
#include "settings.h"

#define N_FILES 4

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void split(const char *text, size_t size, struct settings_file files[N_FILES])
{
    static const char *const paths[N_FILES] = {"cryomon.yaml", "devices/p.yaml", "conf.d/10.yaml",
                                               "programs/p.yaml"};

    for (size_t i = 0; i < N_FILES; i++) {
        const char *end = size > 0 ? memchr(text, '\f', size) : NULL;
        size_t len = end != NULL ? (size_t)(end - text) : size;
        files[i] = (struct settings_file){paths[i], text, len};
        text += end != NULL ? len + 1 : len;
        size -= end != NULL ? len + 1 : len;
    }
}

/* The engine refuses what is not sound; a stored configuration is the same one again. */
static void check_whole(const struct config *c)
{
    const struct engine_tables tables = {.points = c->point_models,
                                         .alarms = c->alarm_models,
                                         .members = c->members,
                                         .n_points = c->n_points,
                                         .n_alarms = c->n_alarms,
                                         .n_members = c->n_members};
    struct engine *engine = engine_create(&tables, (struct stamp){0, 0});
    struct limit_changes changes = {.n = 0};

    assert(engine != NULL);
    engine_free(engine);
    assert(limit_changes_compare(c, c, &changes) == 0 && changes.n == 0);
    limit_changes_free(&changes);
}

static void check_role(const struct config *c, const struct role *role)
{
    assert(role->point >= ROLE_NONE && role->point < c->n_points);
    assert(role->point < 0 || !config_is_derived(c, (uint16_t)role->point));
    assert(role->num > 0 && role->num <= 1000000 && role->den > 0 && role->den <= 1000000);
    assert(role->n_states <= ROLE_STATES_MAX);
}

/* Nor do the estimators. */
static void check_derived(const struct config *c)
{
    for (size_t i = 0; i < c->n_vessels; i++) {
        const struct vessel_config *v = &c->vessels[i];
        assert(v->asset < c->n_assets && v->level.point >= 0 && tank_vessel_check(&v->model) == 0);
        assert(v->supply < c->n_supplies && v->model.resolution_cm > 0);
        check_role(c, &v->level);
        for (unsigned k = 0; k < TANK_TEMPS; k++)
            check_role(c, &v->temps[k]);
        check_role(c, &v->lid);
        check_role(c, &v->valve);
        check_role(c, &v->room);
        for (unsigned k = 0; k < TANK_ALARM_COUNT; k++)
            assert(v->alarms[k] < 0 || c->alarm_models[v->alarms[k]].kind == CONDITION_FED);
        for (unsigned k = 0; k < TANK_POINT_COUNT; k++)
            assert(config_is_derived(c, (uint16_t)v->points[k][BOUND_VALUE]));
    }
    for (size_t i = 0; i < c->n_supplies; i++) {
        check_role(c, &c->supplies[i].stock);
        check_role(c, &c->supplies[i].pressure);
    }
    for (size_t i = 0; i < c->n_freezers; i++) {
        const struct freezer_config *f = &c->freezers[i];
        assert(f->program < c->n_programs && f->setup.gap_us > 0 && f->n_phases <= PHASES_MAX);
        for (unsigned k = 0; k < FREEZER_INPUTS; k++)
            check_role(c, &f->inputs[k]);
    }
}

/* What is accepted must be fit for the engine and the decoder: they do not look again. */
static void check(const struct config *c)
{
    static const uint16_t words[2] = {0x8000, 0x7fff};

    for (size_t i = 0; i < c->n_points; i++) {
        const struct point_config *point = &c->points[i];
        assert(point->asset < c->n_assets &&
               (point->device < c->n_devices || config_is_derived(c, (uint16_t)i)));
        assert(point->address + decode_width(&point->format) <= 65536U);
        (void)decode_words(&point->format, words);
    }
    for (size_t i = 0; i < c->n_alarms; i++) {
        const struct alarm_model *model = &c->alarm_models[i];
        assert(c->alarms[i].id[0] != '\0' && c->alarms[i].asset < c->n_assets);
        assert(model->kind == CONDITION_FAULT || model->kind == CONDITION_GROUP ||
               model->kind == CONDITION_CHATTER || model->kind == CONDITION_FED ||
               model->point < c->n_points);
        assert(config_find_alarm(c, c->assets[c->alarms[i].asset].id, c->alarms[i].id) == (int)i);
    }
    for (size_t i = 0; i < c->n_devices; i++) {
        assert(c->devices[i].bus < c->n_buses && c->devices[i].interval_ms >= 100 &&
               c->devices[i].timeout_ms >= 20);
    }
    check_derived(c);
    check_whole(c);
    char *diff = settings_diff(c, c);
    assert(diff != NULL && diff[0] == '\0');
    free(diff);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct settings_file files[N_FILES];
    struct problems problems = {.n = 0};
    struct problems warnings = {.n = 0};
    struct config *config = NULL;

    split((const char *)data, size, files);
    int r = settings_load_memory(files, N_FILES, 1, &problems, &warnings, &config);
    assert((r == 0) == (config != NULL) && (r == 0) == (problems.n == 0));
    if (config != NULL)
        check(config);
    config_unref(config);
    problems_free(&problems);
    problems_free(&warnings);
    return 0;
}
