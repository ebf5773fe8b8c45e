/* source.c - see source.h. */
#include "source.h"

#include <stdlib.h>
#include <string.h>

#include "schema.h"

#define DEFAULT_DIR "/var/lib/cryomon"

static bool is_ours(const char *name)
{
    return strcmp(name, schema_name(SCHEMA_STATE)) == 0 || strcmp(name, schema_name(SCHEMA_HISTORY)) == 0;
}

static char *choose_dir(sqlite3 *db, const struct query *query)
{
    if (query->dir != NULL)
        return sqlite3_mprintf("%s", query->dir);
    const char *file = sqlite3_db_filename(db, "main");
    const char *slash = file != NULL ? strrchr(file, '/') : NULL;
    if (slash != NULL && is_ours(slash + 1))
        return sqlite3_mprintf("%.*s", (int)(slash > file ? slash - file : 1), file);
    const char *dir = getenv("CRYOMON_HISTORY");
    return sqlite3_mprintf("%s", dir != NULL && dir[0] != '\0' ? dir : DEFAULT_DIR);
}

/* A point whose unit or decimals were changed has several ids; here it is one. */
static bool is_there(const struct source *source, const struct history_point *point)
{
    for (size_t i = 0; i < source->n_points; i++)
        if (strcmp(source->points[i].point, point->point) == 0 &&
            strcmp(source->points[i].asset, point->asset) == 0)
            return true;
    return false;
}

static bool add_point(void *context, const struct history_point *point)
{
    struct source *source = context;
    if (is_there(source, point))
        return true;
    if (source->n_points == source->cap_points) {
        size_t cap = source->cap_points > 0 ? 2 * source->cap_points : 64;
        struct source_point *points = sqlite3_realloc64(source->points, cap * sizeof *points);
        if (points == NULL) {
            source->no_memory = true;
            return false;
        }
        source->points = points;
        source->cap_points = cap;
    }
    source->points[source->n_points++] = (struct source_point){point->asset, point->point};
    return true;
}

int source_open(struct source *source, const struct source_settings *settings, const struct query *query,
                char **ret_error)
{
    char message[512] = "", *dir = choose_dir(settings->db, query);
    source->n_points = 0;
    if (dir == NULL)
        return SQLITE_NOMEM;
    if (source->dir != NULL && strcmp(source->dir, dir) == 0) {
        sqlite3_free(dir); /* in a join: it is asked again and again */
    } else {
        source_close(source);
        source->dir = dir;
        int error = history_open(dir, &source->reader, message, sizeof message);
        if (error < 0) {
            sqlite3_free(source->dir);
            source->dir = NULL;
            *ret_error = sqlite3_mprintf("%s", message);
            return SQLITE_CANTOPEN;
        }
    }
    int extent = history_extent(source->reader, &source->first_us, &source->last_us);
    if (extent < 0)
        return source_failed(extent, ret_error);
    int64_t n = history_points(source->reader, query->asset, query->point, add_point, source);
    if (n < 0)
        return source_failed(n, ret_error);
    return source->no_memory ? SQLITE_NOMEM : SQLITE_OK;
}

void source_close(struct source *source)
{
    sqlite3_free(source->points);
    history_close(source->reader);
    sqlite3_free(source->dir);
    *source = (struct source){0};
}

int source_check_damage(struct source *source, struct source_settings *settings, char **ret_error)
{
    uint64_t more = history_damaged(source->reader) - source->damaged;
    source->damaged += more;
    settings->damaged += more;
    if (more == 0 || settings->damage_allowed)
        return SQLITE_OK;
    *ret_error =
        sqlite3_mprintf("%llu stored pieces are damaged and would be left out; to read the rest: SELECT "
                        "cryomon_allow_damage(1); to see what it is: cryoctl verify",
                        (unsigned long long)more);
    return SQLITE_ERROR;
}

int source_failed(int64_t error, char **ret_error)
{
    *ret_error = sqlite3_mprintf("reading the history failed: %s", strerrordesc_np((int)-error));
    return SQLITE_IOERR;
}
