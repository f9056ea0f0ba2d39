#!/usr/bin/env bats
# Goal: the end of the input is an epoch of its own, and is reached once. Where a flow died after the epoch of its last
# record and before the final one, the next run closes that, with new records or without; then there is nothing to do.

load helper

# A run that writes what fl-input sends to the file stream.
flow() {
    run_sh 'fl-input -r db nums | tee stream | fl-key ALL | fl-statemap sum | fl-out sums'
    expect_status 0
    expect_stderr ''
    expect_file sums "$1"
}

# expect_end TEXT: how the stream ended, from the last source on.
expect_end() {
    [ "$(sed -n '/^!source/,$p' stream | sed 1d | grep -v '^!saved')" = "$1" ] || fail "$(cat stream)"
}

commits() {
    sqlite3 db/part-0.sqlite3 'SELECT commit_epoch, final FROM commits ORDER BY 1'
}

last_commit() {
    commits | tail -n 1
}

setup() {
    test_begin
    fl-recovery-init db
    printf '%s\n' 1 2 3 >nums
}

@test "a run that was killed before its final epoch, and no new records" {
    local crash=${CRASH:-$ROOT/build/crash}
    # With -s 0 each of the three records has an epoch of its own.
    run_sh "PATH='$crash/bin':\$PATH; FL_CRASH='fl-input:epoch: before:4' fl-input -r db -s 0 nums |
        fl-key ALL | fl-statemap sum | fl-out sums"
    expect_status 74
    expect_message '^fl-out: the upstream stage failed \(status 74\): nothing after epoch 3 is committed$'
    [ "$(last_commit)" = '3|0' ] || fail "$(commits)"
    flow $'ALL\t1\nALL\t3\nALL\t6'
    expect_end $'!epoch\t4\t0\tfinal\n!end\t0'
    [ "$(last_commit)" = '4|1' ] || fail "$(commits)"
    before=$(cksum db/part-*)
    flow $'ALL\t1\nALL\t3\nALL\t6'
    expect_end $'!end\t0'
    [ "$(cksum db/part-*)" = "$before" ] || fail 'a run after the final epoch writes something'
    echo 4 >>nums
    flow $'ALL\t1\nALL\t3\nALL\t6\nALL\t10'
    expect_end $'=4\n!epoch\t5\t1\tfinal\n!end\t0'
}

@test "an epoch that was gone back to and was not final" {
    FL_BACKUP_INTERVAL=1h
    export FL_BACKUP_INTERVAL
    run_sh 'fl-input -r db -s 0 nums | fl-key ALL | fl-statemap sum | fl-out sums'
    expect_status 0
    [ "$(commits)" = $'1|0\n2|0\n3|0\n4|1' ] || fail "$(commits)"
    fl-recovery rewind db 3
    flow $'ALL\t1\nALL\t3\nALL\t6'
    expect_end $'!epoch\t4\t0\tfinal\n!end\t0'
    fl-recovery rewind db 2
    flow $'ALL\t1\nALL\t3\nALL\t6'
    expect_end $'=3\n!epoch\t3\t1\tfinal\n!end\t0'
    [ "$(commits)" = $'1|0\n2|0\n3|1' ] || fail "$(commits)"
    fl-recovery check db
}

@test "a root that is no source" {
    local crash=${CRASH:-$ROOT/build/crash}
    run_sh "PATH='$crash/bin':\$PATH; fl-input nums | fl-key ALL |
        FL_CRASH='fl-statemap:epoch: before:4' fl-statemap -r db -s 0 sum | fl-out sums"
    expect_status 74
    [ "$(last_commit)" = '3|0' ] || fail "$(commits)"
    run_sh 'fl-input nums | fl-key ALL | fl-statemap -r db -s 0 sum | tee stream | fl-out sums'
    expect_status 0
    expect_stderr ''
    expect_file sums $'ALL\t1\nALL\t3\nALL\t6'
    [ "$(last_commit)" = '4|1' ] || fail "$(commits)"
    grep -q -x $'!epoch\t4\t0\tfinal' stream
}
