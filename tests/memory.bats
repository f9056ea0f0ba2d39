#!/usr/bin/env bats
# Goal: with -m, states that are saved leave memory and come back when their keys do, with the results unchanged, and the stage
# stays about as large as it was told though its states are ten times that; states of earlier runs are fetched only as they are met.

load helper

# A running count over 60000 keys, each met four times: about 5 MB of states.
make_input() {
    awk 'BEGIN { for (i = 0; i < 240000; i++) print (i * 7919) % 60000 }' >keys
    awk '{ print $1 "\t" ++count[$1] }' keys >expected
}

# The largest resident size of a stage so far, in KiB.
resident() {
    awk '/^VmHWM/ { print $2 }' "/proc/$(stage_pid "$1")/status"
}

@test "ten times as many states as memory: the same results, over two runs, in a stage that stays small" {
    [ -r /proc/self/status ] || skip "no /proc here"
    make_input
    fl-recovery-init db
    mkfifo feed
    local flow='fl-input feed | fl-key -f 1 | fl-statemap -r db -s 100ms -m 500K count | fl-out out'
    start "$flow"
    exec 4>feed
    head -n 120000 keys >&4
    wait_until has_lines out 120000
    tail -n +120001 keys >&4
    wait_until has_lines out 240000
    local size
    size=$(resident fl-statemap)
    exec 4>&-
    finish
    [ "$status" -eq 0 ]
    expect_file out <expected
    grep -q __asan_init "$(command -v fl-statemap)" || [ "$size" -lt 24000 ]
    cat keys keys >feed &
    run_sh "$flow"
    expect_status 0
    expect_stderr ''
    cat keys keys | awk '{ print $1 "\t" ++count[$1] }' >expected
    expect_file out <expected
}

@test "a run that meets few keys of many does not load them all" {
    make_input
    fl-recovery-init db
    run_sh 'fl-input -r db keys | fl-key -f 1 | fl-statemap count | fl-out >/dev/null'
    expect_status 0
    printf '17\n17\n4711\n' >>keys
    run_sh 'fl-input -r db keys | fl-key -f 1 | fl-statemap count | fl-out'
    expect_status 0
    expect_stdout $'17\t5\n17\t6\n4711\t5'
}

@test "sizes that are none, and -m without recovery" {
    run_sh 'echo 1 | fl-input | fl-key A | fl-statemap -m 10X sum'
    expect_status 64
    expect_message 'fl-statemap: -m: "10X" is not a size such as 500K, 64M or 2G'
    run_sh 'echo 1 | fl-input | fl-key A | fl-statemap -m 1M sum | cat >/dev/null'
    expect_message 'fl-statemap: -m goes with recovery: give -r to a stage of the flow'
}
