#include <inttypes.h>
#include <math.h>
#include <string.h>
#include <sys/statvfs.h>

#include "output.h"
#include "places.h"
#include "signer.h"
#include "stored.h"
#include "table.h"
#include "when.h"

#define DAY_US    (86400 * (double)SECOND_US)
#define ROW_BYTES 60 /* the other columns of a row, and its hash in the seal: about */

struct stats {
    struct history_stats h;
    char dir[4096];
    double per_day;     /* bytes; 0: not known */
    int64_t free_bytes; /* of the file system, for the service; -1: not known */
    double days_left;   /* NAN: not known */
    int64_t readings;
};

static double ratio(int64_t a, int64_t b)
{
    return b > 0 ? (double)a / (double)b : NAN;
}

/* What a reading will cost in the end: as the days do, else the hours, else the frames. */
static double bytes_per_reading(const struct history_stats *h)
{
    const struct history_part *part = h->days.readings > 0    ? &h->days
                                      : h->hours.readings > 0 ? &h->hours
                                                              : &h->frames;
    return ratio(part->bytes + ROW_BYTES * part->rows, part->readings);
}

static double span_days(int64_t first_us, int64_t last_us)
{
    double days = (double)(last_us - first_us) / DAY_US;
    return days > HISTORY_RECENT_DAYS ? HISTORY_RECENT_DAYS : days;
}

static int64_t least(int64_t a, int64_t b, int64_t c)
{
    int64_t min = a != 0 ? a : INT64_MAX;
    min = b != 0 && b < min ? b : min;
    min = c != 0 && c < min ? c : min;
    return min == INT64_MAX ? 0 : min;
}

static int64_t oldest(const struct history_stats *h)
{
    return least(h->frames.first_us, h->hours.first_us, h->days.first_us);
}

static int64_t newest(const struct history_stats *h)
{
    return -least(-h->frames.last_us, -h->hours.last_us, -h->days.last_us);
}

static void compute(struct stats *s)
{
    const struct history_stats *h = &s->h;
    struct statvfs fs;
    s->readings = h->frames.readings + h->hours.readings + h->days.readings;
    s->free_bytes = statvfs(s->dir, &fs) == 0 ? (int64_t)fs.f_bavail * (int64_t)fs.f_frsize : -1;
    double days = span_days(oldest(h), newest(h)),
           event_days = span_days(h->first_event_us, h->last_event_us);
    if (days > 0.01 && s->readings > 0) /* a quarter of an hour tells something */
        s->per_day = (double)h->recent_readings / days * bytes_per_reading(h);
    if (event_days > 0.01 && h->events > 0)
        s->per_day += (double)h->recent_events / event_days * ratio(h->state_bytes, h->events);
    s->days_left = s->per_day > 0 && s->free_bytes >= 0 ? (double)s->free_bytes / s->per_day : NAN;
}

/* ---------------------------------------------------------------- JSON */

static json_t *time_or_null(int64_t utc_us)
{
    char text[RFC3339_MAX];
    clock_print_utc(text, utc_us);
    return utc_us != 0 ? json_string(text) : json_null();
}

static json_t *number(double value)
{
    return isnan(value) ? json_null() : json_real(round(value * 1000) / 1000);
}

static json_t *json_part(const struct history_part *p)
{
    return json_pack("{s:I, s:I, s:I, s:o, s:o, s:o}", "rows", (json_int_t)p->rows, "readings",
                     (json_int_t)p->readings, "bytes", (json_int_t)p->bytes, "bytes_per_reading",
                     number(ratio(p->bytes, p->readings)), "oldest", time_or_null(p->first_us), "newest",
                     time_or_null(p->last_us));
}

