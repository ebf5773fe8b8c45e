/* Preloaded by test_webhook: a name server that does not answer. */
#include <netdb.h>
#include <unistd.h>

int getaddrinfo(const char *name, const char *service, const struct addrinfo *hints, struct addrinfo **ret)
{
    (void)name;
    (void)service;
    (void)hints;
    (void)ret;
    (void)sleep(60);
    return EAI_AGAIN;
}
