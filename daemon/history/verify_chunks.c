/* verify_chunks.c - the chunks against the lists in the seals, and the readings in them against what was
 * signed for their hours. Lists and chunks are both in order of seal, then point: they are walked side by
 * side. */
#include "verify_internal.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "chunk.h"

struct walk {
    size_t i;             /* the seal whose list is walked; n_seals: at the end */
    struct bytes entries; /* its list */
    const unsigned char *at;
    bool expecting; /* there is a chunk to come: */
    uint32_t point;
    unsigned char hash[CHAIN_HASH_SIZE];
    bool wanted;                   /* its readings are within the time asked for */
    bool whole;                    /* so far each chunk of it was there and could be unpacked */
    int64_t count;                 /* readings in it so far */
    struct seal_content *contents; /* one per hour of it */
    const struct verify_seal **hours;
    size_t n_hours, cap_hours;
    struct chunk chunk;
    sqlite3_stmt *list;
    uint64_t passed, total; /* bytes of lists */
    int error;
};

static struct verify_finding about(const struct verify *verify, const struct verify_seal *seal,
                                   enum verify_kind kind, int64_t point_id, const char *detail)
{
    const struct verify_point *point = verify_find_point(verify, point_id);
    return (struct verify_finding){
        .kind = kind,
        .file = "history.db",
        .table = "chunk",
        .number = seal ? seal->id : 0,
        .previous = point_id,
        .utc_us = seal ? seal->first_utc_us : 0,
        .to_utc_us = seal ? seal->last_utc_us : 0,
        .asset = point ? point->asset : NULL,
        .point = point ? point->point : NULL,
        .detail = detail,
    };
}

/* ---------------------------------------------------------------- the seal at hand */

/* The hours of the seal: itself, or those that its day is made of. */
static bool find_hours(struct verify *verify, struct walk *walk, const struct verify_seal *seal)
{
    bool day = seal->kind == SEAL_DAY;
    int64_t from = day ? seal->from_id : seal->id, to = day ? seal->to_id : seal->id;
    walk->n_hours = 0;
    for (size_t i = verify_first_seal(verify, from); i < verify->n_seals && verify->seals[i].id <= to; i++) {
        const struct verify_seal *hour = &verify->seals[i];
        if (hour->kind != SEAL_HOUR)
            continue;
        if (walk->n_hours == walk->cap_hours) {
            size_t cap = walk->cap_hours * 2 + 32;
            const struct verify_seal **hours = realloc(walk->hours, cap * sizeof *hours);
            walk->hours = hours ? hours : walk->hours;
            struct seal_content *contents = realloc(walk->contents, cap * sizeof *contents);
            walk->contents = contents ? contents : walk->contents;
            if (!hours || !contents)
                return false;
            walk->cap_hours = cap;
        }
        seal_content_begin(&walk->contents[walk->n_hours]);
        walk->hours[walk->n_hours++] = hour;
    }
    return true;
}

/* The next point of the list. */
static void next_entry(struct verify *verify, struct walk *walk)
{
    const unsigned char *end = walk->entries.data + walk->entries.len;
    int result = walk->at ? seal_entries_next(&walk->at, end, &walk->point, walk->hash) : 0;
    walk->expecting = result > 0;
    if (result < 0)
        verify_tell(verify, about(verify, &verify->seals[walk->i], VERIFY_SEAL_ENTRIES, 0, "no list"));
}

static void open_seal(struct verify *verify, struct walk *walk)
{
    const struct verify_seal *seal = &verify->seals[walk->i];
    const struct verify_options *options = verify->options;
    walk->expecting = false;
    walk->point = 0;
    walk->at = NULL;
    walk->count = 0;
    walk->whole = true;
    walk->wanted = seal->last_utc_us >= options->from_utc_us && seal->first_utc_us < options->to_utc_us;
    if (!seal->live)
        return;
    bytes_clear(&walk->entries);
    sqlite3_bind_int64(walk->list, 1, seal->id);
    if (sqlite3_step(walk->list) == SQLITE_ROW) {
        bytes_append(&walk->entries, sqlite3_column_blob(walk->list, 0),
                     (size_t)sqlite3_column_bytes(walk->list, 0));
        walk->at = walk->entries.data;
    }
    sqlite3_reset(walk->list);
    if (walk->entries.failed || !find_hours(verify, walk, seal))
        walk->error = -ENOMEM;
    if (walk->error == 0)
        next_entry(verify, walk);
}

