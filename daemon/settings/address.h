/*
 * address.h - hosts and paths as people write them: is it one, and do two of them mean the same?
 */
#ifndef CRYOMON_ADDRESS_H
#define CRYOMON_ADDRESS_H

#include <stdbool.h>
#include <stddef.h>

/* What is wrong with a host (a name, or an address of IPv4 or IPv6 without brackets), or NULL. */
const char *address_check_host(const char *host);

/* Writes a host in the one way that all its spellings share: an address as inet_ntop does (IPv4 for one that
 * is mapped into IPv6), a name in small letters without the last dot. Nothing is looked up. The text is cut
 * to cap bytes. */
void address_plain_host(const char *host, char *ret, size_t cap);

/* Are two such texts one host? localhost is 127.0.0.1 and ::1, which ever the system takes. */
bool address_same_host(const char *a, const char *b);

/* Writes a path without "//", "/./", "/../" and '/' at its end. Nothing is looked up. ret has room for the
 * path as it is. */
void address_plain_path(const char *path, char *ret, size_t cap);

/* The same, after following links when the file is there. */
void address_real_path(const char *path, char *ret, size_t cap);

/* Is this an existing directory? */
bool address_is_directory(const char *path);

#endif
