#include "words.h"

#include <errno.h>
#include <string.h>

struct word {
    const char *name, *en, *zh;
};

static const char *find(const struct ctl *ctl, const struct word *words, size_t n, const char *name)
{
    for (size_t i = 0; i < n; i++)
        if (strcmp(words[i].name, name) == 0)
            return tr(ctl, words[i].en, words[i].zh);
    return name;
}
#define FIND(ctl, words, name) find((ctl), (words), sizeof(words) / sizeof((words)[0]), (name))

const char *words_quality(const struct ctl *ctl, const char *name)
{
    static const struct word words[] = {
        {"good", "good", "良好"}, {"uncertain", "uncertain", "可疑"}, {"bad", "bad", "无效"}};
    return FIND(ctl, words, name);
}

const char *words_reason(const struct ctl *ctl, const char *name)
{
    static const struct word words[] = {
        {"never-read", "not read yet", "尚未读取"},
        {"timeout", "timeout", "超时"},
        {"bad-reply", "bad reply", "应答错误"},
        {"refused", "refused", "被拒绝"},
        {"link-down", "link down", "连接中断"},
        {"stale", "stale", "数据过期"},
        {"unproven", "unproven", "待验证"},
        {"dropped", "dropped", "已丢弃"},
        {"sentinel", "sensor fault", "传感器故障"},
        {"not-finite", "not a number", "非数值"},
        {"implausible", "implausible", "不合理"},
        {"unknown-state", "unknown state", "未知状态"},
        {"sensor-fault", "sensor fault", "传感器故障"},
        {"over-range", "over range", "超量程"},
        {"under-range", "under range", "低于量程"},
        {"warm-up", "warming up", "预热中"},
        {"inhibited", "inhibited", "报警抑制"},
        {"simulation", "simulation", "模拟值"},
        {"calibration", "calibration", "校准中"},
        {"maintenance", "maintenance", "维护中"},
        {"device-fault", "device fault", "设备故障"},
        {"device-stale", "old in the device", "设备数据过时"},
        {"channel-off", "channel off", "通道关闭"},
        {"wrong-device", "WRONG DEVICE", "设备不符"},
        {"wrong-setting", "wrong setting", "设置不符"},
        {"frozen", "frozen", "数据冻结"},
        {"status-unknown", "status unknown", "状态未知"},
        {"not-measured", "not measured", "未测量"},
        {"input-bad", "its input is bad", "输入无效"},
        {"learning", "learning", "学习中"},
        {"input-gap", "begins anew after a gap", "中断后重新开始"},
        {"busy", "hidden by a fill", "补液中"},
        {"no-shape", "no shape configured", "未配置形状"},
        {"no-limit", "no limit configured", "未配置限值"},
        {"no-capacity", "no heat capacity configured", "未配置热容"},
        {"not-falling", "the level does not fall", "液位未下降"},
        {"no-run", "no run", "无运行"},
    };
    return FIND(ctl, words, name);
}

const char *words_state(const struct ctl *ctl, const char *name)
{
    static const struct word words[] = {
        {"normal", "normal", "正常"},
        {"unacknowledged", "NOT ACKNOWLEDGED", "未确认"},
        {"acknowledged", "acknowledged", "已确认"},
        {"returned-unacknowledged", "over, NOT ACKNOWLEDGED", "已恢复，未确认"},
        {"shelved", "shelved", "已搁置"},
        {"suppressed", "suppressed by design", "设计抑制"},
        {"out-of-service", "out of service", "已停用"},
    };
    return FIND(ctl, words, name);
}

static const struct word priorities[] = {{"low", "low", "低"},
                                         {"medium", "medium", "中"},
                                         {"high", "high", "高"},
                                         {"critical", "CRITICAL", "紧急"}};

const char *words_priority(const struct ctl *ctl, const char *name)
{
    return FIND(ctl, priorities, name);
}

int words_priority_rank(const char *name)
{
    for (int i = 0; i < 4; i++)
        if (strcmp(priorities[i].name, name) == 0)
            return i;
    return -1;
}

const char *words_transition(const struct ctl *ctl, const char *name)
{
    static const struct word words[] = {
        {"raised", "ALARM", "报警"},
        {"acknowledged", "acknowledged", "已确认"},
        {"returned", "over", "已恢复"},
        {"removed", "removed", "已移除"},
        {"restored", "as before the start", "启动前的状态"},
        {"shelved", "shelved", "搁置"},
        {"unshelved", "no longer shelved", "取消搁置"},
        {"suppressed", "suppressed by design", "设计抑制"},
        {"unsuppressed", "no longer suppressed", "解除抑制"},
        {"out-of-service", "out of service", "停用"},
        {"in-service", "in service again", "恢复使用"},
        {"realarmed", "ALARM AGAIN", "再次报警"},
        {"reset", "reset", "复位"},
        {"bypassed", "bypassed", "旁路"},
    };
    return FIND(ctl, words, name);
}

