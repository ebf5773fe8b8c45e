/*
 * turns.h - who may be connected: a host that takes few connections is shared by its buses.
 *
 * All buses of one host with max_connections hold at most that many connections together. A bus asks before
 * it connects; if all are taken it waits in a queue, first come first served, and those who hold one are
 * told: each gives its connection up after the poll under way. A connection that is given back goes to the
 * head of the queue, never to a newcomer, so a bus waits for as many polls as stand before it.
 *
 * One object for all buses of a configuration, made before them; a lock of its own, held for moments. It is
 * counted, because a bus thread may outlive the configuration that it was made for.
 */
#ifndef CRYOMON_TURNS_H
#define CRYOMON_TURNS_H

#include "config.h"

struct turns;

/* Returns 0 or -errno. The counted object starts with one reference. */
int turns_create(const struct config *config, struct turns **ret);
struct turns *turns_ref(struct turns *turns);
void turns_unref(struct turns *turns); /* NULL is a no-op */

/* May the bus connect? True: it holds one of its host's connections from now on (or did). False: it stands in
 * the queue. turns NULL, or a bus without a limit: always true. */
bool turns_take(struct turns *turns, uint16_t bus);

/* Does somebody wait for what this bus holds? */
bool turns_wanted(struct turns *turns, uint16_t bus);

/* Gives the connection back, or leaves the queue. */
void turns_release(struct turns *turns, uint16_t bus);

/* An eventfd that becomes readable when the bus has got its turn, and when somebody waits for what it holds;
 * -1 for a bus without a limit. turns_heard makes it quiet again. */
int turns_fd(const struct turns *turns, uint16_t bus);
void turns_heard(struct turns *turns, uint16_t bus);

#endif
