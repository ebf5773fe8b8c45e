/*
 * control.h - the control thread: a Unix socket that speaks Varlink (JSON, NUL-terminated).
 *
 * Interface io.cryomon.Monitor (see cryomond-control(7)) and org.varlink.service. Who calls is proven by
 * SO_PEERCRED and SO_PEERGROUPS: reading needs group "cryomon", commands "cryomon-operator"; root and the
 * daemon's own user may do both. A slow or hostile client costs itself only: clients, message sizes and
 * waiting answers are bounded.
 *
 * Thread contract: posts CORE_SNAPSHOT and the commands to core.
 */
#ifndef CRYOMON_CONTROL_H
#define CRYOMON_CONTROL_H

#include "heartbeat.h"
#include "mailbox.h"
#include "messages.h"

struct control;

/* Binds the socket (config->control_socket; replaces a dead one, refuses a live one with -EADDRINUSE) and
 * starts the thread. Returns 0 or -errno. */
int control_create(struct config *config, const char *run_id, struct mailbox *core,
                   struct heartbeats *heartbeats, struct control **ret);
struct mailbox *control_mailbox(struct control *control); /* of struct control_message */
int control_stop(struct control *control, unsigned timeout_ms);
void control_free(struct control *control);

#endif
