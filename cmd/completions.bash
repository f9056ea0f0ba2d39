# shellcheck shell=bash
# Completion of command lines in bash: options, their arguments, commands, operations and operands of a program, all of
# them from its --help.
#
# `make install` puts a copy for each program, under its name, where bash-completion looks. In a clone,
# `. cmd/completions.bash` completes the programs whose sources stand beside this file.

# Reads the --help of a program into variables of the caller:
#     forms       the lines of the synopsis, without the program's name
#     operations  what OP can be
#     short       long option -> its letter, or itself if it has none: the name that the synopsis uses
#     argument    option, by either name -> the name of its argument, or what it can be: fail|restart; empty: it has none
_flowline_read_help() {
    local help usage line letter name about='' option='^((-.), )?(--[a-z-]+)( ([A-Z][^ ]*))?'
    help=$("$1" --help 2>/dev/null) || return
    usage=${help%%$'\n\n'*}
    while read -r line; do
        line=${line#usage: }
        case $line in
        "${1##*/} "*) forms+=("${line#* }") ;;
        *) forms[-1]+=" $line" ;;
        esac
    done <<<"$usage"
    while read -r line; do
        if [[ $line =~ $option ]]; then
            letter=${BASH_REMATCH[2]} name=${BASH_REMATCH[3]}
            short[$name]=${letter:-$name}
            argument[$name]=${BASH_REMATCH[5]}
            [[ ! $usage =~ "$name "([a-z]+\|[a-z|]+) ]] || argument[$name]=${BASH_REMATCH[1]}
            argument[${short[$name]}]=${argument[$name]}
        elif ((${#short[@]} == 0)); then
            about+=" $line"
        fi
    done <<<"${help#*$'\n\n'}"
    argument[--version]=
    [[ $about == ' OP is '* ]] || return 0
    for name in ${about# OP is }; do
        name=${name%,}
        [[ $name == or ]] || operations+=("${name/:*/:}")
    done
}

# Adds to COMPREPLY the words that compgen finds.
_flowline_add() {
    mapfile -t -O "${#COMPREPLY[@]}" COMPREPLY < <(compgen "$@" -- "$typed")
}

# Adds what can be typed for a word of the synopsis: a name of something, or the words themselves, with | between them.
_flowline_add_named() {
    case $1 in
    FILE | FILE...)
        _flowline_add -f
        compopt -o filenames 2>/dev/null
        ;;
    DIR | TO)
        _flowline_add -d
        compopt -o filenames 2>/dev/null
        ;;
    CMD) _flowline_add -c ;;
    OP)
        _flowline_add -W "${operations[*]}"
        [[ ${COMPREPLY[*]} != *: ]] || compopt -o nospace 2>/dev/null
        ;;
    [a-z]*) _flowline_add -W "${1//|/ }" ;;
    esac
    return 0
}

# Adds what the next operand can be in a form of the command line, if the form has the options and operands so far.
_flowline_add_operand() {
    local words named=() word pending='' i
    read -ra words <<<"${1//[][]/ }"
    for word in "${given[@]}"; do
        [[ " ${words[*]} " == *" $word "* ]] || return 0
    done
    for word in "${words[@]}"; do
        if [[ $word == -* ]]; then
            pending=${argument[$word]-}
        elif [[ -n $pending || $word == ,* ]]; then
            pending=
        else
            named+=("$word")
        fi
    done
    for ((i = 0; i < ${#operands[@]}; i++)); do
        [[ ${named[i]-} != [a-z]* || ${named[i]} == "${operands[i]}" ]] || return 0
    done
    [[ $i -lt ${#named[@]} || ${named[*]} != *... ]] || i=-1
    _flowline_add_named "${named[i]-}"
}

_flowline() {
    local typed=${2#=} word pending='' ended='' forms=() operations=() given=() operands=()
    local -A short=() argument=()
    COMPREPLY=()
    _flowline_read_help "$1" || return 0
    for word in "${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
        if [[ $word == = ]]; then
            continue
        elif [[ $pending == CMD ]]; then
            _flowline_add_named FILE
            return
        elif [[ -n $pending ]]; then
            pending=
        elif [[ -n $ended || $word != -?* ]]; then
            operands+=("$word")
        elif [[ $word == -- ]]; then
            ended=yes
        else
            given+=("${short[$word]-${word:0:2}}")
            pending=${argument[$word]-}
        fi
    done
    if [[ -n $pending ]]; then
        _flowline_add_named "$pending"
    elif [[ -z $ended && $typed == -* ]]; then
        _flowline_add -W "${!argument[*]}"
    else
        for word in "${forms[@]}"; do
            _flowline_add_operand "$word"
        done
    fi
}

case ${BASH_SOURCE[0]##*/} in
fl-*) complete -F _flowline "${BASH_SOURCE[0]##*/}" ;;
*)
    for _flowline_source in "$(dirname "${BASH_SOURCE[0]}")"/fl-*.c; do
        complete -F _flowline "$(basename "$_flowline_source" .c)"
    done
    unset _flowline_source
    ;;
esac
