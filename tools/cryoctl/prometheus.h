/*
 * prometheus.h - diagnostics of devices in the text format that Prometheus reads (version 0.0.4).
 */
#ifndef CRYOMON_CRYOCTL_PROMETHEUS_H
#define CRYOMON_CRYOCTL_PROMETHEUS_H

#include <jansson.h>
#include <stdio.h>

/* devices: the array of a Devices answer. Every metric has the labels site, device, bus and unit. */
void prometheus_print(const char *site, const json_t *devices, FILE *stream);

#endif
