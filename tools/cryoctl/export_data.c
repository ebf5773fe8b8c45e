/* export_data.c - the files of an archive. See export.h. */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "backup_files.h"
#include "clock.h"
#include "export.h"
#include "output.h"
#include "reader_config.h"
#include "reader_links.h"

bool export_fail(struct export *e, const char *path, int error)
{
    if (!e->failed)
        snprintf(e->message, sizeof e->message, "%.500s: %s", path, strerrordesc_np(error));
    e->failed = true;
    return false;
}

void export_free(struct export *e)
{
    for (size_t i = 0; i < e->n_names; i++)
        free(e->names[i]);
    free((void *)e->names);
    json_decref(e->points);
    history_close(e->reader);
    free(e);
}

/* ---------------------------------------------------------------- files */

static bool keep_name(struct export *e, const char *name)
{
    if (e->n_names == e->cap_names) {
        size_t cap = e->cap_names > 0 ? 2 * e->cap_names : 64;
        char **names =
            realloc((void *)e->names, cap * sizeof *names); /* NOLINT(bugprone-sizeof-expression) */
        if (names == NULL)
            return export_fail(e, name, ENOMEM);
        e->names = names;
        e->cap_names = cap;
    }
    char *copy = strdup(name);
    if (copy == NULL)
        return export_fail(e, name, ENOMEM);
    e->names[e->n_names++] = copy;
    return true;
}

/* A new file below dir, whose folders are made, and which comes into the manifest. NULL: failed. */
static FILE *create_file(struct export *e, const char *name)
{
    char path[PATH_MAX];
    if (e->failed || strlen(name) >= MANIFEST_NAME_MAX || !keep_name(e, name))
        return NULL;
    size_t n = (size_t)snprintf(path, sizeof path, "%s/", e->dir);
    for (const char *at = name; *at != '\0' && n + 1 < sizeof path; at++) {
        path[n] = '\0';
        if (*at == '/' && mkdir(path, 0777) < 0 && errno != EEXIST) {
            export_fail(e, path, errno);
            return NULL;
        }
        path[n++] = *at;
    }
    path[n] = '\0';
    FILE *file = fopen(path, "wxe");
    if (file == NULL)
        export_fail(e, path, errno);
    return file;
}

static bool close_file(struct export *e, const char *name, FILE *file)
{
    if (file == NULL)
        return false;
    bool bad = ferror(file) != 0;
    errno = bad ? EIO : 0;
    if (fflush(file) != 0 || fsync(fileno(file)) < 0)
        bad = true;
    int error = errno != 0 ? errno : EIO;
    if (fclose(file) != 0)
        bad = true;
    return !bad || export_fail(e, name, error);
}

static void csv(FILE *file, const char *const *fields, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        bool quote = strpbrk(fields[i], ",\"\r\n") != NULL;
        if (quote)
            putc('"', file);
        for (const char *at = fields[i]; *at != '\0'; at++) {
            if (*at == '"')
                putc('"', file);
            putc(*at, file);
        }
        fputs(quote ? "\"" : "", file);
        fputs(i + 1 < n ? "," : "\r\n", file);
    }
}

/* ---------------------------------------------------------------- readings */

struct series {
    struct export *e;
    struct progress *progress;
    char name[MANIFEST_NAME_MAX];
    FILE *file; /* NULL until there is a reading */
    int64_t n;
};

static const char *print_number(char text[MICRO_TEXT_MAX], micro_t value, unsigned decimals)
{
    micro_t step = 1;
    for (unsigned i = decimals; i < 6; i++)
        step *= 10;
    /* All digits, also where the value is finer than the point's resolution. */
    micro_print(text, MICRO_TEXT_MAX, value, value % step == 0 ? decimals : 6);
    return text;
}

