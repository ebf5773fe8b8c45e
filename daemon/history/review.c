/* review.c - see review.h. */
#include "review.h"

#include <errno.h>
#include <inttypes.h>
#include <jansson.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "reader_internal.h"
#include "seal.h"

#define HOUR_US      (INT64_C(3600) * SECOND_US)
#define ASSET_MAX    64
#define REVIEWS_MAX  100000 /* more than one a day in a century */
#define HEX_MAX      (2 * CHAIN_HASH_SIZE + 1)
#define LINE_MAX_LEN 192

/* ---------------------------------------------------------------- the hash */

struct binding {
    crypto_hash_sha256_state hash;
    int64_t from, to;
    struct review_cover *cover;
};

static void add_line(struct binding *b, const char *format, ...) __attribute__((format(printf, 2, 3)));
static void add_line(struct binding *b, const char *format, ...)
{
    char line[LINE_MAX_LEN];
    va_list arguments;
    va_start(arguments, format);
    (void)vsnprintf(line, sizeof line, format, arguments); /* no line is longer */
    va_end(arguments);
    crypto_hash_sha256_update(&b->hash, (const unsigned char *)line, strlen(line));
}

static void add_row(struct binding *b, struct review_run *run, const char *what, int64_t number,
                    const unsigned char hash[CHAIN_HASH_SIZE])
{
    char hex[HEX_MAX];
    sodium_bin2hex(hex, sizeof hex, hash, CHAIN_HASH_SIZE);
    add_line(b, "%s %" PRId64 " %s\n", what, number, hex);
    if (run->count++ == 0)
        run->from = number;
    run->to = number;
}

static const char *column_text(sqlite3_stmt *stmt, int column)
{
    const unsigned char *text = sqlite3_column_text(stmt, column);
    return text != NULL ? (const char *)text : "";
}

/* The event's hash from its own columns; a previous hash of another length is not one. */
static void event_row(struct binding *b, sqlite3_stmt *stmt)
{
    unsigned char previous[CHAIN_HASH_SIZE] = {0}, hash[CHAIN_HASH_SIZE];
    struct chain_event event = {
        .seq = (uint64_t)sqlite3_column_int64(stmt, 0),
        .utc_us = sqlite3_column_int64(stmt, 1),
        .boot_us = sqlite3_column_int64(stmt, 2),
        .boot_id = column_text(stmt, 3),
        .kind = column_text(stmt, 4),
        .asset = column_text(stmt, 5),
        .alarm = column_text(stmt, 6),
        .body = column_text(stmt, 7),
    };
    if (sqlite3_column_bytes(stmt, 8) == CHAIN_HASH_SIZE)
        memcpy(previous, sqlite3_column_blob(stmt, 8), CHAIN_HASH_SIZE);
    chain_event_hash(previous, &event, hash);
    add_row(b, &b->cover->events, "event", (int64_t)event.seq, hash);
}

static void seal_row(struct binding *b, sqlite3_stmt *stmt)
{
    unsigned char hash[CHAIN_HASH_SIZE] = {0};
    struct seal seal;
    if (seal_read(stmt, &seal) == 0)
        seal_hash(&seal, hash);
    add_row(b, &b->cover->seals, "seal", sqlite3_column_int64(stmt, 0), hash);
}

/* Calls row() for each row of a query over from (?1), to (?2) and head (?3). */
static int each_row(sqlite3 *db, const char *sql, struct binding *b, int64_t head,
                    void (*row)(struct binding *b, sqlite3_stmt *stmt))
{
    sqlite3_stmt *stmt = NULL;
    int result = sqlite3_prepare_v2(db, sql, -1, &stmt, NULL);
    if (result == SQLITE_OK) {
        sqlite3_bind_int64(stmt, 1, b->from);
        sqlite3_bind_int64(stmt, 2, b->to);
        sqlite3_bind_int64(stmt, 3, head);
        while ((result = sqlite3_step(stmt)) == SQLITE_ROW)
            row(b, stmt);
    }
    int error = reader_errno(db, result);
    sqlite3_finalize(stmt);
    return error;
}

/* One number, with up to two times bound; *ret stays as it is when it is NULL. */
static int read_number(sqlite3 *db, const char *sql, int64_t first, int64_t second, int64_t *ret)
{
    sqlite3_stmt *stmt = NULL;
    int result = sqlite3_prepare_v2(db, sql, -1, &stmt, NULL);
    if (result == SQLITE_OK) {
        sqlite3_bind_int64(stmt, 1, first); /* a query without it: refused, and nothing is lost */
        sqlite3_bind_int64(stmt, 2, second);
        result = sqlite3_step(stmt);
    }
    if (result == SQLITE_ROW && sqlite3_column_type(stmt, 0) != SQLITE_NULL)
        *ret = sqlite3_column_int64(stmt, 0);
    int error = reader_errno(db, result);
    sqlite3_finalize(stmt);
    return error;
}

