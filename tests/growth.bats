#!/usr/bin/env bats
# Goal: what a flow holds is what its state needs, not how long it has run. With an epoch for each change of all keys the
# partition stays within a bound, pages and all, at each moment of the run, and the stages grow no more than their state.
#
# The measure is a partition with one version of each key, after VACUUM. Where each key changes in each epoch, as here,
# the partition has two of them, and at no moment, nor at rest, more than 3 times those bytes. Its write-ahead log has
# the pages of an epoch once more, and of the next one where somebody still reads the first; it is copied into the
# partition from 1000 pages on.
# RECORDS, KEYS: 2000000 over 20000 in `make check`; in full 10000000 over 100000. The input comes in PARTS parts, each of
# which has all keys, and each of which is an epoch: the clock of the root is set on before its last record, which may
# find the epoch closed already.

load helper

records=${RECORDS:-2000000}
keys=${KEYS:-20000}
parts=${PARTS:-20}

# The bytes of the partition that is made of all records in one epoch.
live_size() {
    fl-recovery-init once
    make_records 0 "$records" | fl-input | fl-key -f 1 | fl-statemap -r once -s 1h sum | fl-out >/dev/null || return
    sqlite3 once/part-0.sqlite3 VACUUM
    stat -c %s once/part-0.sqlite3
}

# make_records FROM TO: those of the numbers from FROM on, before TO.
make_records() {
    awk -v from="$1" -v to="$2" -v keys="$keys" 'BEGIN { for (i = from; i < to; i++) print (i * 7919) % keys }'
}

size_of() {
    stat -c %s "$1" 2>/dev/null || echo 0
}

# look: adds to the file sizes what files have now, in bytes, and each stage at most so far, in KiB.
look() {
    local program pid
    {
        echo part "$(size_of db/part-0.sqlite3)"
        echo log "$(size_of db/part-0.sqlite3-wal)"
        for program in fl-input fl-key fl-statemap fl-out; do
            pid=$(stage_pid "$program") &&
                awk -v program="$program" '/^VmHWM/ { print program, $2 }' "/proc/$pid/status"
        done
    } >>sizes
}

# most WHAT: the largest of its sizes.
most() {
    awk -v what="$1" '$1 == what && $2 > most { most = $2 } END { print most + 0 }' sizes
}

# looks_committed NUMBER: looks, and finds that so many epochs are committed.
looks_committed() {
    look
    has_committed "$1"
}

@test "many records, with an epoch for each change of all keys" {
    [ -r /proc/self/status ] || skip "no /proc here"
    stat -c %s . >/dev/null 2>&1 || skip "no stat -c here"
    need_clock fl-statemap
    local live now snapshots part program each=$((records / parts)) last=0
    [ "$each" -gt "$keys" ]
    live=$(live_size)
    fl-recovery-init db
    mkfifo gate
    set_clock +0h
    start "fl-input gate | fl-key -f 1 | $by_clock fl-statemap -r db -s 1h -b 0 sum | fl-out -f x >out"
    exec 7>gate
    for ((part = 1; part <= parts; part++)); do
        make_records "$last" $(((last += each) - 1)) >&7
        wait_until has_lines out $((last - 1))
        set_clock "+$((part * 2))h"
        make_records $((last - 1)) "$last" >&7
        wait_until looks_committed "$part"
    done
    exec 7>&-
    finish
    expect_status 0
    expect_stderr ''
    has_lines out "$last"
    now=$(size_of db/part-0.sqlite3)
    snapshots=$(committed)
    echo "# $records records, $keys keys, $snapshots snapshots: live $live bytes, at most $(most part), log $(most log)," \
        "at rest $now; $(for program in fl-input fl-key fl-statemap fl-out; do
            echo "$program $(most $program) KiB"
        done | paste -s -d ' ')" >&3
    [ "$snapshots" -eq $((parts + 1)) ] # and the final one
    [ "$now" -le $((3 * live)) ] || fail "$now bytes at rest, where one version takes $live"
    [ "$(most part)" -le $((3 * live)) ] || fail "at most $(most part) bytes, where one version takes $live"
    [ "$(most log)" -gt 0 ]
    [ "$(most log)" -le $((5 * live + 1000 * 4120)) ] ||
        fail "a write-ahead log of $(most log) bytes, where one version takes $live"
    # A stage: what it is without any state, and 400 bytes a key.
    for program in fl-input fl-key fl-statemap fl-out; do
        [ "$(most $program)" -gt 0 ]
        [ "$(most $program)" -le $((16000 + keys * 400 / 1024)) ] || fail "$program has grown to $(most $program) KiB"
    done
}

# A run that goes on from another reads the partition first, and must not hold on to what it was then. The log is as large
# then as it ever was; where it is not begun anew, each of these epochs adds several pages to it.
@test "the write-ahead log of a flow that goes on from another" {
    local log
    fl-recovery-init db
    echo 0 >records
    fl-input -r db records | fl-key ALL | fl-statemap sum | fl-out >out
    seq 700 >>records
    mkfifo gate
    start 'fl-input -r db -s 0 records gate | fl-key ALL | fl-statemap sum | fl-out >out'
    exec 7<>gate
    wait_until has_lines out 700
    log=$(size_of db/part-0.sqlite3-wal)
    exec 7>&-
    finish
    expect_status 0
    echo "# a log of $log bytes" >&3
    [ "$log" -gt 0 ]
    [ "$log" -le $((1500 * 4120)) ] || fail "a write-ahead log of $log bytes"
}