static void print_row(FILE *file, const struct history_row *row)
{
    char time[RFC3339_MAX], slot[RFC3339_MAX], value[MICRO_TEXT_MAX] = "", as_read[MICRO_TEXT_MAX] = "",
                                               raw[16] = "", calibration[24] = "";
    const struct reading *r = &row->reading;
    clock_print_utc(time, row->taken_utc_us);
    clock_print_utc(slot, row->slot_utc_us);
    if (r->quality != QUALITY_BAD) {
        print_number(value, row->calibrated, row->decimals);
        print_number(as_read, r->value, row->decimals);
    }
    if (!reason_is_no_data(r->reason))
        snprintf(raw, sizeof raw, "0x%04x", (unsigned)r->raw);
    if (row->calibration != 0)
        snprintf(calibration, sizeof calibration, "%" PRId64, (int64_t)row->calibration);
    const char *const fields[] = {time,
                                  slot,
                                  row->asset,
                                  row->point,
                                  value,
                                  row->unit,
                                  quality_name(r->quality),
                                  r->reason != REASON_NONE ? reason_name(r->reason) : "",
                                  raw,
                                  as_read,
                                  calibration};
    csv(file, fields, sizeof fields / sizeof fields[0]);
}

static bool add_reading(void *context, const struct history_row *row)
{
    static const char *const header[] = {"time",    "slot",   "asset", "point",   "value",      "unit",
                                         "quality", "reason", "raw",   "as_read", "calibration"};
    struct series *series = context;
    if (series->file == NULL) {
        series->file = create_file(series->e, series->name);
        if (series->file == NULL)
            return false;
        csv(series->file, header, sizeof header / sizeof header[0]);
    }
    print_row(series->file, row);
    if (series->n++ % 4096 == 0)
        progress_at(series->progress, row->taken_utc_us);
    return !ferror(series->file);
}

struct points {
    const char **texts; /* asset, point, asset, point ... */
    size_t n, cap;
};

static bool add_point(void *context, const struct history_point *point)
{
    struct points *points = context;
    for (size_t i = 0; i < points->n; i += 2)
        if (strcmp(points->texts[i], point->asset) == 0 && strcmp(points->texts[i + 1], point->point) == 0)
            return true; /* with another unit before */
    if (points->n + 2 > points->cap) {
        size_t cap = points->cap > 0 ? 2 * points->cap : 128;
        const char **texts =
            realloc((void *)points->texts, cap * sizeof *texts); /* NOLINT(bugprone-sizeof-expression) */
        if (texts == NULL)
            return false;
        points->texts = texts;
        points->cap = cap;
    }
    points->texts[points->n++] = point->asset;
    points->texts[points->n++] = point->point;
    return true;
}

static bool write_series(struct export *e, const char *asset, const char *point, struct progress *progress)
{
    struct series series = {.e = e, .progress = progress};
    snprintf(series.name, sizeof series.name, "readings/%s/%s.csv", asset, point);
    int64_t n = history_each(e->reader, asset, point, e->from_us, e->to_us, add_reading, &series);
    if (series.file != NULL && !close_file(e, series.name, series.file))
        return false;
    if (n < 0)
        return export_fail(e, e->record, (int)-n);
    if (n == 0 || e->failed)
        return !e->failed;
    e->readings += n;
    return json_array_append_new(e->points, json_pack("{s:s, s:s, s:s, s:I}", "file", series.name, "asset",
                                                      asset, "point", point, "readings", (json_int_t)n)) ==
               0 ||
           export_fail(e, series.name, ENOMEM);
}

static bool write_readings(struct export *e)
{
    struct points points = {0};
    struct progress progress;
    int64_t n = history_points(e->reader, e->asset, e->point, add_point, &points);
    bool well = n >= 0 || export_fail(e, e->record, (int)-n);
    progress_begin(&progress, e->ctl, e->from_us, e->to_us, false);
    for (size_t i = 0; well && i < points.n; i += 2)
        well = write_series(e, points.texts[i], points.texts[i + 1], &progress);
    progress_end(&progress);
    free((void *)points.texts);
    uint64_t damaged = history_damaged(e->reader);
    if (well && damaged > 0) { /* an archive that silently lacks something is worse than none */
        snprintf(e->message, sizeof e->message, "%" PRIu64 " stored pieces are damaged: see cryoctl verify",
                 damaged);
        e->failed = true;
    }
    return !e->failed;
}

/* ---------------------------------------------------------------- events */

struct events {
    struct export *e;
    FILE *file;
};

