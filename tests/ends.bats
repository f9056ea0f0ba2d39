#!/usr/bin/env bats
# Goal of this test: a stage that dies, or a stream that is not whole, never looks like the end of the input: the status
# of the pipeline is not 0 in plain sh, a message names what happened, nothing after the last commit is recorded, and
# the next run is right. A flow that is asked to end, though, comes to a whole end.
#
# `gate` is a FIFO that is read behind the file: a source that has come to it waits, until `exec 7>&-` lets it end.

load helper

setup() {
    test_begin
    fl-recovery-init db
    mkfifo gate
    printf '1\n2\n3\n' >nums.txt
}

# start_flow OPTIONS: a flow that sums up nums.txt into the file out, and then waits.
start_flow() {
    start "trap : INT TERM HUP
        fl-input -r db $1 nums.txt gate | fl-key ALL | fl-statemap sum | fl-out out"
    exec 7<>gate
}

# expect_next_run: the next run is right, as if nothing had happened before.
expect_next_run() {
    run_sh 'fl-input -r db nums.txt | fl-key ALL | fl-statemap sum | fl-out out'
    expect_status 0
    expect_stdout ''
    expect_stderr ''
    expect_sums
}

# kill_stage PROGRAM: kills it; another record comes, and then the input ends.
kill_stage() {
    kill -KILL "$(stage_pid "$1")"
    wait_until not_there "$1"
    echo 50 >&7
    exec 7>&-
    finish
}

# expect_death PROGRAM [EPOCH]: how a flow ends of which that program was killed, with recovery after that commit.
expect_death() {
    local committed=${2:+": nothing after epoch $2 is committed"}
    case $1 in
    fl-out)
        expect_status 137
        expect_message '^Killed$'
        return
        ;;
    fl-statemap)
        expect_message "^fl-out: the upstream stage died \(there is no !end\)$committed$"
        ;;
    fl-key)
        expect_message "^fl-statemap: the upstream stage died \(there is no !end\)$"
        expect_message "^fl-out: the upstream stage failed \(status 74\)$committed$"
        ;;
    fl-input)
        expect_message "^fl-key: the upstream stage died \(there is no !end\)$"
        expect_message "^fl-statemap: the upstream stage failed \(status 74\)$"
        expect_message "^fl-out: the upstream stage failed \(status 74\)$committed$"
        ;;
    esac
    expect_status 74
}

@test "a stage is killed after some commits" {
    for program in fl-input fl-key fl-statemap fl-out; do
        echo 4 >>nums.txt
        start_flow '-s 0'
        wait_until has_committed "$(wc -l <nums.txt)"
        kill_stage "$program"
        expect_death "$program" "$(wc -l <nums.txt)"
        expect_stdout ''
        expect_sums
        [ "$(committed)" -eq "$(wc -l <nums.txt)" ]
    done
    echo 4 >>nums.txt
    expect_next_run
}

@test "the whole flow is killed" {
    start_flow '-s 0'
    wait_until has_committed 3
    kill -KILL -- "-$group"
    finish
    exec 7>&-
    expect_status 137
    expect_stdout ''
    expect_stderr ''
    [ "$(committed)" -eq 3 ]
    echo 4 >>nums.txt
    expect_next_run
}

@test "a stage is killed before the first commit" {
    for program in fl-input fl-key fl-statemap fl-out; do
        start 'fl-input -r db -s 1h nums.txt gate | fl-key ALL | fl-statemap sum | fl-out'
        exec 7<>gate
        wait_until has_lines "$background/stdout" 3
        kill_stage "$program"
        expect_death "$program" 0
        expect_stdout $'ALL\t1\nALL\t3\nALL\t6'
        [ "$(committed)" -eq 0 ]
    done
    expect_next_run
}

@test "a stage is killed without recovery" {
    for program in fl-input fl-key fl-statemap fl-out; do
        start 'fl-input nums.txt gate | fl-key ALL | fl-statemap sum | fl-out'
        exec 7<>gate
        wait_until has_lines "$background/stdout" 3
        kill_stage "$program"
        expect_death "$program"
        expect_stdout $'ALL\t1\nALL\t3\nALL\t6'
    done
}

@test "a bad record" {
    printf '1\n2\nthree\n4\n' >nums.txt
    run_sh 'fl-input -r db nums.txt | fl-key ALL | fl-statemap sum | fl-out out'
    expect_status 65
    expect_stdout ''
    expect_stderr <<'END'
fl-statemap: nums.txt: record 3: "three" is not a number (key "ALL")
fl-out: the upstream stage failed (status 65): nothing after epoch 0 is committed
END
    [ "$(committed)" -eq 0 ]
    printf '1\n2\n3\n4\n' >nums.txt
    expect_next_run
}

@test "a bad record after others that were committed" {
    start_flow '-s 0'
    wait_until has_committed 3
    echo four >&7
    exec 7>&-
    finish
    expect_status 65
    expect_stdout ''
    expect_stderr <<'END'
fl-statemap: gate: record 1: "four" is not a number (key "ALL")
fl-out: the upstream stage failed (status 65): nothing after epoch 3 is committed
END
    [ "$(committed)" -eq 3 ]
    expect_file out $'ALL\t1\nALL\t3\nALL\t6'
    echo 4 >>nums.txt
    expect_next_run
}

