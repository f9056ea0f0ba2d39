#!/usr/bin/env bats
# Goal: what a flow holds is what its state needs, not how long it has run. With snapshots in quick succession the
# partition stays within a bound, pages and all, at each moment of the run, and the stages grow no more than their
# state.
#
# The measure is a partition with one version of each key, after VACUUM. Where each key changes in each epoch, as here,
# the partition has two of them, and at no moment, nor at rest, more than 3 times those bytes. Its write-ahead log has
# the pages of an epoch once more, and of the next one where somebody still reads the first; it is copied into the
# partition from 1000 pages on.
# RECORDS, KEYS: 2000000 over 20000 in `make check`; in full 10000000 over 100000.

load helper

records=${RECORDS:-2000000}
keys=${KEYS:-20000}

# The bytes of the partition that is made of n records in one epoch.
live_size() {
    fl-recovery-init once
    make_records | fl-input | fl-key -f 1 | fl-statemap -r once -s 1h sum | fl-out >/dev/null || return
    sqlite3 once/part-0.sqlite3 VACUUM
    stat -c %s once/part-0.sqlite3
}

make_records() {
    awk -v records="$records" -v keys="$keys" 'BEGIN { for (i = 0; i < records; i++) print (i * 7919) % keys }'
}

size_of() {
    stat -c %s "$1" 2>/dev/null || echo 0
}

# The largest resident size so far of each stage, in KiB.
resident() {
    local program pid
    for program in fl-input fl-key fl-statemap fl-out; do
        pid=$(stage_pid "$program") && awk -v program="$program" '/^VmHWM/ { print program, $2 }' "/proc/$pid/status"
    done
}

@test "many records over some keys, with a snapshot every 50 ms" {
    [ -r /proc/self/status ] || skip "no /proc here"
    ! grep -q __asan_init "$(command -v fl-statemap)" || skip "the sanitizer has its own allocator"
    stat -c %s . >/dev/null 2>&1 || skip "no stat -c here"
    local live largest=0 log=0 now
    live=$(live_size)
    fl-recovery-init db
    make_records >records
    start 'fl-input records | fl-key -f 1 | fl-statemap -r db -s 50ms -b 0 sum | fl-out >out'
    while ! ended "$group"; do
        now=$(size_of db/part-0.sqlite3)
        ((now <= largest)) || largest=$now
        now=$(size_of db/part-0.sqlite3-wal)
        ((now <= log)) || log=$now
        resident >>sizes 2>/dev/null || true
        sleep 0.05
    done
    finish
    expect_status 0
    expect_stderr ''
    now=$(size_of db/part-0.sqlite3)
    local snapshots stages
    stages=$(sort -k1,1 -k2,2n sizes | awk '{ most[$1] = $2 } END { for (p in most) printf "%s %d KiB ", p, most[p] }')
    snapshots=$(sqlite3 db/part-0.sqlite3 'SELECT max(commit_epoch) FROM commits')
    echo "# $records records, $keys keys, $snapshots snapshots: live $live bytes, at most $largest, log $log, at rest" \
        "$now; $stages" >&3
    [ "$snapshots" -ge 3 ]
    [ "$now" -le $((3 * live)) ] || fail "$now bytes at rest, where one version takes $live"
    [ "$largest" -le $((3 * live)) ] || fail "at most $largest bytes, where one version takes $live"
    [ "$log" -le $((5 * live + 1000 * 4120)) ] || fail "a write-ahead log of $log bytes, where one version takes $live"
    # A stage: what it is without any state, and 400 bytes a key.
    awk -v most=$((16000 + keys * 400 / 1024)) '$2 > most { print; bad = 1 } END { exit bad }' sizes
}

# A run that goes on from another reads the partition first, and must not hold on to what it was then.
@test "the write-ahead log of a flow that goes on from another" {
    local log=0 now
    fl-recovery-init db
    echo 0 >records
    fl-input -r db records | fl-key ALL | fl-statemap sum | fl-out >out
    seq 1500 >>records
    mkfifo gate
    start 'fl-input -r db -s 0 records gate | fl-key ALL | fl-statemap sum | fl-out >out'
    exec 7<>gate
    until ended "$group" || { [ "$log" -gt 0 ] && has_lines out 1500; }; do
        now=$(size_of db/part-0.sqlite3-wal)
        ((now <= log)) || log=$now
        sleep 0.02
    done
    exec 7>&-
    finish
    expect_status 0
    echo "# a log of $log bytes" >&3
    [ "$log" -gt 0 ]
    [ "$log" -le $((1500 * 4120)) ] || fail "a write-ahead log of $log bytes"
}