/* All of its chunks were seen: do they prove its hours? */
static void close_seal(struct verify *verify, struct walk *walk)
{
    const struct verify_seal *seal = &verify->seals[walk->i];
    unsigned char content[CHAIN_HASH_SIZE];
    walk->passed += (uint64_t)seal->entries_len;
    if (!seal->live || !walk->wanted || !walk->whole)
        return;
    if (walk->count != seal->count)
        verify_tell(verify, about(verify, seal, VERIFY_CHUNK_CONTENT, 0, "number of readings"));
    verify->result->readings += (uint64_t)walk->count;
    for (size_t i = 0; i < walk->n_hours && !verify->options->shallow; i++) {
        seal_content_end(&walk->contents[i], content);
        if (memcmp(content, walk->hours[i]->content, sizeof content) != 0)
            verify_tell(verify, about(verify, walk->hours[i], VERIFY_CHUNK_CONTENT, 0, NULL));
        else
            verify->result->hours_proven++;
    }
    double done = walk->total > 0 ? (double)walk->passed / (double)walk->total : 1;
    (void)verify_progress(verify, done, seal->first_utc_us);
}

/* ---------------------------------------------------------------- a chunk */

/* Without a value in it the columns of values are NULL, with one they are not. */
static int64_t number_of(struct verify_row *row, int column, bool has_values)
{
    if (has_values)
        return verify_integer(row, column);
    row->sound = row->sound && sqlite3_column_type(row->stmt, column) == SQLITE_NULL;
    return 0;
}

static bool read_chunk(struct verify_row *row, struct seal_chunk *chunk)
{
    chunk->count = verify_integer(row, 1);
    chunk->values = verify_integer(row, 2);
    int64_t *const numbers[] = {&chunk->minimum, &chunk->maximum, &chunk->sum, &chunk->first, &chunk->last};
    for (int i = 0; i < 5; i++)
        *numbers[i] = number_of(row, 3 + i, chunk->values > 0);
    chunk->worst = verify_integer(row, 8);
    chunk->hours = verify_blob(row, 9, &chunk->hours_len);
    chunk->body = verify_blob(row, 10, &chunk->body_len);
    return row->sound;
}

/* Gives each hour its section. */
static void prove(struct verify *verify, struct walk *walk, const struct seal_point *point,
                  const struct seal_chunk *chunk)
{
    int result = chunk_unpack(chunk->body, chunk->body_len, &walk->chunk);
    int64_t count = 0;
    const char *wrong = result < 0                       ? "can't be unpacked"
                        : walk->chunk.n != walk->n_hours ? "number of hours"
                                                         : NULL;
    for (size_t i = 0; i < walk->chunk.n && !wrong; i++) {
        const struct section *section = &walk->chunk.sections[i];
        if (section->head_len == 0 && section->values_len == 0)
            continue;
        int64_t n = section_count(section);
        if (n < 0)
            wrong = "an hour makes no sense";
        count += n;
        seal_content_add(&walk->contents[i], point, section->head, section->head_len, section->values,
                         section->values_len);
    }
    if (!wrong && count != chunk->count)
        wrong = "number of readings";
    if (!wrong)
        return;
    walk->whole = false;
    verify_tell(verify, about(verify, &verify->seals[walk->i], VERIFY_CHUNK_CONTENT, chunk->point, wrong));
}

