#!/usr/bin/env bats
# Goal of this test: bash completes the command line of every program by what its --help shows: options, their
# arguments, operations, commands and files; and `make install` puts that where bash-completion looks.

load helper

# expect_completions LINE [WORD]...: what bash offers at the end of the command line, in any order. As in bash, = and :
# are words of their own.
expect_completions() {
    local line=$1
    shift
    bash -c '
        . "$0"
        read -ra COMP_WORDS <<<"$(sed "s/[=:]/ & /g" <<<"$1")"
        [[ $1 != *" " ]] || COMP_WORDS+=("")
        COMP_CWORD=$((${#COMP_WORDS[@]} - 1))
        "$(complete -p "${COMP_WORDS[0]}" | sed "s/.*-F \([^ ]*\).*/\1/")" "${COMP_WORDS[0]}" "${COMP_WORDS[COMP_CWORD]}"
        ((${#COMPREPLY[@]} == 0)) || printf "%s\n" "${COMPREPLY[@]}"' "$ROOT/cmd/completions.bash" "$line" 2>&1 | LC_ALL=C sort -u >offered
    { (($# == 0)) || printf '%s\n' "$@"; } | LC_ALL=C sort | expect_file offered
}

setup() {
    test_begin
    mkdir directory
    touch file 'file of two'
}

@test "every option of every program" {
    local program options
    for program in $(programs); do
        mapfile -t options < <("$program" --help | sed -n '/^$/,$ { s/^ \+\(-.\), \(--[a-z-]*\).*/\1\n\2/; s/^ \+\(--[a-z-]*\).*/\1/; /^-/p; }')
        expect_completions "$program -" "${options[@]}" --version
    done
    expect_completions 'fl-out --h' --hold --help
    expect_completions 'fl-out -- -'
}

@test "the argument of an option" {
    expect_completions 'fl-input -r d' directory
    expect_completions 'fl-input --recovery-directory=d' directory
    expect_completions 'fl-input --recovery-directory=' directory
    expect_completions 'fl-key --reject f' file 'file of two'
    expect_completions 'fl-key -s '
    expect_completions 'fl-input --on-replaced ' fail restart continue
    expect_completions 'fl-input --on-replaced=r' restart
    expect_completions 'fl-filter -x fl-recovery' fl-recovery fl-recovery-init
    expect_completions 'fl-filter -x sed f' file 'file of two'
    expect_completions 'fl-filter -x sed -'
}

@test "operands" {
    expect_completions 'fl-input f' file 'file of two'
    expect_completions 'fl-input -w file d' directory
    expect_completions 'fl-input -s 5 - f' file 'file of two'
    expect_completions 'fl-out -f %v f' file 'file of two'
    expect_completions 'fl-out file f'
    expect_completions 'fl-key f'
    expect_completions 'fl-recovery-init ' directory
}

@test "operations" {
    expect_completions 'fl-statemap ' sum count min max mean var stddev delta ewma: distinct topk: histogram: first last
    expect_completions 'fl-reduce --keep m' min max mean
    expect_completions 'fl-statemap -e value '
    expect_completions 'fl-statemap --expression value '
    expect_completions 'fl-statemap sum '
}

@test "commands" {
    expect_completions 'fl-recovery ' status dump check backup forget rewind
    expect_completions 'fl-recovery --json ' status
    expect_completions 'fl-recovery backup ' directory
    expect_completions 'fl-recovery backup directory ' directory
    expect_completions 'fl-recovery forget directory '
}

@test "a program that is not there" {
    run_sh "exec bash -c '. \"\$0\" && COMP_WORDS=(fl-none -) COMP_CWORD=1 && _flowline fl-none - && echo \${#COMPREPLY[@]}' \
        '$ROOT/cmd/completions.bash'"
    expect_output 0
}

@test "a copy under the name of a program completes that program" {
    cp "$ROOT/cmd/completions.bash" fl-out
    run_sh "exec bash -c '. ./fl-out && complete -p'"
    expect_output 'complete -F _flowline fl-out'
}
