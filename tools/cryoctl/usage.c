#include "usage.h"

#include <string.h>

#include "width.h"

#define BIT(option) (UINT64_C(1) << (option))
#define FOR_ALL     (BIT(OPTION_LANG) | BIT(OPTION_HELP) | BIT(OPTION_VERSION))
#define FOR_DAEMON  (BIT(OPTION_SOCKET) | BIT(OPTION_CONFIG))
#define FOR_RANGE   (BIT(OPTION_FROM) | BIT(OPTION_TO) | BIT(OPTION_LAST) | BIT(OPTION_UTC) | BIT(OPTION_JSON))
#define FOR_COMMAND (FOR_DAEMON | BIT(OPTION_JSON) | BIT(OPTION_UTC))
#define FOR_HOLD    (BIT(OPTION_FOR) | BIT(OPTION_UNTIL) | BIT(OPTION_WHY))
#define FOR_LINE                                                                                             \
    (BIT(OPTION_TIMEOUT) | BIT(OPTION_BAUD) | BIT(OPTION_PARITY) | BIT(OPTION_STOP_BITS) | BIT(OPTION_JSON))
#define FOR_HISTORY (BIT(OPTION_DIR) | BIT(OPTION_CONFIG) | FOR_RANGE)

static const struct usage_verb verbs[] = {
    {"status", "", "", 0, 0, FOR_DAEMON | BIT(OPTION_JSON) | BIT(OPTION_UTC) | BIT(OPTION_EXIT_CODE),
     "all assets: temperature, level, quality, age and alarm", "全部设备：温度、液位、质量、数据时效和报警",
     verb_status},
    {"alarms", "", "", 0, 0, FOR_DAEMON | BIT(OPTION_JSON) | BIT(OPTION_UTC) | BIT(OPTION_ALL),
     "the alarms, and what to do about them", "报警及处理办法", verb_alarms},
    {"ack", "ASSET ALARM | --all", "设备 报警 | --all", 0, 2,
     FOR_DAEMON | BIT(OPTION_JSON) | BIT(OPTION_ALL) | BIT(OPTION_NOTE) | BIT(OPTION_YES),
     "acknowledge an alarm: you have seen it", "确认报警：表示您已看到", verb_ack},
    {"shelve", "ASSET ALARM", "设备 报警", 2, 2, FOR_COMMAND | FOR_HOLD | BIT(OPTION_ONE_SHOT),
     "keep an alarm quiet for a while; it comes back by itself", "暂时搁置一个报警，到期自动恢复",
     verb_shelve},
    {"unshelve", "ASSET ALARM", "设备 报警", 2, 2, FOR_COMMAND | BIT(OPTION_NOTE), "end a shelf", "取消搁置",
     verb_unshelve},
    {"out-of-service", "ASSET [ALARM]", "设备 [报警]", 1, 2, FOR_COMMAND | FOR_HOLD | BIT(OPTION_ORDER),
     "take an alarm, or all of an asset, out of service for a work order",
     "按工单停用一个报警或一台设备的全部报警", verb_out_of_service},
    {"in-service", "ASSET [ALARM]", "设备 [报警]", 1, 2, FOR_COMMAND | BIT(OPTION_NOTE), "end that",
     "恢复使用", verb_in_service},
    {"reset", "ASSET ALARM", "设备 报警", 2, 2, FOR_COMMAND | BIT(OPTION_NOTE),
     "end a latched alarm whose condition is over", "复位已恢复的锁存报警", verb_reset},
    {"bypass", "DEVICE", "装置", 1, 1, FOR_COMMAND | FOR_HOLD | BIT(OPTION_ORDER),
     "a device is not to be believed: its alarms out of service, manual readings due",
     "旁路装置：停用其报警，改为人工读数", verb_bypass},
    {"unbypass", "DEVICE", "装置", 1, 1, FOR_COMMAND | BIT(OPTION_NOTE), "end a bypass", "取消旁路",
     verb_unbypass},
    {"reading", "ASSET POINT VALUE", "设备 测点 数值", 3, 3,
     FOR_COMMAND | BIT(OPTION_MEASURED) | BIT(OPTION_SECOND) | BIT(OPTION_NOTE),
     "enter what you have read by eye", "录入人工读数", verb_reading},
    {"readings", "[ASSET [POINT]]", "[设备 [测点]]", 0, 2, FOR_HISTORY,
     "the manual readings, beside what the device said then", "人工读数，与当时的设备读数并列",
     verb_readings},
    {"drill", "", "", 0, 0, FOR_COMMAND | BIT(OPTION_NOTE),
     "start a drill: a test alarm that a person confirms", "开始演练：由人员确认的测试报警", verb_drill},
    {"watch", "", "", 0, 0, FOR_DAEMON | BIT(OPTION_JSON) | BIT(OPTION_UTC),
     "the live table, and alarms as they come", "实时表格和报警变化", verb_watch},
    {"history", "ASSET POINT", "设备 测点", 2, 2, FOR_HISTORY | BIT(OPTION_FORMAT) | BIT(OPTION_RESOLUTION),
     "the stored readings of a point, or its hours and days", "一个测点的历史读数，或每小时、每天的统计",
     verb_history},
    {"gaps", "[ASSET [POINT]]", "[设备 [测点]]", 0, 2, FOR_HISTORY | BIT(OPTION_FORMAT),
     "each stretch without a good value, and why", "没有良好数值的时段及其原因", verb_gaps},
    {"exposure", "[ASSET [POINT]]", "[设备 [测点]]", 0, 2,
     FOR_HISTORY | BIT(OPTION_FORMAT) | BIT(OPTION_THRESHOLD),
     "minutes and degree-minutes above thresholds: what was stored there lived through",
     "高于阈值的分钟数和度·分：样本所经历的温度", verb_exposure},
    {"tanks", "[ASSET]", "[设备]", 0, 1, FOR_DAEMON | BIT(OPTION_JSON) | BIT(OPTION_UTC),
     "the tanks: phase, level, boil-off, time left, vacuum, fills; and the supply",
     "液氮罐：状态、液位、蒸发量、剩余时间、真空、补液，以及供液", verb_tanks},
    {"nitrogen", "[ASSET]", "[设备]", 0, 1, FOR_HISTORY | BIT(OPTION_FORMAT) | BIT(OPTION_BY),
     "liquid nitrogen used, by vessel and day or month, and its cost", "液氮用量及费用，按罐和日或月统计",
     verb_nitrogen},
    {"vessel relearn", "ASSET", "设备", 1, 1, FOR_COMMAND | BIT(OPTION_REASON),
     "a vessel was repaired or moved: learn its boil-off anew", "罐已维修或移动：重新学习其蒸发量",
     verb_vessel_relearn},
    {"runs", "[ASSET]", "[设备]", 0, 1, FOR_HISTORY | BIT(OPTION_PROGRAM),
     "the runs of controlled-rate freezers: program, ice, deviations, verdict, who decided",
     "程序降温仪的运行：程序、结冰、偏差、判定及决定人", verb_runs},
    {"run show", "ASSET RUN", "设备 运行", 2, 2,
     BIT(OPTION_DIR) | BIT(OPTION_CONFIG) | BIT(OPTION_UTC) | BIT(OPTION_JSON) | BIT(OPTION_PROGRAM) |
         BIT(OPTION_SHORT),
     "one run: step by step, ice, gaps, alarms, verdict, decision; RUN is its id, its begin, or last",
     "一次运行的详情：各步骤、结冰、缺失、报警、判定、决定；运行为编号、开始时间或 last", verb_run_show},
    {"run prepare", "ASSET", "设备", 1, 1,
     FOR_COMMAND | BIT(OPTION_PROGRAM) | BIT(OPTION_OPERATOR) | BIT(OPTION_LOT) | BIT(OPTION_NOTE),
     "before a run: which program, who, which lots", "运行前登记：程序、操作人、批号", verb_run_prepare},
    {"run note", "ASSET RUN [TEXT]", "设备 运行 [文字]", 2, 3,
     FOR_COMMAND | BIT(OPTION_OPERATOR) | BIT(OPTION_LOT) | BIT(OPTION_NOTE),
     "add a note, the operator or lots to a run", "为运行补充备注、操作人或批号", verb_run_note},
    {"run accept", "ASSET RUN", "设备 运行", 2, 2, FOR_COMMAND | BIT(OPTION_REASON),
     "you accept the run, in your name", "以您的名义接受该运行", verb_run_accept},
    {"run reject", "ASSET RUN", "设备 运行", 2, 2, FOR_COMMAND | BIT(OPTION_REASON),
     "you reject it, and say why", "以您的名义拒绝该运行，并说明原因", verb_run_reject},
    {"run report", "ASSET RUN", "设备 运行", 2, 2,
     BIT(OPTION_DIR) | BIT(OPTION_CONFIG) | BIT(OPTION_UTC) | BIT(OPTION_JSON) | BIT(OPTION_PROGRAM) |
         BIT(OPTION_SHORT) | BIT(OPTION_OUTPUT),
     "the run's record as a PDF with its curve", "生成运行记录的 PDF 报告（含曲线）", verb_run_report},
    {"stats", "", "", 0, 0, BIT(OPTION_DIR) | BIT(OPTION_CONFIG) | BIT(OPTION_UTC) | BIT(OPTION_JSON),
     "sizes, counts and growth of the databases", "数据库的大小、数量和增长", verb_stats},
    {"events", "", "", 0, 0,
     FOR_HISTORY | BIT(OPTION_ASSET) | BIT(OPTION_ALARM) | BIT(OPTION_PERSON) | BIT(OPTION_KIND),
     "the stored events: alarms, who acknowledged, starts, changes", "历史事件：报警、确认人、启动、配置变更",
     verb_events},
    {"verify", "[DIR]", "[目录]", 0, 1,
     BIT(OPTION_DIR) | BIT(OPTION_CONFIG) | BIT(OPTION_FROM) | BIT(OPTION_TO) | BIT(OPTION_UTC) |
         BIT(OPTION_JSON) | BIT(OPTION_PUBLIC_KEY) | BIT(OPTION_HEAD) | BIT(OPTION_QUICK),
     "is the record as it was written? needs no daemon", "验证记录是否被改动（不需要守护进程）", verb_verify},
    {"review", "", "", 0, 0,
     BIT(OPTION_DIR) | BIT(OPTION_CONFIG) | BIT(OPTION_FROM) | BIT(OPTION_TO) | BIT(OPTION_UTC) |
         BIT(OPTION_JSON) | BIT(OPTION_ASSET) | BIT(OPTION_MEANING) | BIT(OPTION_COMMENT) |
         BIT(OPTION_PASSWORD_STDIN) | BIT(OPTION_SIGN_SOCKET),
     "sign, with your password, that you have reviewed the record of a period",
     "审核一个时段的记录并用密码签署", verb_review},
    {"reviews", "", "", 0, 0,
     BIT(OPTION_DIR) | BIT(OPTION_CONFIG) | BIT(OPTION_UTC) | BIT(OPTION_JSON) | BIT(OPTION_CHECK),
     "who has reviewed what, and whether it is still the same", "审核记录，以及所审核内容是否被改动",
     verb_reviews},
    {"key", "", "", 0, 0, BIT(OPTION_DIR) | BIT(OPTION_CONFIG) | BIT(OPTION_UTC) | BIT(OPTION_JSON),
     "the public key that the record is signed with", "显示签名公钥", verb_key},
    {"report", "ASSET | --facts FILE", "设备 | --facts 文件", 0, 1,
     FOR_HISTORY | BIT(OPTION_POINT) | BIT(OPTION_OUTPUT) | BIT(OPTION_FACTS),
     "the record of an asset as a PDF for an auditor", "生成设备记录的 PDF 报告，供审核使用", verb_report},
    {"alarm-report", "", "", 0, 0, FOR_HISTORY | BIT(OPTION_ASSET) | BIT(OPTION_PDF),
     "how well the alarm system performs, beside the targets of ISA-18.2; --pdf writes its page",
     "报警系统的性能，与 ISA-18.2 目标对照；--pdf 生成报告页", verb_alarm_report},
    {"replay", "", "", 0, 0, FOR_HISTORY | BIT(OPTION_ASSET),
     "try limits before using them: what --config NEW would have alarmed in the past",
     "先试后用：新配置（--config）在过去会产生哪些报警", verb_replay},
    {"devices", "", "", 0, 0, FOR_DAEMON | BIT(OPTION_JSON) | BIT(OPTION_UTC) | BIT(OPTION_FORMAT),
     "how each device answers: faults, latency, last good reply",
     "各设备的通信情况：故障、延迟、最近成功时间", verb_devices},
    {"scan", "TARGET", "目标", 1, 1, FOR_LINE | BIT(OPTION_UNITS) | BIT(OPTION_CONFIG),
     "find Modbus devices; TARGET is HOST, HOST:PORT, HOST:FIRST-LAST or a serial line",
     "查找 Modbus 设备；目标为 主机、主机:端口、主机:起始-结束 或串口", verb_scan},
    {"probe", "TARGET UNIT RANGE", "目标 单元 范围", 3, 3, FOR_LINE | BIT(OPTION_TABLE),
     "read registers, and show them in every type and word order", "读取寄存器，并以各种类型和字序显示",
     verb_probe},
    {"verify-point", "ASSET POINT VALUE", "设备 测点 数值", 3, 3,
     FOR_DAEMON | BIT(OPTION_JSON) | BIT(OPTION_NOTE) | BIT(OPTION_TOLERANCE),
     "compare what the device displays with what is read; both are recorded",
     "核对设备显示值与读数，并记入审计记录", verb_verify_point},
    {"export", "[ASSET [POINT]]", "[设备 [测点]]", 0, 2,
     FOR_DAEMON | FOR_HISTORY | BIT(OPTION_OUTPUT) | BIT(OPTION_UNSIGNED),
     "write an archive of a range that others can verify", "导出一段时间的存档，供他人验证", verb_export},
    {"backup", "DIRECTORY", "目录", 1, 1,
     FOR_DAEMON | BIT(OPTION_DIR) | BIT(OPTION_JSON) | BIT(OPTION_KEEP) | BIT(OPTION_WITH_KEY),
     "copy the whole record, and verify the copy by restoring it", "备份全部记录，并通过试恢复加以验证",
     verb_backup},
    {"restore", "BACKUP", "备份", 1, 1,
     BIT(OPTION_DIR) | BIT(OPTION_CONFIG) | BIT(OPTION_JSON) | BIT(OPTION_YES) | BIT(OPTION_UTC),
     "put a backup in the record's place; what was there is moved aside", "用备份替换记录；原有文件会被移开",
     verb_restore},
    {"calibrations", "[ASSET [POINT]]", "[设备 [测点]]", 0, 2,
     BIT(OPTION_DIR) | BIT(OPTION_CONFIG) | BIT(OPTION_UTC) | BIT(OPTION_JSON),
     "which calibration was in use when, and when it is due", "各测点使用过的校准及到期日",
     verb_calibrations},
    {"correct", "ASSET POINT", "设备 测点", 2, 2,
     FOR_DAEMON | BIT(OPTION_JSON) | BIT(OPTION_FROM) | BIT(OPTION_TO) | BIT(OPTION_UTC) |
         BIT(OPTION_OFFSET) | BIT(OPTION_NOTE) | BIT(OPTION_REASON),
     "record that readings of the past were wrong; they stay as they are",
     "记录对过去读数的更正（原读数保持不变）", verb_correct},
    {"check", "[DIR]", "[目录]", 0, 1, BIT(OPTION_CONFIG) | BIT(OPTION_JSON),
     "look for mistakes in a configuration", "检查配置中的错误", verb_check},
    {"reload", "", "", 0, 0, FOR_DAEMON | BIT(OPTION_JSON) | BIT(OPTION_REASON),
     "let the daemon read its configuration again", "让守护进程重新读取配置", verb_reload},
    {"complete", NULL, NULL, 1, 2, FOR_DAEMON, NULL, NULL, verb_complete},
};
#define N_VERBS (sizeof verbs / sizeof verbs[0])

