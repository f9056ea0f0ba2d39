#!/usr/bin/env bats
# Goal: a first INT, TERM or HUP is a wish to end, which costs nothing: the final epoch is committed, the status is 0,
# and what was read is counted once. A second one, and a PIPE, are orders: the stage ends at once, the flow with a
# status that is not 0, and the next run is right.
#
# tests/ends.bats has the first signal to the source and to the whole flow at the end of its input.

load helper

setup() {
    test_begin
    fl-recovery-init db
    mkfifo gate
}

start_flow() {
    start_at_gate 'trap : INT TERM HUP PIPE
        fl-input -r db -s 0 nums.txt gate | fl-key ALL | fl-statemap sum | fl-out out'
}

# is_stuck PROGRAM: the pipe that it writes to takes nothing more.
is_stuck() {
    python3 -c '
import os, select, sys
pipe = select.poll()
pipe.register(os.open(f"/proc/{sys.argv[1]}/fd/1", os.O_WRONLY | os.O_NONBLOCK), select.POLLOUT)
sys.exit(bool(pipe.poll(0)))' "$(stage_pid "$1")"
}

expect_next_run() {
    run_sh 'fl-input -r db nums.txt | fl-key ALL | fl-statemap sum | fl-out out'
    expect_status 0
    expect_stderr ''
    expect_sums
}

@test "Ctrl-C on a flow that reads a growing pipe, again and again, loses nothing" {
    local seen=0
    for _ in 1 2 3 4 5; do
        start 'trap : INT
            awk "BEGIN { for (;;) print ++i }" | fl-input -r db -s 1h | fl-key ALL | fl-statemap count |
                fl-out --format %v out'
        wait_until has_lines out $((seen + 2))
        kill -INT -- "-$group"
        finish
        expect_status 0
        # awk may go first, in the middle of a line.
        [ -z "$stderr" ] || expect_message '^fl-input: -: the last line has no line end: '
        [ "$(wc -l <out)" -gt "$seen" ]
        seen=$(wc -l <out)
        expect_file out < <(seq "$seen")
    done
    run_sh "seq $((seen + 3)) | fl-input -r db | fl-key ALL | fl-statemap count | fl-out --format %v out"
    expect_status 0
    expect_stderr ''
    expect_file out < <(seq $((seen + 3)))
}

@test "a first signal to a stage that is not the source passes: the flow goes on, to its end" {
    local program name epoch=0
    for program in fl-key fl-statemap fl-out; do
        for name in INT TERM HUP; do
            ((epoch += 1))
            echo "$epoch" >>nums.txt
            start_flow
            signal "$name" "$program"
            exec 7>&-
            finish
            expect_status 0
            expect_stdout ''
            expect_stderr ''
            expect_sums
        done
    done
    expect_next_run
}

@test "a second signal to a stage ends it at once" {
    local program name
    for program in fl-key fl-statemap fl-out; do
        for name in INT TERM HUP; do
            echo 1 >>nums.txt
            start_flow
            signal "$name" "$program"
            kill "-$name" "$(stage_pid "$program")"
            wait_until not_there "$program"
            exec 7>&-
            finish
            [ "$status" -ne 0 ] || fail "$name to $program: status 0"
            expect_message "^$program: ended by a second signal: nothing after the last commit is recorded$"
            expect_sums
        done
    done
    expect_next_run
}

@test "a second signal to the whole flow ends it at once, where a first one cannot" {
    [ -r /proc/self/status ] || skip "no /proc here"
    local name program
    echo 1 >first
    seq 3000000 >nums.txt
    for name in INT TERM HUP; do
        : >out
        start 'trap : INT TERM HUP
            fl-input -r db -s 1h first gate nums.txt | fl-key ALL | fl-statemap count | fl-out --format %v out'
        exec 7<>gate
        wait_until has_lines out 1
        stop fl-out
        exec 7>&-
        for program in fl-statemap fl-key fl-input; do
            wait_until is_stuck "$program"
        done
        kill "-$name" -- "-$group"
        for program in fl-statemap fl-key fl-input; do
            wait_until has_taken_signals "$(stage_pid "$program")"
        done
        is_stuck fl-statemap
        kill "-$name" -- "-$group"
        wait_until not_there fl-statemap
        wait_until not_there fl-input
        kill -CONT "$(stage_pid fl-out)"
        finish
        [ "$status" -ne 0 ] || fail "$name: status 0"
        expect_message '^fl-statemap: ended by a second signal'
    done
    seq 10 >nums.txt
    run_sh 'fl-input -r db nums.txt | fl-key ALL | fl-statemap count | fl-out --format %v out'
    expect_status 0
    expect_stderr ''
    expect_file out <nums.txt
}

@test "PIPE ends a stage, and with it the flow, without a commit" {
    local program
    for program in fl-input fl-key fl-statemap fl-out group; do
        echo 1 >>nums.txt
        start_flow
        if [ "$program" = group ]; then
            kill -PIPE -- "-$group"
        else
            kill -PIPE "$(stage_pid "$program")"
            wait_until not_there "$program"
        fi
        exec 7>&-
        finish
        [ "$status" -ne 0 ] || fail "PIPE to $program: status 0"
        expect_stdout ''
        expect_sums
    done
    echo 2 >>nums.txt
    expect_next_run
}
