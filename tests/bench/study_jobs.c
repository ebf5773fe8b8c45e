#include "study_jobs.h"

#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

int study_run(const struct study_work *study, int argc, char **argv)
{
    unsigned long halls = argc > 1 ? strtoul(argv[1], NULL, 10) : study->halls;
    unsigned long first = argc > 2 ? strtoul(argv[2], NULL, 10) : 0;
    unsigned long jobs = argc > 3 ? strtoul(argv[3], NULL, 10) : 2;
    if (jobs < 1 || jobs > 64)
        return 2;
    char *sums = mmap(NULL, jobs * study->size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (sums == MAP_FAILED)
        return 1;
    for (unsigned long j = 0; j < jobs; j++) {
        pid_t child = fork();
        if (child < 0)
            return 1;
        if (child == 0)
            _exit(study->live(first + j, first + halls, jobs, sums + j * study->size,
                              argc > 4 ? argv[4] : NULL));
    }
    int failed = 0, status = 0;
    while (wait(&status) > 0)
        failed |= status;
    for (unsigned long j = 1; j < jobs; j++)
        study->add(sums, sums + j * study->size);
    study->print(sums);
    return failed != 0;
}