const char *words_kind(const struct ctl *ctl, const char *name)
{
    static const struct word words[] = {
        {"alarm", "alarm", "报警"},
        {"start", "start", "启动"},
        {"stop", "stop", "停止"},
        {"configuration", "configuration", "配置"},
        {"configuration-refused", "configuration refused", "配置被拒绝"},
        {"verification", "verification", "测点核对"},
        {"calibration", "calibration", "校准"},
        {"correction", "correction", "更正"},
        {"clock", "clock", "时钟"},
        {"suspend", "suspended", "挂起"},
        {"gap", "gap", "数据缺口"},
        {"fault", "fault", "故障"},
        {"key", "signing key", "签名密钥"},
        {"retention", "retention", "数据清理"},
        {"damage", "damage", "数据损坏"},
        {"backup", "backup", "备份"},
        {"restore", "restore", "恢复"},
        {"restore-test", "test of a backup", "备份恢复验证"},
        {"chain-check", "check of the record", "记录完整性校验"},
        {"export", "export", "导出"},
        {"report", "report", "报告"},
        {"review", "review", "审核"},
        {"call", "call", "呼叫"},
        {"fallback", "fallback", "后备报警"},
        {"device", "device", "装置"},
        {"reading", "manual reading", "人工读数"},
        {"fill", "fill", "补液"},
        {"run", "freezer run", "冷冻运行"},
        {"vessel", "vessel", "罐"},
        {"notify-off", "notification off", "通知关闭"},
        {"notify-on", "notification on", "通知开启"},
        {"notify-configuration", "configuration of the notification", "通知配置"},
        {"notify-refused", "configuration of the notification refused", "通知配置未被接受"},
    };
    return FIND(ctl, words, name);
}

const char *words_disabled(const struct ctl *ctl, const char *name)
{
    static const struct word words[] = {
        {"shelved", "shelved", "搁置"},
        {"suppressed", "suppressed by design", "设计抑制"},
        {"out-of-service", "out of service", "停用"},
        {"bypassed", "device bypassed", "装置旁路"},
        {"maintenance", "maintenance (alarms go on)", "维护中（照常报警）"},
        {"notifications-off", "notification off", "通知关闭"},
        {"relay-off", "relay off", "继电器关闭"},
    };
    return FIND(ctl, words, name);
}

const char *words_why(const struct ctl *ctl, const char *name)
{
    static const struct word words[] = {
        {"person", "by a person", "人工"},
        {"time", "its time is over", "到期"},
        {"one-shot", "its condition is over", "条件已恢复"},
        {"plant", "the plant is otherwise, or not known", "工况改变或未知"},
        {"worse", "it has become worse", "情况恶化"},
        {"unresolved", "acknowledged, and not resolved in time", "确认后未及时解除"},
    };
    return FIND(ctl, words, name);
}

const char *words_lost(const struct ctl *ctl, const char *detail)
{
    static const struct {
        const char *begin, *zh;
    } words[] = {
        {"readings given up", "读数被放弃：无法写入 history.db，且内存已满"},
        {"records refused", "记录被拒绝：存储队列已满"},
        {"readings not stored", "读数未保存：属于另一个配置"},
        {"the core's mailbox was full", "核心队列已满"},
    };
    for (size_t i = 0; ctl->language == LANGUAGE_ZH && i < sizeof words / sizeof *words; i++)
        if (strncmp(detail, words[i].begin, strlen(words[i].begin)) == 0)
            return words[i].zh;
    return detail;
}

const char *words_error(const struct ctl *ctl, int error)
{
    static const struct {
        int error;
        const char *zh;
    } words[] = {
        {ENOENT, "文件或目录不存在"},
        {ENOTDIR, "不是目录"},
        {EISDIR, "是目录"},
        {EACCES, "权限不够"},
        {EPERM, "不允许的操作"},
        {ENAMETOOLONG, "路径过长"},
        {ELOOP, "符号链接过多"},
        {EIO, "输入/输出错误"},
        {ENOSPC, "设备上没有空间"},
        {EROFS, "文件系统只读"},
        {ECONNREFUSED, "连接被拒绝"},
        {EAGAIN, "资源暂时不可用"},
        {EBUSY, "正被占用"},
        {EBADMSG, "应答无法理解"},
        {ENOMEM, "内存不足"},
        {EMFILE, "打开的文件过多"},
        {ENOTSOCK, "不是套接字"},
        {EUCLEAN, "文件已损坏"},
        {EPROTOTYPE, "套接字类型不符"},
        {EPROTONOSUPPORT, "格式版本不受支持"},
        {EINVAL, "无效的参数"},
    };
    for (size_t i = 0; ctl->language == LANGUAGE_ZH && i < sizeof words / sizeof words[0]; i++)
        if (words[i].error == error)
            return words[i].zh;
    return strerror(error);
}