@test "a record without the field that is its key" {
    printf 'a 1\n\nb 2\n' >words.txt
    run_sh 'fl-input -r db words.txt | fl-key -f 1 | fl-statemap count | fl-out out'
    expect_status 65
    expect_stdout ''
    expect_stderr <<'END'
fl-key: words.txt: record 2: "" has no field 1
fl-statemap: the upstream stage failed (status 65)
fl-out: the upstream stage failed (status 65): nothing after epoch 0 is committed
END
    [ "$(committed)" -eq 0 ]
}

@test "one TERM to a middle stage passes, a second one ends it" {
    start_flow '-s 0'
    wait_until has_committed 3
    kill -TERM "$(stage_pid fl-statemap)"
    echo 4 >&7
    wait_until has_committed 4
    kill -TERM "$(stage_pid fl-statemap)"
    wait_until not_there fl-statemap
    echo 50 >&7
    exec 7>&-
    finish
    expect_status 74
    expect_stdout ''
    expect_message '^fl-statemap: ended by a second signal: nothing after the last commit is recorded$'
    expect_message '^fl-out: the upstream stage died \(there is no !end\): nothing after epoch 4 is committed$'
    [ "$(committed)" -eq 4 ]
    expect_file out $'ALL\t1\nALL\t3\nALL\t6\nALL\t10'
    run_sh 'echo 4 >gate & fl-input -r db nums.txt gate | fl-key ALL | fl-statemap sum | fl-out out'
    expect_status 0
    expect_file out $'ALL\t1\nALL\t3\nALL\t6\nALL\t10'
}

@test "INT and TERM to the whole flow, or to its source, end it as the end of its input does" {
    local sums='' sum=0 epoch=0
    : >nums.txt
    for signal in INT TERM HUP; do
        for whom in group fl-input; do
            ((epoch += 1, sum += epoch))
            echo "$epoch" >>nums.txt
            sums+="ALL	$sum"$'\n'
            start_flow '-s 1h'
            wait_until has_lines out "$epoch"
            if [ "$whom" = group ]; then
                kill "-$signal" -- "-$group"
            else
                kill "-$signal" "$(stage_pid fl-input)"
            fi
            finish
            exec 7>&-
            expect_status 0
            expect_stdout ''
            expect_stderr ''
            expect_file out "${sums%$'\n'}"
            [ "$(committed)" -eq "$epoch" ]
        done
    done
    echo 7 >>nums.txt
    expect_next_run
}

@test "a signal before the first record ends a flow that has nothing to record" {
    : >nums.txt
    cksum db/part-0.sqlite3 >before
    start_flow ''
    wait_until stage_pid fl-out
    wait_until grep -q fl-out db/lock
    kill -INT -- "-$group"
    finish
    exec 7>&-
    expect_status 0
    expect_stdout ''
    expect_stderr ''
    cksum db/part-0.sqlite3 | cmp - before
}

@test "who reads only the beginning ends a flow quietly, and without a commit" {
    seq 200000 >many.txt
    run_sh 'fl-input many.txt | fl-key ALL | fl-statemap sum | fl-out | head -n 1'
    expect_status 0
    expect_stdout $'ALL\t1'
    expect_stderr ''
    run_sh 'fl-input -r db many.txt | fl-key ALL | fl-statemap sum | fl-out | head -n 1'
    expect_status 0
    expect_stdout $'ALL\t1'
    expect_stderr ''
    [ "$(committed)" -eq 0 ]
    expect_next_run
}

@test "head between two stages is refused, since the end is missing" {
    for stages in 'fl-input -r db nums.txt | head -n 4 | fl-key ALL | fl-statemap sum' \
        'fl-input -r db nums.txt | fl-key ALL | head -n 4 | fl-statemap sum' \
        'fl-input -r db nums.txt | fl-key ALL | fl-statemap sum | head -n 4'; do
        run_sh "$stages | fl-out"
        expect_status 74
        expect_stdout $'ALL\t1\nALL\t3'
        expect_message '^fl-[a-z]*: the upstream stage died \(there is no !end\)'
        expect_message '^fl-out: the upstream stage .*: nothing after epoch 0 is committed$'
        run_sh "$stages | fl-out --hold"
        expect_status 74
        expect_stdout ''
        [ "$(committed)" -eq 0 ]
    done
    expect_next_run
}

@test "grep between two stages is refused, since the count is another" {
    local lacks='3 records were sent and 2 have come: something between the stages drops or adds lines'
    run_sh "fl-input -r db nums.txt | grep -v '^=2' | fl-key ALL | fl-statemap sum | fl-out out"
    expect_status 65
    expect_stdout ''
    expect_stderr <<END
fl-key: $lacks
fl-statemap: the upstream stage failed (status 65)
fl-out: the upstream stage failed (status 65): nothing after epoch 0 is committed
END
    run_sh "fl-input -r db nums.txt | fl-key ALL | grep -v '^+ALL	2' | fl-statemap sum | fl-out out"
    expect_status 65
    expect_stdout ''
    expect_stderr <<END
fl-statemap: $lacks
fl-out: the upstream stage failed (status 65): nothing after epoch 0 is committed
END
    run_sh "fl-input -r db nums.txt | fl-key ALL | fl-statemap sum | grep -v '^+ALL	3' | fl-out out"
    expect_status 65
    expect_stdout ''
    expect_stderr "fl-out: $lacks"
    [ "$(committed)" -eq 0 ]
    expect_next_run
}

@test "a line that stands twice between two stages is refused" {
    run_sh "fl-input nums.txt | sed '/^=2/p' | fl-key ALL | fl-statemap sum | fl-out --format %v"
    expect_status 65
    expect_stdout $'1\n3\n5\n8'
    expect_message '^fl-key: 3 records were sent and 4 have come: something between the stages drops or adds lines$'
}