static int print_json(const struct stats *s, uint64_t damaged)
{
    const struct history_stats *h = &s->h;
    char key[SIGNER_TEXT_MAX] = "";
    if (h->has_key)
        signer_print(h->public_key, key);
    json_t *root = json_pack(
        "{s:s, s:{s:I, s:I, s:I, s:o, s:o}, s:{s:I, s:I, s:I, s:I, s:I, s:o, s:o, s:o, s:o, s:o, s:o, s:I, "
        "s:I, s:I,"
        " s:I, s:I, s:I}, s:o, s:o, s:o, s:o}",
        "directory", s->dir, "state", "bytes", (json_int_t)h->state_bytes, "events", (json_int_t)h->events,
        "configurations", (json_int_t)h->configurations, "oldest", time_or_null(h->first_event_us), "newest",
        time_or_null(h->last_event_us), "history", "bytes", (json_int_t)h->history_bytes, "free_bytes",
        (json_int_t)h->free_bytes, "points", (json_int_t)h->points, "calibrations",
        (json_int_t)h->calibrations, "readings", (json_int_t)s->readings, "bytes_per_reading",
        number(ratio(h->history_bytes, s->readings)), "oldest", time_or_null(oldest(h)), "newest",
        time_or_null(newest(h)), "frames", json_part(&h->frames), "hours", json_part(&h->hours), "days",
        json_part(&h->days), "hour_seals", (json_int_t)h->hour_seals, "day_seals", (json_int_t)h->day_seals,
        "seals", (json_int_t)h->seals, "tombstones", (json_int_t)h->tombstones, "removed_readings",
        (json_int_t)h->removed_readings, "damaged", (json_int_t)(h->damaged_frames + (int64_t)damaged),
        "bytes_per_day", s->per_day > 0 ? number(s->per_day) : json_null(), "disk_free_bytes",
        s->free_bytes >= 0 ? json_integer(s->free_bytes) : json_null(), "days_left", number(s->days_left),
        "public_key", h->has_key ? json_string(key) : json_null());
    if (root == NULL)
        return CTL_NEGATIVE;
    json_dumpf(root, stdout, CTL_JSON);
    putchar('\n');
    json_decref(root);
    return CTL_OK;
}

/* ---------------------------------------------------------------- for people */

static const char *print_bytes(char text[32], double bytes)
{
    static const char *const units[] = {"B", "kB", "MB", "GB", "TB"};
    unsigned unit = 0;
    for (; bytes >= 1000 && unit < 4; unit++)
        bytes /= 1000;
    snprintf(text, 32, unit == 0 ? "%.0f %s" : "%.1f %s", bytes, units[unit]);
    return text;
}

/* "1,234,567": numbers of readings are long. */
static const char *print_count(char text[32], int64_t n)
{
    char digits[24];
    int len = snprintf(digits, sizeof digits, "%" PRId64, n < 0 ? -n : n), at = 0;
    if (n < 0)
        text[at++] = '-';
    for (int i = 0; i < len; i++) {
        if (i > 0 && (len - i) % 3 == 0)
            text[at++] = ',';
        text[at++] = digits[i];
    }
    text[at] = '\0';
    return text;
}

static void add_part(const struct ctl *ctl, struct table *t, const char *name, const struct history_part *p)
{
    char text[32], time[WHEN_MAX];
    table_row(t);
    table_cell(t, 0, TABLE_PLAIN, name);
    table_cell(t, 1, TABLE_PLAIN, print_count(text, p->rows));
    table_cell(t, 2, TABLE_PLAIN, print_count(text, p->readings));
    table_cell(t, 3, TABLE_PLAIN, print_bytes(text, (double)p->bytes));
    if (p->readings > 0) {
        snprintf(text, sizeof text, "%.3f", ratio(p->bytes, p->readings));
        table_cell(t, 4, TABLE_PLAIN, text);
    }
    if (p->first_us != 0) {
        table_cell(t, 5, TABLE_PLAIN, when_print(ctl, time, p->first_us, false));
        table_cell(t, 6, TABLE_PLAIN, when_print(ctl, time, p->last_us, false));
    }
}

