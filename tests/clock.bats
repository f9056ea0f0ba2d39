#!/usr/bin/env bats
# Goal: the time of day is for people alone. A system clock that is set back or forward by years, between runs or
# during one, changes no result, keeps no epoch from its commit, and ends none early: spans are of the monotonic
# clock.

load helper

setup() {
    test_begin
    need_clock fl-out
    fl-recovery-init db
    mkfifo gate
}

flow='fl-key ALL | fl-statemap sum | fl-out out'

# at TIME, in the form of faketime -f: what comes before the programs of a flow.
at() {
    echo "faketime -m -f '$1' env"
}

@test "runs years apart, forward and back" {
    local time backup
    for backup in 0 1d; do
        rm -rf db out nums.txt
        fl-recovery-init db
        for time in +0d +30y -40y '@1970-01-02 00:00:00' +10y +0d; do
            echo 7 >>nums.txt
            run_sh "$(at "$time") sh -c 'fl-input -r db -b $backup nums.txt | $flow'"
            expect_status 0
            expect_stderr ''
            expect_sums
        done
        run_sh "fl-input -r db nums.txt | $flow"
        expect_status 0
        expect_sums
        [ "$(committed)" -eq 6 ]
    done
}

@test "each stage by a clock of its own" {
    local i
    for i in 1 2 3; do
        echo "$i" >>nums.txt
        run_sh "$(at +20y) fl-input -r db nums.txt | fl-key ALL | $(at -20y) fl-statemap sum | $(at +5y) fl-out out"
        expect_status 0
        expect_stderr ''
        expect_sums
    done
}

# start_at_will SPAN: a flow by the clock of the test, but for the monotonic one, which is let alone.
start_at_will() {
    rm -rf db out
    fl-recovery-init db
    printf '1\n2\n' >nums.txt
    set_clock +0d
    start "export FAKETIME_DONT_FAKE_MONOTONIC=1; $by_clock sh -c 'fl-input -r db -s $1 nums.txt gate | $flow'"
    exec 7<>gate
}

@test "the clock jumps during a run: an epoch ends all the same when its span has passed" {
    local jump years
    for jump in -20y +20y; do
        start_at_will 300ms
        wait_until has_committed 1
        set_clock "$jump"
        echo 3 >&7
        wait_until has_committed 2
        exec 7>&-
        finish
        expect_status 0
        expect_stderr ''
        expect_file out $'ALL\t1\nALL\t3\nALL\t6'
        years=$(sqlite3 db/part-0.sqlite3 "SELECT abs(max(committed_at) - $(date +%s)) / 31557600 FROM commits")
        [ "$years" -ge 19 ] || fail "the clock jumped by $years years"
    done
}

@test "the clock jumps during a run: no epoch ends before its span has passed" {
    start_at_will 1h
    wait_until grep -q 3 out
    set_clock +20y
    echo 3 >&7
    wait_until grep -q 6 out
    [ "$(committed)" -eq 0 ]
    exec 7>&-
    finish
    expect_status 0
    expect_stderr ''
    [ "$(committed)" -eq 1 ]
}
