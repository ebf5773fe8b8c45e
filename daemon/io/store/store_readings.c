/* store_readings.c - readings that wait for history.db, within a bound. See store_internal.h.
 *
 * A reading refers to its point by the index in its configuration; so each block knows the configuration, and
 * keeps it until its readings are written. Ids of history.db are looked up only then: it may not be open yet.
 */
#include "store_internal.h"

#include <errno.h>
#include <stdlib.h>

_Static_assert(sizeof(struct store_block) * BLOCKS_MAX <= (size_t)64 << 20, "the bound is 64 MiB");

static void series_free(struct store_series *series)
{
    if (!series)
        return;
    config_unref(series->config);
    free(series->ids);
    free(series->calibration_ids);
    free(series);
}

/* Frees configurations that are neither in force nor needed by a reading. */
static void drop_unused_series(struct store_readings *readings)
{
    if (!readings->series)
        return;
    for (struct store_series **at = &readings->series->next; *at;) {
        struct store_series *series = *at;
        if (series->blocks > 0) {
            at = &series->next;
            continue;
        }
        *at = series->next;
        readings->n_series--;
        series_free(series);
    }
}

static void drop_head_block(struct store_readings *readings)
{
    struct store_block *block = readings->head;
    readings->n -= block->n - block->first;
    readings->head = block->next;
    if (!readings->head)
        readings->tail = NULL;
    readings->n_blocks--;
    block->series->blocks--;
    drop_unused_series(readings);
    free(block);
}

/* Gives up the oldest block, and counts it. */
static void give_up(struct store *store)
{
    struct store_history *history = &store->history;
    const struct store_block *block = history->readings.head;
    uint64_t count = block->n - block->first;
    int64_t from = INT64_MAX, to = INT64_MIN;
    for (unsigned i = block->first; i < block->n; i++) {
        int64_t taken_us = block->entries[i].taken_ms * MS_US;
        from = taken_us < from ? taken_us : from;
        to = taken_us > to ? taken_us : to;
    }
    store_report_gap(store, GAP_READINGS, count, from, to);
    history->doubt_n = history->doubt_n > count ? history->doubt_n - count : 0;
    drop_head_block(&history->readings);
}

int store_readings_configure(struct store *store, struct config *config)
{
    struct store_readings *readings = &store->history.readings;
    struct store_series *series = calloc(1, sizeof *series);
    if (!series)
        return -ENOMEM;
    series->ids = calloc((size_t)config->n_points + 1, sizeof *series->ids);
    series->calibration_ids = calloc((size_t)config->n_calibrations + 1, sizeof *series->calibration_ids);
    if (!series->ids || !series->calibration_ids) {
        series_free(series);
        return -ENOMEM;
    }
    series->config = config_ref(config);
    series->next = readings->series;
    readings->series = series;
    readings->n_series++;
    drop_unused_series(readings);
    while (readings->n_series > STORE_SERIES_MAX && readings->head)
        give_up(store);
    return 0;
}

#ifdef CRYOMON_TEST_HOOKS
/* For tests of what is given up: $CRYOMON_TEST_BLOCKS is a smaller bound. */
static size_t blocks_max(void)
{
    const char *bound = getenv("CRYOMON_TEST_BLOCKS");
    return bound != NULL ? strtoul(bound, NULL, 10) : BLOCKS_MAX;
}
#else
static size_t blocks_max(void)
{
    return BLOCKS_MAX;
}
#endif

static struct store_block *block_for_one_more(struct store *store)
{
    struct store_readings *readings = &store->history.readings;
    struct store_block *tail = readings->tail;
    if (tail && tail->n < BLOCK_ENTRIES && tail->series == readings->series)
        return tail;
    if (readings->n_blocks >= blocks_max() && readings->head)
        give_up(store);
    struct store_block *block = malloc(sizeof *block);
    if (!block)
        return NULL;
    block->next = NULL;
    block->series = readings->series;
    block->first = block->n = 0;
    block->series->blocks++;
    if (readings->tail)
        readings->tail->next = block;
    else
        readings->head = block;
    readings->tail = block;
    readings->n_blocks++;
    return block;
}

void store_readings_add(struct store *store, const struct store_message *message)
{
    struct store_readings *readings = &store->history.readings;
    const struct config *config = readings->series->config;
    int64_t taken_us = message->sample.taken.utc_us;
    if (message->generation != config->generation || message->sample.point >= config->n_points) {
        store_report_gap(store, GAP_STALE, 1, taken_us, taken_us);
        store_report_gap_over(store, GAP_STALE);
        return;
    }
    struct store_block *block = block_for_one_more(store);
    if (!block) {
        store_report_gap(store, GAP_READINGS, 1, taken_us, taken_us);
        return;
    }
    unsigned decimals = config->points[message->sample.point].format.decimals;
    int64_t late_us = taken_us - message->sample.slot.utc_us;
    if (late_us > 0 && late_us < FRAME_PUNCTUAL_US)
        taken_us = message->sample.slot.utc_us;
    block->entries[block->n++] = frame_entry_make(
        message->sample.point, decimals, message->sample.slot.utc_us, taken_us, &message->sample.reading);
    block->entries[block->n - 1].calibration = message->sample.calibration;
    readings->n++;
}

void store_readings_pop(struct store_readings *readings, uint64_t count)
{
    while (count > 0 && readings->head) {
        struct store_block *block = readings->head;
        unsigned here = block->n - block->first;
        if (count < here) {
            block->first += (unsigned)count;
            readings->n -= count;
            return;
        }
        count -= here;
        drop_head_block(readings);
    }
}

void store_readings_forget_ids(struct store_readings *readings)
{
    for (struct store_series *series = readings->series; series; series = series->next) {
        for (unsigned i = 0; i < series->config->n_points; i++)
            series->ids[i] = 0;
        for (uint32_t i = 0; i < series->config->n_calibrations; i++)
            series->calibration_ids[i] = 0;
    }
}

void store_readings_free(struct store_readings *readings)
{
    while (readings->head)
        drop_head_block(readings);
    while (readings->series) {
        struct store_series *series = readings->series;
        readings->series = series->next;
        series_free(series);
    }
}
