#!/usr/bin/env bats
# Goal of this test: an operator is one table. tests/operator/fl-changes.c, which has less than 40 lines, is a stage like
# all others: with the common options, --help, --reject, and a state that recovery keeps. A table that contradicts itself
# is refused.

load helper

# The compiler with its flags, and what to link with, as the Makefile has them.
COMPILE=${COMPILE:-cc -std=c11 -D_GNU_SOURCE -DFL_VERSION='\"0.0.0\"' -Ilib -pthread}
LIBRARIES=${LIBRARIES:-$ROOT/build/libflowline.a -lsqlite3 -lxxhash -lm}

setup() {
    test_begin
    mkdir bin
    PATH=$PWD/bin:$PATH
}

# build [SED-SCRIPT]: builds the example, changed by the script.
build() {
    sed "${1-}" "$ROOT/tests/operator/fl-changes.c" >fl-changes.c
    [ -z "${1-}" ] || ! cmp -s fl-changes.c "$ROOT/tests/operator/fl-changes.c" || fail "nothing is changed by $1"
    run_sh "cd '$ROOT' && $COMPILE -o '$PWD/bin/fl-changes' '$PWD/fl-changes.c' $LIBRARIES"
    expect_output ''
}

# refuses_itself MESSAGE: the program does not run.
refuses_itself() {
    run_sh 'printf "a\n" | fl-input | fl-key K | fl-changes | fl-out'
    expect_failed 70 "fl-changes: $1"
}

@test "an operator with a state takes less than 40 lines" {
    [ "$(wc -l <"$ROOT/tests/operator/fl-changes.c")" -lt 40 ]
}

@test "it has the common options, and a --help" {
    build
    run_sh 'fl-changes --help'
    expect_output 'usage: fl-changes [-r DIR] [-s SPAN] [-b SPAN] [-i STEP] [--reject FILE]

      --reject FILE              write bad records to FILE, as lines of JSON, and go on
  -i, --step STEP                the step'\''s name in the recovery directory
  -r, --recovery-directory DIR   take part in recovery from here on, with the directory DIR
  -s, --snapshot-interval SPAN   with -r: save this often (10s; 0 is after every record)
  -b, --backup-interval SPAN     with -r: be able to go back this far (0)
      --help, --version          show this, show the version'
    run_sh 'fl-changes --version'
    expect_status 0
    [[ $output =~ ^fl-changes\ [0-9.]+$ ]] || fail 'this is no version'
    run_sh 'fl-changes -s 5 </dev/null'
    expect_status 64
    expect_stderr 'fl-changes: -s goes with -r (fl-changes --help shows the usage)'
    run_sh 'fl-changes a </dev/null'
    expect_status 64
    expect_stderr 'fl-changes: unexpected operand "a" (fl-changes --help shows the usage)'
}

@test "it does its work, and refuses or rejects records without a key" {
    build
    run_sh "printf 'a 1\nb 1\na 1\na 2\nb 1\na 1\n' | fl-input | $keys | fl-changes | fl-out"
    expect_output $'a\t1\nb\t1\na\t2\na\t1'
    run_sh 'echo x | fl-input | fl-changes | fl-out'
    expect_failed 65 'fl-changes: -: record 1: "x" has no key: put fl-key before'
    run_sh 'echo x | fl-input | fl-changes --reject bad | fl-out'
    expect_status 0
    expect_stdout ''
    expect_stderr 'fl-changes: 1 record was rejected: see bad'
    expect_file bad '{"step":"changes","source":"-","record":1,"value":"x","why":"has no key: put fl-key before"}'
}

@test "its state goes on with the next execution, wherever recovery begins, and under its id" {
    build
    for flow in "fl-input -r db lines | $keys | fl-changes | fl-out" \
        "fl-input lines | $keys | fl-changes -r db | fl-out" \
        "fl-input lines | $keys | fl-changes -i latest -r db -s 0 -b 1h | fl-out"; do
        rm -rf db
        fl-recovery-init db
        printf 'a 1\nb 1\na 1\n' >lines
        run_sh "$flow"
        expect_output $'a\t1\nb\t1'
        printf 'a 1\nb 2\n' >>lines
        run_sh "$flow"
        expect_output $'b\t2'
    done
    run_sh 'fl-recovery dump db latest'
    expect_output $'a\t1\nb\t2'
}

@test "it is killed, and each change is passed on exactly once" {
    build
    seq 800 | awk '{ print $1 % 7, int($1 / 20) }' >all
    awk '!($1 in last) || last[$1] != $2 { print $1 "\t" $2 } { last[$1] = $2 }' all >expected
    cat >flow <<'END'
fl-input -r db -s "$@" | fl-key -f 1 | fl-map -f 2 | fl-changes | fl-out counts
END
    survives flow 20 fl-changes fl-changes fl-out
}

@test "a table that contradicts itself is refused" {
    build '/\.signature/d'
    refuses_itself 'the program keeps a state, and has no signature that says what it means'
    build '/\.keeps_state/d'
    refuses_itself 'the program has a signature, and does not say that it keeps a state'
    build '/\.keeps_state/d; /\.signature/d'
    refuses_itself 'the program folds records into states, and does not say that it keeps a state'
    build 's/\.keeps_state/.accepts/; /\.signature/d'
    refuses_itself 'the program accepts other states, and does not say that it keeps one'
    build 's/\.calls = .*/.calls = {.finish = on_finish},/; s/\.name/.role = ROLE_SINK, &/
        s/^static void on_records(.*/static void on_finish(void *context, struct stage *stage)/
        s/^    keyed_records(.*/    keyed_records(context, stage, NULL, 0, take, NULL);/'
    run_sh 'fl-changes </dev/null'
    expect_status 70
    expect_stderr 'fl-changes: the program has no way to take records: a source reads, any other has records'
    build 's/\.name/.role = ROLE_SIDE, &/'
    run_sh 'fl-changes </dev/null'
    expect_status 70
    expect_stderr 'fl-changes: the program has the role side, which is not a program'\''s'
    build '/\.name/d'
    run_sh 'fl-changes </dev/null'
    expect_status 70
    expect_stderr 'fl-changes: the program has no name, or no form of its command line'
    build '/\.forms/d'
    run_sh 'fl-changes </dev/null'
    expect_status 70
    expect_stderr 'fl-changes: the program has no name, or no form of its command line'
}