/* With an asset: its events, and those of the site as a whole. */
static bool add_event(void *context, const struct history_event *event)
{
    struct events *events = context;
    struct export *e = events->e;
    if (e->asset != NULL && event->asset[0] != '\0' && strcmp(event->asset, e->asset) != 0)
        return true;
    fprintf(events->file, "%s\n", event->body);
    e->events++;
    return !ferror(events->file);
}

static bool write_events(struct export *e)
{
    struct events events = {.e = e, .file = create_file(e, "events.jsonl")};
    if (events.file == NULL)
        return false;
    int64_t n = history_events(e->reader, 0, e->from_us, e->to_us, add_event, &events);
    if (!close_file(e, "events.jsonl", events.file))
        return false;
    return n >= 0 || export_fail(e, e->record, (int)-n);
}

/* ---------------------------------------------------------------- calibrations */

static bool add_calibration(void *context, const struct reader_stored_calibration *c)
{
    struct events *out = context;
    char id[24], recorded[RFC3339_MAX], from[RFC3339_MAX];
    if ((out->e->asset != NULL && strcmp(out->e->asset, c->asset) != 0) ||
        (out->e->point != NULL && strcmp(out->e->point, c->point) != 0))
        return true;
    snprintf(id, sizeof id, "%" PRId64, c->id);
    clock_print_utc(recorded, c->utc_us);
    clock_print_utc(from, c->from_utc_us);
    const char *const fields[] = {id,      c->asset,       c->point, c->unit, recorded,    from,
                                  c->text, c->certificate, c->date,  c->due,  c->reference};
    csv(out->file, fields, sizeof fields / sizeof fields[0]);
    return true;
}

static bool write_calibrations(struct export *e)
{
    static const char *const header[] = {"id",          "asset",       "point", "unit", "recorded", "from",
                                         "calibration", "certificate", "date",  "due",  "reference"};
    struct events out = {.e = e, .file = create_file(e, "calibrations.csv")};
    if (out.file == NULL)
        return false;
    csv(out.file, header, sizeof header / sizeof header[0]);
    int64_t n = reader_calibrations(e->reader, add_calibration, &out);
    if (!close_file(e, "calibrations.csv", out.file))
        return false;
    return n >= 0 || export_fail(e, e->record, (int)-n);
}

/* ---------------------------------------------------------------- configurations */

static bool read_hex(const char *hex, unsigned char ret[32])
{
    if (hex == NULL || strlen(hex) != 64)
        return false;
    for (size_t i = 0; i < 32; i++) {
        unsigned byte;
        if (sscanf(hex + 2 * i, "%2x", &byte) != 1)
            return false;
        ret[i] = (unsigned char)byte;
    }
    return true;
}

static bool is_known(const struct export *e, const char *name)
{
    for (size_t i = 0; i < e->n_names; i++)
        if (strcmp(e->names[i], name) == 0)
            return true;
    return false;
}

static bool add_configuration(void *context, const struct history_event *event)
{
    struct export *e = context;
    unsigned char sha256[32];
    char name[128], *text = NULL;
    size_t len = 0;
    int64_t utc_us;
    json_t *body = json_loads(event->body, 0, NULL);
    const char *hex = json_string_value(
        json_object_get(body, strcmp(event->kind, "start") == 0 ? "configuration" : "sha256"));
    snprintf(name, sizeof name, "configuration/%.64s.yaml", hex != NULL ? hex : "");
    bool wanted = read_hex(hex, sha256) && !is_known(e, name);
    json_decref(body);
    if (!wanted || reader_config_text(e->reader, sha256, &text, &len, &utc_us) < 0)
        return true; /* a text that is not there is what cryoctl verify tells of */
    FILE *file = create_file(e, name);
    if (file != NULL)
        (void)fwrite(text, 1, len, file);
    free(text);
    return close_file(e, name, file);
}

struct latest {
    char *kind, *body;
    int64_t utc_us;
};

/* No other function of a reader may be called while it calls us: so the events are kept first. */
struct kept {
    struct latest *events;
    size_t n, cap;
    bool no_memory;
};

