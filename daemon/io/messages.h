/*
 * messages.h - what the threads say to each other. Copied values with indices, never pointers (but for the
 * immutable, counted configuration).
 *
 *   bus threads, control, store, publisher,
 *   fallback, loader                                --core_message-->       core thread (monitor.c)
 *   core thread, publisher                          --store_message-->      store thread
 *   core thread, store                              --publisher_message-->  publisher thread
 *   core thread                                     --control_message-->    control thread
 *
 * Indices (point, alarm, asset) belong to a generation of the configuration: a receiver drops what carries
 * another generation than its own. A *_CONFIG message carries one reference, which the receiver then owns.
 */
#ifndef CRYOMON_MESSAGES_H
#define CRYOMON_MESSAGES_H

#include "control_message.h"
#include "core_message.h"
#include "event_record.h"
#include "message_parts.h"
#include "publisher_message.h"
#include "store_message.h"

#endif
