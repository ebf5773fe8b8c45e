/*
 * cryomon-sign - lets a person sign a review of the record with the password. See cryomon-sign(8).
 *
 * Runs as root, once per connection, started by its socket: the connection is standard input. It is the only
 * one that tells the daemon that a person has signed.
 */
#include <errno.h>
#include <getopt.h>
#include <pwd.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <syslog.h>
#include <time.h>
#include <unistd.h>

#include <sodium.h>

#include "client.h"
#include "clock.h"
#include "password.h"
#include "places.h"
#include "reader.h"
#include "request.h"
#include "review.h"

#define CONNECTION  STDIN_FILENO
#define REQUEST_MS  10000
#define STORED_MS   3000
#define NAME_BUFFER 16384
#define NAME_SIZE   128
#define LOGIN_SIZE  64

#define ERROR_PARAMETER  "org.varlink.service.InvalidParameter"
#define ERROR_PERSON     "io.cryomon.Sign.NotAPerson"
#define ERROR_PASSWORD   "io.cryomon.Sign.WrongPassword"
#define ERROR_ACCOUNT    "io.cryomon.Sign.AccountInvalid"
#define ERROR_INCOMPLETE "io.cryomon.Sign.NotComplete"
#define ERROR_ASSET      "io.cryomon.Sign.NoSuchAsset"
#define ERROR_FAILED     "io.cryomon.Sign.Failed"

struct options {
    struct ctl ctl;      /* where the daemon and its files are */
    const char *pam_dir; /* NULL: the system's */
};

struct person {
    char login[LOGIN_SIZE], name[NAME_SIZE];
};

/* To the journal. */
static void say(int level, const char *format, ...) __attribute__((format(printf, 2, 3)));
static void say(int level, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    fprintf(stderr, "<%d>", level);
    vfprintf(stderr, format, arguments);
    fputc('\n', stderr);
    va_end(arguments);
}

void ctl_complain(const char *format, ...) /* of what is shared with cryoctl */
{
    va_list arguments;
    va_start(arguments, format);
    fprintf(stderr, "<%d>", LOG_ERR);
    vfprintf(stderr, format, arguments);
    fputc('\n', stderr);
    va_end(arguments);
}

static void fail(const char *error, const char *key, const char *text)
{
    request_answer(CONNECTION, error, key != NULL ? json_pack("{s:s}", key, text) : NULL);
}

/* ---------------------------------------------------------------- who */

static bool printable(const char *text)
{
    for (; *text != '\0'; text++)
        if ((unsigned char)*text < 0x20 || *text == 0x7F)
            return false;
    return true;
}

/* The name for people is what stands before the first comma of the comment field. */
static void take_name(struct person *person, const char *gecos)
{
    size_t len = strcspn(gecos, ",");
    snprintf(person->name, sizeof person->name, "%s", person->login);
    if (len == 0 || len >= sizeof person->name)
        return;
    char name[NAME_SIZE];
    memcpy(name, gecos, len);
    name[len] = '\0';
    json_t *text = json_string(name); /* NULL when it is not UTF-8 */
    if (text != NULL && printable(name))
        memcpy(person->name, name, len + 1);
    json_decref(text);
}

/* The kernel says who is at the other end. root is nobody in particular. */
static bool identify(struct person *ret)
{
    struct ucred cred;
    socklen_t size = sizeof cred;
    struct passwd entry, *found = NULL;
    char *buffer = malloc(NAME_BUFFER);
    bool known = buffer != NULL && getsockopt(CONNECTION, SOL_SOCKET, SO_PEERCRED, &cred, &size) == 0 &&
                 cred.uid != 0 && getpwuid_r(cred.uid, &entry, buffer, NAME_BUFFER, &found) == 0 &&
                 found != NULL && entry.pw_name[0] != '\0' && strlen(entry.pw_name) < sizeof ret->login &&
                 printable(entry.pw_name);
    if (known) {
        memcpy(ret->login, entry.pw_name, strlen(entry.pw_name) + 1);
        take_name(ret, entry.pw_gecos != NULL ? entry.pw_gecos : "");
    }
    free(buffer);
    return known;
}

