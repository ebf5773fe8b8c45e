/*
 * tables.h - the tables of the module cryomon.so, and what they share.
 *
 *   readings  each stored reading; hours, days  summaries: see cryomon-sqlite(7)
 *
 * Nothing can be written through them, and the files are opened for reading only. A reader of history pushes
 * rows, SQL pulls them: so a bounded piece of a point's history is read at once (readings.c, spans.c).
 */
#ifndef CRYOMON_SQLITE_TABLES_H
#define CRYOMON_SQLITE_TABLES_H

#include "host.h"
#include "source.h"

extern const sqlite3_module readings_module;
extern const sqlite3_module hours_module, days_module;

/* A table with this declaration; its settings outlive it. */
int tables_connect(sqlite3 *db, struct source_settings *settings, const char *declaration,
                   sqlite3_vtab **ret);
int tables_disconnect(sqlite3_vtab *table);
struct source_settings *tables_settings(sqlite3_vtab *table);
void tables_set_error(sqlite3_vtab *table, char *error); /* takes it; NULL: none */

/* The double that is nearest to the decimal. */
double tables_real(micro_t value);
void tables_give_time(sqlite3_context *context, int64_t utc_us);
void tables_give_point(sqlite3_context *context, const char *asset, const char *point);

#endif
