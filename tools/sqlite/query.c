/* query.c - see query.h. */
#include "query.h"

#include <stdlib.h>
#include <string.h>

#include "clock.h"

/* One letter for each constraint that is used: 'd' dir, 'a' asset, 'p' point; of the time 'e' =, 'g' >=,
 * 'G' >, 'l' <=, 'L' <; of its milliseconds the same as '1' to '5'. */
static const struct {
    unsigned char operator;
    char time, time_ms;
} comparisons[] = {
    {SQLITE_INDEX_CONSTRAINT_EQ, 'e', '1'}, {SQLITE_INDEX_CONSTRAINT_GE, 'g', '2'},
    {SQLITE_INDEX_CONSTRAINT_GT, 'G', '3'}, {SQLITE_INDEX_CONSTRAINT_LE, 'l', '4'},
    {SQLITE_INDEX_CONSTRAINT_LT, 'L', '5'},
};
#define WISHES_MAX 32

static char letter_of(const struct query_columns *columns, const struct sqlite3_index_constraint *constraint)
{
    bool equal = constraint->op == SQLITE_INDEX_CONSTRAINT_EQ;
    if (equal && constraint->iColumn == columns->dir)
        return 'd';
    if (equal && constraint->iColumn == columns->asset)
        return 'a';
    if (equal && constraint->iColumn == columns->point)
        return 'p';
    for (size_t i = 0; i < sizeof comparisons / sizeof *comparisons; i++) {
        if (constraint->op != comparisons[i].operator)
            continue;
        if (constraint->iColumn == columns->time)
            return comparisons[i].time;
        if (constraint->iColumn == columns->time_ms)
            return comparisons[i].time_ms;
    }
    return '\0';
}

/* A guess of how many rows come: what matters is the order of the guesses. */
static double guess_rows(const char *wishes)
{
    double rows = 1e9;
    if (strchr(wishes, 'p') != NULL)
        rows /= 500;
    else if (strchr(wishes, 'a') != NULL)
        rows /= 100;
    if (strpbrk(wishes, "e1") != NULL)
        return rows / 1e5;
    if (strpbrk(wishes, "gG23") != NULL)
        rows /= 20;
    if (strpbrk(wishes, "lL45") != NULL)
        rows /= 20;
    return rows;
}

int query_choose(const struct query_columns *columns, sqlite3_index_info *info)
{
    char wishes[WISHES_MAX + 1] = "";
    int n = 0;
    for (int i = 0; i < info->nConstraint && n < WISHES_MAX; i++) {
        char letter = letter_of(columns, &info->aConstraint[i]);
        if (letter == '\0')
            continue;
        /* In a join: in this order the value is not known yet. The order in which it is will be better, and
         * the directory must be known. */
        if (!info->aConstraint[i].usable) {
            if (letter == 'd')
                return SQLITE_CONSTRAINT;
            continue;
        }
        wishes[n++] = letter;
        info->aConstraintUsage[i].argvIndex = n;
        /* The other constraints SQLite looks at again. */
        info->aConstraintUsage[i].omit = letter == 'd';
    }
    wishes[n] = '\0';
    info->idxStr = sqlite3_mprintf("%s", wishes);
    info->needToFreeIdxStr = 1;
    if (info->idxStr == NULL)
        return SQLITE_NOMEM;
    double rows = guess_rows(wishes);
    info->estimatedCost = rows;
    info->estimatedRows = (sqlite3_int64)rows;
    return SQLITE_OK;
}

/* ---------------------------------------------------------------- times as text */

#define FORM "0000-01-01T00:00:00.000Z"

/* The moment at which the times that begin with this text begin. whole: it is a time of the column's own
 * form, to the last letter. */
static bool read_time(const char *text, int64_t *ret_us, bool *ret_whole)
{
    static const size_t lengths[] = {4, 7, 10, 13, 16, 19, 21, 22, 23, 24};
    char full[sizeof FORM] = FORM, again[RFC3339_MAX];
    size_t len = strlen(text), i = 0;
    while (i < sizeof lengths / sizeof *lengths && lengths[i] != len)
        i++;
    if (i == sizeof lengths / sizeof *lengths)
        return false;
    memcpy(full, text, len);
    if (clock_parse_utc(full, ret_us) < 0)
        return false;
    /* Printed again it must be the same: the parser takes more forms than one. */
    clock_print_utc(again, *ret_us);
    *ret_whole = len == sizeof FORM - 1;
    return strcmp(again, full) == 0;
}

/* What to write instead, as far as that can be told. */
static char *explain_time(const char *text)
{
    int64_t utc_us;
    char better[RFC3339_MAX] = "2026-11-22T08:00:00.000Z";
    if (clock_parse_utc(text, &utc_us) == 0)
        clock_print_utc(better, utc_us);
    return sqlite3_mprintf("times are compared as text: write '%s' (or its beginning) instead of '%s'; "
                           "see cryomon-sqlite(7)",
                           better, text);
}

static void raise_from(struct query *query, int64_t from_us)
{
    if (from_us > query->from_us)
        query->from_us = from_us;
}

static void lower_to(struct query *query, int64_t to_us)
{
    if (to_us < query->to_us)
        query->to_us = to_us;
}