static const struct option_help {
    const char *name, *argument, *argument_zh; /* NULL: takes none */
    const char *en, *zh;
} options[OPTION_COUNT] = {
    [OPTION_SOCKET] = {"socket", "PATH", "路径", "the daemon's control socket", "守护进程的控制套接字"},
    [OPTION_CONFIG] = {"config", "DIR", "目录",
                       "the configuration (default " CTL_CONFIG_DIR
                       "); replay: the one to try, a directory or a file",
                       "配置目录（默认 " CTL_CONFIG_DIR "）；replay：要试用的配置，目录或文件"},
    [OPTION_LANG] = {"lang", "en|zh", "en|zh", "language of the output (default: from LANG)",
                     "输出语言（默认取自 LANG）"},
    [OPTION_UTC] = {"utc", NULL, NULL, "times in UTC, also those you give", "时间使用 UTC（包括输入的时间）"},
    [OPTION_JSON] = {"json", NULL, NULL, "machine-readable output", "机器可读的输出"},
    [OPTION_HELP] = {"help", NULL, NULL, "this text, or that of a verb", "显示帮助"},
    [OPTION_VERSION] = {"version", NULL, NULL, "the version", "显示版本"},
    [OPTION_ALL] = {"all", NULL, NULL, "alarms: also those that are normal; ack: each one not acknowledged",
                    "alarms：包括正常的报警；ack：逐个确认所有未确认的报警"},
    [OPTION_NOTE] = {"note", "TEXT", "文字", "a comment for the record", "备注（写入记录）"},
    [OPTION_YES] = {"yes", NULL, NULL, "don't ask", "不再询问"},
    [OPTION_EXIT_CODE] = {"exit-code", NULL, NULL, "exit with 1 when an alarm is not normal",
                          "有报警时以状态 1 退出"},
    [OPTION_FROM] = {"from", "TIME", "时间", "the first moment: 2026-11-22, \"2026-11-22 08:00\", RFC 3339",
                     "起始时间：2026-11-22、\"2026-11-22 08:00\" 或 RFC 3339"},
    [OPTION_TO] = {"to", "TIME", "时间", "the moment after the last (default: now)",
                   "结束时间（默认：现在）"},
    [OPTION_LAST] = {"last", "SPAN", "时段",
                     "the time until now, e.g. 90s, 30min, 2h, 7d (default 1d; history: 1h, of hours 1d, of "
                     "days 30d; alarm-report, replay: 30d)",
                     "到现在为止的时段，如 90s、30min、2h、7d（默认 1d；history：1h，按小时 1d，按天 "
                     "30d；alarm-report、replay：30d）"},
    [OPTION_FORMAT] = {"format", "FORM", "格式", "table, csv or json; devices: table, json or prometheus",
                       "table、csv 或 json；devices：table、json 或 prometheus"},
    [OPTION_TOLERANCE] = {"tolerance", "NUMBER", "数值", "how much may lie between display and register",
                          "显示值与寄存器值允许的差值"},
    [OPTION_OFFSET] = {"offset", "NUMBER", "数值", "correct: what would have to be added",
                       "correct：应加的数值"},
    [OPTION_REASON] = {"reason", "TEXT", "文字", "why, for the record", "原因（写入记录）"},
    [OPTION_TABLE] = {"table", "TABLE", "表", "holding (default), input, coil or discrete",
                      "holding（默认）、input、coil 或 discrete"},
    [OPTION_UNITS] = {"units", "LIST", "列表",
                      "unit ids to ask, e.g. 1-16,20 (default 1-8,255; serial line 1-32)",
                      "询问的单元号，如 1-16,20（默认 1-8,255；串口 1-32）"},
    [OPTION_TIMEOUT] = {"timeout", "TIME", "时间", "how long a reply may take: 20ms to 30s",
                        "应答时限：20ms 至 30s"},
    [OPTION_BAUD] = {"baud", "N", "N", "of a serial line (default 9600)", "串口波特率（默认 9600）"},
    [OPTION_PARITY] = {"parity", "P", "P", "of a serial line: none (default), even, odd",
                       "串口校验：none（默认）、even、odd"},
    [OPTION_STOP_BITS] = {"stop-bits", "N", "N", "of a serial line: 1 (default) or 2",
                          "串口停止位：1（默认）或 2"},
    [OPTION_KEEP] = {"keep", "N", "N",
                     "remove all but the newest N backups of the site, when the new one is verified",
                     "新备份通过验证后，只保留本站点最新的 N 个备份"},
    [OPTION_WITH_KEY] = {"with-key", NULL, NULL,
                         "the secret key that signs the record goes into the backup, too",
                         "备份中也包含用于签名的私钥"},
    [OPTION_OUTPUT] =
        {"output", "FILE", "文件",
         "-o: export: the archive, NAME.tar, NAME.tar.gz or NAME.zip; report: the PDF (default: the report's "
         "id)",
         "-o：export：存档 NAME.tar、NAME.tar.gz 或 NAME.zip；report：PDF 文件（默认：报告编号）"},
    [OPTION_UNSIGNED] = {"unsigned", NULL, NULL,
                         "write the archive also when no daemon can record and sign it",
                         "即使没有守护进程记录和签名也写入存档"},
    [OPTION_RESOLUTION] = {"resolution", "R", "R",
                           "raw (default), hour or day (UTC): count, minimum, mean, maximum ...",
                           "raw（默认）、hour 或 day（UTC）：次数、最小、平均、最大等"},
    [OPTION_THRESHOLD] = {"threshold", "LIST", "列表",
                          "levels, e.g. -150,-135 (default: as configured, else -150,-135,-120)",
                          "阈值，如 -150,-135（默认按配置，否则 -150,-135,-120）"},
    [OPTION_PROGRAM] = {"program", "PROGRAM", "程序",
                        "run prepare: the program's name; else a file with the program to judge by (default: "
                        "the one in the record)",
                        "run prepare：程序名称；其他：判定所依据的程序文件（默认：记录中的程序）"},
    [OPTION_OPERATOR] = {"operator", "NAME", "姓名", "who runs it", "操作人"},
    [OPTION_LOT] = {"lot", "LOT", "批号", "a lot in the freezer; may be given several times",
                    "冷冻的批号，可多次给出"},
    [OPTION_SHORT] = {"short", NULL, NULL, "the short form, for a batch record", "简短格式，用于批记录"},
    [OPTION_BY] = {"by", "PERIOD", "周期", "day (default) or month", "day（默认，按日）或 month（按月）"},
    [OPTION_ASSET] = {"asset", "ASSET", "设备", "of this asset only", "仅限该设备"},
    [OPTION_ALARM] = {"alarm", "ALARM", "报警", "only events of this alarm", "仅该报警的事件"},
    [OPTION_PERSON] = {"person", "NAME", "姓名", "only what this person did", "仅该人员的操作"},
    [OPTION_KIND] = {"kind", "KIND", "类别", "only events of this kind: alarm, start, stop, gap, clock ...",
                     "仅该类别的事件：alarm、start、stop、gap、clock 等"},
    [OPTION_MEANING] = {"meaning", "TEXT", "文字", "what the signature means (default: review)",
                        "签名的含义（默认：review）"},
    [OPTION_COMMENT] = {"comment", "TEXT", "文字", "a comment for the record of the review",
                        "审核意见（写入记录）"},
    [OPTION_PASSWORD_STDIN] = {"password-stdin", NULL, NULL,
                               "the password is the first line of standard input",
                               "从标准输入第一行读取密码"},
    [OPTION_SIGN_SOCKET] = {"sign-socket", "PATH", "路径",
                            "the socket of the signing service (" CTL_SIGN_SOCKET ")",
                            "签名服务的套接字（" CTL_SIGN_SOCKET "）"},
    [OPTION_CHECK] = {"check", NULL, NULL, "compute again what each review is bound to",
                      "重新计算每次审核所绑定的内容"},
    [OPTION_DIR] = {"dir", "DIR", "目录", "where the databases are (default: as configured)",
                    "数据库目录（默认按配置）"},
    [OPTION_POINT] = {"point", "POINT", "测点", "only this point (default: all of the asset)",
                      "只包含此测点（默认：该设备的全部测点）"},
    [OPTION_FACTS] = {"facts", "FILE", "文件", "draw the facts that a report wrote earlier",
                      "用以前写出的事实数据绘制"},
    [OPTION_PDF] = {"pdf", "FILE", "文件", "write it as a PDF, and its facts beside it as FILE with .json",
                    "写成 PDF 文件，事实数据写入同名 .json"},
    [OPTION_FOR] = {"for", "TIME", "时长", "for how long, e.g. 30min, 2h, 3d", "时长，如 30min、2h、3d"},
    [OPTION_UNTIL] = {"until", "TIME", "时间", "until when, e.g. \"2026-11-22 08:00\"",
                      "截止时间，如 \"2026-11-22 08:00\""},
    [OPTION_WHY] = {"why", "TEXT", "文字", "the reason, for the record", "原因（写入记录）"},
    [OPTION_ONE_SHOT] = {"one-shot", NULL, NULL, "shelve: it ends also when the condition is over",
                         "shelve：条件恢复时也结束搁置"},
    [OPTION_ORDER] = {"order", "ID", "编号", "the work order", "工单号"},
    [OPTION_MEASURED] = {"measured", "TIME", "时间", "when the value was measured", "测量时间"},
    [OPTION_SECOND] = {"second", "PERSON", "姓名", "who looked at it, too", "第二人（复核）"},
    [OPTION_PUBLIC_KEY] = {"public-key", "KEY", "公钥",
                           "the key known from outside: its line of text, or a file with it",
                           "从外部得知的公钥：文本或文件"},
    [OPTION_HEAD] = {"head", "FILE", "文件",
                     "heads kept by a witness, a line of JSON each; - reads standard input",
                     "外部见证保存的链头，每行一个 JSON；- 表示标准输入"},
    [OPTION_QUICK] = {"quick", NULL, NULL, "look at stored bytes only, don't unpack the readings",
                      "只检查存储的字节，不解压读数"},
};

