/* cryomon.c - the entry of the module, and what its tables share. See tables.h. */
#include "host.h"
SQLITE_EXTENSION_INIT1

#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "tables.h"

struct table {
    sqlite3_vtab base;
    struct source_settings *settings;
};

int tables_connect(sqlite3 *db, struct source_settings *settings, const char *declaration, sqlite3_vtab **ret)
{
    int result = sqlite3_declare_vtab(db, declaration);
    if (result != SQLITE_OK)
        return result;
    struct table *table = sqlite3_malloc64(sizeof *table);
    if (table == NULL)
        return SQLITE_NOMEM;
    *table = (struct table){.settings = settings};
    sqlite3_vtab_config(db, SQLITE_VTAB_DIRECTONLY); /* it opens files: not from a view in somebody's file */
    *ret = &table->base;
    return SQLITE_OK;
}

int tables_disconnect(sqlite3_vtab *table)
{
    sqlite3_free(table);
    return SQLITE_OK;
}

struct source_settings *tables_settings(sqlite3_vtab *table)
{
    return ((struct table *)table)->settings;
}

void tables_set_error(sqlite3_vtab *table, char *error)
{
    if (error == NULL)
        return;
    sqlite3_free(table->zErrMsg);
    table->zErrMsg = error;
}

double tables_real(micro_t value)
{
    static const micro_t exact = INT64_C(1) << 53; /* below, the division is of two exact numbers */
    char text[MICRO_TEXT_MAX];
    if (value >= -exact && value <= exact)
        return (double)value / 1e6;
    micro_print(text, sizeof text, value, 6);
    return strtod(text, NULL);
}

void tables_give_time(sqlite3_context *context, int64_t utc_us)
{
    char text[RFC3339_MAX];
    clock_print_utc(text, utc_us);
    sqlite3_result_text(context, text, -1, SQLITE_TRANSIENT);
}

void tables_give_point(sqlite3_context *context, const char *asset, const char *point)
{
    char *text = sqlite3_mprintf("%s/%s", asset, point);
    if (text == NULL)
        sqlite3_result_error_nomem(context);
    else
        sqlite3_result_text(context, text, -1, sqlite3_free);
}

/* ---------------------------------------------------------------- functions */

static void allow_damage(sqlite3_context *context, int n, sqlite3_value **values)
{
    struct source_settings *settings = sqlite3_user_data(context);
    (void)n;
    settings->damage_allowed = sqlite3_value_int(values[0]) != 0;
    sqlite3_result_int(context, settings->damage_allowed);
}

static void count_damage(sqlite3_context *context, int n, sqlite3_value **values)
{
    const struct source_settings *settings = sqlite3_user_data(context);
    (void)n;
    (void)values;
    sqlite3_result_int64(context, (sqlite3_int64)settings->damaged);
}

/* The only symbol of the module; SQLite finds it by the file's name. */
int sqlite3_cryomon_init(sqlite3 *db, char **error, const sqlite3_api_routines *api);
__attribute__((visibility("default"))) int sqlite3_cryomon_init(sqlite3 *db, char **error,
                                                                const sqlite3_api_routines *api)
{
    SQLITE_EXTENSION_INIT2(api)
    struct source_settings *settings = sqlite3_malloc64(sizeof *settings);
    if (settings == NULL)
        return SQLITE_NOMEM;
    *settings = (struct source_settings){.db = db};
    /* The first to be registered owns the settings, and is the last to go with the connection. */
    int result = sqlite3_create_module_v2(db, "readings", &readings_module, settings, sqlite3_free);
    if (result == SQLITE_OK)
        result = sqlite3_create_module_v2(db, "hours", &hours_module, settings, NULL);
    if (result == SQLITE_OK)
        result = sqlite3_create_module_v2(db, "days", &days_module, settings, NULL);
    if (result == SQLITE_OK)
        result = sqlite3_create_function_v2(db, "cryomon_allow_damage", 1, SQLITE_UTF8 | SQLITE_DIRECTONLY,
                                            settings, allow_damage, NULL, NULL, NULL);
    if (result == SQLITE_OK)
        result = sqlite3_create_function_v2(db, "cryomon_damage", 0, SQLITE_UTF8, settings, count_damage,
                                            NULL, NULL, NULL);
    if (result != SQLITE_OK)
        *error = sqlite3_mprintf("cryomon: %s", sqlite3_errmsg(db));
    return result;
}
