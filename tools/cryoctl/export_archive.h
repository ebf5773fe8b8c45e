/*
 * export_archive.h - an archive (export.h) as one file, and whether an archive is what was exported.
 */
#ifndef CRYOMON_CRYOCTL_EXPORT_ARCHIVE_H
#define CRYOMON_CRYOCTL_EXPORT_ARCHIVE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "head.h"

/* Is this the name of an archive in one file (.tar, .tar.gz, .tgz, .zip), not of a directory? */
bool export_archive_is_file(const char *path);

/* Is there an archive: a file, or a directory into which one was unpacked? */
bool export_archive_is_archive(const char *path);

/* Packs the n files of dir, and those of MANIFEST and proof.json that are there, below the folder "name",
 * into a new file. 0 or -errno, with message. */
int export_archive_pack(const char *path, const char *dir, const char *name, const char *const *names,
                        size_t n, char *message, size_t cap);

enum export_archive_finding {
    EXPORT_ALTERED, /* a file is not what MANIFEST says */
    EXPORT_MISSING, /* a file of MANIFEST is not there */
    EXPORT_EXTRA,   /* a file is there that MANIFEST does not name */
    EXPORT_NO_MANIFEST,
    EXPORT_PROOF_BAD,       /* proof.json makes no sense, or an event in it was altered */
    EXPORT_PROOF_OTHER,     /* it is about another MANIFEST */
    EXPORT_HEAD_BAD,        /* the head's signature is wrong, or it covers another chain */
    EXPORT_KEY_OTHER,       /* signed with another key than the one given */
    EXPORT_UNRECORDED,      /* note: no proof.json: nothing shows who made it, and when */
    EXPORT_UNSIGNED,        /* note: the proof has no signed head */
    EXPORT_KEY_UNCONFIRMED, /* note: signed, with a key that comes from the archive itself */
};
const char *export_archive_finding_name(enum export_archive_finding finding);

/* what: the file, or more words in English. */
typedef void export_archive_found_fn(void *context, enum export_archive_finding finding, bool note,
                                     const char *what);

struct export_archive_result {
    uint64_t files, bytes, problems, notes;
    int64_t event_seq, event_utc_us; /* of the export; 0: not recorded */
    char by[128];
    bool is_signed;
    struct head head; /* if is_signed */
};

/* Looks at an archive, or a directory into which one was unpacked. key: known from elsewhere, NULL: none.
 * Returns 0 (also with findings), or -errno with message when it can't be read. */
int export_archive_verify(const char *path, const unsigned char key[SIGNER_KEY_SIZE],
                          export_archive_found_fn *found, void *context, struct export_archive_result *ret,
                          char *message, size_t cap);

#endif
