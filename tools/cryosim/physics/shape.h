/*
 * shape.h - a vessel's inside: how many litres stand below a height, and the other way round.
 *
 * PURE. All is one table of litres at even heights, made once from a form or from a maker's own table; both
 * directions interpolate in it, so that they agree with each other exactly.
 */
#ifndef CRYOSIM_SHAPE_H
#define CRYOSIM_SHAPE_H

#include <stddef.h>

#define SHAPE_INTERVALS 128

/* A body of revolution, from the bottom up: an elliptical dish, a cylinder, a cone (the shoulder), a neck.
 * What is 0 is not there: only diameter and depth make a plain cylinder. */
struct shape_form {
    double diameter_cm, depth_cm; /* depth: inside, to the lid */
    double dish_cm;               /* how deep the dished bottom is */
    double neck_diameter_cm;      /* 0: no neck */
    double neck_length_cm;
    double shoulder_cm; /* height of the cone below the neck */
};

struct shape {
    double depth_cm;
    double litres[SHAPE_INTERVALS + 1];
};

/* Returns 0, or -EINVAL when the parts are higher than the depth or a neck wider than the body. */
int shape_build(struct shape *shape, const struct shape_form *form);
/* From n pairs, n >= 2, both rising strictly, the first 0 cm, the last the depth. Returns 0 or -EINVAL. */
int shape_table(struct shape *shape, const double *cm, const double *litres, size_t n);

/* Heights beyond the vessel are taken as its bottom or its rim. */
double shape_litres(const struct shape *shape, double cm);
double shape_cm(const struct shape *shape, double litres);
double shape_capacity(const struct shape *shape);
/* Litres that one more centimetre holds at this height. */
double shape_litres_per_cm(const struct shape *shape, double cm);

#endif
