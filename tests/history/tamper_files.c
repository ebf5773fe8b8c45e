/* tamper_files.c - the files that are changed, and what is in them. See tamper.h. */
#include "tamper.h"

#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "test.h"

/* ---------------------------------------------------------------- random numbers */

static uint64_t next_random(void)
{
    tamper.random_state += UINT64_C(0x9e3779b97f4a7c15);
    uint64_t z = tamper.random_state;
    z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
    return z ^ z >> 31;
}

unsigned tamper_below(uint64_t n)
{
    return (unsigned)(next_random() % n);
}

/* ---------------------------------------------------------------- files */

void tamper_path(const char *dir, enum schema_file file, char path[160])
{
    snprintf(path, 160, "%s/%s", dir, schema_name(file));
}

void tamper_load(struct tamper_image *image)
{
    for (int i = 0; i < 2; i++) {
        char path[160];
        tamper_path(tamper.record.fixture.dir, (enum schema_file)i, path);
        FILE *file = fopen(path, "rb");
        assert_non_null(file);
        assert_int_equal(fseek(file, 0, SEEK_END), 0);
        image->len[i] = (size_t)ftell(file);
        rewind(file);
        image->bytes[i] = malloc(image->len[i]);
        assert_int_equal(fread(image->bytes[i], 1, image->len[i], file), image->len[i]);
        fclose(file);
    }
}

void tamper_store(const struct tamper_image *image, int i)
{
    static const char *const behind[] = {"-wal", "-shm", "-journal"};
    char path[160], other[176];
    tamper_path(tamper.work, (enum schema_file)i, path);
    for (size_t k = 0; k < sizeof behind / sizeof *behind; k++) {
        snprintf(other, sizeof other, "%s%s", path, behind[k]);
        unlink(other);
    }
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(image->bytes[i], 1, image->len[i], file), image->len[i]);
    assert_int_equal(fclose(file), 0);
}

sqlite3 *tamper_open(int i)
{
    char path[160];
    sqlite3 *db = NULL;
    tamper_path(tamper.work, (enum schema_file)i, path);
    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    sqlite3_exec(db, "PRAGMA synchronous=OFF; PRAGMA journal_mode=MEMORY; PRAGMA ignore_check_constraints=1",
                 NULL, NULL, NULL);
    sqlite3_db_config(db, SQLITE_DBCONFIG_ENABLE_TRIGGER, 0, NULL);
    return db;
}

int64_t tamper_number(sqlite3 *db, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    char *sql = sqlite3_vmprintf(format, args);
    va_end(args);
    sqlite3_stmt *stmt = NULL;
    assert_int_equal(sqlite3_prepare_v2(db, sql, -1, &stmt, NULL), SQLITE_OK);
    int64_t value = sqlite3_step(stmt) == SQLITE_ROW ? sqlite3_column_int64(stmt, 0) : 0;
    sqlite3_finalize(stmt);
    sqlite3_free(sql);
    return value;
}

void tamper_dump(const char *dir, unsigned char ret[32])
{
    crypto_hash_sha256_state state;
    crypto_hash_sha256_init(&state);
    for (int i = 0; i < 2; i++) {
        char path[160];
        sqlite3 *db = NULL;
        sqlite3_stmt *stmt = NULL;
        tamper_path(dir, (enum schema_file)i, path);
        sqlite3_open_v2(path, &db, SQLITE_OPEN_READONLY, NULL);
        for (size_t t = 0; t < TAMPER_TABLES + 3; t++) {
            char sql[256];
            if (t < TAMPER_TABLES && tamper_tables[t].file != i)
                continue;
            if (t >= TAMPER_TABLES) /* how it is made, and whether it fits itself */
                snprintf(sql, sizeof sql, "%s",
                         (const char *[]){"SELECT * FROM sqlite_schema", "PRAGMA integrity_check",
                                          "SELECT user_version, application_id FROM pragma_user_version,"
                                          " pragma_application_id"}[t - TAMPER_TABLES]);
            else if (strcmp(tamper_tables[t].name, "configuration") == 0)
                snprintf(sql, sizeof sql, "SELECT sha256, source FROM configuration ORDER BY rowid");
            else
                snprintf(sql, sizeof sql, "SELECT * FROM %s NOT INDEXED", tamper_tables[t].name);
            int result = sqlite3_prepare_v2(db, sql, -1, &stmt, NULL);
            while (result == SQLITE_OK && (result = sqlite3_step(stmt)) == SQLITE_ROW) {
                for (int c = 0; c < sqlite3_column_count(stmt); c++) {
                    int type = sqlite3_column_type(stmt, c), len = sqlite3_column_bytes(stmt, c);
                    crypto_hash_sha256_update(&state, (const void *)&type, sizeof type);
                    crypto_hash_sha256_update(&state, (const void *)&len, sizeof len);
                    if (len > 0)
                        crypto_hash_sha256_update(&state, sqlite3_column_blob(stmt, c), (unsigned)len);
                }
                result = SQLITE_OK;
            }
            crypto_hash_sha256_update(&state, (const void *)&result, sizeof result);
            sqlite3_finalize(stmt);
            stmt = NULL;
        }
        sqlite3_close(db);
    }
    crypto_hash_sha256_final(&state, ret);
}