const struct usage_verb *usage_find_verb(const char *name, const char *second)
{
    for (size_t i = 0; i < N_VERBS; i++) {
        const char *space = strchr(verbs[i].name, ' ');
        if (space == NULL
                ? strcmp(verbs[i].name, name) == 0
                : second != NULL && strlen(name) == (size_t)(space - verbs[i].name) &&
                      strncmp(verbs[i].name, name, strlen(name)) == 0 && strcmp(space + 1, second) == 0)
            return &verbs[i];
    }
    return NULL;
}

const char *usage_second_words(const char *name, char *text, size_t cap)
{
    size_t used = 0;
    text[0] = '\0';
    for (size_t i = 0; i < N_VERBS && used < cap; i++) {
        const char *space = strchr(verbs[i].name, ' ');
        if (space != NULL && strlen(name) == (size_t)(space - verbs[i].name) &&
            strncmp(verbs[i].name, name, strlen(name)) == 0)
            used += (size_t)snprintf(text + used, cap - used, "%s%s", used > 0 ? ", " : "", space + 1);
    }
    return text;
}

unsigned usage_verb_words(const struct usage_verb *verb)
{
    return strchr(verb->name, ' ') != NULL ? 2 : 1;
}

const char *usage_option_name(enum usage_option option)
{
    return options[option].name;
}

