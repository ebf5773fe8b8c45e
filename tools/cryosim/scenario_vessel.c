#include "scenario_read.h"
#include "supply.h"
#include "vessel_device.h"

#include <string.h>

#define PAIRS_MAX 256

static void read_preset(struct reader *reader, const struct yaml_node *node, struct vessel_device *vessel)
{
    const char *text = read_text(reader, node);
    if (text != NULL && vessel_device_preset(vessel, text) < 0)
        problems_at(&reader->problems, node, "preset: \"%s\" is not one of standard small large", text);
}

/* `volume: {0: 0, 10: 63.6, 80: 509}`: a maker's own table, cm to litres. */
static void read_volume(struct reader *reader, const struct yaml_node *node, struct vessel_device *vessel)
{
    double cm[PAIRS_MAX], litres[PAIRS_MAX];
    size_t n = 0;
    if (!read_mapping(reader, node))
        return;
    if (node->n_children > PAIRS_MAX) {
        problems_at(&reader->problems, node, "volume: at most %d heights", PAIRS_MAX);
        return;
    }
    for (const struct yaml_node *item = node->first; item != NULL; item = item->next, n++) {
        if (param_number(item->key, unit_length, &cm[n]) < 0 || cm[n] < 0 || cm[n] > 200) {
            problems_at_key(&reader->problems, item, "\"%s\" is not a height in 0 ... 200 cm", item->key);
            return;
        }
        if (!read_number(reader, item, unit_volume, 0, 1e5, &litres[n]))
            return;
    }
    if (vessel_shape(&vessel->vessel, cm, litres, n) < 0)
        problems_at(&reader->problems, node,
                    "volume: needs two heights or more, the first 0 with 0 L, and both must rise");
}

static void read_source(struct reader *reader, const struct yaml_node *node, struct vessel_device *vessel)
{
    const char *text = read_text(reader, node);
    if (text == NULL)
        return;
    struct device *source = world_device(reader->world, text);
    if (source == NULL || source->model != &model_supply) {
        problems_at(&reader->problems, node, "source: no supply \"%s\" above", text);
        return;
    }
    vessel->supply = source->state;
    reader->world->coupled = true;
}

void read_vessel_first(struct reader *reader, const struct yaml_node *node, struct device *device)
{
    const struct yaml_node *preset = yaml_get(node, "preset"), *volume = yaml_get(node, "volume");
    if (preset != NULL)
        read_preset(reader, preset, device->state);
    if (volume != NULL)
        read_volume(reader, volume, device->state);
}

bool read_vessel_setting(struct reader *reader, const struct yaml_node *item, struct device *device)
{
    if (strcmp(item->key, "preset") == 0 || strcmp(item->key, "volume") == 0)
        return true; /* done first */
    if (strcmp(item->key, "source") != 0)
        return false;
    read_source(reader, item, device->state);
    return true;
}

/* What no single setting can show to be wrong. */
void read_vessel_last(struct reader *reader, const struct yaml_node *node, struct device *device)
{
    const struct vessel_device *d = device->state;
    const struct vessel_params *p = &d->vessel.p;
    struct shape shape;
    bool table = d->vessel.shape.depth_cm > 0;
    if (table && (yaml_get(node, "diameter") != NULL || yaml_get(node, "depth") != NULL))
        problems_at(&reader->problems, node, "volume says what the shape is: without diameter and depth");
    else if (!table && shape_build(&shape, &p->form) < 0)
        problems_at(
            &reader->problems, node,
            "no such vessel: dish, shoulder and neck must fit into the depth, the neck into the diameter");
    double depth_cm = p->form.depth_cm;
    if (p->fill_stop_cm <= p->fill_start_cm || p->fill_stop_cm > depth_cm)
        problems_at(&reader->problems, node, "fill_start, fill_stop and depth (%g, %g, %g cm) must rise",
                    p->fill_start_cm, p->fill_stop_cm, depth_cm);
    if (d->level_cm > depth_cm)
        problems_at(&reader->problems, node, "the level is above the depth of %g cm", depth_cm);
    for (int i = 0; i < 3; i++) {
        if (p->place_cm[i] > depth_cm)
            problems_at(&reader->problems, node, "a probe is above the depth of %g cm", depth_cm);
    }
}
