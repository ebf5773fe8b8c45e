/*
 * fallback.h - cryomond's own last resort, for when nobody else would tell people: a command that runs, and a
 * relay that is set. When that is, the core decides.
 *
 * Two threads, one for each, that nobody ever waits for: a command that hangs, a disk that does not give its
 * program, a relay that does not answer hold up nothing but themselves. What becomes of it comes back as
 * CORE_FALLBACK. Both threads are started with the first configuration that has something for them to do.
 *
 * The command: execve without a shell, in a process group of its own, which is killed (TERM, then KILL) when
 * its time is over. On its standard input stand the sentences of the alarms, in the environment
 * CRYOMON_SITE, _ASSET, _ALARM, _PRIORITY, _OCCURRENCE, _COUNT and _REASON beside PATH. It runs for one
 * call at a time.
 *
 * The relay: a coil (function 5) or a register (function 6). Over Modbus TCP on a connection of its own that
 * is closed after each write; only the exact echo of the request counts as done. On a serial line, which has
 * one master only, the line's bus thread is asked to do it between two polls (errand.h); it must then also
 * read as it was set. It is written when it
 * changes, again while that fails (on a serial line less and less often, for the devices there are to be
 * asked, too), and every FALLBACK_REFRESH_MS in any case: so a module that has a communication watchdog falls
 * to its safe state when the daemon is dead.
 */
#ifndef CRYOMON_FALLBACK_H
#define CRYOMON_FALLBACK_H

#include "errand.h"
#include "mailbox.h"
#include "messages.h"

#define FALLBACK_TEXT_MAX   8192 /* on the command's standard input, with NUL */
#define FALLBACK_REFRESH_MS 10000
#define FALLBACK_RELAY_MS   3000  /* what connecting and writing may take */
#define FALLBACK_LINE_MS    20000 /* the same on a serial line, where a poll may be under way */

struct fallback;

/* A call: what the command is told. */
struct fallback_call {
    struct fallback_config settings; /* of the configuration in force: the command and its time */
    char site[ID_MAX], asset[ID_MAX], alarm[ID_MAX], occurrence[OCCURRENCE_MAX];
    char priority[16], reason[32]; /* reason: "broker", "notifier" */
    unsigned count;                /* of alarms that wait */
    char text[FALLBACK_TEXT_MAX];
};

/* core: where CORE_FALLBACK goes; it outlives this. Returns 0 or -errno. */
int fallback_create(struct mailbox *core, struct fallback **ret);

/* Runs the command. Takes the call (malloc'd), also when it returns -EBUSY: one is under way (its end has not
 * been told yet), or -errno: the thread could not be started. */
int fallback_run(struct fallback *fallback, struct fallback_call *call);

/* What the relay is to be from now on; told again and again or not, only a change matters. enabled false: it
 * is left alone. unit: of the device that it is at. */
struct fallback_relay {
    bool enabled, on;
    bool serial; /* host is a line: bus_config.device */
    char host[256];
    uint16_t port;
    uint8_t unit;
    bool coil; /* else a holding register */
    uint16_t address, value;
};
int fallback_set_relay(struct fallback *fallback, const struct fallback_relay *relay);

/* What the buses need for a relay on a serial line; valid as long as the fallback. */
struct errand *fallback_errand(const struct fallback *fallback);

/* Ends the threads; a command that runs is left to itself. Returns 0, or -ETIMEDOUT: one hangs, and nothing
 * may be freed. fallback_free(NULL) is a no-op. */
int fallback_stop(struct fallback *fallback, unsigned timeout_ms);
void fallback_free(struct fallback *fallback);

#endif