static void print_parts(const struct ctl *ctl, const struct history_stats *h)
{
    const struct table_column columns[] = {{tr(ctl, "READINGS IN", "读数位于"), false},
                                           {tr(ctl, "ROWS", "行数"), true},
                                           {tr(ctl, "READINGS", "读数"), true},
                                           {tr(ctl, "SIZE", "大小"), true},
                                           {tr(ctl, "BYTES/READING", "字节/读数"), true},
                                           {tr(ctl, "OLDEST", "最早"), false},
                                           {tr(ctl, "NEWEST", "最新"), false}};
    struct table table;
    table_init(&table, columns, 7);
    add_part(ctl, &table, tr(ctl, "frames", "帧"), &h->frames);
    add_part(ctl, &table, tr(ctl, "hours", "小时"), &h->hours);
    add_part(ctl, &table, tr(ctl, "days", "天"), &h->days);
    table_print(&table, stdout, ctl->colour, 0, SIZE_MAX);
    table_free(&table);
}

static void print_files(const struct ctl *ctl, const struct stats *s)
{
    const struct history_stats *h = &s->h;
    char a[32], b[32], c[32];
    printf("%s\n", s->dir);
    printf(
        tr(ctl, "state.db    %s, %s events, %s configurations\n", "state.db    %s，%s 个事件，%s 个配置\n"),
        print_bytes(a, (double)h->state_bytes), print_count(b, h->events), print_count(c, h->configurations));
    printf(tr(ctl, "history.db  %s, %s points, %s readings", "history.db  %s，%s 个测点，%s 个读数"),
           print_bytes(a, (double)h->history_bytes), print_count(b, h->points), print_count(c, s->readings));
    if (s->readings > 0)
        printf(tr(ctl, ": %.3f bytes per reading in all", "：每个读数共 %.3f 字节"),
               ratio(h->history_bytes, s->readings));
    puts("\n");
}

static void print_rest(const struct ctl *ctl, const struct stats *s, uint64_t damaged)
{
    const struct history_stats *h = &s->h;
    char a[32], b[32], c[32], d[32], key[SIGNER_TEXT_MAX];
    putchar('\n');
    printf(tr(ctl, "seals       %s: %s hours and %s days at hand, %s tombstones\n",
              "封条        %s：现有 %s 个小时、%s 天，%s 个删除记录\n"),
           print_count(a, h->seals), print_count(b, h->hour_seals), print_count(c, h->day_seals),
           print_count(d, h->tombstones));
    printf(tr(ctl, "damaged     %s frames\n", "损坏        %s 帧\n"),
           print_count(a, h->damaged_frames + (int64_t)damaged));
    if (s->per_day > 0)
        printf(tr(ctl, "growth      %s a day\n", "增长        每天 %s\n"), print_bytes(a, s->per_day));
    if (s->free_bytes >= 0)
        printf(tr(ctl, "free        %s on the disk", "剩余        磁盘 %s"),
               print_bytes(a, (double)s->free_bytes));
    if (s->free_bytes >= 0 && !isnan(s->days_left))
        printf(tr(ctl, ": %s days at this growth", "：按此增长可用 %s 天"),
               print_count(b, (int64_t)fmin(s->days_left, 1e9)));
    if (s->free_bytes >= 0)
        putchar('\n');
    if (h->has_key) {
        signer_print(h->public_key, key);
        printf(tr(ctl, "key         %s\n", "公钥        %s\n"), key);
    }
}

int verb_stats(struct ctl *ctl, int argc, char **argv)
{
    (void)argc;
    (void)argv;
    struct history_reader *reader;
    struct stats s = {0};
    int result = stored_open(ctl, &reader);
    if (result != CTL_OK)
        return result;
    int error = history_stats(reader, &s.h);
    if (error < 0 || !places_history(ctl, s.dir, sizeof s.dir)) {
        result = stored_complain(ctl, error);
    } else {
        compute(&s);
        if (ctl->json) {
            result = print_json(&s, history_damaged(reader));
        } else {
            print_files(ctl, &s);
            print_parts(ctl, &s.h);
            print_rest(ctl, &s, history_damaged(reader));
        }
    }
    history_close(reader);
    return result;
}
