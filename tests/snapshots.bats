#!/usr/bin/env bats
# Goal of this test: a snapshot is taken on the interval, not at the end alone. A flow whose source is killed goes on
# after the last commit, and its state and its FILE are those of a flow that nothing has interrupted. Whatever came
# after the last commit is done again, and FILE holds each line once all the same.
#
# `gate` is a FIFO that is read behind the file: a source that has come to it waits, until `exec 7>&-` lets it end.

load helper

setup() {
    test_begin
    fl-recovery-init db
    mkfifo gate
}

# The sum that the directory holds.
saved_sum() {
    sqlite3 -readonly "$1/part-0.sqlite3" "SELECT state_key, ser_change FROM snaps WHERE step_id = 'statemap'
        ORDER BY snap_epoch DESC LIMIT 1"
}

# sums FROM TO: the lines of that number which the running sum of 1, 2, 3 and so on prints.
sums() {
    awk -v from="$1" -v to="$2" 'BEGIN { for (i = from; i <= to; i++) printf "ALL\t%d\n", i * (i + 1) / 2 }'
}

# kill_source: and what that looks like to the stages after it.
kill_source() {
    kill -KILL "$(stage_pid fl-input)"
    exec 7>&-
    finish
    expect_status 74
    expect_message '^fl-key: the upstream stage died \(there is no !end\)$'
    expect_message '^fl-statemap: the upstream stage failed \(status 74\)$'
    expect_message "^fl-out: the upstream stage failed \(status 74\): nothing after epoch $(committed) is committed$"
}

# expect_whole LINES: FILE and state are those of a flow over as many lines that went through at once.
expect_whole() {
    fl-recovery-init whole
    seq "$1" >whole.txt
    run_sh 'fl-input -r whole whole.txt | fl-key ALL | fl-statemap sum | fl-out whole.out'
    expect_status 0
    expect_file whole.out < <(sums 1 "$1")
    cmp whole.out out
    [ "$(saved_sum db)" = "$(saved_sum whole)" ]
}

@test "with -s 0 a flow whose source is killed after k records goes on with record k + 1" {
    seq 5 >nums.txt
    start 'fl-input -r db -s 0 nums.txt gate | fl-key ALL | fl-statemap sum | fl-out'
    exec 7<>gate
    wait_until has_committed 5
    kill_source
    expect_stdout < <(sums 1 5)
    [ "$(committed)" -eq 5 ]
    [ "$(saved_sum db)" = 'ALL|15' ]

    seq 6 7 >>nums.txt
    run_sh 'fl-input -r db -s 0 nums.txt | fl-key ALL | fl-statemap sum | fl-out'
    expect_status 0
    expect_stdout < <(sums 6 7)
    expect_stderr ''
    [ "$(saved_sum db)" = 'ALL|28' ]
}

@test "with -s 0 and the root at fl-statemap as well" {
    seq 5 >nums.txt
    start 'fl-input nums.txt gate | fl-key ALL | fl-statemap sum -r db -s 0 | fl-out'
    exec 7<>gate
    wait_until has_committed 5
    kill_source
    expect_stdout < <(sums 1 5)
    [ "$(committed)" -eq 5 ]

    seq 6 7 >>nums.txt
    run_sh 'fl-input nums.txt | fl-key ALL | fl-statemap sum -r db -s 0 | fl-out'
    expect_status 0
    expect_stdout < <(sums 6 7)
    expect_stderr ''
}

@test "with -s 0 and a pipe as the source as well: what was processed of it is read again and compared" {
    start 'fl-input -r db -s 0 <gate | fl-key ALL | fl-statemap sum | fl-out'
    exec 7<>gate
    seq 5 >&7
    wait_until has_committed 5
    kill_source
    expect_stdout < <(sums 1 5)

    run_sh 'seq 7 | fl-input -r db -s 0 | fl-key ALL | fl-statemap sum | fl-out'
    expect_status 0
    expect_stdout < <(sums 6 7)
    expect_stderr ''

    run_sh 'seq 2 8 | fl-input -r db -s 0 | fl-key ALL | fl-statemap sum | fl-out'
    expect_status 78
    expect_stdout ''
    expect_message '^fl-input: -: its first 14 bytes are not those that were processed before: '
}

