#include "automatic.h"

#include <string.h>

static const char *const point_suffixes[] = {"no-data", "bad"};
#define N_POINT_SUFFIXES COUNT_OF(point_suffixes)

/* ---------------------------------------------------------------- which there are */

static void each_of_point(const struct draft_point *point, void (*tell)(void *context, const char *id),
                          void *context)
{
    char id[2 * ID_MAX];

    if (point->derived)
        return;
    for (size_t i = 0; i < N_POINT_SUFFIXES; i++) {
        (void)snprintf(id, sizeof id, "%s-%s", point->config.id, point_suffixes[i]);
        tell(context, id);
    }
    for (size_t i = 0; i < DUE_STEPS && point->has_due; i++) {
        (void)snprintf(id, sizeof id, "%s-%s", point->config.id, draft_due_steps[i].suffix);
        tell(context, id);
    }
}

struct teller {
    void (*tell)(void *context, const char *id);
    void *context;
};

static void tell_derived(void *context, enum derived_of of, unsigned which)
{
    const struct teller *teller = context;

    teller->tell(teller->context, derived_alarm(of, which)->id);
}

void automatic_each_alarm(const struct draft *d, int asset, void (*tell)(void *context, const char *id),
                          void *context)
{
    if (asset < 0) {
        for (int fault = 0; fault < FAULT_COUNT; fault++)
            tell(context, engine_fault_name((enum system_fault)fault));
        return;
    }
    const struct draft_asset *a = &d->assets[asset];
    for (size_t i = 0; i < a->n_alarms; i++)
        tell(context, d->alarms[a->first_alarm + i].config.id);
    for (size_t i = 0; i < a->n_points; i++)
        each_of_point(&d->points[a->first_point + i], tell, context);
    if (a->rounds)
        tell(context, AUTOMATIC_ROUNDS);
    derived_each_alarm(d, (size_t)asset, tell_derived, &(struct teller){tell, context});
}

bool automatic_bus(const struct draft *d, size_t bus, uint16_t *ret_at_least)
{
    size_t n_devices = 0;
    size_t most = 0;

    for (size_t i = 0; i < d->n_devices; i++) {
        if (d->devices[i].bus != (int)bus || d->devices[i].n_points == 0)
            continue;
        n_devices++;
        if (d->devices[i].n_points > most)
            most = d->devices[i].n_points;
    }
    *ret_at_least = (uint16_t)(most + 1);
    return n_devices > 1;
}

bool automatic_beyond(const struct draft *d, const struct draft_asset *asset, enum priority priority,
                      bool *ret_life_safety)
{
    bool found = false;

    *ret_life_safety = false;
    for (size_t i = 0; i < asset->n_alarms; i++) {
        const struct draft_alarm *alarm = &d->alarms[asset->first_alarm + i];
        if (alarm->model.priority != priority || !config_is_judged_by_eye(&alarm->model) ||
            (alarm->point >= 0 && d->points[alarm->point].derived))
            continue;
        found = true;
        *ret_life_safety |= alarm->config.life_safety;
    }
    return found;
}

size_t automatic_count(const struct draft *d)
{
    size_t n = FAULT_COUNT + d->n_assets + d->n_groups + derived_count_all_alarms(d);
    uint16_t at_least;
    bool life_safety;

    for (size_t i = 0; i < d->n_points; i++)
        n += (d->points[i].derived ? 0 : N_POINT_SUFFIXES) + (d->points[i].has_due ? DUE_STEPS : 0);
    for (size_t i = 0; i < d->n_assets; i++)
        n += d->assets[i].rounds;
    for (size_t i = 0; i < d->n_assets * PRIORITIES; i++)
        n += automatic_beyond(d, &d->assets[i / PRIORITIES], (enum priority)(i % PRIORITIES), &life_safety);
    for (size_t i = 0; i < d->n_buses; i++)
        n += automatic_bus(d, i, &at_least);
    return n;
}

/* ---------------------------------------------------------------- what is said about them */

struct words {
    const char *text[LANGUAGES], *response[LANGUAGES], *consequence[LANGUAGES];
};

static void put(struct bilingual *to, const char *const from[LANGUAGES], const char *name)
{
    for (int i = 0; i < LANGUAGES; i++) {
        const char *place = from[i] != NULL ? strstr(from[i], "%s") : NULL;
        if (place != NULL)
            (void)snprintf(to->text[i], sizeof to->text[i], "%.*s%s%s", (int)(place - from[i]), from[i], name,
                           place + 2);
        else if (from[i] != NULL)
            (void)snprintf(to->text[i], sizeof to->text[i], "%s", from[i]);
    }
}

static void put_words(struct alarm_config *alarm, const struct words *words, const char *name)
{
    alarm->automatic = true;
    put(&alarm->text, words->text, name);
    put(&alarm->response, words->response, name);
    put(&alarm->consequence, words->consequence, name);
}

