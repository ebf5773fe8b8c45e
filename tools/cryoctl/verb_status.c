#include "client.h"
#include "cryoctl.h"
#include "disabled.h"
#include "view.h"

static int print_view(const struct ctl *ctl, const json_t *status, const struct view *view)
{
    char text[512];
    view_head(ctl, status, text, sizeof text);
    table_line(stdout, ctl->colour, TABLE_HEAD, 0, text);
    putchar('\n');
    table_print(&view->table, stdout, ctl->colour, ctl->columns, SIZE_MAX);
    putchar('\n');
    view_summary(ctl, view, text, sizeof text);
    table_line(stdout, ctl->colour, view_summary_style(view), 0, text);
    disabled_print(ctl, status);
    return CTL_OK;
}

int verb_status(struct ctl *ctl, int argc, char **argv)
{
    (void)argc;
    (void)argv;
    struct client_failure failure;
    struct view view = {0};
    int result = CTL_OK;
    json_t *status = client_call(ctl, "io.cryomon.Monitor.Status", NULL, CLIENT_TIMEOUT_MS, &failure);
    if (status == NULL)
        return client_complain(&failure);
    if (ctl->json) {
        json_dumpf(status, stdout, CTL_JSON);
        putchar('\n');
    } else if (view_build(ctl, status, &view)) {
        result = print_view(ctl, status, &view);
    } else {
        ctl_complain("%s", tr(ctl, "not enough memory", "内存不足"));
        result = CTL_NEGATIVE;
    }
    if (ctl->exit_code && json_array_size(json_object_get(status, "alarms")) > 0)
        result = CTL_NEGATIVE;
    view_free(&view);
    json_decref(status);
    return result;
}