# Between the record that was printed last and the last commit lies one epoch that is being saved, and one that is being
# printed. What is on its way when the source is killed is still processed, an epoch for each record.
@test "killed in full run, a flow goes on after its last commit" {
    local total=400 printed commit
    seq "$total" >nums.txt
    start 'fl-input -r db -s 0 nums.txt gate | fl-key ALL | fl-statemap sum | fl-out'
    exec 7<>gate
    wait_until has_committed 20
    kill_source
    printed=$(wc -l <"$results/stdout")
    commit=$(committed)
    echo "committed $commit of $printed"
    ((commit >= 20 && printed >= commit && printed - commit <= 2))
    expect_stdout < <(sums 1 "$printed")

    run_sh 'fl-input -r db nums.txt | fl-key ALL | fl-statemap sum | fl-out'
    expect_status 0
    expect_stdout < <(sums $((commit + 1)) "$total")
    expect_stderr ''
}

@test "killed again and again, state and FILE are those of a flow that nothing interrupted" {
    local total=0 commit
    for _ in 1 2 3 4; do
        seq $((total + 1)) $((total + 400)) >>nums.txt
        ((total += 400))
        commit=$(committed)
        start 'fl-input -r db -s 0 nums.txt gate | fl-key ALL | fl-statemap sum | fl-out out'
        exec 7<>gate
        wait_until has_committed $((commit + 10))
        kill_source
        expect_stdout ''
    done
    run_sh 'fl-input -r db nums.txt | fl-key ALL | fl-statemap sum | fl-out out'
    expect_status 0
    expect_stdout ''
    expect_stderr ''
    expect_whole "$total"
}

@test "and with the root at fl-statemap as well" {
    local total=0 commit
    for _ in 1 2 3; do
        seq $((total + 1)) $((total + 100)) >>nums.txt
        ((total += 100))
        commit=$(committed)
        start 'fl-input nums.txt gate | fl-key ALL | fl-statemap sum -r db -s 0 | fl-out out'
        exec 7<>gate
        wait_until has_committed $((commit + 10))
        kill_source
        expect_stdout ''
    done
    run_sh 'fl-input nums.txt | fl-key ALL | fl-statemap sum -r db | fl-out out'
    expect_status 0
    expect_stdout ''
    expect_stderr ''
    expect_whole "$total"
}

@test "with a long interval all since the last commit is done again, and FILE holds each line once" {
    seq 3 >nums.txt
    run_sh 'fl-input -r db -s 1h nums.txt | fl-key ALL | fl-statemap sum | fl-out out'
    expect_status 0
    for total in 6 9; do
        seq $((total - 2)) "$total" >>nums.txt
        start 'fl-input -r db -s 1h nums.txt gate | fl-key ALL | fl-statemap sum | fl-out out'
        exec 7<>gate
        wait_until has_lines out "$total"
        kill_source
        expect_file out < <(sums 1 "$total")
        [ "$(committed)" -eq 1 ]
    done
    run_sh 'fl-input -r db -s 1h nums.txt | fl-key ALL | fl-statemap sum | fl-out out'
    expect_status 0
    expect_stdout ''
    expect_stderr ''
    [ "$(committed)" -eq 2 ]
    expect_whole 9
}

@test "with a long interval what was printed comes again, and is no other" {
    seq 3 >nums.txt
    start 'fl-input -r db -s 1h nums.txt gate | fl-key ALL | fl-statemap sum | fl-out'
    exec 7<>gate
    wait_until has_lines "$background/stdout" 3
    kill_source
    expect_stdout < <(sums 1 3)
    [ "$(committed)" -eq 0 ]
    run_sh 'fl-input -r db -s 1h nums.txt | fl-key ALL | fl-statemap sum | fl-out'
    expect_status 0
    expect_stdout < <(sums 1 3)
    expect_stderr ''
}

@test "an existing FILE keeps what it had before the flow" {
    printf 'before\n' >out
    seq 2 >nums.txt
    start 'fl-input -r db -s 1h nums.txt gate | fl-key ALL | fl-statemap sum | fl-out out'
    exec 7<>gate
    wait_until has_lines out 3
    kill_source
    run_sh 'fl-input -r db -s 1h nums.txt | fl-key ALL | fl-statemap sum | fl-out out'
    expect_status 0
    expect_file out $'before\nALL\t1\nALL\t3'
}

