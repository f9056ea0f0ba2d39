#!/usr/bin/env bats
# Goal: with -m, states that are saved leave memory and come back when their keys do, with the results unchanged, and the stage
# stays about as large as it was told though its states are many times that; states of earlier runs are fetched only as they are
# met.

load helper

# A running count over 20000 keys, each met four times: ten times as many states as 160K.
make_input() {
    awk 'BEGIN { for (i = 0; i < 80000; i++) print (i * 7919) % 20000 }' >keys
    running_counts <keys >expected
}

@test "ten times as many states as memory: the same results, over two runs" {
    make_input
    fl-recovery-init db
    local flow='fl-key -f 1 | fl-statemap -r db -s 20ms -m 160K count | fl-out out'
    run_sh "fl-input keys | $flow"
    expect_status 0
    expect_stderr ''
    expect_file out <expected
    run_sh "cat keys keys | fl-input | $flow"
    expect_status 0
    expect_stderr ''
    cat keys keys | running_counts | expect_file out
}

# long_lines FROM TO: lines of 4000 bytes, each with one of 5000 keys, of the numbers from FROM on, before TO.
long_lines() {
    awk -v from="$1" -v to="$2" 'BEGIN { for (i = from; i < to; i++) printf "%d %04000d\n", i % 5000, i }'
}

# The largest resident size of a stage so far, in KiB.
resident() {
    awk '/^VmHWM/ { print $2 }' "/proc/$(stage_pid "$1")/status"
}

# States can leave memory once they are saved; so no more than 500 come before that is done with them.
@test "20 MB of states, half a MB of memory: a stage that stays small" {
    [ -r /proc/self/status ] || skip "no /proc here"
    local lines size
    fl-recovery-init db
    mkfifo gate
    start 'fl-input gate | fl-key -f 1 | fl-statemap -r db -s 20ms -m 500K first | fl-out -f %v out'
    exec 7>gate
    for ((lines = 0; lines < 10000; lines += 500)); do
        long_lines "$lines" $((lines + 500)) >&7
        wait_until has_replayed $((lines + 500))
    done
    size=$(resident fl-statemap)
    exec 7>&-
    finish
    expect_status 0
    expect_stderr ''
    { long_lines 0 5000 && long_lines 0 5000; } | expect_file out
    echo "# $size KiB" >&3
    is_sanitized "$(command -v fl-statemap)" || [ "$size" -lt 20000 ]
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
