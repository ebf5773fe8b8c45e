/* verify_seals.c - the points, and the chain of seals. See verify_internal.h. */
#include "verify_internal.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "value.h"

/* ---------------------------------------------------------------- points */

struct points {
    size_t cap;
    int error;
};

static char *copy_texts(const char *asset, const char *point, const char *unit, struct verify_point *ret)
{
    size_t a = strlen(asset) + 1, p = strlen(point) + 1, u = strlen(unit) + 1;
    ret->asset = malloc(a + p + u);
    if (!ret->asset)
        return NULL;
    ret->point = memcpy(ret->asset + a, point, p);
    ret->unit = memcpy(ret->point + p, unit, u);
    return memcpy(ret->asset, asset, a);
}

static void take_point(struct verify *verify, sqlite3_stmt *stmt, void *context)
{
    struct points *points = context;
    struct verify_row row = {stmt, true};
    struct verify_point point = {.id = verify_integer(&row, 0)};
    const char *asset = verify_text(&row, 1), *name = verify_text(&row, 2), *unit = verify_text(&row, 3);
    int64_t decimals = verify_integer(&row, 4);
    if (!row.sound || point.id <= 0 || point.id > SEAL_POINT_MAX || decimals < 0 || decimals > DECIMALS_MAX)
        verify_tell(verify, (struct verify_finding){.kind = VERIFY_POINT,
                                                    .file = "history.db",
                                                    .table = "point",
                                                    .number = point.id,
                                                    .asset = asset,
                                                    .point = name,
                                                    .detail = "the row makes no sense"});
    point.decimals = (unsigned)decimals;
    if (verify->n_points == points->cap) {
        size_t cap = points->cap * 2 + 64;
        struct verify_point *more = realloc(verify->points, cap * sizeof *more);
        if (!more) {
            points->error = -ENOMEM;
            return;
        }
        verify->points = more;
        points->cap = cap;
    }
    if (!copy_texts(asset, name, unit, &point)) {
        points->error = -ENOMEM;
        return;
    }
    verify->points[verify->n_points++] = point;
    verify->result->points++;
}

int verify_points(struct verify *verify)
{
    struct points points = {0};
    if (!verify->history)
        return 0;
    int error = verify_each(verify, verify->history, "history.db", "point",
                            "SELECT id, asset, point, unit, decimals FROM point NOT INDEXED WHERE id > ?1"
                            " ORDER BY id",
                            take_point, &points);
    return error < 0 ? error : points.error;
}

/* ---------------------------------------------------------------- seals */

struct walk {
    size_t cap;
    int error;
    unsigned char last_key[SIGNER_KEY_SIZE]; /* of the seal before */
    int64_t last_frame;                      /* to_id of the last hour's seal */
    int64_t last_event;
    bool any_hour;
    bool doubt; /* something is wrong, or there are several keys: each signature counts */
    unsigned char link[CHAIN_HASH_SIZE]; /* of the seal before */
    struct seal last;
};

static struct verify_finding about(const struct seal *seal, enum verify_kind kind, const char *detail)
{
    return (struct verify_finding){
        .kind = kind,
        .file = "history.db",
        .table = "seal",
        .number = seal->id,
        .utc_us = seal->first_utc_us,
        .to_utc_us = seal->last_utc_us,
        .detail = detail,
    };
}

/* The types of the columns, which seal_read does not look at. */
static bool types_are_sound(sqlite3_stmt *stmt)
{
    static const char types[] = "iiiiiiiibbbibbbbb";
    for (int i = 0; i < (int)sizeof types - 1; i++)
        if (sqlite3_column_type(stmt, i) != (types[i] == 'i' ? SQLITE_INTEGER : SQLITE_BLOB))
            return false;
    return true;
}

static void check_key(struct verify *verify, struct walk *walk, const struct seal *seal)
{
    char text[SIGNER_TEXT_MAX];
    bool first = verify->n_seals == 0, same = memcmp(walk->last_key, seal->public_key, SIGNER_KEY_SIZE) == 0;
    memcpy(walk->last_key, seal->public_key, SIGNER_KEY_SIZE);
    walk->doubt |= !first && !same;
    if (!first && same)
        return; /* said once, of the first seal with this key */
    signer_print(seal->public_key, text);
    bool announced = verify_key_is_announced(verify, seal->public_key);
    if (!verify_key_is_believed(verify, seal->public_key) && !announced)
        verify_tell(verify, about(seal, VERIFY_SEAL_KEY, text));
    else if (!first)
        verify_tell(verify, about(seal, announced ? VERIFY_KEY_CHANGED : VERIFY_SEAL_KEY, text));
}

