#!/usr/bin/env bats
# Goal: if fl-input is the root, a log that is rotated by renaming is read to its end under its new name, and then the
# new log from its start: each line that was ever whole is counted once, or the flow stops with status 78 and says what
# it found.

load helper

setup() {
    test_begin
    fl-recovery-init db
    printf '1\n2\n' >log
    flow 'log'
    expect_status 0
}

# flow FILES [OPTIONS]: runs the flow over the files.
flow() {
    run_sh "fl-input -r db ${2-} $1 | fl-out out"
}

# lines UP_TO: out holds each number from 1 to UP_TO once, in order.
lines() {
    expect_file out < <(seq "$1")
}

@test "the old file is finished first, then the new one" {
    echo 3 >>log
    mv log log.1
    printf '4\n5\n' >log
    flow log
    expect_status 0
    expect_stderr ''
    lines 5
    echo 6 >>log
    flow log
    lines 6
    flow log
    lines 6
}

@test "rotated twice since, with what came in between" {
    mv log log.2
    echo 3 >>log.2
    printf '4\n5\n' >log.1
    echo 6 >log
    flow log
    expect_status 0
    lines 6
    mv log.2 log.3; mv log.1 log.2; mv log log.1
    echo 7 >log
    flow log
    expect_status 0
    lines 7
}

@test "names with dates" {
    local day
    echo 3 >>log
    mv log log-20261101
    for day in 4 9 6 8 5 7; do
        echo "$day" >"log-2026110$day"
    done
    echo 10 >log
    flow log
    expect_status 0
    lines 10
}

@test "the new one is empty yet, or the old one had nothing new" {
    mv log log.1
    : >log
    flow log
    expect_status 0
    lines 2
    echo 3 >>log.1
    flow log
    expect_status 0
    lines 3
    echo 4 >log
    flow log
    expect_status 0
    lines 4
}

@test "one in between is missing or compressed" {
    mv log log.3
    echo 4 >log.1
    echo 5 >log
    flow log
    expect_status 78
    expect_message "fl-input: log: was rotated, and .*/log\.2, which came next, is missing or compressed: put it back, or say --on-replaced restart to go on with the newest alone"
    lines 2
}

@test "the old one is gone" {
    echo 3 >new
    mv new log
    flow log
    expect_status 78
    expect_message "fl-input: log: was truncated: it is shorter than the 4 bytes that were processed of it: put it back as it was, or say --on-replaced restart to read it from its start"
    printf '3\n4\n5\n' >log
    flow log
    expect_status 78
    expect_message "fl-input: log: was replaced, or changed before byte 4, up to which it was processed: .*"
    flow log '--on-replaced restart'
    expect_status 0
    lines 5
}

@test "both are given: the old one under its new name is not read again" {
    echo 3 >>log
    mv log log.1
    echo 4 >log
    flow 'log.1 log'
    expect_status 0
    lines 4
    mv log.1 log.2; mv log log.1
    echo 5 >>log.1
    echo 6 >log
    flow 'log.2 log.1 log'
    expect_status 0
    lines 6
    flow 'log.2 log.1 log' '--on-replaced restart'
    expect_status 0
    lines 6
}

@test "copied and truncated: refused, since the lines after the copy cannot be told" {
    cp log log.1
    printf '3\n' >log
    flow log
    expect_status 78
    expect_message "fl-input: log: was truncated: .*"
    lines 2
}

@test "a line of the old one that is not whole is left, with a note" {
    printf '3' >>log
    mv log log.1
    echo 4 >log
    flow log
    expect_status 0
    expect_message "fl-input: .*/log\.1: the last line has no line end: it is left for the next run \(--final-line takes it\)"
    expect_file out <<<$'1\n2\n4'
}

@test "the old one has grown and is given as well, by another name of it" {
    mv log log.1
    echo 3 >log
    flow log
    lines 3
    ln log.1 other
    echo 4 >>log.1
    flow 'other log'
    expect_status 0
    expect_stderr ''
    lines 4
    echo 5 >>other
    flow 'log other'
    expect_status 0
    lines 5
}

@test "one that came in between is given, by another name of it" {
    mv log log.2
    echo 3 >log.1
    ln log.1 other
    echo 4 >log
    flow 'other log'
    expect_status 0
    expect_stderr ''
    lines 4
}

@test "the new one is known before it has a line, and the old one is compressed then" {
    mv log log.1
    echo 3 >>log.1
    : >log
    flow log
    expect_status 0
    lines 3
    rm log.1
    echo 4 >log
    flow log
    expect_status 0
    lines 4
}

@test "the old one was read further under another name" {
    ln log other
    echo 3 >third
    flow 'log other third'
    lines 3
    echo 4 >>other
    flow other
    lines 4
    mv log log.1
    echo 5 >log
    flow log
    expect_status 0
    lines 5
}

@test "dates are told from counts, and from other names" {
    mv log log-20261102
    echo 3 >>log-20261102
    echo 4 >log-20261103
    touch log-20261101 log-3 log.20261104 log-20261104x log2-20261104 log-202611040
    echo wrong | tee log-20261101 log-3 log.20261104 log-20261104x log2-20261104 log-202611040 >/dev/null
    echo 5 >log
    flow log
    expect_status 0
    lines 5
}

@test "what comes late to one that has left the files that are given" {
    mv log log.1
    echo 3 >log
    flow 'log.1 log'
    lines 3
    mv log.1 log.2; mv log log.1
    echo 4 >>log.2
    echo 5 >log
    flow 'log.1 log'
    expect_status 0
    expect_stderr ''
    lines 5
}