static bool authenticate(const struct options *o, const struct person *person, const char *password)
{
    char message[256];
    switch (password_check(person->login, password, o->pam_dir, message, sizeof message)) {
    case PASSWORD_RIGHT:
        return true;
    case PASSWORD_WRONG:
        say(LOG_WARNING, "a review by %s was refused: wrong password (%s)", person->login, message);
        fail(ERROR_PASSWORD, NULL, NULL);
        return false;
    case PASSWORD_INVALID:
        say(LOG_WARNING, "a review by %s was refused: the account is not valid (%s)", person->login, message);
        fail(ERROR_ACCOUNT, "message", message);
        return false;
    case PASSWORD_FAILED:
        break;
    }
    say(LOG_ERR, "a review by %s was refused: PAM could not check the password (%s)", person->login, message);
    fail(ERROR_FAILED, "message", message);
    return false;
}

/* ---------------------------------------------------------------- what is reviewed */

/* What it covers, and until when all is reviewed with it. False: answered. */
static bool cover(struct history_reader *reader, const struct request *request, struct review_cover *ret,
                  int64_t *ret_until_us)
{
    bool all = request->asset[0] == '\0';
    char when[RFC3339_MAX];
    int64_t when_us = 0;
    int error = all ? 1 : history_has_point(reader, request->asset, NULL);
    if (error == 0) {
        fail(ERROR_ASSET, "asset", request->asset);
        return false;
    }
    if (error > 0)
        error =
            review_complete(reader, request->from_utc_us, request->to_utc_us, clock_now().utc_us, &when_us);
    if (error == -EAGAIN && when_us != 0) {
        clock_print_utc(when, when_us);
        fail(ERROR_INCOMPLETE, "when", when);
        return false;
    }
    if (error == 0)
        error = review_bind(reader, request->from_utc_us, request->to_utc_us, request->asset, NULL, ret);
    if (error == 0)
        error =
            review_until(reader, all ? request->from_utc_us : 0, all ? request->to_utc_us : 0, ret_until_us);
    if (error < 0) {
        say(LOG_ERR, "the record can't be read: %s", strerrordesc_np(-error));
        fail(ERROR_FAILED, "message", strerrordesc_np(-error));
    }
    return error == 0;
}

static json_t *run_json(const struct review_run *run)
{
    return json_pack("{s:I, s:I, s:I, s:I}", "count", (json_int_t)run->count, "from", (json_int_t)run->from,
                     "to", (json_int_t)run->to, "head", (json_int_t)run->head);
}

static json_t *make_call(const struct request *request, const struct person *person,
                         const struct review_cover *c, int64_t until_us)
{
    char from[RFC3339_MAX], to[RFC3339_MAX], until[RFC3339_MAX], hash[2 * sizeof c->sha256 + 1];
    clock_print_utc(from, request->from_utc_us);
    clock_print_utc(to, request->to_utc_us);
    clock_print_utc(until, until_us);
    sodium_bin2hex(hash, sizeof hash, c->sha256, sizeof c->sha256);
    return json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:{s:o, s:o, s:s}}", "who", person->login,
                     "name", person->name, "meaning", request->meaning, "comment", request->comment, "asset",
                     request->asset, "from", from, "to", to, "reviewed_until", until, "covers", "events",
                     run_json(&c->events), "seals", run_json(&c->seals), "sha256", hash);
}

static bool found(void *context, const struct history_event *event)
{
    *(bool *)context = strcmp(event->kind, "review") == 0;
    return false;
}

/* Is it on disk? The daemon answers when it is, unless the disk is slow. */
static bool is_stored(struct history_reader *reader, uint64_t seq)
{
    int64_t deadline_us = clock_boot_us() + STORED_MS * MS_US;
    bool stored = false;
    for (;;) {
        if (history_events(reader, seq - 1, INT64_MIN, INT64_MAX, found, &stored) < 0 || stored ||
            clock_boot_us() > deadline_us)
            return stored;
        nanosleep(&(struct timespec){.tv_nsec = 20000000}, NULL);
    }
}

