/* store_fixture.h - a store on a directory of its own, and the threads around it played by the test. */
#ifndef CRYOMON_STORE_FIXTURE_H
#define CRYOMON_STORE_FIXTURE_H

#include <sqlite3.h>

#include "reader.h"
#include "store.h"

#define STORE_WAIT_MS 20000

struct store_fixture {
    char base[64]; /* removed at the end, with all in it */
    char dir[96];  /* base/state: the store's directory */
    struct config *config;
    struct mailbox *core, *publisher;
    struct heartbeats *heartbeats;
    struct store *store;
};

void store_fixture_make(struct store_fixture *fixture);
void store_fixture_free(struct store_fixture *fixture); /* stops the store first */
void store_fixture_start(struct store_fixture *fixture);
void store_fixture_stop(
    struct store_fixture *fixture); /* asserts that it stops in time; what waits in core is lost */
void store_fixture_path(const struct store_fixture *fixture, const char *name, char *path, size_t cap);

/* A configuration of n points p0, p1... of asset tank-1, with MQTT. */
struct config *store_fixture_config(const struct store_fixture *fixture, uint32_t generation,
                                    uint16_t n_points);

/* What the core thread sends. */
void store_fixture_post(struct store_fixture *fixture, const struct store_message *message);
struct store_message store_fixture_event(uint64_t seq, const char *alarm, enum alarm_state state);
void store_fixture_post_event(struct store_fixture *fixture, uint64_t seq, const char *alarm,
                              enum alarm_state state);
void store_fixture_post_reading(struct store_fixture *fixture, uint16_t point, int64_t at_ms, micro_t value);

/* Frees what the message owns; for one that nobody wanted. */
void store_fixture_drop(struct core_message *message);

/* Waits for a message of the kind; messages of other kinds are passed over. */
struct core_message store_fixture_wait(struct store_fixture *fixture, enum core_kind kind);
struct core_message store_fixture_wait_fault(struct store_fixture *fixture, enum system_fault fault,
                                             bool failed);
void store_fixture_wait_durable(struct store_fixture *fixture, uint64_t seq);
/* Waits until the query's first column is the value, by a connection of its own that only reads. */
void store_fixture_wait_sql(struct store_fixture *fixture, const char *file, const char *query,
                            int64_t value);
int64_t store_fixture_sql(struct store_fixture *fixture, const char *file, const char *query);

/* integrity_check of both files and the whole chain; frames too. */
void store_fixture_assert_sound(struct store_fixture *fixture);

/* All readings as a checksum of their values, each asserted to be there once: values must be 0..n-1 in order.
 */
int64_t store_fixture_count_readings(struct store_fixture *fixture);

#endif
