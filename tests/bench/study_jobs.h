/*
 * study_jobs.h - a study of many halls on some processes, each of which counts for itself.
 */
#ifndef CRYOMON_STUDY_JOBS_H
#define CRYOMON_STUDY_JOBS_H

#include <stddef.h>

struct study_work {
    unsigned long halls; /* unless the first argument says so */
    size_t size;         /* of what is counted: begins as zeros */
    /* Lives the halls first, first + step ... below end; path: the fourth argument, or NULL. Returns 0, or
     * the exit status of its process. */
    int (*live)(unsigned long first, unsigned long end, unsigned long step, void *sums, const char *path);
    void (*add)(void *all, const void *one);
    void (*print)(void *all);
};

/* argv: [HALLS [FIRST [JOBS [PATH]]]]. What main is to return. */
int study_run(const struct study_work *study, int argc, char **argv);

#endif
