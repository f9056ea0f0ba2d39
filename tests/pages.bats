#!/usr/bin/env bats
# Goal: what the pages and README.md show is what happens, each command they show with all of its output; and each
# program has a page, with the synopsis that it prints itself, and a row in README.md. What is said of all programs in
# the same words, and the lists of programs and pages, are up to date.

load helper
export BIN="${BIN:-$ROOT/bin}" # for man/update

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

@test "every program has a page, and a row in README.md" {
    local program
    for program in $(programs); do
        [ -f "$ROOT/man/$program.1" ] || fail "$program has no page"
        grep -q "^| \`${program}[ \`]" "$ROOT/README.md" || fail "$program has no row in README.md"
    done
}

@test "the generated parts of every page are up to date" {
    local program
    run_sh "'$ROOT/man/update' --check"
    expect_output ''
    for program in $(programs); do
        grep -q -x '\.\\" begin generated synopsis' "$ROOT/man/$program.1" || fail "$program writes its synopsis itself"
    done
    for program in $(stages); do
        grep -q -x '\.\\" begin generated common' "$ROOT/man/$program.1" || fail "$program writes the common options itself"
    done
}

@test "a page that is not up to date is named, and rewritten" {
    cp -R "$ROOT/man" "$ROOT/cmd" .
    sed -i 's/^\.Op Fl a$/.Op Fl z/' man/fl-inspect.1
    sed -i '/^\.It Fl b /d' man/fl-key.1
    sed -i 's/^gather the values.*/gather them/; s/^\.Xr fl-frame 5 ,$/.Xr fl-gone 5 ,/' man/fl.7
    run_sh 'man/update --check'
    expect_status 1
    expect_stdout ''
    expect_stderr 'man/fl-inspect.1 is not up to date: run make pages
man/fl-key.1 is not up to date: run make pages
man/fl.7 is not up to date: run make pages'
    run_sh man/update
    expect_output $'man/fl-inspect.1\nman/fl-key.1\nman/fl.7'
    diff -r "$ROOT/man" man
}

@test "a new program is listed after the others, with the line of its page" {
    cp -R "$ROOT/man" "$ROOT/cmd" .
    touch cmd/fl-new.c
    echo '.Nd do something new' >man/fl-new.1
    run_sh man/update
    expect_output man/fl.7
    diff "$ROOT/man/fl.7" man/fl.7 >changes || true
    grep '^[<>]' changes >shown
    expect_file shown $'> .It Xr fl-new 1\n> do something new\n> .Xr fl-new 1 ,'
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
