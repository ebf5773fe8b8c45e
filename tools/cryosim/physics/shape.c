#include "shape.h"

#include <errno.h>
#include <math.h>
#include <stdbool.h>

#define PI    3.14159265358979323846
#define SLABS 16 /* of an interval, for the integral */

static double diameter_at(const struct shape_form *f, double cm)
{
    double neck_from = f->depth_cm - f->neck_length_cm, cone_from = neck_from - f->shoulder_cm;
    if (cm < f->dish_cm) {
        double above = 1 - cm / f->dish_cm; /* 1 at the bottom, 0 where the cylinder begins */
        return f->diameter_cm * sqrt(1 - above * above);
    }
    if (f->neck_diameter_cm <= 0 || cm < cone_from)
        return f->diameter_cm;
    if (cm >= neck_from)
        return f->neck_diameter_cm;
    double share = (cm - cone_from) / f->shoulder_cm;
    return f->diameter_cm + share * (f->neck_diameter_cm - f->diameter_cm);
}

int shape_build(struct shape *shape, const struct shape_form *form)
{
    bool neck = form->neck_diameter_cm > 0;
    double top = neck ? form->neck_length_cm + form->shoulder_cm : 0;
    if (!(form->diameter_cm > 0) || !(form->depth_cm > 0) || form->dish_cm < 0 || form->neck_length_cm < 0 ||
        form->shoulder_cm < 0 || form->dish_cm + top > form->depth_cm ||
        form->neck_diameter_cm > form->diameter_cm)
        return -EINVAL;
    double slab_cm = form->depth_cm / SHAPE_INTERVALS / SLABS, sum_l = 0;
    shape->depth_cm = form->depth_cm;
    shape->litres[0] = 0;
    for (int i = 0; i < SHAPE_INTERVALS; i++) {
        for (int k = 0; k < SLABS; k++) {
            double d = diameter_at(form, (i * SLABS + k + 0.5) * slab_cm);
            sum_l += PI / 4 * d * d * slab_cm / 1000;
        }
        shape->litres[i + 1] = sum_l;
    }
    return 0;
}

int shape_table(struct shape *shape, const double *cm, const double *litres, size_t n)
{
    if (n < 2 || cm[0] != 0 || litres[0] != 0)
        return -EINVAL;
    for (size_t i = 1; i < n; i++) {
        if (!(cm[i] > cm[i - 1]) || !(litres[i] > litres[i - 1]))
            return -EINVAL;
    }
    shape->depth_cm = cm[n - 1];
    for (size_t i = 0, at = 0; i <= SHAPE_INTERVALS; i++) {
        double height = shape->depth_cm * (double)i / SHAPE_INTERVALS;
        while (at + 2 < n && cm[at + 1] < height)
            at++;
        double share = (height - cm[at]) / (cm[at + 1] - cm[at]);
        shape->litres[i] = litres[at] + share * (litres[at + 1] - litres[at]);
    }
    return 0;
}

/* The interval that a height lies in, and where in it (0 ... 1). */
static int interval_of(const struct shape *shape, double cm, double *ret_share)
{
    double place = fmin(1, fmax(0, cm / shape->depth_cm)) * SHAPE_INTERVALS;
    int i = (int)place;
    if (i == SHAPE_INTERVALS)
        i--;
    *ret_share = place - i;
    return i;
}

double shape_litres(const struct shape *shape, double cm)
{
    double share;
    int i = interval_of(shape, cm, &share);
    return shape->litres[i] + share * (shape->litres[i + 1] - shape->litres[i]);
}

double shape_litres_per_cm(const struct shape *shape, double cm)
{
    double share;
    int i = interval_of(shape, cm, &share);
    return (shape->litres[i + 1] - shape->litres[i]) * SHAPE_INTERVALS / shape->depth_cm;
}

double shape_cm(const struct shape *shape, double litres)
{
    const double *table = shape->litres;
    int low = 0, high = SHAPE_INTERVALS;
    if (litres <= 0)
        return 0;
    if (litres >= table[high])
        return shape->depth_cm;
    while (high - low > 1) {
        int middle = (low + high) / 2;
        if (table[middle] <= litres)
            low = middle;
        else
            high = middle;
    }
    double share = (litres - table[low]) / (table[high] - table[low]);
    return (low + share) * shape->depth_cm / SHAPE_INTERVALS;
}

double shape_capacity(const struct shape *shape)
{
    return shape->litres[SHAPE_INTERVALS];
}
