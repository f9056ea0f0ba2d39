#!/usr/bin/env bats
# Goal of this test: fl-reduce sends one result for each key when the input ends, in the order of the keys, exactly once,
# also where the flow died just before; and then forgets the keys, or with --keep goes on with them.

load helper

@test "the final count and the greatest value of each key" {
    printf '%s\n' 'b 4' 'a 3' 'b 9' 'a 1' 'c 5' 'b 6' >lines
    run_sh "fl-input lines | $keys | fl-reduce count | fl-out"
    expect_output $'a\t2\nb\t3\nc\t1'
    run_sh "fl-input lines | $keys | fl-reduce max | fl-out"
    expect_output $'a\t3\nb\t9\nc\t5'
}

@test "what each operation sends for the last record it sends at the end" {
    seq 300 | awk '{ print "k " $1 * 7919 % 263 / 4 }' >lines
    for operation in sum count min max mean var stddev ewma:0.2 distinct topk:5 histogram:10 first last; do
        run_sh "fl-input lines | $keys | fl-statemap $operation | fl-out | tail -n 1"
        [ -n "$output" ]
        expected=$output
        run_sh "fl-input lines | $keys | fl-reduce $operation | fl-out"
        expect_output "$expected"
    done
    run_sh 'echo 7 | fl-input | fl-key K | fl-reduce var | fl-out'
    expect_output ''
    run_sh 'fl-reduce delta </dev/null'
    expect_status 64
    expect_stderr 'fl-reduce: delta has a result for each record, and none at the end: use fl-statemap (fl-reduce --help shows the usage)'
}

@test "results come in the order of the bytes of the keys" {
    printf '%s\n' b a ab '' é z Z 10 9 B >lines
    run_sh "fl-input lines | fl-key -f 1 -d , | fl-reduce count | fl-out -f '%k'"
    expect_output "$(LC_ALL=C sort lines)"
}

@test "without records there is nothing" {
    run_sh 'fl-input /dev/null | fl-key K | fl-reduce sum | fl-out'
    expect_output ''
}

@test "many keys, in several partitions" {
    seq 50000 | awk '{ print $1 % 7001 }' >lines
    fl-recovery-init db 3
    run_sh 'fl-input -r db lines | fl-key -f 1 | fl-reduce count | fl-out'
    expect_output "$(LC_ALL=C sort lines | uniq -c | awk '{ print $2 "\t" $1 }')"
}

@test "a run has its own totals, and those of several runs with --keep" {
    fl-recovery-init db
    fl-recovery-init all
    printf '%s\n' 'a 1' 'b 2' >lines
    for expected in $'a\t1\nb\t2' $'b\t5'; do
        run_sh "fl-input -r db lines | $keys | fl-reduce sum | fl-out"
        expect_output "$expected"
        [ -z "$(saved_states reduce)" ]
        echo 'b 5' >>lines
    done
    head -n 2 lines >some
    for expected in $'a\t1\nb\t2' $'a\t1\nb\t7'; do
        run_sh "fl-input -r all some | $keys | fl-reduce --keep sum | fl-out"
        expect_output "$expected"
        # and once only
        before=$(cksum all/part-*)
        run_sh "fl-input -r all some | $keys | fl-reduce --keep sum | fl-out"
        expect_output ''
        [ "$(cksum all/part-*)" = "$before" ]
        echo 'b 5' >>some
    done
}

@test "expressions: the state of each record, and the result at the end" {
    printf '%s\n' 'a 1' 'b 2' 'a 3' 'c 0' 'b end' >lines
    run_sh "fl-input lines | $keys | fl-reduce -e \"iif(value = 'end', discard(), coalesce(state, '') || value)\" | fl-out"
    expect_output $'a\t13\nc\t0'
    run_sh "fl-input lines | $keys | fl-reduce -e \"coalesce(state, '') || value,
        iif(state = 0, drop(), key || ':' || state || new_state || coalesce(value, '-'))\" | fl-out"
    expect_output $'a\ta:1313-\nb\tb:2end2end-'
    run_sh "fl-input lines | $keys | fl-reduce -q \"SELECT state WHERE state IS NOT NULL UNION ALL
        SELECT coalesce(state, '') || value WHERE value <> 2\" | fl-out"
    expect_status 0
    expect_stdout $'a\t13\nb\tend\nc\t0'
    expect_stderr 'fl-reduce: 1 record: left out, as the query gave no row'
    # one value, for each key once
    run_sh "fl-input lines | $keys | fl-reduce -e \"coalesce(state, 0) + 1, state IS NOT NULL\" | fl-out"
    expect_output $'a\ttrue\nb\ttrue\nc\ttrue'
}

@test "a record that cannot be taken, and a result that cannot be had" {
    printf '%s\n' 'a 1' 'a x' 'a 3' >lines
    run_sh "fl-input lines | $keys | fl-reduce --reject bad sum | fl-out"
    expect_status 0
    expect_stdout $'a\t4'
    expect_stderr 'fl-reduce: 1 record was rejected: see bad'
    run_sh "fl-input lines | $keys | fl-reduce sum | fl-out"
    expect_failed 65 'fl-reduce: lines: record 2: "x" is not a number (key "a")'
    expect_stdout ''
    run_sh "fl-input lines | $keys | fl-reduce -e \"value, num(key)\" | fl-out"
    expect_failed 65 'fl-reduce: at the end: the state "3" makes -e fail: num: "a" is not a number (key "a")
     num(key)
     ^'
    expect_stdout ''
    run_sh "fl-input lines | fl-reduce count | fl-out"
    expect_failed 65 'fl-reduce: lines: record 1: "a 1" has no key: put fl-key before'
}

@test "killed between the last record and the end: the next run, without anything new, sends the results" {
    local crash=${CRASH:-$ROOT/build/crash} point
    for point in 'epoch: before:4' 'epoch: after:4' 'saved: before:4' 'end: before:1'; do
        rm -rf db out
        fl-recovery-init db 2
        printf '%s\n' 'a 1' 'b 2' 'a 3' >lines
        run_sh "PATH='$crash/bin':\$PATH; export FL_CRASH='fl-reduce:$point'
            fl-input -r db -s 0 lines | $keys | fl-reduce sum | fl-out out"
        expect_status 74
        run_sh "fl-input -r db lines | $keys | fl-reduce sum | fl-out out"
        expect_output ''
        expect_file out $'a\t4\nb\t2'
        run_sh "fl-input -r db lines | $keys | fl-reduce sum | fl-out out"
        expect_output ''
        expect_file out $'a\t4\nb\t2'
    done
}

@test "where fl-reduce is the root" {
    fl-recovery-init db
    printf '%s\n' 'a 1' 'b 2' 'a 3' >lines
    run_sh "fl-input lines | $keys | fl-reduce -r db sum | fl-out"
    expect_output $'a\t4\nb\t2'
    echo 'a 5' >>lines
    run_sh "fl-input lines | $keys | fl-reduce -r db sum | fl-out"
    expect_output $'a\t5'
}

@test "Ctrl-C and TERM end the input, and the results are sent" {
    local signal
    for signal in INT TERM; do
        rm -rf db out gate
        fl-recovery-init db
        mkfifo gate
        printf '1\n2\n' >lines
        start 'trap : INT TERM
            fl-input -r db -s 0 lines gate | fl-key K | fl-reduce sum | fl-out out'
        exec 7<>gate
        wait_until has_committed 2
        kill "-$signal" -- "-$group"
        finish
        exec 7>&-
        expect_status 0
        expect_stderr ''
        expect_file out $'K\t3'
    done
}
