/* A file becomes what this program writes, or is refused and left as it was. */
#include "schema.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "history_fixture.h"
#include "test.h"

static char message[256];

static int setup(void **state)
{
    static struct fixture fixture;
    fixture_make(&fixture);
    *state = &fixture;
    return 0;
}

static int teardown(void **state)
{
    fixture_free(*state);
    return 0;
}

static int integer(sqlite3 *db, const char *sql)
{
    sqlite3_stmt *stmt = NULL;
    assert_int_equal(sqlite3_prepare_v2(db, sql, -1, &stmt, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_step(stmt), SQLITE_ROW);
    int value = sqlite3_column_int(stmt, 0);
    sqlite3_finalize(stmt);
    return value;
}

static void test_new_files(void **state)
{
    struct fixture *fixture = *state;
    assert_int_equal(schema_check(fixture->state, SCHEMA_STATE, message, sizeof message),
                     schema_version(SCHEMA_STATE));
    assert_int_equal(schema_check(fixture->history, SCHEMA_HISTORY, message, sizeof message),
                     schema_version(SCHEMA_HISTORY));
    assert_int_equal(integer(fixture->state, "PRAGMA application_id"), 0x63727953);
    assert_int_equal(integer(fixture->history, "PRAGMA application_id"), 0x63727948);
    assert_int_equal(integer(fixture->state,
                             "SELECT count(*) FROM pragma_table_list WHERE schema = 'main'"
                             " AND type = 'table' AND NOT strict AND name NOT LIKE 'sqlite%'"),
                     0);
    /* A second time changes nothing. */
    assert_int_equal(schema_migrate(fixture->state, SCHEMA_STATE, message, sizeof message), 0);
    assert_int_equal(schema_migrate(fixture->history, SCHEMA_HISTORY, message, sizeof message), 0);
}

static void test_files_are_not_mixed_up(void **state)
{
    struct fixture *fixture = *state;
    assert_int_equal(schema_check(fixture->state, SCHEMA_HISTORY, message, sizeof message), -EUCLEAN);
    assert_int_equal(schema_migrate(fixture->history, SCHEMA_STATE, message, sizeof message), -EUCLEAN);
}

static void test_newer_version_is_refused(void **state)
{
    struct fixture *fixture = *state;
    fixture_sql(fixture->state, "PRAGMA user_version=99");
    assert_int_equal(schema_check(fixture->state, SCHEMA_STATE, message, sizeof message), -EPROTONOSUPPORT);
    assert_non_null(strstr(message, "newer cryomon"));
    assert_non_null(strstr(message, "99"));
    assert_int_equal(schema_migrate(fixture->state, SCHEMA_STATE, message, sizeof message), -EPROTONOSUPPORT);
    assert_int_equal(integer(fixture->state, "PRAGMA user_version"), 99);
    assert_true(sqlite3_get_autocommit(fixture->state));
}

static void test_foreign_file_is_refused(void **state)
{
    (void)state;
    sqlite3 *db = NULL;
    assert_int_equal(sqlite3_open(":memory:", &db), SQLITE_OK);
    fixture_sql(db, "CREATE TABLE mine(x)");
    assert_int_equal(schema_migrate(db, SCHEMA_STATE, message, sizeof message), -EUCLEAN);
    assert_int_equal(integer(db, "SELECT count(*) FROM sqlite_schema"), 1);
    sqlite3_close(db);
}

static const char *const steps[] = {
    "CREATE TABLE a(x INTEGER) STRICT; INSERT INTO a VALUES(1)",
    "ALTER TABLE a ADD COLUMN y INTEGER; UPDATE a SET y = x + 1",
    "CREATE TABLE b(z INTEGER) STRICT; INSERT INTO b SELECT y + 1 FROM a",
};

static void test_steps_run_once_each(void **state)
{
    (void)state;
    for (int from = 0; from <= 3; from++) {
        sqlite3 *db = NULL;
        assert_int_equal(sqlite3_open(":memory:", &db), SQLITE_OK);
        if (from > 0)
            assert_int_equal(schema_run_steps(db, SCHEMA_STATE, steps, from, message, sizeof message), 0);
        assert_int_equal(schema_run_steps(db, SCHEMA_STATE, steps, 3, message, sizeof message), 0);
        assert_int_equal(integer(db, "PRAGMA user_version"), 3);
        assert_int_equal(integer(db, "SELECT count(*) FROM a"), 1);
        assert_int_equal(integer(db, "SELECT z FROM b"), 3);
        sqlite3_close(db);
    }
}

static void test_failed_step_leaves_the_old_version(void **state)
{
    (void)state;
    static const char *const broken[] = {
        "CREATE TABLE a(x INTEGER) STRICT",
        "INSERT INTO a VALUES(1)",
        "INSERT INTO a VALUES('text')",
    };
    sqlite3 *db = NULL;
    assert_int_equal(sqlite3_open(":memory:", &db), SQLITE_OK);
    assert_int_equal(schema_run_steps(db, SCHEMA_STATE, broken, 1, message, sizeof message), 0);
    assert_true(schema_run_steps(db, SCHEMA_STATE, broken, 3, message, sizeof message) < 0);
    assert_int_equal(integer(db, "PRAGMA user_version"), 1);
    assert_int_equal(integer(db, "SELECT count(*) FROM a"), 0);
    assert_true(sqlite3_get_autocommit(db));
    sqlite3_close(db);
}

static void assert_refused(sqlite3 *db, const char *sql)
{
    if (sqlite3_exec(db, sql, NULL, NULL, NULL) != SQLITE_CONSTRAINT)
        fail_msg("not refused: %s", sql);
}

static void test_events_are_append_only(void **state)
{
    struct fixture *fixture = *state;
    fixture_event(fixture, 1, 1, "a", "one");
    fixture_event(fixture, 5, 5, "a", "five");
    assert_refused(fixture->state, "UPDATE event SET body = 'x' WHERE seq = 1");
    assert_refused(fixture->state, "DELETE FROM event WHERE seq = 5");
    assert_refused(fixture->state, "DELETE FROM event");
    assert_refused(fixture->state, "INSERT OR REPLACE INTO event SELECT * FROM event WHERE seq = 5");
    assert_refused(fixture->state,
                   "INSERT INTO event SELECT 3, utc_us, boot_us, boot_id, kind, asset, alarm, body,"
                   " previous, hash FROM event WHERE seq = 1");
    assert_int_equal(integer(fixture->state, "SELECT count(*) FROM event"), 2);
    fixture_sql(fixture->state, "INSERT INTO configuration VALUES(x'00', 1, 'text')");
    assert_refused(fixture->state, "UPDATE configuration SET source = 'x'");
    assert_refused(fixture->state, "DELETE FROM configuration");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_new_files, setup, teardown),
        cmocka_unit_test_setup_teardown(test_files_are_not_mixed_up, setup, teardown),
        cmocka_unit_test_setup_teardown(test_newer_version_is_refused, setup, teardown),
        cmocka_unit_test(test_foreign_file_is_refused),
        cmocka_unit_test(test_steps_run_once_each),
        cmocka_unit_test(test_failed_step_leaves_the_old_version),
        cmocka_unit_test_setup_teardown(test_events_are_append_only, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
