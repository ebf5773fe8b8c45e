/*
 * export.h - an archive of a range of the record, that others can verify without cryomon. Its files, below a
 * directory of the archive's name:
 *
 *   readings/ASSET/POINT.csv    each reading of the range
 *   events.jsonl                the events, one JSON text a line, byte for byte as stored and published
 *   calibrations.csv            those of the exported points
 *   configuration/SHA256.yaml   each configuration in force in the range (its SHA-256 is its name)
 *   signing.pub                 the public key
 *   manifest.json               what this is: site, range, figures, who made it
 *   MANIFEST                    the SHA-256 of all these, for sha256sum --check
 *   proof.json                  what binds MANIFEST into the chain of events: the event "export", which holds
 * its SHA-256, the events after it up to a signed head, and that head
 */
#ifndef CRYOMON_CRYOCTL_EXPORT_H
#define CRYOMON_CRYOCTL_EXPORT_H

#include <limits.h>

#include "cryoctl.h"
#include "manifest.h"
#include "reader.h"

#define EXPORT_MESSAGE_MAX 768
#define EXPORT_PROOF       "proof.json"
#define EXPORT_FACTS       "manifest.json"

struct export
{
    const struct ctl *ctl;
    struct history_reader *reader;
    char record[PATH_MAX];    /* the databases */
    char dir[PATH_MAX - 700]; /* where the files are made */
    char site[64];
    int64_t from_us, to_us, made_us;
    const char *asset, *point; /* NULL: all */
    char **names;              /* of the files, relative to dir */
    size_t n_names, cap_names;
    json_t *points; /* for manifest.json */
    int64_t readings, events;
    bool failed; /* message says why */
    char message[EXPORT_MESSAGE_MAX];
};

/* What ends the work: kept, the first one only. Returns false. */
bool export_fail(struct export *e, const char *path, int error);

/* export_data.c: all but manifest.json, MANIFEST and proof.json. */
bool export_data(struct export *e);

/* export_proof.c: the event, the wait for the head that covers it, and proof.json. Returns CTL_OK, or an exit
 * status after a complaint: then there is no proof. */
int export_proof(struct export *e);

void export_free(struct export *e);

#endif