@test "an interval passes while the input waits" {
    start 'fl-input -r db -s 50ms gate | fl-key ALL | fl-statemap sum | fl-out out'
    exec 7<>gate
    for i in 1 2 3; do
        echo "$i" >&7
        wait_until has_committed "$i"
        expect_file out < <(sums 1 "$i")
        [ "$(saved_sum db)" = "ALL|$((i * (i + 1) / 2))" ]
    done
    stage_pid fl-input
    exec 7>&-
    finish
    expect_status 0
    expect_stdout ''
    expect_stderr ''
}

@test "an interval passes while the input flows" {
    local lines
    start 'yes 1 | fl-input -r db -s 1ms | fl-key ALL | fl-statemap sum | fl-out out'
    wait_until has_committed 3
    kill -TERM "$(stage_pid fl-input)"
    finish
    expect_status 0
    expect_stdout ''
    expect_stderr ''
    lines=$(wc -l <out)
    [ "$(tail -n 1 out)" = "ALL	$lines" ]
    [ "$(saved_sum db)" = "ALL|$lines" ]
}

@test "no record, no snapshot: an idle flow writes nothing" {
    seq 3 >nums.txt
    start 'fl-input -r db -s 1ms nums.txt gate | fl-key ALL | fl-statemap sum | fl-out out'
    exec 7<>gate
    wait_until has_committed 1
    sleep 0.1 # many intervals
    [ "$(committed)" -eq 1 ]
    exec 7>&-
    finish
    expect_status 0
    expect_stdout ''
    expect_stderr ''
    expect_file out < <(sums 1 3)
    [ "$(committed)" -eq 2 ]
}

# The second epoch stays on its way, since the sink does not commit it, and what comes meanwhile is the third one.
@test "one epoch is on its way at a time, and the stream does not wait for it" {
    start 'fl-input -r db -s 1ms gate | tee stream | fl-key ALL | fl-statemap sum | fl-out out'
    exec 7<>gate
    echo 1 >&7
    wait_until has_committed 1
    stop fl-out
    echo 2 >&7
    wait_until grep -q $'^!epoch\t2' stream
    for line in 3 4 5; do
        echo "$line" >&7
        wait_until grep -q -x "=$line" stream
        sleep 0.02 # several intervals
    done
    kill -CONT "$(stage_pid fl-out)"
    wait_until has_committed 3
    exec 7>&-
    finish
    expect_status 0
    expect_stderr ''
    [ "$(grep '^!epoch' stream)" = $'!epoch\t1\t1\n!epoch\t2\t1\n!epoch\t3\t3\n!epoch\t4\t0\tfinal' ] || fail "$(cat stream)"
    expect_file out < <(sums 1 5)
}

@test "a flow without a sink commits nothing, and ends all the same" {
    start 'fl-input -r db -s 1ms gate >stream'
    exec 7<>gate
    echo 1 >&7
    wait_until grep -q '^!saved' stream
    echo 2 >&7
    wait_until grep -q -x =2 stream
    kill -TERM "$(stage_pid fl-input)"
    finish
    expect_status 0
    expect_stderr ''
    [ "$(committed)" -eq 0 ]
    [ "$(grep -v '^!saved' stream | tail -n 2)" = $'!epoch\t2\t1\tfinal\n!end\t0' ] || fail "$(cat stream)"
}

# read_at_pace BYTES: fl-input with -s 100h, whose clock is set on by 101 hours when so many of 45 million bytes were
# read; the frames of the epochs go to the file stream. Beside these hours it does not matter how long the reading takes.
read_at_pace() {
    need_clock fl-input
    yes 1234567 | head -n 5000000 >large.txt
    set_clock +0h
    sh -c "$by_clock fl-input -r db -s 100h large.txt" |
        { head -c "$1" >/dev/null; set_clock +101h; grep -a '^!epoch' >stream; }
}

@test "an epoch that falls due shortly before the end of the files is the final one" {
    read_at_pace 34000000
    expect_file stream < <(printf '!epoch\t1\t5000000\tfinal\n')
}

@test "one that falls due half its span before it, or sooner, is not" {
    read_at_pace 28000000
    [ "$(cut -f 1,2,4 stream)" = $'!epoch\t1\n!epoch\t2\tfinal' ] || fail "$(cat stream)"
    [ "$(awk '{ sum += $3 } END { print sum }' stream)" -eq 5000000 ]
}
