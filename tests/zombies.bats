#!/usr/bin/env bats
# Goal: there is one execution at a time, whichever stages are left or begin. Of two runs on one directory, one goes on
# and the other ends with 75 at once. A stage that was stopped while the rest of its flow was killed keeps the next run
# out, or can write nothing when it goes on. If only the source is killed, the rest does not take that for the end.
#
# RACES: the number of races of two runs (30 in `make check`), or more if none of these was refused.

load helper

setup() {
    test_begin
    fl-recovery-init db 2
    mkfifo gate
    seq 5 >nums.txt
}

flow='fl-input -r db -s 0 nums.txt | fl-key ALL | fl-statemap sum | fl-out out'

expect_next_run() {
    run_sh "$flow"
    expect_status 0
    expect_stderr ''
    expect_sums
}

start_flow() {
    start_at_gate 'fl-input -r db -s 0 nums.txt gate | fl-key ALL | fl-statemap sum | fl-out out'
}

# stop_one PROGRAM: stops that stage, sets pid to its process id, and kills the others. The shell stays: without it the
# system would wake the stage up with a HUP.
stop_one() {
    local program others=()
    pid=$(stage_pid "$1")
    for program in fl-input fl-key fl-statemap fl-out; do
        [ "$program" = "$1" ] || others+=("$(stage_pid "$program")")
    done
    stop "$1"
    kill -KILL "${others[@]}"
    for program in fl-input fl-key fl-statemap fl-out; do
        [ "$program" = "$1" ] || wait_until not_there "$program"
    done
}

# run_two: two runs at once, with their statuses and messages in one.status, one.stderr, two.status, two.stderr.
run_two() {
    local pids=() name pid
    for name in one two; do
        sh -c "$flow" 2>$name.stderr >/dev/null 3>&- &
        pids+=($!)
    done
    for name in one two; do
        status=0
        wait "${pids[0]}" || status=$?
        pids=("${pids[@]:1}")
        echo "$status" >$name.status
    done
}

# expect_race: a run that did not go on named the other one; if both went on, it was one after the other.
expect_race() {
    local name went=0
    for name in one two; do
        case $(cat $name.status) in
        0)
            [ ! -s $name.stderr ] || fail "$name: $(cat $name.stderr)"
            went=$((went + 1))
            ;;
        75)
            grep -q -E '^fl-[a-z]+: .*db: is in use by (another execution, begun by )?(fl-[a-z]+ \(process [0-9]+, |a process that is just starting)' \
                $name.stderr || fail "$name: $(cat $name.stderr)"
            refused=$((refused + 1))
            ;;
        *) fail "$name: status $(cat $name.status): $(cat $name.stderr)" ;;
        esac
    done
    [ "$went" -ge 1 ] || fail "neither went on: $(cat one.stderr two.stderr)"
}

@test "races of two runs on one directory" {
    local refused=0 races=${RACES:-30} i
    for ((i = 0; i < races || (refused == 0 && i < 100 * races); i++)); do
        seq $((i * 5 + 6)) >nums.txt
        run_two
        expect_race
        expect_sums
    done
    [ "$refused" -gt 0 ]
    expect_next_run
    [ "$(ls db)" = $'lock\npart-0.sqlite3\npart-1.sqlite3' ]
}

@test "a second run while one goes on is refused, does not wait for it, and harms nothing" {
    start_flow
    local i
    for i in 1 2 3 4 5; do
        run_sh "$flow"
        expect_status 75
        expect_message "^fl-input: db: is in use by fl-[a-z]+ \(process [0-9]+, since "
        stage_pid fl-input
    done
    exec 7>&-
    finish
    expect_status 0
    expect_stderr ''
    echo 6 >>nums.txt
    expect_next_run
}

@test "a stage stopped while the rest of its flow is killed keeps the next run out" {
    local program pid
    for program in fl-input fl-statemap fl-out; do
        rm -rf db out
        fl-recovery-init db 2
        seq 5 >nums.txt
        start_flow
        stop_one "$program"
        exec 7>&-
        echo 6 >>nums.txt
        run_sh "$flow"
        expect_status 75
        expect_message "^fl-input: db: is in use by $program \(process $pid, since "
        cksum out >before
        kill -CONT "$pid"
        wait_until not_there "$program"
        cksum out | cmp - before
        expect_next_run
    done
}

@test "a stage that knows nothing of recovery does not keep it out, and can write nothing" {
    start_flow
    local pid
    stop_one fl-key
    exec 7>&-
    echo 6 >>nums.txt
    expect_next_run
    kill -CONT "$pid"
    wait_until not_there fl-key
    expect_sums
    echo 7 >>nums.txt
    expect_next_run
}

@test "a stage stopped before it joined finds another execution there, and ends" {
    local program
    for program in 'fl-statemap sum' 'fl-out late'; do
        fl-input -r db -s 0 nums.txt >stream || fail "no stream"
        cksum db/part-*.sqlite3 >before
        expect_next_run
        cksum db/part-*.sqlite3 out >before
        run_sh "$program <stream"
        expect_status 75
        expect_stdout ''
        expect_message '^fl-[a-z]+: .*db: '
        cksum db/part-*.sqlite3 out | cmp - before
        [ ! -e late ]
    done
}

@test "a third party kills the source alone, at random times" {
    local i
    for i in 1 2 3 4 5 6; do
        seq $((i * 2000)) >nums.txt
        start "fl-input -r db -s 1ms nums.txt gate | fl-key ALL | fl-statemap sum | fl-out out"
        exec 7<>gate
        wait_until stage_pid fl-input
        sleep "0.0$((RANDOM % 10))" # any time will do
        kill -KILL "$(stage_pid fl-input)"
        exec 7>&-
        finish
        [ "$status" -ne 0 ] || fail "the rest ends with status 0"
        expect_message '^fl-key: the upstream stage died'
    done
    expect_next_run
}