/* operator: '=', 'g'... at_us: the moment; next_us: the first one behind what is equal to it. */
static void narrow(struct query *query, char comparison, int64_t at_us, int64_t next_us)
{
    if (comparison == 'e' || comparison == 'g')
        raise_from(query, at_us);
    if (comparison == 'G')
        raise_from(query, next_us);
    if (comparison == 'e' || comparison == 'l')
        lower_to(query, next_us);
    if (comparison == 'L')
        lower_to(query, at_us);
}

static int narrow_text(struct query *query, char comparison, sqlite3_value *value, char **ret_error)
{
    const char *text = (const char *)sqlite3_value_text(value);
    int64_t at_us;
    bool whole;
    if (text == NULL)
        return SQLITE_NOMEM;
    if (sqlite3_value_type(value) != SQLITE_TEXT || !read_time(text, &at_us, &whole)) {
        *ret_error = explain_time(text);
        return *ret_error != NULL ? SQLITE_ERROR : SQLITE_NOMEM;
    }
    /* A beginning comes before all times that begin so, and is equal to none. */
    narrow(query, comparison, at_us, whole ? at_us + MS_US : at_us);
    return SQLITE_OK;
}

static void narrow_number(struct query *query, char digit, sqlite3_value *value)
{
    static const char letters[] = "egGlL";
    char comparison = letters[digit - '1'];
    int type = sqlite3_value_numeric_type(value);
    int64_t limit = QUERY_TIME_MAX_US / MS_US;
    if (type == SQLITE_FLOAT) {
        /* The nearest milliseconds around it; SQLite compares exactly afterwards. */
        double number = sqlite3_value_double(value);
        if (!(number > (double)-limit && number < (double)limit))
            return;
        int64_t near_ms = (int64_t)number;
        narrow(query, comparison, (comparison == 'L' ? near_ms + 1 : near_ms - 1) * MS_US,
               (comparison == 'G' ? near_ms - 1 : near_ms + 2) * MS_US);
    } else if (type == SQLITE_INTEGER) {
        int64_t ms = sqlite3_value_int64(value);
        ms = ms < -limit ? -limit : ms > limit ? limit : ms;
        narrow(query, comparison, ms * MS_US, ms * MS_US + MS_US);
    }
}

/* ---------------------------------------------------------------- */

static char *copy_text(sqlite3_value *value)
{
    const char *text = (const char *)sqlite3_value_text(value);
    return text != NULL ? sqlite3_mprintf("%s", text) : NULL;
}

static int keep_text(char **place, sqlite3_value *value)
{
    char *text = copy_text(value);
    if (text == NULL)
        return SQLITE_NOMEM;
    sqlite3_free(*place);
    *place = text;
    return SQLITE_OK;
}

static int keep_point(struct query *query, sqlite3_value *value)
{
    const char *text = (const char *)sqlite3_value_text(value);
    const char *slash = text != NULL ? strchr(text, '/') : NULL;
    if (text == NULL)
        return SQLITE_NOMEM;
    if (slash == NULL) {
        query->nothing = true;
        return SQLITE_OK;
    }
    char *asset = sqlite3_mprintf("%.*s", (int)(slash - text), text);
    char *point = sqlite3_mprintf("%s", slash + 1);
    if (query->asset != NULL && asset != NULL && strcmp(query->asset, asset) != 0)
        query->nothing = true;
    sqlite3_free(query->asset);
    sqlite3_free(query->point);
    query->asset = asset;
    query->point = point;
    return asset != NULL && point != NULL ? SQLITE_OK : SQLITE_NOMEM;
}

static int keep_asset(struct query *query, sqlite3_value *value)
{
    const char *text = (const char *)sqlite3_value_text(value);
    if (query->asset != NULL && text != NULL && strcmp(query->asset, text) != 0)
        query->nothing = true;
    return keep_text(&query->asset, value);
}

int query_read(const char *wishes, int n, sqlite3_value **values, struct query *ret, char **ret_error)
{
    *ret = (struct query){.from_us = -QUERY_TIME_MAX_US, .to_us = QUERY_TIME_MAX_US};
    int result = SQLITE_OK;
    for (int i = 0; i < n && result == SQLITE_OK; i++) {
        if (sqlite3_value_type(values[i]) == SQLITE_NULL)
            ret->nothing = true; /* nothing is equal to, less or greater than NULL */
        else if (wishes[i] == 'd')
            result = keep_text(&ret->dir, values[i]);
        else if (wishes[i] == 'a')
            result = keep_asset(ret, values[i]);
        else if (wishes[i] == 'p')
            result = keep_point(ret, values[i]);
        else if (wishes[i] >= '1' && wishes[i] <= '5')
            narrow_number(ret, wishes[i], values[i]);
        else
            result = narrow_text(ret, wishes[i], values[i], ret_error);
    }
    if (ret->from_us >= ret->to_us)
        ret->nothing = true;
    return result;
}

void query_free(struct query *query)
{
    sqlite3_free(query->dir);
    sqlite3_free(query->asset);
    sqlite3_free(query->point);
    *query = (struct query){0};
}
