/* tank_vessel.c - see tank_vessel.h. */
#include "tank_vessel.h"

#include <errno.h>
#include <string.h>

#define CM_MAX (INT64_C(10000) * MICRO_PER_UNIT)

void tank_vessel_init(struct tank_vessel *model)
{
    memset(model, 0, sizeof *model);
    model->low_cm = model->high_cm = TANK_UNKNOWN;
    model->fill_start_cm = model->fill_stop_cm = TANK_UNKNOWN;
    model->resolution_cm = model->heat_capacity_j_k = model->twin_k = TANK_UNKNOWN;
    for (unsigned i = 0; i < TANK_TEMPS; i++)
        model->probe_cm[i] = TANK_UNKNOWN;
}

static bool is_height(micro_t cm)
{
    return cm == TANK_UNKNOWN || (cm >= 0 && cm <= CM_MAX);
}

int tank_vessel_check(const struct tank_vessel *m)
{
    if (m->n_shape == 1 || m->n_shape > TANK_SHAPE_MAX || m->top >= TANK_TEMPS)
        return -EINVAL;
    for (unsigned i = 0; i < m->n_shape; i++) {
        if (!is_height(m->shape[i].cm) || m->shape[i].litres < 0 || m->shape[i].litres > CM_MAX * 100)
            return -EINVAL;
        if (i > 0 && (m->shape[i].cm <= m->shape[i - 1].cm || m->shape[i].litres <= m->shape[i - 1].litres))
            return -EINVAL;
    }
    if (!is_height(m->low_cm) || !is_height(m->high_cm) || !is_height(m->fill_start_cm) ||
        !is_height(m->fill_stop_cm) || !is_height(m->resolution_cm))
        return -EINVAL;
    if (m->heat_capacity_j_k != TANK_UNKNOWN && m->heat_capacity_j_k <= 0)
        return -EINVAL;
    if (m->fill_start_cm != TANK_UNKNOWN && m->fill_stop_cm != TANK_UNKNOWN &&
        m->fill_start_cm >= m->fill_stop_cm)
        return -EINVAL;
    for (unsigned i = 0; i < TANK_TEMPS; i++) {
        if (!is_height(m->probe_cm[i]) || m->twin[i] < 0 || m->twin[i] > TANK_TEMPS ||
            m->twin[i] == (int)i + 1)
            return -EINVAL;
    }
    return 0;
}

bool tank_vessel_litres(const struct tank_vessel *m, micro_t cm, micro_t *ret_litres)
{
    unsigned i = 1;
    if (m->n_shape < 2)
        return false;
    while (i + 1 < m->n_shape && cm > m->shape[i].cm)
        i++;
    const struct tank_height *a = &m->shape[i - 1], *b = &m->shape[i];
    double per_cm = (double)(b->litres - a->litres) / (double)(b->cm - a->cm);
    double litres = (double)a->litres + (double)(cm - a->cm) * per_cm;
    *ret_litres = litres >= (double)MICRO_MAX ? MICRO_MAX : litres > 0 ? (micro_t)litres : 0;
    return true;
}