static int readable(const struct history_reader *reader)
{
    return reader->state == NULL ? reader->state_error : reader->history == NULL ? reader->history_error : 0;
}

int review_bind(struct history_reader *reader, int64_t from_utc_us, int64_t to_utc_us, const char *asset,
                const struct review_cover *bound, struct review_cover *ret)
{
    struct review_cover cover = {0};
    struct binding b = {.from = from_utc_us, .to = to_utc_us, .cover = &cover};
    char from[RFC3339_MAX], to[RFC3339_MAX];
    int error = readable(reader);
    if (error == 0 && bound == NULL)
        error = read_number(reader->state, "SELECT max(seq) FROM event", 0, 0, &cover.events.head);
    if (error == 0 && bound == NULL)
        error = read_number(reader->history, "SELECT max(id) FROM seal", 0, 0, &cover.seals.head);
    if (error < 0)
        return error;
    if (bound != NULL) {
        cover.events.head = bound->events.head;
        cover.seals.head = bound->seals.head;
    }
    clock_print_utc(from, from_utc_us);
    clock_print_utc(to, to_utc_us);
    crypto_hash_sha256_init(&b.hash);
    add_line(&b, "cryomon review 1\nfrom %s\nto %s\nasset %.*s\n", from, to, ASSET_MAX,
             asset[0] != '\0' ? asset : "*");
    add_line(&b, "events %" PRId64 "\nseals %" PRId64 "\n", cover.events.head, cover.seals.head);
    error = each_row(reader->state,
                     "SELECT seq, utc_us, boot_us, boot_id, kind, asset, alarm, body, previous FROM event"
                     " WHERE utc_us >= ?1 AND utc_us < ?2 AND seq <= ?3 ORDER BY seq",
                     &b, cover.events.head, event_row);
    if (error == 0)
        error = each_row(reader->history,
                         "SELECT " SEAL_COLUMNS " FROM seal LEFT JOIN signer ON signer.id = seal.signer"
                         " WHERE seal.last_utc_us >= ?1 AND seal.first_utc_us < ?2 AND seal.id <= ?3"
                         " ORDER BY seal.id",
                         &b, cover.seals.head, seal_row);
    crypto_hash_sha256_final(&b.hash, cover.sha256);
    if (error == 0)
        *ret = cover;
    return error;
}

/* ---------------------------------------------------------------- complete? */

static int64_t next_hour(int64_t utc_us)
{
    return (utc_us / HOUR_US + 1) * HOUR_US;
}

int review_complete(struct history_reader *reader, int64_t from_utc_us, int64_t to_utc_us, int64_t now_utc_us,
                    int64_t *ret_when_utc_us)
{
    int64_t waits = INT64_MIN, later = 0;
    int error = readable(reader);
    if (error < 0)
        return error;
    if (to_utc_us > now_utc_us) {
        *ret_when_utc_us = next_hour(to_utc_us - 1);
        return -EAGAIN;
    }
    error = read_number(reader->history,
                        "SELECT max(last_utc_us) FROM frame WHERE last_utc_us >= ?1 AND first_utc_us < ?2",
                        from_utc_us, to_utc_us, &waits);
    if (error == 0)
        error = read_number(reader->history,
                            "SELECT EXISTS(SELECT 1 FROM frame WHERE last_utc_us >= ?2)"
                            " OR EXISTS(SELECT 1 FROM seal WHERE last_utc_us >= ?2)",
                            0, to_utc_us, &later);
    if (error < 0)
        return error;
    if (waits != INT64_MIN) {
        *ret_when_utc_us = next_hour(waits > now_utc_us ? waits : now_utc_us);
        return -EAGAIN;
    }
    /* Readings of its last minutes may be on their way to the disk, until later ones are there. */
    if (later || now_utc_us - to_utc_us >= HOUR_US)
        return 0;
    *ret_when_utc_us = to_utc_us + HOUR_US;
    return -EAGAIN;
}

/* ---------------------------------------------------------------- reviews */

static const char *member(const json_t *body, const char *key)
{
    const char *text = json_string_value(json_object_get(body, key));
    return text != NULL ? text : "";
}