static void check_chunk(struct verify *verify, struct walk *walk, sqlite3_stmt *stmt)
{
    struct verify_row row = {stmt, true};
    const struct verify_seal *seal = &verify->seals[walk->i];
    struct seal_chunk chunk = {.seal = seal->id, .point = walk->point};
    unsigned char hash[CHAIN_HASH_SIZE];
    const struct verify_point *found = verify_find_point(verify, walk->point);
    verify->result->chunks++;
    if (!walk->wanted)
        return;
    bool sound = read_chunk(&row, &chunk);
    if (!found) {
        walk->whole = false;
        verify_tell(verify,
                    about(verify, seal, VERIFY_POINT, walk->point, "the point of a chunk is not there"));
        return;
    }
    struct seal_point point = {found->asset, found->point, found->unit, found->decimals};
    seal_chunk_hash(&point, &chunk, hash);
    if (!sound || memcmp(hash, walk->hash, sizeof hash) != 0)
        verify_tell(verify, about(verify, seal, VERIFY_CHUNK_ALTERED, walk->point, NULL));
    walk->count += chunk.count;
    verify->result->bytes += chunk.body_len + chunk.hours_len;
    if (!verify->options->shallow)
        prove(verify, walk, &point, &chunk);
}

/* Moves on to the entry of chunk id; those passed over have no chunk. */
static void move_to(struct verify *verify, struct walk *walk, int64_t id)
{
    while (walk->i < verify->n_seals && walk->error == 0 && !verify->stopped) {
        const struct verify_seal *seal = &verify->seals[walk->i];
        while (walk->expecting && seal_chunk_id(seal->id, walk->point) < id) {
            walk->whole = false;
            verify_tell(verify, about(verify, seal, VERIFY_CHUNK_MISSING, walk->point, NULL));
            next_entry(verify, walk);
        }
        if (walk->expecting)
            return;
        if (seal_chunk_id(seal->id + 1, 0) > id && id != INT64_MAX)
            return; /* what comes belongs to this seal: not listed */
        close_seal(verify, walk);
        if (++walk->i < verify->n_seals)
            open_seal(verify, walk);
    }
}

static void see_chunk(struct verify *verify, sqlite3_stmt *stmt, void *context)
{
    struct walk *walk = context;
    int64_t id = sqlite3_column_int64(stmt, 0);
    if (walk->error < 0)
        return;
    move_to(verify, walk, id);
    if (walk->i < verify->n_seals && walk->expecting &&
        seal_chunk_id(verify->seals[walk->i].id, walk->point) == id) {
        check_chunk(verify, walk, stmt);
        next_entry(verify, walk);
        return;
    }
    const struct verify_seal *seal = verify_find_seal(verify, id >> SEAL_POINT_BITS);
    struct verify_finding finding =
        about(verify, seal, VERIFY_CHUNK_EXTRA, id & (int64_t)SEAL_POINT_MAX, NULL);
    finding.number = id >> SEAL_POINT_BITS;
    verify_tell(verify, finding);
}

int verify_chunks(struct verify *verify)
{
    struct walk walk = {0};
    if (!verify->history || verify->result->history_version < 2)
        return 0;
    for (size_t i = 0; i < verify->n_seals; i++)
        walk.total += (uint64_t)verify->seals[i].entries_len;
    if (sqlite3_prepare_v2(verify->history, "SELECT entries FROM seal WHERE id = ?1", -1, &walk.list, NULL) !=
        SQLITE_OK)
        return -ENOMEM;
    if (verify->n_seals > 0)
        open_seal(verify, &walk);
    int error = walk.error;
    if (error == 0)
        error = verify_each(verify, verify->history, "history.db", "chunk",
                            "SELECT id, count, \"values\", minimum, maximum, sum, first, last, worst, hours,"
                            " body FROM chunk WHERE id > ?1 ORDER BY id",
                            see_chunk, &walk);
    if (error == 0)
        move_to(verify, &walk, INT64_MAX);
    sqlite3_finalize(walk.list);
    bytes_free(&walk.entries);
    chunk_free(&walk.chunk);
    free(walk.hours);
    free(walk.contents);
    return error < 0 ? error : walk.error;
}
