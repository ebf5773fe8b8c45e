/*
 * host.h - included before everything else in each file of the module: all calls of SQLite go to the SQLite
 * of the program that loads it. (Two copies of SQLite in a process drop each other's file locks.)
 */
#ifndef CRYOMON_SQLITE_HOST_H
#define CRYOMON_SQLITE_HOST_H

#include <sqlite3ext.h>

extern const sqlite3_api_routines *sqlite3_api;

#endif
