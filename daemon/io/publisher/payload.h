/* payload.h - topics and the JSON that goes to them: cryomon-mqtt(7). */
#ifndef CRYOMON_PAYLOAD_H
#define CRYOMON_PAYLOAD_H

#include "config.h"
#include "message_parts.h"
#include "mirror.h"

#define TOPIC_MAX     320
#define STATUS_MAX    512
#define HEARTBEAT_MAX 4096 /* each byte of its words may need six */
#define HISTORICAL    ",\"historical\":true}"

/* Topics; the buffer is TOPIC_MAX. Returns it. */
char *payload_topic(char *topic, const struct config *config, const char *name); /* "status", "events" ... */
char *payload_topic_readings(char *topic, const struct config *config, uint16_t asset);
char *payload_topic_alarm(char *topic, const struct config *config, uint16_t alarm);
char *payload_topic_device(char *topic, const struct config *config, uint16_t device);
char *payload_topic_discovery(char *topic, const struct config *config, uint16_t asset);

/* All return the length, or -ENOSPC when it does not fit in cap. reason may be NULL; notifier, too:
 * then it is not known whether people would be called. */
int payload_status(char *text, size_t cap, bool online, const char *run, int64_t utc_us, const char *reason);
int payload_heartbeat(char *text, size_t cap, const char *run, int64_t utc_us, uint64_t sequence,
                      uint64_t events_waiting, uint64_t last_event, const struct notifier_word *notifier);
int payload_readings(char *text, size_t cap, const struct mirror *mirror, uint16_t asset, const char *run,
                     uint64_t sequence, int64_t utc_us);
/* An event's body, marked as late. */
int payload_late(char *text, size_t cap, const char *body);

/* Seconds after which the asset's readings say nothing any more: 3 x the slowest measured point's
 * stale_after_ms (derived ones count only where nothing is measured: they come more seldom). */
uint32_t payload_expiry(const struct config *config, uint16_t asset);

/* Home Assistant's device discovery (discovery.c). */
int payload_discovery(char *text, size_t cap, const struct config *config, uint16_t asset);

#endif
