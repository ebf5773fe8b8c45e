/*
 * hangsend.c - holds up every message to the broker while the file that $HANGSEND names exists: LD_PRELOAD
 * this. For tests: it is what a name server or a network that hangs inside paho does to the publisher's
 * thread.
 */
#include <MQTTAsync.h>
#include <dlfcn.h>
#include <stdlib.h>
#include <unistd.h>

typedef int send_fn(MQTTAsync handle, const char *topic, int length, const void *payload, int qos,
                    int retained, MQTTAsync_responseOptions *response);

int MQTTAsync_send(MQTTAsync handle, const char *topic, int length, const void *payload, int qos,
                   int retained, MQTTAsync_responseOptions *response)
{
    send_fn *real = NULL;
    const char *path = getenv("HANGSEND");

    *(void **)&real = dlsym(RTLD_NEXT, "MQTTAsync_send");
    while (path != NULL && access(path, F_OK) == 0)
        usleep(20000);
    return real(handle, topic, length, payload, qos, retained, response);
}
