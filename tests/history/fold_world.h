/* fold_world.h - a history.db that a test writes frames into and has folded, and what has to be in it. */
#ifndef CRYOMON_FOLD_WORLD_H
#define CRYOMON_FOLD_WORLD_H

#include "fold.h"
#include "history_build.h"
#include "history_fixture.h"

#define FOLD_WORLD_START HISTORY_BUILD_START_MS
#define FOLD_WORLD_MAX   4096

struct fold_world {
    struct fixture files;
    struct signer *signer;
    struct fold *fold;
    struct fold_head head;
    struct frame_entry put[FOLD_WORLD_MAX]; /* all that were written, in order */
    size_t n;
};

/* For cmocka: an empty one, with the points 1 (tank-1/lid), 2 (tank-1/level) and 7 (tank-2/lid). */
int fold_world_setup(void **state);
int fold_world_teardown(void **state);

/* A frame. */
void fold_world_put(struct fold_world *world, const struct frame_entry *entries, size_t n);
/* A frame with one reading of points 1 and 2 each. */
void fold_world_put_at(struct fold_world *world, int64_t at_ms, int64_t number);
/* Three such frames in each of the hours from the start on. */
void fold_world_put_hours(struct fold_world *world, int from_hour, int to_hour);
/* Forgets what was put with slots in this time, of the point (0: of all): it need not be there any more. */
void fold_world_drop(struct fold_world *world, int64_t from_ms, int64_t to_ms, uint32_t point);

struct fold_done fold_world_step(struct fold_world *world);
int fold_world_fold(struct fold_world *world);   /* all that can be; the number of steps */
void fold_world_again(struct fold_world *world); /* as after a restart */
int64_t fold_world_count(struct fold_world *world, const char *what); /* rows: "TABLE WHERE ..." */
/* Each reading that was put is there once, in its order, point by point. */
void fold_world_assert(struct fold_world *world);

#endif
