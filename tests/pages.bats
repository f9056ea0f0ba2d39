#!/usr/bin/env bats
# Goal: what the pages and README.md show is what happens, each command they show with all of its output; and each
# program has a page, with the synopsis that it prints itself, and a row in fl(7) and in README.md.

load helper

# Where an example sleeps, the programs before it have come to something by then; on a slow machine after seconds.
setup() {
    test_begin
    mkdir "$results/slow"
    printf '#!/bin/sh\nexec %s 5\n' "$(command -v sleep)" >"$results/slow/sleep"
    chmod +x "$results/slow/sleep"
}

# run_examples FILE: in a directory of its own and one sh, which with -v shows each line before it runs it, as a
# transcript does behind its prompts; and compares. Not to be called before `||`, where bash overlooks a failure inside.
run_examples() {
    local name=${1##*/}
    mkdir -p "$name.directory"
    "$ROOT/tests/examples" "$1" >"$name.transcript"
    grep -q '^\$ ' "$name.transcript"
    sed -n 's/^[$>] //p' "$name.transcript" >"$name.sh"
    run_sh "PATH='$results/slow':\$PATH && cd '$name.directory' && sh -v '../$name.sh' >'../$name' 2>&1"
    sed 's/^[$>] //' "$name.transcript" | expect_file "$name"
}

programs() {
    local source
    for source in "$ROOT"/cmd/fl-*.c; do
        basename "$source" .c
    done
}

# The lines of a page's section, as a terminal shows them, without their indentation.
section() {
    mandoc -T ascii -O width=1000 "$1" | sed $'s/.\b//g' |
        awk -v section="$2" '/^[^ ]/ { inside = $0 == section; next } inside && NF { $1 = $1; print }'
}

@test "the examples of every page do what they show" {
    local page
    for page in "$ROOT"/man/*.[1-8]; do
        run_examples "$page"
    done
}

@test "README.md shows what happens" {
    mkdir README.md.directory
    cp "$ROOT/LICENSE" README.md.directory
    run_examples "$ROOT/README.md"
}

@test "the synopsis of every page is that of --help" {
    local program
    for program in $(programs); do
        "$program" --help | awk '!NF { exit } { sub(/^usage: /, ""); $1 = $1; print }' | tr '\n' ' ' >expected
        section "$ROOT/man/$program.1" SYNOPSIS | tr '\n' ' ' >"$program"
        [ -s expected ]
        expect_file "$program" <expected
    done
}

@test "--help is no wider than 100 columns" {
    local program
    for program in $(programs); do
        "$program" --help | awk 'length > 100' >wide
        expect_file wide ''
    done
}

@test "every program has a page, and a row in fl(7) and in README.md" {
    local program
    for program in $(programs); do
        [ -f "$ROOT/man/$program.1" ] || fail "$program has no page"
        grep -q -x ".It Xr $program 1" "$ROOT/man/fl.7" || fail "$program has no row in fl.7"
        grep -q "^| \`${program}[ \`]" "$ROOT/README.md" || fail "$program has no row in README.md"
    done
}

@test "every page is named in fl(7)" {
    local page name
    for page in "$ROOT"/man/fl-*.[1-8]; do
        name=$(basename "${page%.*}")
        sed -n '/^\.Sh SEE ALSO/,$p' "$ROOT/man/fl.7" | grep -q "^\.Xr $name ${page##*.}\( ,\)*$" ||
            fail "$name(${page##*.}) is not in SEE ALSO of fl(7)"
    done
}

@test "every page has the sections of a page, in their order" {
    local page wanted
    for page in "$ROOT"/man/*.[1-8]; do
        wanted=(NAME DESCRIPTION EXAMPLES 'SEE ALSO')
        [[ $page != *.1 ]] || wanted=(NAME SYNOPSIS DESCRIPTION 'EXIT STATUS' EXAMPLES 'SEE ALSO')
        printf '%s\n' "${wanted[@]}" >sections
        sed -n 's/^\.Sh //p' "$page" | grep -x -F -f sections >"${page##*/}"
        expect_file "${page##*/}" <sections
    done
}
