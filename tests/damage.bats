#!/usr/bin/env bats
# Goal: a partition that is not what was written is refused wherever the damage lies, and is never the reason of a wrong
# result; and another program that only reads does no harm, whatever it finds there.

load helper

setup() {
    test_begin
    fl-recovery-init db
    printf '%s\n' 1 2 >nums
}

flow() {
    run_sh 'fl-input -r db nums | fl-key ALL | fl-statemap sum | fl-out'
}

@test "damage is refused, or changes no result" {
    run_sh "'$ROOT/tests/crash/damage' --bin '${BIN:-$ROOT/bin}' --flips 3"
    expect_status 0
    expect_stderr ''
    echo "# ${output##*$'\n'}" >&3
}

@test "reading with another program does no harm, changing does" {
    flow
    sqlite3 db/part-0.sqlite3 'SELECT count(*) FROM snaps; PRAGMA integrity_check'
    flow
    expect_status 0
    expect_stdout ''
    echo 3 >>nums
    flow
    expect_status 0
    expect_stdout $'ALL\t6'
    sqlite3 db/part-0.sqlite3 'UPDATE fronts SET front_epoch = 1'
    flow
    expect_status 78
    expect_stdout ''
    message="$(realpath db)/part-0.sqlite3: page [0-9]+ is damaged, or was changed by another program: put a copy of all\
 partitions back, as fl-recovery backup makes it"
    expect_message "^fl-input: $message\$"
    run_sh 'fl-recovery check db'
    expect_status 78
    expect_message "^fl-recovery: $(realpath db)/part-0.sqlite3: page [0-9]+ is damaged\$"
    run_sh 'fl-recovery backup db copy'
    expect_status 78
    expect_message "^fl-recovery: $message\$"
    [ ! -e copy ]
}

@test "a partition of no partitions" {
    flow
    edit_part db/part-0.sqlite3 'UPDATE parts SET part_count = 0'
    run_sh 'fl-recovery check db'
    expect_status 78
    expect_message '^fl-recovery: .*/part-0\.sqlite3: the state of key "ALL" of step statemap, epoch 1, belongs to another '
    flow
    expect_status 78
    expect_stdout ''
}

@test "states that are larger than a page, and damage within them" {
    local large
    large=$(printf '%020000d' 7)
    run_sh "echo $large | fl-input -r db | fl-key ALL | fl-reduce --keep -e value | fl-out"
    expect_status 0
    [ "$(fl-recovery dump db reduce)" = $'ALL\t'"$large" ]
    run_sh 'fl-recovery check db'
    expect_output ''
    page=$(($(grep -abo -m 1 00000000000000000000000000000007 db/part-0.sqlite3 | cut -d : -f 1) / 4096 + 1))
    printf 9 | dd of=db/part-0.sqlite3 bs=1 seek=$(((page - 1) * 4096 + 500)) conv=notrunc 2>/dev/null
    run_sh 'fl-recovery dump db reduce'
    expect_status 78
    expect_stdout ''
    expect_stderr "fl-recovery: $(realpath db)/part-0.sqlite3: page $page is damaged, or was changed by another program: put\
 a copy of all partitions back, as fl-recovery backup makes it"
}

@test "a page of the file that holds nothing now" {
    seq 50000 >nums
    run_sh 'fl-input -r db nums | fl-key -f 1 | fl-statemap sum | fl-out sums && fl-recovery forget db statemap'
    expect_status 0
    [ "$(sqlite3 db/part-0.sqlite3 'PRAGMA freelist_count')" -gt 100 ]
    last=$(sqlite3 db/part-0.sqlite3 'PRAGMA page_count')
    printf damage | dd of=db/part-0.sqlite3 bs=4096 seek=$((last - 1)) conv=notrunc 2>/dev/null
    run_sh 'fl-recovery check db'
    expect_status 78
    expect_stderr "fl-recovery: $(realpath db)/part-0.sqlite3: page $last is damaged"
}

# crash POINT: runs a flow of many keys in one epoch, with the stage that has them killed at the point.
crash() {
    awk 'BEGIN { for (i = 0; i < 500000; i++) print i * 7919 % 500009 }' >nums
    run_sh "PATH='${CRASH:-$ROOT/build/crash}/bin':\$PATH; fl-input -r db -s 1h nums | fl-key -f 1 |
        FL_CRASH='fl-statemap:$1' fl-statemap count | fl-out counts"
    expect_status 74
    [ -s db/part-0.sqlite3-wal ]
}

# The next run has nothing of the step to save but the end, if the epoch of before is there.
goes_on() {
    run_sh 'fl-recovery check db && fl-input -r db nums | fl-key -f 1 | fl-statemap count | fl-out counts'
    expect_status 0
    expect_stderr ''
    [ "$(wc -l <counts)" -eq 500000 ]
    [ "$(fl-recovery dump db statemap | grep -c $'\t1$')" -eq 500000 ]
    fl-recovery check db
    [ "$(ls db)" = $'lock\npart-0.sqlite3' ]
}

@test "a write-ahead log that was left behind, and copied by another program" {
    crash 'checkpoint: before:1'
    [ "$(sqlite3 db/part-0.sqlite3 "SELECT front_epoch, count(*) FROM fronts JOIN snaps USING (step_id)
        WHERE step_id = 'statemap'")" = '1|500000' ]
    [ ! -e db/part-0.sqlite3-wal ]
    [ "$(sqlite3 db/part-0.sqlite3 'PRAGMA integrity_check')" = ok ]
    goes_on
}

@test "a write-ahead log that was left behind, and not copied" {
    crash 'checkpoint: before:1'
    cp -a db other
    [ "$(sqlite3 other/part-0.sqlite3 "SELECT front_epoch FROM fronts WHERE step_id = 'statemap'")" = 1 ]
    goes_on
}

@test "a page of a write-ahead log" {
    mkfifo pipe
    start 'fl-input -r db -s 0 pipe | fl-key ALL | fl-statemap sum | fl-out sums'
    exec 7>pipe
    echo 1 >&7
    wait_until grep -q 1 sums
    wait_until sh -c "fl-recovery status db | grep -q '^epoch *1$'"
    # All pages of it, behind their frames' headers: who opened it before will not notice from the frames' checksums.
    pages=$((($(stat -c %s db/part-0.sqlite3-wal) - 32) / 4120))
    for ((page = 0; page < pages; page++)); do
        printf damage | dd of=db/part-0.sqlite3-wal bs=1 seek=$((32 + page * 4120 + 24 + 2000)) conv=notrunc 2>/dev/null
    done
    run_sh 'fl-recovery status db'
    expect_status 78
    expect_message '^fl-recovery: .*/part-0.sqlite3: page [0-9]+ is damaged, or was changed by another program: '
    exec 7>&-
    finish
    [ "$status" -eq 78 ] || [ "$status" -eq 74 ]
}