static void check_links(struct verify *verify, struct walk *walk, const struct seal *seal)
{
    static const unsigned char none[CHAIN_HASH_SIZE];
    struct verify_result *result = verify->result;
    bool follows = memcmp(seal->previous, walk->link, CHAIN_HASH_SIZE) == 0;
    if (!follows || seal->id != result->last_seal + 1) {
        struct verify_finding finding = about(seal, VERIFY_SEAL_BROKEN, NULL);
        finding.previous = result->last_seal;
        verify_tell(verify, finding);
        walk->doubt = true;
    }
    if (verify->state) {
        bool nothing = seal->event_seq == 0 && memcmp(seal->event_hash, none, sizeof none) == 0;
        if (seal->event_seq < walk->last_event ||
            (!nothing && !verify_has_event(verify, seal->event_seq, seal->event_hash))) {
            struct verify_finding finding = about(seal, VERIFY_SEAL_EVENT, NULL);
            finding.previous = seal->event_seq;
            verify_tell(verify, finding);
        }
    }
    walk->last_event = seal->event_seq;
}

/* ---------------------------------------------------------------- what a seal covers */

static void check_hour(struct verify *verify, struct walk *walk, const struct seal *seal)
{
    bool sound = seal->from_id > 0 && seal->to_id >= seal->from_id &&
                 seal->first_utc_us <= seal->last_utc_us && seal->count >= 0;
    if (!sound || (walk->any_hour && seal->from_id != walk->last_frame + 1)) {
        struct verify_finding finding = about(seal, VERIFY_SEAL_RANGE, "frames");
        finding.previous = walk->last_frame;
        verify_tell(verify, finding);
    }
    walk->any_hour = true;
    walk->last_frame = seal->to_id;
    verify->result->hours++;
}

/* What a day or a tombstone proves: the contents of its hours, or the hashes of the seals removed. Marks
 * them.
 */
static void check_over(struct verify *verify, const struct seal *seal)
{
    bool day = seal->kind == SEAL_DAY;
    unsigned char content[CHAIN_HASH_SIZE];
    struct bytes hashes = {0};
    const char *wrong =
        seal->from_id <= 0 || seal->to_id < seal->from_id || seal->to_id >= seal->id ? "range" : NULL;
    int64_t count = 0, first = INT64_MAX, last = INT64_MIN;
    for (size_t i = verify_first_seal(verify, seal->from_id); i < verify->n_seals && !wrong; i++) {
        struct verify_seal *other = &verify->seals[i];
        bool taken = other->id <= seal->to_id && !other->removed &&
                     (day ? other->kind == SEAL_HOUR : other->kind != SEAL_TOMBSTONE && !other->covered);
        if (!taken)
            continue;
        wrong = other->covered ? "an hour that another day has" : NULL;
        other->covered = true;
        other->removed = !day;
        count += other->count;
        first = other->first_utc_us < first ? other->first_utc_us : first;
        last = other->last_utc_us > last ? other->last_utc_us : last;
        bytes_append(&hashes, day ? other->content : other->hash, CHAIN_HASH_SIZE);
    }
    seal_content_of(seal->kind, hashes.data ? hashes.data : (const unsigned char *)"",
                    hashes.len / CHAIN_HASH_SIZE, content);
    if (!wrong && (hashes.failed || memcmp(content, seal->content, sizeof content) != 0))
        wrong = "content";
    if (!wrong && (count != seal->count || first != seal->first_utc_us || last != seal->last_utc_us))
        wrong = "count or times";
    if (wrong)
        verify_tell(verify, about(seal, VERIFY_SEAL_CONTENT, wrong));
    bytes_free(&hashes);
    if (day)
        verify->result->days++;
    else
        verify->result->tombstones++;
}

static const char *check_entries(sqlite3_stmt *stmt, int column, const struct seal *seal)
{
    unsigned char hash[CHAIN_HASH_SIZE];
    size_t len = (size_t)sqlite3_column_bytes(stmt, column);
    const unsigned char *at = sqlite3_column_blob(stmt, column);
    if (sqlite3_column_type(stmt, column) == SQLITE_NULL)
        return NULL;
    if (sqlite3_column_type(stmt, column) != SQLITE_BLOB)
        return "of the wrong type";
    seal_entries_hash(at ? at : (const unsigned char *)"", len, hash);
    return memcmp(hash, seal->entries_hash, sizeof hash) == 0 ? NULL : "altered";
}