bool usage_option_argument(enum usage_option option)
{
    return options[option].argument != NULL;
}

bool usage_verb_takes(const struct usage_verb *verb, enum usage_option option)
{
    return ((verb->options | FOR_ALL) & BIT(option)) != 0;
}

/* A line of the help: the texts begin in one column, whatever the width of the characters before them. */
static void print_line(FILE *stream, const char *name, unsigned width, const char *text)
{
    unsigned used = width_text(name);
    fprintf(stream, "  %s%*s %s\n", name, used < width ? (int)(width - used) : 0, "", text);
}

static void print_options(const struct ctl *ctl, const struct usage_verb *verb, FILE *stream)
{
    fprintf(stream, "\n%s\n", tr(ctl, "Options:", "选项："));
    for (unsigned i = 0; i < OPTION_COUNT; i++) {
        char name[64];
        const char *argument = options[i].argument;
        if (verb != NULL && !usage_verb_takes(verb, i))
            continue;
        snprintf(name, sizeof name, "--%s%s%s", options[i].name, argument != NULL ? " " : "",
                 argument != NULL ? tr(ctl, argument, options[i].argument_zh) : "");
        print_line(stream, name, 24, tr(ctl, options[i].en, options[i].zh));
    }
}

void usage_print(const struct ctl *ctl, const struct usage_verb *verb, FILE *stream)
{
    if (verb != NULL && verb->arguments != NULL) {
        const char *arguments = tr(ctl, verb->arguments, verb->arguments_zh);
        fprintf(stream, "%scryoctl %s%s%s [%s]\n\n%s\n", tr(ctl, "Usage: ", "用法："), verb->name,
                arguments[0] != '\0' ? " " : "", arguments, tr(ctl, "OPTION...", "选项..."),
                tr(ctl, verb->en, verb->zh));
    } else {
        verb = NULL;
        fprintf(stream, "%scryoctl %s\n\n%s\n", tr(ctl, "Usage: ", "用法："),
                tr(ctl, "VERB [ARGUMENT...] [OPTION...]", "动词 [参数...] [选项...]"),
                tr(ctl, "Verbs:", "动词："));
        for (size_t i = 0; i < N_VERBS; i++) {
            char name[64];
            if (verbs[i].arguments == NULL)
                continue;
            snprintf(name, sizeof name, "%-14s %s", verbs[i].name,
                     tr(ctl, verbs[i].arguments, verbs[i].arguments_zh));
            print_line(stream, name, 32, tr(ctl, verbs[i].en, verbs[i].zh));
        }
    }
    print_options(ctl, verb, stream);
    fprintf(stream, "\n%s\n",
            tr(ctl,
               "Exit status: 0 well, 1 the answer is no, 2 wrong use, 3 daemon not reachable, 4 not allowed.",
               "退出状态：0 正常，1 结果为否，2 用法错误，3 无法连接守护进程，4 没有权限。"));
}