static int record(const struct options *o, struct history_reader *reader, const struct request *request,
                  const struct person *person)
{
    struct review_cover c;
    struct client_failure failure;
    int64_t until_us;
    if (!cover(reader, request, &c, &until_us))
        return 1;
    json_t *call = make_call(request, person, &c, until_us);
    json_t *covers = json_incref(json_object_get(call, "covers"));
    json_t *answer = client_call(&o->ctl, "io.cryomon.Monitor.Review", call, CLIENT_TIMEOUT_MS, &failure);
    if (answer == NULL) {
        say(LOG_ERR, "a review by %s could not be recorded: %s", person->login, failure.text);
        fail(ERROR_FAILED, "message", failure.text);
        json_decref(covers);
        return 1;
    }
    json_int_t seq = json_integer_value(json_object_get(answer, "seq"));
    json_decref(answer);
    say(LOG_NOTICE, "%s (%s) has signed a review: event %lld", person->name, person->login, (long long)seq);
    request_answer(CONNECTION, NULL,
                   json_pack("{s:I, s:b, s:s, s:s, s:o}", "seq", seq, "stored",
                             is_stored(reader, (uint64_t)seq), "by", person->login, "name", person->name,
                             "covers", covers));
    return 0;
}

static int serve(const struct options *o)
{
    struct request request;
    struct person person;
    struct history_reader *reader = NULL;
    char dir[4096], message[512] = "its place is not known";
    const char *wrong;
    if (!identify(&person)) {
        fail(ERROR_PERSON, NULL, NULL);
        return 1;
    }
    if (request_read(CONNECTION, REQUEST_MS, &request, &wrong) < 0) {
        fail(ERROR_PARAMETER, "parameter", wrong);
        return 1;
    }
    int status = 1;
    if (!authenticate(o, &person, request.password)) {
        /* answered */
    } else if (!places_history(&o->ctl, dir, sizeof dir) ||
               history_open(dir, &reader, message, sizeof message) < 0) {
        say(LOG_ERR, "the record can't be read: %s", message);
        fail(ERROR_FAILED, "message", message);
    } else {
        status = record(o, reader, &request, &person);
    }
    history_close(reader);
    request_free(&request);
    return status;
}

/* ---------------------------------------------------------------- main */

static int usage(FILE *stream, int status)
{
    fputs("Usage: cryomon-sign [--config DIR] [--socket PATH] [--dir DIR]\n\n"
          "Serves one connection on standard input: a person signs a review of the record. See "
          "cryomon-sign(8).\n"
          "Not for use by hand: cryoctl review asks it, and systemd starts it.\n",
          stream);
    return status;
}

static int read_options(struct options *o, int argc, char **argv)
{
    static const struct option table[] = {
        {"config", required_argument, NULL, 'c'},
        {"socket", required_argument, NULL, 's'},
        {"dir", required_argument, NULL, 'd'},
        {"help", no_argument, NULL, 'h'},
        {"version", no_argument, NULL, 'V'},
#ifdef CRYOMON_TEST_HOOKS
        {"pam-dir", required_argument, NULL, 'p'},
#endif
        {0},
    };
    int option;
    while ((option = getopt_long(argc, argv, "hV", table, NULL)) >= 0) {
        switch (option) {
        case 'c':
            o->ctl.config = optarg;
            break;
        case 's':
            o->ctl.socket = optarg;
            break;
        case 'd':
            o->ctl.dir = optarg;
            break;
        case 'p':
            o->pam_dir = optarg;
            break;
        case 'h':
            exit(usage(stdout, 0));
        case 'V':
            puts("cryomon-sign " CRYOMON_VERSION);
            exit(0);
        default:
            return usage(stderr, 2);
        }
    }
    return optind < argc ? usage(stderr, 2) : 0;
}

int main(int argc, char **argv)
{
    struct options o = {.ctl = {.language = LANGUAGE_EN, .interrupt_fd = -1}};
    struct stat st;
    int status = read_options(&o, argc, argv);
    if (status != 0)
        return status;
    if (fstat(CONNECTION, &st) < 0 || !S_ISSOCK(st.st_mode))
        return usage(stderr, 2);
    /* No password ends up in a core file, nor is it for a debugger. */
    (void)prctl(PR_SET_DUMPABLE, 0);
    (void)setrlimit(RLIMIT_CORE, &(struct rlimit){0, 0});
    client_wipe_memory();
    if (sodium_init() < 0 || !places_socket(&o.ctl))
        return 1;
    (void)serve(&o); /* a refusal is no failure of the service */
    return 0;
}