static void keep(struct verify *verify, struct walk *walk, const struct seal *seal, bool live,
                 int64_t entries_len, bool sound)
{
    if (verify->n_seals == walk->cap) {
        size_t cap = walk->cap * 2 + 256;
        struct verify_seal *more = realloc(verify->seals, cap * sizeof *more);
        if (!more) {
            walk->error = -ENOMEM;
            return;
        }
        verify->seals = more;
        walk->cap = cap;
    }
    struct verify_seal *to = &verify->seals[verify->n_seals++];
    *to = (struct verify_seal){.id = seal->id,
                               .from_id = seal->from_id,
                               .to_id = seal->to_id,
                               .first_utc_us = seal->first_utc_us,
                               .last_utc_us = seal->last_utc_us,
                               .count = seal->count,
                               .entries_len = entries_len,
                               .kind = seal->kind,
                               .live = live,
                               .sound = sound};
    memcpy(to->content, seal->content, CHAIN_HASH_SIZE);
    memcpy(to->hash, seal->hash, CHAIN_HASH_SIZE);
    memcpy(to->frames_head, seal->frames_head, CHAIN_HASH_SIZE);
}

#define ENTRIES 17 /* the column after SEAL_COLUMNS */

static void check_seal(struct verify *verify, sqlite3_stmt *stmt, void *context)
{
    struct walk *walk = context;
    struct seal seal;
    unsigned char hash[CHAIN_HASH_SIZE];
    bool sound = seal_read(stmt, &seal) == 0 && types_are_sound(stmt);
    seal_hash(&seal, hash);
    if (!sound || memcmp(hash, seal.hash, sizeof hash) != 0) {
        sound = false;
        walk->doubt = true;
        verify_tell(verify, about(&seal, VERIFY_SEAL_ALTERED, NULL));
    }
    check_links(verify, walk, &seal);
    check_key(verify, walk, &seal);
    const char *entries = check_entries(stmt, ENTRIES, &seal);
    if (entries)
        verify_tell(verify, about(&seal, VERIFY_SEAL_ENTRIES, entries));
    if (seal.kind == SEAL_HOUR)
        check_hour(verify, walk, &seal);
    else
        check_over(verify, &seal);
    keep(verify, walk, &seal, sqlite3_column_type(stmt, ENTRIES) != SQLITE_NULL,
         sqlite3_column_bytes(stmt, ENTRIES), sound);
    verify->result->last_seal = seal.id;
    verify->result->last_seal_utc_us = seal.utc_us;
    memcpy(verify->result->seal_hash, seal.hash, CHAIN_HASH_SIZE);
    seal_link(seal.hash, seal.signature, walk->link);
    walk->last = seal;
}

static bool is_signed(const struct seal *seal)
{
    return signer_verify(seal->public_key, seal->hash, sizeof seal->hash, seal->signature);
}

static void check_signature(struct verify *verify, sqlite3_stmt *stmt, void *context)
{
    struct seal seal;
    (void)context;
    (void)seal_read(stmt, &seal); /* what is wrong with it otherwise was told */
    if (is_signed(&seal))
        return;
    verify_tell(verify, about(&seal, VERIFY_SEAL_SIGNATURE, NULL));
    for (size_t i = 0; i < verify->n_seals; i++) {
        if (verify->seals[i].id == seal.id)
            verify->seals[i].sound = false;
    }
}

/* Each seal is bound to the signature before it: so in a whole chain the last one vouches for all. In any
 * other each counts, to tell which are wrong. */
static int check_signatures(struct verify *verify, const struct walk *walk)
{
    if (verify->n_seals == 0 || (!walk->doubt && is_signed(&walk->last)))
        return 0;
    return verify_each(verify, verify->history, "history.db", "seal",
                       "SELECT " SEAL_COLUMNS
                       " FROM seal NOT INDEXED LEFT JOIN signer ON signer.id = seal.signer"
                       " WHERE seal.id > ?1 ORDER BY seal.id",
                       check_signature, NULL);
}