static bool keep_event(void *context, const struct history_event *event)
{
    struct kept *kept = context;
    if (kept->n == kept->cap) {
        size_t cap = kept->cap > 0 ? 2 * kept->cap : 16;
        struct latest *events = realloc(kept->events, cap * sizeof *events);
        kept->no_memory = events == NULL;
        if (events == NULL)
            return false;
        kept->events = events;
        kept->cap = cap;
    }
    struct latest *new = &kept->events[kept->n++];
    *new = (struct latest){strdup(event->kind), strdup(event->body), event->utc_us};
    kept->no_memory = new->kind == NULL || new->body == NULL;
    return !kept->no_memory;
}

/* Of the two kinds of events that put a configuration in force: the last before the range, and
 * those in it. */
static int find_configurations(struct export *e, struct kept *kept)
{
    static const char *const kinds[] = {"start", "configuration"};
    int64_t result = 0;
    for (size_t i = 0; i < 2 && result >= 0; i++) {
        struct history_filter filter = {.kind = kinds[i]};
        result = history_event_before(e->reader, kinds[i], e->from_us, keep_event, kept);
        if (result >= 0)
            result = history_events_where(e->reader, &filter, e->from_us, e->to_us, keep_event, kept);
    }
    return result < 0 ? (int)result : kept->no_memory ? -ENOMEM : 0;
}

static bool write_configurations(struct export *e)
{
    struct kept kept = {0};
    int error = find_configurations(e, &kept);
    bool well = error == 0 || export_fail(e, e->record, -error);
    for (size_t i = 0; i < kept.n; i++) {
        struct history_event event = {.kind = kept.events[i].kind, .body = kept.events[i].body};
        well = well && add_configuration(e, &event);
        free(kept.events[i].kind);
        free(kept.events[i].body);
    }
    free(kept.events);
    return well && !e->failed;
}

/* ---------------------------------------------------------------- all */

static bool copy_public_key(struct export *e)
{
    char from[PATH_MAX + 16], to[PATH_MAX];
    snprintf(from, sizeof from, "%s/signing.pub", e->record);
    snprintf(to, sizeof to, "%s/signing.pub", e->dir);
    if (access(from, F_OK) < 0 && errno == ENOENT)
        return true; /* a record of before there was one */
    if (backup_files_copy(from, to, 0644, e->message, sizeof e->message) < 0)
        e->failed = true;
    return !e->failed && keep_name(e, "signing.pub");
}

static bool keep_site(void *context, const struct history_event *event)
{
    struct export *e = context;
    json_t *body = json_loads(event->body, 0, NULL);
    const char *site = json_string_value(json_object_get(body, "site"));
    if (site != NULL)
        snprintf(e->site, sizeof e->site, "%s", site);
    json_decref(body);
    return true;
}

static bool write_facts(struct export *e)
{
    char from[RFC3339_MAX], to[RFC3339_MAX], made[RFC3339_MAX];
    clock_print_utc(from, e->from_us);
    clock_print_utc(to, e->to_us);
    clock_print_utc(made, e->made_us);
    (void)history_event_before(e->reader, "start", e->to_us, keep_site, e);
    json_t *facts = json_pack(
        "{s:s, s:s, s:s, s:s, s:s, s:s, s:s?, s:s?, s:I, s:I, s:O}", "cryomon", "export 1", "site", e->site,
        "version", CRYOMON_VERSION, "made", made, "from", from, "to", to, "asset", e->asset, "point",
        e->point, "events", (json_int_t)e->events, "readings", (json_int_t)e->readings, "points", e->points);
    FILE *file = create_file(e, EXPORT_FACTS);
    if (file != NULL && (facts == NULL || json_dumpf(facts, file, JSON_INDENT(2) | JSON_PRESERVE_ORDER) < 0))
        export_fail(e, EXPORT_FACTS, EIO);
    if (file != NULL)
        putc('\n', file);
    json_decref(facts);
    return close_file(e, EXPORT_FACTS, file) && !e->failed;
}

bool export_data(struct export *e)
{
    e->points = json_array();
    if (e->points == NULL)
        return export_fail(e, e->dir, ENOMEM);
    if (!write_readings(e) || !write_events(e) || !write_calibrations(e) || !write_configurations(e) ||
        !copy_public_key(e) || !write_facts(e))
        return false;
    int error = manifest_write(e->dir, (const char *const *)e->names, e->n_names);
    return error == 0 || export_fail(e, MANIFEST_NAME, -error);
}