/* Where there is no text, the announcement says what it is, with the value. */
void automatic_texts(struct alarm_config *alarm, enum automatic_kind kind, const char *name)
{
    static const struct words words[] = {
        [AUTOMATIC_IS_NO_DATA] =
            {.response = {"Look at the device, its cable and its power; until it answers, read by hand",
                          "检查设备、线路和电源；恢复之前请人工读数"},
             .consequence = {"Nobody sees what happens there until data come back",
                             "数据恢复之前，那里的情况无人知晓"}},
        [AUTOMATIC_IS_BAD] =
            {.response = {"Check the sensor and its wiring; until it is repaired, read by hand",
                          "检查传感器和接线；修复之前请人工读数"},
             .consequence = {"This point can't warn of anything while its value can't be used",
                             "读数不可用期间，该测点无法报警"}},
        [AUTOMATIC_IS_DUE] =
            {.response = {"Arrange for the calibration of %s", "请安排校准：%s"},
             .consequence = {"After the due date the readings are not covered by a calibration",
                             "到期之后的读数没有有效校准依据"}},
        [AUTOMATIC_IS_OVERDUE] = {.response = {"Have %s calibrated, and enter the certificate",
                                               "请校准 %s 并录入证书"},
                                  .consequence = {"The readings are not covered by a calibration",
                                                  "读数没有有效校准依据"}},
        [AUTOMATIC_IS_CHATTER] =
            {.text = {"An alarm comes and goes again and again", "报警反复触发和恢复"},
             .response =
                 {"Find out why: the sensor, its wiring, or a limit, deadband or delay that does not fit",
                  "查明原因：传感器、接线，或限值、回差、延时设置不当"},
             .consequence = {"People stop listening to an alarm that comes and goes",
                             "反复出现的报警会被人忽视"}},
        [AUTOMATIC_IS_ROUNDS] =
            {.text = {"A manual reading is overdue: nothing else watches it now",
                      "人工读数已逾期：目前没有其他监测手段"},
             .response = {"Go there, read level and temperature, and enter them (cryoctl reading)",
                          "到现场读取液位和温度并录入（cryoctl reading）"},
             .consequence = {"A tank may run empty and nobody sees it", "储罐可能耗尽液氮而无人察觉"}},
        [AUTOMATIC_IS_BEYOND] =
            {.text = {"A value that a person has read is beyond a limit", "人工读数超出报警限值"},
             .response = {"Go there and act as for the alarm that is named; then read again and enter it",
                          "到现场按所列报警处理，然后重新读数并录入"},
             .consequence = {"The device does not tell it: nobody else knows",
                             "设备未报告该情况，没有其他途径得知"}},
        [AUTOMATIC_IS_BUS] =
            {.text = {"Several devices on bus %s give no data: one cause is likely",
                      "总线 %s 上多台设备无数据：很可能是同一原因"},
             .response = {"Look at the gateway or line of %s and its power; until it is back, read by hand",
                          "检查 %s 的网关或线路及其电源；恢复之前请人工读数"},
             .consequence = {"Nobody sees what happens at these devices until data come back",
                             "数据恢复之前，这些设备的情况无人知晓"}},
    };

    put_words(alarm, &words[kind], name);
}

void automatic_derived_texts(struct alarm_config *alarm, const struct derived_alarm *from)
{
    struct words words;

    for (int i = 0; i < LANGUAGES; i++) {
        words.text[i] = from->text[i];
        words.response[i] = from->response[i];
        words.consequence[i] = from->consequence[i];
    }
    put_words(alarm, &words, "");
}

enum priority automatic_fault_priority(enum system_fault fault)
{
    switch (fault) {
    case FAULT_STATE_DB:
    case FAULT_BROKER:
    case FAULT_NOTIFIER:
        return PRIORITY_CRITICAL;
    case FAULT_REVIEW:
        return PRIORITY_MEDIUM;
    case FAULT_DRILL:
        return PRIORITY_LOW;
    default:
        return PRIORITY_HIGH;
    }
}

