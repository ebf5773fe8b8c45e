/*
 * cryoctl.h - what all verbs of cryoctl share: the options given, exit statuses, and the two languages.
 */
#ifndef CRYOMON_CRYOCTL_H
#define CRYOMON_CRYOCTL_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "config.h"

/* Exit statuses, as in cryoctl(1). */
enum {
    CTL_OK = 0,
    CTL_NEGATIVE = 1,    /* the answer is no: mistakes found, no such point, refused, output failed */
    CTL_USAGE = 2,       /* the command line makes no sense */
    CTL_UNREACHABLE = 3, /* the daemon does not answer */
    CTL_DENIED = 4,      /* the caller may not */
};

#define CTL_LOTS_MAX 16

struct ctl {
    enum language language;
    bool json, utc, all, yes, exit_code;
    bool colour;        /* stdout is a terminal that may be coloured */
    int columns;        /* of the terminal; 0: no limit */
    const char *config; /* a directory; NULL: not given */
    const char *socket; /* NULL until places_socket, if not given */
    char socket_path[108];
    const char *dir, *note, *from, *to, *last, *format, *tolerance, *offset, *reason;
    const char *resolution, *threshold, *asset, *alarm, *person, *kind;
    const char *table, *units, *timeout, *baud, *parity,
        *stop_bits; /* of a Modbus line that is asked directly */
    const char *meaning, *comment, *sign_socket;
    bool password_stdin, check;
    const char *keep, *output; /* backup; export and report */
    bool with_key, unsigned_too;
    const char *program;                            /* of runs: a file; of run prepare: a name */
    const char *operator_name, *lots[CTL_LOTS_MAX]; /* of a run */
    unsigned n_lots;
    bool short_form;
    const char *by;                             /* of nitrogen: a period */
    const char *point, *facts;                  /* of report */
    const char *pdf;                            /* of alarm-report */
    const char *hold_for, *until, *why, *order; /* of what is disabled for a while */
    const char *measured, *second;              /* of a manual reading */
    bool one_shot;
    const char *public_key, *head; /* of verify: files, or the text itself */
    bool quick;
    int interrupt_fd; /* readable when the user has had enough; -1: none */
};

#define CTL_CONFIG_DIR  "/etc/cryomon"
#define CTL_SOCKET      "/run/cryomon/control"
#define CTL_SIGN_SOCKET "/run/cryomon-sign/socket"
#define CTL_HISTORY     "/var/lib/cryomon"

/* The text in the user's language. */
static inline __attribute__((format_arg(2), format_arg(3))) const char *tr(const struct ctl *ctl,
                                                                           const char *en, const char *zh)
{
    return ctl->language == LANGUAGE_ZH ? zh : en;
}

/* "cryoctl: ..." on stderr. */
void ctl_complain(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* How numbers in JSON are printed: exact for readings, and -190.1 stays -190.1. */
#define CTL_JSON (JSON_REAL_PRECISION(15) | JSON_COMPACT)

/* The verbs. argv[0] is the first argument after the verb; the result is the exit status. */
int verb_calibrations(struct ctl *ctl, int argc, char **argv);
int verb_correct(struct ctl *ctl, int argc, char **argv);
int verb_check(struct ctl *ctl, int argc, char **argv);
int verb_status(struct ctl *ctl, int argc, char **argv);
int verb_alarms(struct ctl *ctl, int argc, char **argv);
int verb_ack(struct ctl *ctl, int argc, char **argv);
int verb_history(struct ctl *ctl, int argc, char **argv);
int verb_devices(struct ctl *ctl, int argc, char **argv);
int verb_probe(struct ctl *ctl, int argc, char **argv);
int verb_scan(struct ctl *ctl, int argc, char **argv);
int verb_verify_point(struct ctl *ctl, int argc, char **argv);
int verb_events(struct ctl *ctl, int argc, char **argv);
int verb_verify(struct ctl *ctl, int argc, char **argv);
int verb_key(struct ctl *ctl, int argc, char **argv);
int verb_gaps(struct ctl *ctl, int argc, char **argv);
int verb_exposure(struct ctl *ctl, int argc, char **argv);
int verb_runs(struct ctl *ctl, int argc, char **argv);
int verb_run_show(struct ctl *ctl, int argc, char **argv);
int verb_run_prepare(struct ctl *ctl, int argc, char **argv);
int verb_run_note(struct ctl *ctl, int argc, char **argv);
int verb_run_accept(struct ctl *ctl, int argc, char **argv);
int verb_run_reject(struct ctl *ctl, int argc, char **argv);
int verb_run_report(struct ctl *ctl, int argc, char **argv);
int verb_vessel_relearn(struct ctl *ctl, int argc, char **argv);
int verb_tanks(struct ctl *ctl, int argc, char **argv);
int verb_nitrogen(struct ctl *ctl, int argc, char **argv);
int verb_stats(struct ctl *ctl, int argc, char **argv);
int verb_report(struct ctl *ctl, int argc, char **argv);
int verb_alarm_report(struct ctl *ctl, int argc, char **argv);
int verb_replay(struct ctl *ctl, int argc, char **argv);
int verb_shelve(struct ctl *ctl, int argc, char **argv);
int verb_unshelve(struct ctl *ctl, int argc, char **argv);
int verb_out_of_service(struct ctl *ctl, int argc, char **argv);
int verb_in_service(struct ctl *ctl, int argc, char **argv);
int verb_reset(struct ctl *ctl, int argc, char **argv);
int verb_bypass(struct ctl *ctl, int argc, char **argv);
int verb_unbypass(struct ctl *ctl, int argc, char **argv);
int verb_reading(struct ctl *ctl, int argc, char **argv);
int verb_readings(struct ctl *ctl, int argc, char **argv);
int verb_drill(struct ctl *ctl, int argc, char **argv);
int verb_watch(struct ctl *ctl, int argc, char **argv);
int verb_reload(struct ctl *ctl, int argc, char **argv);
int verb_review(struct ctl *ctl, int argc, char **argv);
int verb_reviews(struct ctl *ctl, int argc, char **argv);
int verb_export(struct ctl *ctl, int argc, char **argv);
int verb_backup(struct ctl *ctl, int argc, char **argv);
int verb_restore(struct ctl *ctl, int argc, char **argv);
int verb_complete(struct ctl *ctl, int argc, char **argv); /* for the shell's completion; not documented */

#endif
