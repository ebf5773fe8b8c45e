#include "random.h"

void random_seed(struct random_source *source, uint64_t seed, const char *name)
{
    uint64_t hash = UINT64_C(14695981039346656037); /* FNV-1a */
    for (const char *c = name; *c != '\0'; c++)
        hash = (hash ^ (uint8_t)*c) * UINT64_C(1099511628211);
    source->state = hash ^ (seed * UINT64_C(0x9e3779b97f4a7c15));
    random_next(source);
}

/* splitmix64 (Steele, Lea, Flood 2014). */
uint64_t random_next(struct random_source *source)
{
    uint64_t z = source->state += UINT64_C(0x9e3779b97f4a7c15);
    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return z ^ (z >> 31);
}

uint32_t random_below(struct random_source *source, uint32_t bound)
{
    return (uint32_t)(((random_next(source) >> 32) * bound) >> 32);
}

double random_uniform(struct random_source *source)
{
    return (double)(random_next(source) >> 11) * 0x1p-53;
}

double random_noise(struct random_source *source)
{
    double sum = 0;
    for (int i = 0; i < 3; i++)
        sum += 2 * random_uniform(source) - 1;
    return sum;
}
