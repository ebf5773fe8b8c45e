# bash completion for cryoctl(1)
_cryoctl()
{
    local cur prev words cword
    _init_completion -n : 2>/dev/null || {
        cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD - 1]} words=("${COMP_WORDS[@]}") cword=$COMP_CWORD
    }
    local verbs="status alarms ack shelve unshelve out-of-service in-service reset bypass unbypass reading readings drill watch history events gaps exposure tanks nitrogen vessel runs run stats verify key report alarm-report replay export review reviews devices scan probe verify-point calibrations correct backup restore check reload"
    local everywhere="--lang --help --version" daemon="--socket --config --json"
    local range="--dir --config --from --to --last --utc --json"

    case $prev in
    --by) COMPREPLY=($(compgen -W "day month" -- "$cur")); return ;;
    --lang) COMPREPLY=($(compgen -W "en zh" -- "$cur")); return ;;
    --table) COMPREPLY=($(compgen -W "holding input coil discrete" -- "$cur")); return ;;
    --parity) COMPREPLY=($(compgen -W "none even odd" -- "$cur")); return ;;
    --stop-bits) COMPREPLY=($(compgen -W "1 2" -- "$cur")); return ;;
    --format)
        [[ " ${words[*]} " == *" devices "* ]] && set -- "$1" "table json prometheus" || set -- "$1" "table csv json"
        COMPREPLY=($(compgen -W "$2" -- "$cur")); return ;;
    --output | -o | --pdf) COMPREPLY=($(compgen -f -- "$cur")); return ;;
    --resolution) COMPREPLY=($(compgen -W "raw hour day" -- "$cur")); return ;;
    --kind) COMPREPLY=($(compgen -W "alarm start stop configuration gap clock suspend device run fill vessel call fallback reading fault verification calibration correction review key retention backup export report" -- "$cur")); return ;;
    --asset) COMPREPLY=($(compgen -W "$("$1" complete assets 2>/dev/null)" -- "$cur")); return ;;
    --config)
        [[ " ${words[*]} " == *" replay "* ]] && COMPREPLY=($(compgen -f -- "$cur")) || COMPREPLY=($(compgen -d -- "$cur"))
        return ;;
    --dir) COMPREPLY=($(compgen -d -- "$cur")); return ;;
    --from | --to | --last | --note | --offset | --reason | --tolerance | --units | --timeout | --baud | --meaning | --comment | --keep | --threshold | --for | --until | --why | --order | --measured | --second | --operator | --lot) return ;;
    --socket | --sign-socket | --public-key | --head | --facts | --program) COMPREPLY=($(compgen -f -- "$cur")); return ;;
    esac

    # The verb and its arguments so far, and how to reach the daemon for names.
    local i verb= arguments=() where=()
    for ((i = 1; i < cword; i++)); do
        case ${words[i]} in
        --socket | --config) where+=("${words[i]}" "${words[i + 1]}"); ((i++)) ;;
        --lang | --format | --dir | --public-key | --head | --from | --to | --last | --note | --offset | --reason | \
            --tolerance | --units | --timeout | --baud | --table | --parity | --stop-bits | --output | -o | --keep | --facts | \
            --point | --meaning | --comment | --asset | --alarm | --person | --kind | --sign-socket | --resolution | --threshold | --pdf | \
            --for | --until | --why | --order | --measured | --second | --program | --operator | --lot | --by) ((i++)) ;;
        -*) ;;
        *)
            if [[ -z $verb ]]; then
                verb=${words[i]}
            elif [[ $verb == run || $verb == vessel ]]; then # of two words
                verb+=-${words[i]}
            else
                arguments+=("${words[i]}")
            fi ;;
        esac
    done

    local choices=
    if [[ $cur == -* ]]; then
        case $verb in
        status) choices="$everywhere $daemon --utc --exit-code" ;;
        alarms) choices="$everywhere $daemon --utc --all" ;;
        ack) choices="$everywhere $daemon --all --note --yes" ;;
        shelve) choices="$everywhere $daemon --utc --for --until --why --one-shot" ;;
        out-of-service | bypass) choices="$everywhere $daemon --utc --for --until --why --order" ;;
        unshelve | in-service | reset | unbypass | drill) choices="$everywhere $daemon --utc --note" ;;
        reading) choices="$everywhere $daemon --utc --measured --second --note" ;;
        readings) choices="$everywhere $range" ;;
        alarm-report) choices="$everywhere $range --asset --pdf" ;;
        replay) choices="$everywhere $range --asset" ;;
        devices) choices="$everywhere $daemon --utc --format" ;;
        scan) choices="$everywhere --config --json --units --timeout --baud --parity --stop-bits" ;;
        probe) choices="$everywhere --json --table --timeout --baud --parity --stop-bits" ;;
        verify-point) choices="$everywhere $daemon --note --tolerance" ;;
        calibrations) choices="$everywhere --dir --config --utc --json" ;;
        correct) choices="$everywhere $daemon --from --to --utc --offset --note --reason" ;;
        watch) choices="$everywhere $daemon --utc" ;;
        review) choices="$everywhere --dir --config --from --to --utc --json --asset --meaning --comment --password-stdin --sign-socket" ;;
        reviews) choices="$everywhere --dir --config --utc --json --check" ;;
        verify) choices="$everywhere --dir --config --from --to --utc --json --public-key --head --quick" ;;
        key) choices="$everywhere --dir --config --utc --json" ;;
        export) choices="$everywhere $range --socket --output --unsigned" ;;
        backup) choices="$everywhere $daemon --dir --keep --with-key" ;;
        restore) choices="$everywhere --dir --config --json --yes --utc" ;;
        report) choices="$everywhere $range --point --output --facts" ;;
        history) choices="$everywhere $range --format --resolution" ;;
        gaps) choices="$everywhere $range --format" ;;
        runs) choices="$everywhere $range --program" ;;
        tanks) choices="$everywhere $daemon --utc" ;;
        nitrogen) choices="$everywhere $range --format --by" ;;
        vessel-relearn | run-accept | run-reject) choices="$everywhere $daemon --utc --reason" ;;
        run-show) choices="$everywhere --dir --config --utc --json --program --short" ;;
        run-report) choices="$everywhere --dir --config --utc --json --program --short --output" ;;
        run-prepare) choices="$everywhere $daemon --utc --program --operator --lot --note" ;;
        run-note) choices="$everywhere $daemon --utc --operator --lot --note" ;;
        exposure) choices="$everywhere $range --format --threshold" ;;
        stats) choices="$everywhere --dir --config --utc --json" ;;
        events) choices="$everywhere $range --asset --alarm --person --kind" ;;
        check) choices="$everywhere --config --json" ;;
        reload) choices="$everywhere $daemon --reason" ;;
        *) choices="$everywhere --socket --config" ;;
        esac
    else
        case $verb/${#arguments[@]} in
        /0) choices=$verbs ;;
        run/0) choices="show prepare note accept reject report" ;;
        vessel/0) choices="relearn" ;;
        run-show/1 | run-note/1 | run-accept/1 | run-reject/1 | run-report/1) choices="last" ;;
        ack/0 | shelve/0 | unshelve/0 | out-of-service/0 | in-service/0 | reset/0 | reading/0 | readings/0 | history/0 | gaps/0 | exposure/0 | tanks/0 | nitrogen/0 | vessel-relearn/0 | runs/0 | run-show/0 | run-prepare/0 | run-note/0 | run-accept/0 | run-reject/0 | run-report/0 | export/0 | report/0 | verify-point/0 | calibrations/0 | correct/0) choices=$("$1" complete assets "${where[@]}" 2>/dev/null) ;;
        bypass/0 | unbypass/0) choices=$("$1" complete devices "${where[@]}" 2>/dev/null) ;;
        ack/1 | shelve/1 | unshelve/1 | out-of-service/1 | in-service/1 | reset/1) choices=$("$1" complete alarms "${arguments[0]}" "${where[@]}" 2>/dev/null) ;;
        reading/1 | readings/1 | history/1 | gaps/1 | exposure/1 | export/1 | verify-point/1 | calibrations/1 | correct/1) choices=$("$1" complete points "${arguments[0]}" "${where[@]}" 2>/dev/null) ;;
        check/0 | verify/0) COMPREPLY=($(compgen -d -- "$cur")); return ;;
        esac
    fi
    COMPREPLY=($(compgen -W "$choices" -- "$cur"))
}
complete -F _cryoctl cryoctl
