# Goal of this test: a record that has come is shown at once, through all stages, while the source waits for the next
# one; and in a flow with recovery, its epoch is committed in time although nothing follows.

load helper

# flow SCRIPT: starts a flow whose source reads the FIFO `feed`, which stays open.
flow() {
    [ -e feed ] || mkfifo feed
    start "exec 9<>feed; $1"
}

# shows TEXT: what the flow has printed is TEXT, in time.
shows() {
    printf '%s\n' "$1" >wanted
    wait_until cmp wanted "${2:-$background/stdout}"
}

# Tells the source to stop, and looks at the end: all went well, and TEXT is all that was printed.
ends() {
    kill -TERM "$(stage_pid fl-input)"
    finish
    expect_status 0
    expect_stdout "$1"
    expect_stderr ''
}

@test "one record, without recovery" {
    flow 'fl-input <feed | fl-key A | fl-statemap sum | fl-out'
    echo 1 >feed
    shows $'A\t1'
    printf '2\n3\n' >feed
    shows $'A\t1\nA\t3\nA\t6'
    ends $'A\t1\nA\t3\nA\t6'
}

@test "a source that says one thing and sleeps" {
    start '(echo 1; sleep 1000) | fl-input | fl-key A | fl-statemap sum | fl-out'
    shows $'A\t1'
    [ -n "$(stage_pid sleep)" ]
}

@test "one record, with recovery and a long interval, the root at the source" {
    fl-recovery-init db
    flow 'fl-input -r db -s 1h <feed | fl-key A | fl-statemap sum | fl-out'
    echo 1 >feed
    shows $'A\t1'
    echo 2 >feed
    shows $'A\t1\nA\t3'
    ends $'A\t1\nA\t3'
}

@test "one record, with recovery and a long interval, the root at a later stage" {
    fl-recovery-init db
    flow 'fl-input <feed | fl-key A | fl-statemap sum -r db -s 1h | fl-out'
    echo 1 >feed
    shows $'A\t1'
    ends $'A\t1'
}

@test "one record, with an epoch for each" {
    fl-recovery-init db 2
    flow 'fl-input -r db -s 0 <feed | fl-key A | fl-statemap sum | fl-out'
    echo 1 >feed
    shows $'A\t1'
    echo 2 >feed
    shows $'A\t1\nA\t3'
    ends $'A\t1\nA\t3'
}

@test "a file" {
    fl-recovery-init db
    flow 'fl-input -r db -s 1h <feed | fl-key A | fl-statemap sum | fl-out out'
    echo 1 >feed
    shows $'A\t1' out
    ends ''
    expect_file out $'A\t1'
}

@test "lines that are held until they are saved" {
    fl-recovery-init db
    flow 'fl-input -r db -s 50ms <feed | fl-key A | fl-statemap sum | fl-out --hold'
    echo 1 >feed
    shows $'A\t1'
    echo 2 >feed
    shows $'A\t1\nA\t3'
    ends $'A\t1\nA\t3'
}

commits() {
    [ "$(sqlite3 -cmd '.timeout 1000' db/part-0.sqlite3 'SELECT count(*) FROM commits')" -gt 0 ]
}

@test "an epoch is committed in time, although nothing follows" {
    for root in 'fl-input -r db -s 50ms <feed | fl-key A | fl-statemap sum' \
        'fl-input <feed | fl-key A | fl-statemap sum -r db -s 50ms'; do
        rm -rf db
        fl-recovery-init db
        flow "$root | fl-out"
        echo 1 >feed
        wait_until commits
        ends $'A\t1'
    done
}