/* Chunks are there exactly for what was neither folded into a day nor removed. */
static void check_lives(struct verify *verify)
{
    for (size_t i = 0; i < verify->n_seals; i++) {
        const struct verify_seal *seal = &verify->seals[i];
        bool should = seal->kind != SEAL_TOMBSTONE && !seal->covered;
        if (seal->live == should)
            continue;
        verify_tell(verify, (struct verify_finding){.kind = VERIFY_SEAL_ENTRIES,
                                                    .file = "history.db",
                                                    .table = "seal",
                                                    .number = seal->id,
                                                    .utc_us = seal->first_utc_us,
                                                    .to_utc_us = seal->last_utc_us,
                                                    .detail = should ? "missing" : "should be gone"});
    }
}

/* Does an event tell of this key, with this time of its row? */
static bool is_told(struct verify *verify, const unsigned char key[SIGNER_KEY_SIZE], int64_t utc_us)
{
    char text[SIGNER_TEXT_MAX];
    sqlite3_stmt *stmt = NULL;
    bool told = false;
    signer_print(key, text);
    if (sqlite3_prepare_v2(verify->notes, "SELECT 1 FROM key WHERE public_key = ?1 AND since = ?2", -1, &stmt,
                           NULL) == SQLITE_OK) {
        sqlite3_bind_text(stmt, 1, text, -1, SQLITE_STATIC);
        sqlite3_bind_int64(stmt, 2, utc_us);
        told = sqlite3_step(stmt) == SQLITE_ROW;
    }
    sqlite3_finalize(stmt);
    return told;
}

/* A signer's row is made after an event that tells of it, with the time that the event tells; or with the
 * first seal, and its time, when that came before. */
static void check_signer(struct verify *verify, sqlite3_stmt *stmt, void *context)
{
    struct verify_row row = {stmt, true};
    unsigned char key[SIGNER_KEY_SIZE];
    int64_t id = verify_integer(&row, 0), utc_us = verify_integer(&row, 1), first = 0;
    (void)context;
    verify_bytes(&row, 2, key, sizeof key);
    bool sealed = verify_query(verify->history,
                               "SELECT utc_us FROM seal NOT INDEXED WHERE signer = ?1 ORDER BY id LIMIT 1",
                               id, 0, &first);
    if (row.sound && (is_told(verify, key, utc_us) || (sealed && first == utc_us)))
        return;
    verify_tell(verify, (struct verify_finding){.kind = VERIFY_SEAL_KEY,
                                                .file = "history.db",
                                                .table = "signer",
                                                .previous = id,
                                                .utc_us = utc_us,
                                                .detail = "a row that no event and no seal explains"});
}

/* Somebody outside vouches for a key: then it must be the one that signs now, whatever the events tell. */
static void check_last_key(struct verify *verify, const struct walk *walk)
{
    enum verify_key_source source = verify->result->key_source;
    char text[SIGNER_TEXT_MAX];
    if (verify->n_seals == 0 || (source != VERIFY_KEY_GIVEN && source != VERIFY_KEY_HEAD) ||
        verify_key_is_believed(verify, walk->last_key) || !verify_key_is_announced(verify, walk->last_key))
        return; /* a key that nobody announced was told of already */
    signer_print(walk->last_key, text);
    verify_tell(verify, (struct verify_finding){.kind = VERIFY_SEAL_KEY,
                                                .file = "history.db",
                                                .table = "seal",
                                                .number = verify->result->last_seal,
                                                .utc_us = verify->result->last_seal_utc_us,
                                                .detail = text});
}

int verify_seals(struct verify *verify)
{
    struct walk walk = {0};
    if (!verify->history || verify->result->history_version < 2)
        return 0;
    int error = verify_each(verify, verify->history, "history.db", "seal",
                            "SELECT " SEAL_COLUMNS ", seal.entries FROM seal NOT INDEXED LEFT JOIN signer"
                            " ON signer.id = seal.signer WHERE seal.id > ?1 ORDER BY seal.id",
                            check_seal, &walk);
    if (error == 0 && walk.error == 0)
        error = check_signatures(verify, &walk);
    if (error == 0 && walk.error == 0) {
        check_lives(verify);
        check_last_key(verify, &walk);
        error = verify_each(verify, verify->history, "history.db", "signer",
                            "SELECT id, utc_us, public_key FROM signer WHERE id > ?1 ORDER BY id",
                            check_signer, NULL);
    }
    return error < 0 ? error : walk.error;
}
