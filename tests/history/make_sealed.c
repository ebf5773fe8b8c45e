/* make_sealed DIR POINTS SLOTS: a long record from the generator of history_build.h. */
#include <stdio.h>
#include <stdlib.h>

#include "history_build.h"

int main(int argc, char **argv)
{
    if (argc != 4) {
        fprintf(stderr, "usage: make_sealed DIR POINTS SLOTS\n");
        return 2;
    }
    const struct history_build build = {.dir = argv[1],
                                        .n_points = (unsigned)strtoul(argv[2], NULL, 10),
                                        .interval_ms = 600000,
                                        .slots = strtoll(argv[3], NULL, 10),
                                        .seed = 4};
    return history_build(&build) < 0;
}