static const struct words fault_words[FAULT_COUNT] = {
    [FAULT_STATE_DB] = {.response = {"Make room on the disk, or have it replaced; see cryoctl status",
                                     "清理或更换磁盘；参见 cryoctl status"},
                        .consequence = {"What happens now may be lost at a power failure",
                                        "断电时当前的报警和记录可能丢失"}},
    [FAULT_HISTORY_DB] = {.response = {"Make room on the disk, or have it replaced; see cryoctl status",
                                       "清理或更换磁盘；参见 cryoctl status"},
                          .consequence = {"Readings wait in memory and are lost when it is full",
                                          "读数暂存于内存，存满后将丢失"}},
    [FAULT_BROKER] = {.response = {"Start the MQTT broker and check the network; until then watch by eye",
                                   "启动 MQTT 服务器并检查网络；恢复之前请人工值守"},
                      .consequence = {"Nobody is told of an alarm", "报警无法通知任何人"}},
    [FAULT_CONFIG] =
        {.response = {"Run cryoctl check, correct what it says, then cryoctl reload --reason WHY",
                      "运行 cryoctl check，更正后执行 cryoctl reload --reason 原因"},
         .consequence = {"The limits in force may not be those that were meant",
                         "当前生效的限值可能并非预期"}},
    [FAULT_CLOCK] = {.response = {"Check the time server and the clock of this computer",
                                  "检查时间服务器和本机时钟"},
                     .consequence = {"Records may carry a wrong time", "记录的时间可能不正确"}},
    [FAULT_QUEUE] = {.response = {"See cryoctl status for what is slow: the disk, or the network",
                                  "用 cryoctl status 查看瓶颈：磁盘或网络"},
                     .consequence = {"Readings are missing in the record", "记录中缺少部分读数"}},
    [FAULT_RESTART] = {.response = {"Find out what stopped it (power, crash), and acknowledge",
                                    "查明停止原因（断电或崩溃）后确认"},
                       .consequence = {"Nothing was watched meanwhile", "期间没有任何监测"}},
    [FAULT_REVIEW] = {.response = {"Review the record and sign (cryoctl review)",
                                   "审核记录并签名（cryoctl review）"},
                      .consequence = {"What went wrong in the record stays unseen",
                                      "记录中的问题可能一直无人发现"}},
    [FAULT_RECORD] = {.response = {"Run cryoctl verify and show the result to the person in charge",
                                   "运行 cryoctl verify 并将结果告知负责人"},
                      .consequence = {"The record can't be proven to be unaltered", "无法证明记录未被改动"}},
    [FAULT_NOTIFIER] =
        {.text = {"Nobody would be told of an alarm", "报警将无法通知任何人"},
         .response = {"Watch by eye and keep somebody there; start cryonotify, look at its log",
                      "请人工值守；启动 cryonotify 并查看日志"},
         .consequence = {"The next alarm reaches nobody", "下一次报警将无人知晓"}},
    [FAULT_NOTIFY_CHANNEL] = {.text = {"A way to reach people does not work", "一种通知方式不可用"},
                              .response = {"Check that channel: its server, password, credit and network",
                                           "检查该通知方式：服务器、密码、余额和网络"},
                              .consequence = {"Some people are reached later or not at all",
                                              "部分人员可能延迟或无法收到通知"}},
    [FAULT_NOTIFY_PEOPLE] = {.text = {"Too few people can be reached", "可联系的人员不足"},
                             .response = {"Put more people on duty, or repair the ways to reach them",
                                          "增加值班人员，或修复其联系方式"},
                             .consequence = {"An alarm may find nobody who can come",
                                             "报警时可能无人能够到场"}},
    [FAULT_DRILL] = {.text = {"This is a drill: nothing is wrong", "这是演练：一切正常"},
                     .response = {"Confirm that you got this message", "请确认您已收到此消息"},
                     .consequence = {"None; without a confirmation the way to you counts as broken",
                                     "无；若未确认，则视为通知渠道故障"}},
    [FAULT_DRILL_OVERDUE] =
        {.text = {"The way to people is not proven: a drill was not confirmed, or is overdue",
                  "通知渠道未得到验证：演练未确认或已逾期"},
         .response = {"Find out why the drill reached nobody, then hold another (cryoctl drill)",
                      "查明演练未送达的原因，然后重新演练（cryoctl drill）"},
         .consequence = {"A real alarm may reach nobody either", "真实报警也可能无人收到"}},
    [FAULT_NOTIFY_OFF] = {.text = {"Notifications are switched off", "通知已停用"},
                          .response = {"Check that others can be reached meanwhile; switch them on again "
                                       "(cryonotify on)",
                                       "确认期间仍有其他人可联系；恢复通知（cryonotify on）"},
                          .consequence = {"Who is switched off is not told of alarms",
                                          "被停用的人员或渠道收不到报警"}},
    [FAULT_NOTIFY_CONFIG] =
        {.text = {"A changed notify.yaml is refused: people are called as the one before says",
                  "修改后的 notify.yaml 有错误，未生效：仍按之前的配置通知人员"},
         .response = {"Run cryonotify check, correct what it says, then systemctl reload cryonotify",
                      "运行 cryonotify check，更正后执行 systemctl reload cryonotify"},
         .consequence = {"Those who are called may not be those that were meant",
                         "接到通知的人员可能并非预期"}},
};

void automatic_fault_texts(struct alarm_config *alarm, enum system_fault fault)
{
    put_words(alarm, &fault_words[fault], "");
}
