#include "record.h"

#include "client.h"
#include "places.h"

int record_event(const struct ctl *ctl, const char *kind, json_t *detail)
{
    struct ctl own = *ctl; /* its socket may still have to be looked up */
    struct client_failure failure;
    own.socket = ctl->socket == ctl->socket_path ? own.socket_path : ctl->socket;
    if (own.socket == NULL && !places_socket(&own)) {
        json_decref(detail);
        ctl_complain(tr(ctl, "the audit event \"%s\" could not be recorded", "审计事件“%s”未能写入记录"),
                     kind);
        return CTL_NEGATIVE;
    }
    json_t *parameters = json_pack("{s:s, s:o}", "kind", kind, "detail", detail);
    json_t *answer = client_call(&own, "io.cryomon.Monitor.Record", parameters, CLIENT_TIMEOUT_MS, &failure);
    json_decref(answer);
    if (answer != NULL)
        return CTL_OK;
    ctl_complain(tr(ctl, "the audit event \"%s\" could not be recorded: %s", "审计事件“%s”未能写入记录：%s"),
                 kind, failure.text);
    return failure.status;
}