static bool parse_run(const json_t *cover, const char *key, struct review_run *ret)
{
    const json_t *run = json_object_get(cover, key);
    ret->count = json_integer_value(json_object_get(run, "count"));
    ret->from = json_integer_value(json_object_get(run, "from"));
    ret->to = json_integer_value(json_object_get(run, "to"));
    ret->head = json_integer_value(json_object_get(run, "head"));
    return json_is_integer(json_object_get(run, "head"));
}

static bool parse_review(const json_t *body, struct review *ret)
{
    const json_t *cover = json_object_get(body, "covers");
    const char *hash = member(cover, "sha256");
    size_t len = 0;
    ret->asset = member(body, "asset");
    ret->by = member(body, "by");
    ret->name = member(body, "name");
    ret->meaning = member(body, "meaning");
    ret->comment = member(body, "comment");
    return clock_parse_utc(member(body, "from"), &ret->from_utc_us) == 0 &&
           clock_parse_utc(member(body, "to"), &ret->to_utc_us) == 0 &&
           parse_run(cover, "events", &ret->cover.events) && parse_run(cover, "seals", &ret->cover.seals) &&
           sodium_hex2bin(ret->cover.sha256, CHAIN_HASH_SIZE, hash, strlen(hash), NULL, &len, NULL) == 0 &&
           len == CHAIN_HASH_SIZE;
}

int64_t review_each(struct history_reader *reader, review_fn *review, void *context, uint64_t *ret_odd)
{
    sqlite3_stmt *stmt = NULL;
    int64_t n = 0;
    uint64_t odd = 0;
    bool more = true;
    if (reader->state == NULL)
        return reader->state_error;
    int result = sqlite3_prepare_v2(reader->state,
                                    "SELECT seq, utc_us, body FROM event WHERE kind = 'review' ORDER BY seq",
                                    -1, &stmt, NULL);
    while (result == SQLITE_OK && more && (result = sqlite3_step(stmt)) == SQLITE_ROW) {
        struct review r = {.seq = (uint64_t)sqlite3_column_int64(stmt, 0),
                           .utc_us = sqlite3_column_int64(stmt, 1)};
        json_t *body = json_loads(column_text(stmt, 2), 0, NULL);
        result = SQLITE_OK;
        if (parse_review(body, &r)) {
            n++;
            more = review(context, &r);
        } else {
            odd++;
        }
        json_decref(body);
    }
    int error = reader_errno(reader->state, result);
    sqlite3_finalize(stmt);
    if (error == 0 && ret_odd != NULL)
        *ret_odd = odd;
    return error < 0 ? error : n;
}

/* ---------------------------------------------------------------- until when */

struct span {
    int64_t from, to;
};

struct spans {
    struct span *span;
    size_t n, cap;
    bool failed;
};

static void add_span(struct spans *spans, int64_t from, int64_t to)
{
    if (spans->n == spans->cap) {
        size_t cap = spans->cap > 0 ? 2 * spans->cap : 64;
        struct span *grown =
            cap <= (size_t)2 * REVIEWS_MAX ? realloc(spans->span, cap * sizeof *spans->span) : NULL;
        spans->failed = grown == NULL;
        if (spans->failed)
            return;
        spans->span = grown;
        spans->cap = cap;
    }
    spans->span[spans->n++] = (struct span){from, to};
}

static bool take_span(void *context, const struct review *review)
{
    struct spans *spans = context;
    if (review->asset[0] == '\0') /* of one asset: the others were not looked at */
        add_span(spans, review->from_utc_us, review->to_utc_us);
    return !spans->failed;
}

static int by_from(const void *a, const void *b)
{
    const struct span *x = a, *y = b;
    return (x->from > y->from) - (x->from < y->from);
}

int review_until(struct history_reader *reader, int64_t from_utc_us, int64_t to_utc_us, int64_t *ret_utc_us)
{
    struct spans spans = {0};
    int64_t until = 0, n = reader->state == NULL ? reader->state_error : 0;
    if (n == 0)
        n = read_number(reader->state, "SELECT utc_us FROM event ORDER BY seq LIMIT 1", 0, 0, &until);
    if (n == 0)
        n = review_each(reader, take_span, &spans, NULL);
    if (n >= 0 && to_utc_us > from_utc_us)
        add_span(&spans, from_utc_us, to_utc_us);
    if (n >= 0 && spans.failed)
        n = -ENOMEM;
    if (n >= 0 && spans.n > 0)
        qsort(spans.span, spans.n, sizeof *spans.span, by_from);
    for (size_t i = 0; i < spans.n; i++)
        if (spans.span[i].from <= until && spans.span[i].to > until)
            until = spans.span[i].to;
    free(spans.span);
    if (n < 0)
        return (int)n;
    *ret_utc_us = until;
    return 0;
}
