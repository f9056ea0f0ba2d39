#!/usr/bin/env bats
# Goal: fl-recovery shows the contents of a directory as of the last commit, at any time, and keeps no flow from going
# on. It finds damage, copies all partitions as of one moment, and changes nothing while a flow is running.

load helper

setup() {
    test_begin
    directory=$PWD/db
    fl-recovery-init db 3
    printf '%s\n' 'a 1' 'b 2' 'a 3' >lines
}

# Runs the flow of these tests, once.
flow() {
    run_sh 'fl-input -r db lines | fl-key -f 1 | fl-statemap count | fl-out counts'
    expect_status 0
    expect_stderr ''
}

# Starts a flow that counts the lines of a pipe, which stays open, and waits until it has counted the lines given.
hold() {
    mkfifo pipe
    start "fl-input -r db -s 0 pipe | fl-key -f 1 | fl-statemap count | fl-out counts"
    exec 7>pipe
    printf '%s\n' "$@" >&7
    wait_until has_lines counts $#
}

let_go() {
    exec 7>&-
    finish
    expect_status 0
}

# sums_fit FILE: in the output of dump, the counts of all keys add up to the number of records that were read.
sums_fit() {
    awk -F '\t' '
        $1 == "input" { split($3, part, /[= ]/); records = part[4] }
        $1 == "statemap" { count += $3 }
        END { if (records != count) { print records, count; exit 1 } }' "$1" || fail "$1: records and counts differ"
}

files() { (cd db && ls); }

sums() { cksum db/part-*; }

@test "status of a new directory" {
    run_sh 'fl-recovery status db'
    expect_status 0
    expect_stderr ''
    expect_stdout "directory   $directory
partitions  3
execution   0
begun       -
epoch       0
committed   -
floor       0"
    run_sh 'fl-recovery status --json db'
    expect_status 0
    expect_stdout "{\"directory\":\"$directory\",\"partitions\":3,\"execution\":0,\"begun\":null,\"epoch\":0,\
\"committed\":null,\"floor\":0,\"steps\":[],\"inputs\":[],\"outputs\":[],\"holders\":[]}"
}

@test "status of a flow that is behind its input" {
    flow
    flow
    echo 'c 4' >>lines
    flow
    echo 'long 5' >>lines
    echo 'by hand' >>counts
    before=$(sums)
    run_sh 'fl-recovery status db | sed "s/[0-9]\{4\}-[0-9-]*T[0-9:]*Z/TIME/"'
    expect_stderr ''
    expect_stdout "directory   $directory
partitions  3
execution   2
begun       TIME
epoch       2
committed   TIME
floor       1

STEP      SIGNATURE       KEYS  BYTES
input     input              1 $(printf '%6d' "$(bytes_of_step input)")
out       out                1 $(printf '%6d' "$(bytes_of_step out)")
statemap  statemap count     3      6

INPUT $(printf '%*s' "${#PWD}" '')  STEP   POSITION  RECORDS  SIZE  LAG  NOTE
$PWD/lines  input        16        4    23    7  -

OUTPUT $(printf '%*s' "${#PWD}" '')  STEP  COMMITTED  RECORDS  SIZE  UNCOMMITTED  NOTE
$PWD/counts  out          16        4    24            8  -"
    [ "$(sums)" = "$before" ]
    [ "$(files)" = $'lock\npart-0.sqlite3\npart-1.sqlite3\npart-2.sqlite3' ]
}

# The number of bytes of the only key of a step, and of its state.
bytes_of_step() {
    fl-recovery dump db "$1" | awk '{ print length($0) - 1 }'
}

@test "status says what became of a file" {
    flow
    note() { fl-recovery status --json db | sed 's/.*"inputs":\[{[^}]*"lag":\([^,]*\),"note":\([^}]*\)}.*/\1 \2/'; }
    [ "$(note)" = '0 null' ]
    cp lines copy
    : >lines
    [ "$(note)" = 'null "shorter"' ]
    rm lines
    [ "$(note)" = 'null "missing"' ]
    mv copy lines
    [ "$(note)" = 'null "another file"' ]
}

@test "status names who uses the directory, and takes no lock" {
    hold 'a 1'
    run_sh 'fl-recovery status db'
    expect_status 0
    [ "$(grep -c -E '^fl-(input|statemap|out) \(process [0-9]+, since [0-9TZ:-]+\)$' "$results/stdout")" -eq 3 ]
    let_go
    run_sh 'fl-recovery status db'
    ! grep -q HOLDER "$results/stdout" || fail 'somebody has a lock'
}

@test "a name of any bytes, in a table and in JSON" {
    name=$(printf 'tab\there "\\ \303\244 \377')
    cp lines "$name"
    fl-input -r db "$name" | fl-out >printed
    run_sh 'fl-recovery status db'
    grep -a -q -F "tab\\there \"\\\\ $(printf '\303\244 \377')" "$results/stdout" || fail 'not in the table'
    run_sh 'fl-recovery status --json db'
    grep -q -F 'tab\there \"\\ \u00c3\u00a4 \u00ff"' "$results/stdout" || fail 'not in the object'
}

@test "dump: all, a step, a key" {
    flow
    run_sh "fl-recovery dump db | cut -f 1,2 | sort"
    expect_stdout "input	$PWD/lines
out	$PWD/counts
statemap	a
statemap	b"
    run_sh 'fl-recovery dump db statemap | sort'
    expect_stdout $'a\t2\nb\t1'
    run_sh 'fl-recovery dump db statemap b'
    expect_status 0
    expect_stdout $'b\t1'
    run_sh 'fl-recovery dump db statemap c'
    expect_status 66
    expect_stdout ''
    expect_stderr 'fl-recovery: db: step statemap has no key c'
    run_sh 'fl-recovery dump db other'
    expect_status 66
    expect_stdout ''
    expect_stderr 'fl-recovery: db: has no step other: fl-recovery status db shows which it has'
    [ "$(files)" = $'lock\npart-0.sqlite3\npart-1.sqlite3\npart-2.sqlite3' ]
}

@test "dump escapes tabs, line ends and backslashes" {
    printf '%s\n' $'!fl\t1' $'!source\t-' '\+a\tb\nc\\d'$'\t''x\ty' $'!epoch\t1\t1\tfinal' $'!end\t0' >frames
    run_sh 'fl-statemap -r db last <frames | fl-out'
    expect_status 0
    run_sh 'fl-recovery dump db statemap'
    expect_status 0
    expect_stdout 'a\tb\nc\\d	x\ty'
    [ "$(fl-recovery dump db statemap $'a\tb\nc\\d')" = "$output" ]
}

@test "status leaves out steps that are not committed" {
    # Without the sink the steps save, but nobody commits.
    run_sh 'fl-input -r db lines | fl-key -f 1 | fl-statemap count | cat >/dev/null'
    wait_until sqlite3_has_front 1
    run_sh 'fl-recovery status db'
    expect_status 0
    ! grep -E 'STEP|statemap' "$results/stdout" || fail 'steps of no commit'
    flow
    fl-recovery status db | grep -q '^statemap '
}

@test "dump leaves out what is not committed" {
    flow
    before=$(fl-recovery dump db)
    echo 'c 9' >>lines
    # Without the sink the steps save, but nobody commits.
    run_sh 'fl-input -r db lines | fl-key -f 1 | fl-statemap count | cat >/dev/null'
    wait_until sqlite3_has_front 2
    [ "$(fl-recovery dump db)" = "$before" ] || fail 'more than the last commit'
    [ "$(fl-recovery dump db input)" = "$(echo "$before" | sed -n 's/^input\t//p')" ]
    flow
    [ "$(fl-recovery dump db statemap c)" = $'c\t1' ]
}

sqlite3_has_front() {
    sqlite3 db/part-0.sqlite3 'SELECT max(front_epoch) FROM fronts' | grep -q -x "$1"
}

@test "dump and backup are of one moment while a flow commits all the time" {
    seq 1000 | awk '{ print $1 % 17, $1 }' >lines
    mkfifo gate
    start 'fl-input -r db -s 0 lines gate | fl-key -f 1 | fl-statemap count | fl-out counts'
    exec 7<>gate
    wait_until test -s counts
    looks=0
    until [ "$looks" -ge 10 ] || { [ "$looks" -ge 2 ] && has_committed 1000; }; do
        run_sh 'fl-recovery dump db'
        expect_status 0
        expect_stderr ''
        sums_fit "$results/stdout"
        run_sh "fl-recovery backup db copy-$looks"
        expect_status 0
        expect_stderr ''
        looks=$((looks + 1))
    done
    exec 7>&-
    finish
    expect_status 0
    expect_stderr ''
    [ "$(wc -l <counts)" -eq 1000 ]
    cp counts all
    for ((i = 0; i < looks; i++)); do
        fl-recovery check "copy-$i"
        fl-recovery dump "copy-$i" >dumped
        sums_fit dumped
    done
    run_sh "fl-input -r copy-0 lines | fl-key -f 1 | fl-statemap count | fl-out counts"
    expect_status 0
    expect_stderr ''
    cmp counts all
}

@test "check: a sound directory, at rest and in use" {
    run_sh 'fl-recovery check db'
    expect_status 0
    expect_stdout ''
    expect_stderr ''
    hold 'a 1' 'b 2'
    run_sh 'fl-recovery check db'
    expect_status 0
    expect_stdout ''
    expect_stderr ''
    let_go
}

@test "check lists all that is wrong" {
    flow
    edit_part db/part-0.sqlite3 "UPDATE changes SET ser_change = 'x' WHERE step_id = 'statemap';
        UPDATE fronts SET front_epoch = 0 WHERE step_id = 'input'; DELETE FROM steps WHERE step_id = 'out'"
    for i in 1 2; do
        edit_part db/part-$i.sqlite3 "UPDATE changes SET ser_change = 'x' WHERE step_id = 'statemap';
            INSERT INTO commits VALUES (1, 1, 1); ATTACH 'db/part-0.sqlite3' AS other;
            INSERT OR IGNORE INTO changes SELECT * FROM other.changes"
    done
    run_sh 'fl-recovery check db'
    expect_status 78
    expect_stdout ''
    expect_message "^fl-recovery: $directory/part-0\.sqlite3: epoch 1 is committed, and step input ends with epoch 0\$"
    expect_message "^fl-recovery: $directory/part-0\.sqlite3: the front of step out is of no step\$"
    for key in a b; do
        expect_message "part-[012]\.sqlite3: the state of key \"$key\" of step statemap, epoch 1, does not fit its checksum\$"
    done
    for i in 1 2; do
        expect_message "part-$i\.sqlite3: it has commits, which belong to partition 0\$"
    done
}

@test "check goes on behind files that cannot be read" {
    flow
    echo 'no database, but long enough to have a header of one, which is a hundred bytes, so here are some more of them' \
        >db/part-0.sqlite3
    dd if=/dev/zero of=db/part-1.sqlite3 bs=4096 seek=1 count=12 conv=notrunc 2>/dev/null
    edit_part db/part-2.sqlite3 "INSERT INTO fronts VALUES ('other', 1, 0, 0)"
    run_sh 'fl-recovery check db'
    expect_status 78
    expect_message 'part-0\.sqlite3: is not a database'
    expect_message 'part-1\.sqlite3: is damaged'
    expect_message 'part-2\.sqlite3: the front of step other is of no step$'
    rm db/part-0.sqlite3
    run_sh 'fl-recovery check db'
    expect_status 78
    expect_message 'part-0\.sqlite3: is missing'
    expect_message 'part-2\.sqlite3: the front of step other is of no step$'
}

@test "check ends with the status of a file that cannot be read, whatever is wrong in others" {
    local crash=${CRASH:-$ROOT/build/crash}
    ! grep -q __asan_init "$crash/bin/fl-recovery" || skip "the sanitizer must be loaded first"
    flow
    ln -sf nowhere db/part-2.sqlite3
    run_sh "FL_SHIM=pread:3:EIO LD_PRELOAD='$crash/shim.so' '$crash/bin/fl-recovery' check db"
    expect_status 74
    expect_message 'part-0\.sqlite3: .*disk I/O error'
    expect_message 'part-2\.sqlite3: is missing'
}

@test "check: partitions that do not fit together" {
    flow
    fl-recovery-init other 3
    cp other/part-1.sqlite3 db
    cp db/part-0.sqlite3 db/part-2.sqlite3
    run_sh 'fl-recovery check db'
    expect_status 78
    expect_stderr "fl-recovery: $directory/part-1.sqlite3: belongs to another recovery directory than part-0.sqlite3: put\
 the right file back
fl-recovery: $directory/part-2.sqlite3: is partition 0 by what it says: give it its name back"
    cp other/part-2.sqlite3 db/part-0.sqlite3
    cp other/part-2.sqlite3 db
    run_sh 'fl-recovery check db'
    expect_status 78
    expect_stderr "fl-recovery: $directory/part-0.sqlite3: is partition 2 by what it says: give it its name back"
}

@test "backup refuses a place that is taken, and leaves nothing where it fails" {
    flow
    fl-recovery-init other
    before=$(cksum other/*)
    run_sh 'fl-recovery backup db other'
    expect_status 78
    expect_stderr 'fl-recovery: other: already has partitions (part-0.sqlite3): use it as it is, or give another directory'
    [ "$(cksum other/*)" = "$before" ]
    run_sh 'fl-recovery backup db missing/copy'
    expect_status 73
    seq 10000 >>lines
    flow
    run_sh 'ulimit -f 100; fl-recovery backup db copy'
    expect_status 73
    expect_message '^fl-recovery: copy/part-0\.sqlite3: cannot be made: '
    [ ! -e copy ]
    run_sh 'fl-recovery backup db copy'
    expect_status 0
    expect_stdout ''
    expect_stderr ''
    [ "$(stat -c %a copy copy/*)" = $'700\n600\n600\n600' ]
    [ "$(fl-recovery dump copy)" = "$(fl-recovery dump db)" ]
}

@test "forget drops a step, and the flow goes on without it" {
    flow
    run_sh 'fl-recovery forget db other'
    expect_status 66
    run_sh 'fl-recovery forget db statemap'
    expect_status 0
    expect_stdout ''
    expect_stderr ''
    run_sh 'fl-recovery dump db statemap'
    expect_status 66
    fl-recovery check db
    echo 'a 4' >>lines
    run_sh 'fl-input -r db lines | fl-key -f 1 | fl-out'
    expect_status 0
    expect_stdout $'a\ta 4'
    expect_stderr ''
    echo 'a 5' >>lines
    flow
    [ "$(tail -n 1 counts)" = $'a\t1' ]
}

@test "forget finishes what was broken off" {
    flow
    edit_part db/part-1.sqlite3 "DELETE FROM changes WHERE step_id = 'statemap'; DELETE FROM steps WHERE step_id = 'statemap';
        DELETE FROM fronts WHERE step_id = 'statemap'"
    run_sh 'fl-input -r db lines'
    expect_status 78
    expect_stderr "fl-input: $directory: some partitions know no step statemap: drop it from the others with fl-recovery\
 forget, or put back copies of all of the same time"
    run_sh 'fl-recovery forget db statemap'
    expect_status 0
    flow
}

@test "rewind goes back to an epoch, and the flow comes to the same end" {
    flow
    for more in 'c 4' 'a 5' 'b 6'; do
        echo "$more" >>lines
        run_sh 'fl-input -b 1h -r db lines | fl-key -f 1 | fl-statemap count | fl-out counts'
        expect_status 0
    done
    cp counts all
    fl-recovery dump db >dumped
    run_sh 'fl-recovery rewind db 5'
    expect_status 78
    expect_stderr 'fl-recovery: db: cannot go back to epoch 5: its history is from epoch 0 to 4, and longer with a longer backup'\
' interval (-b)'
    for epoch in 4 3 1 0; do
        run_sh "fl-recovery rewind db $epoch"
        expect_status 0
        expect_stdout ''
        expect_stderr ''
        fl-recovery status db | grep -q -x "epoch *$epoch"
        fl-recovery check db
        for part in db/part-?.sqlite3; do
            [ "$(sqlite3 -readonly "$part" "SELECT count(*) FROM changes WHERE snap_epoch > $epoch")" -eq 0 ]
        done
        cp -a db "db-$epoch"
        run_sh 'fl-input -b 1h -r db lines | fl-key -f 1 | fl-statemap count | fl-out counts'
        expect_status 0
        cmp counts all
        [ "$(fl-recovery dump db statemap)" = "$(sed -n 's/^statemap\t//p' dumped)" ]
        rm -r db
        mv "db-$epoch" db
    done
}

@test "rewind that was broken off takes all partitions back" {
    flow
    echo 'c 4' >>lines
    flow
    cp -a db good
    fl-recovery rewind db 1
    cp good/part-1.sqlite3 good/part-2.sqlite3 db
    fl-recovery status db | grep -q -x 'epoch *1'
    flow
    [ "$(cat counts)" = $'a\t1\nb\t1\na\t2\nc\t1' ]
}

@test "forget and rewind refuse a directory in use" {
    hold 'a 1'
    for command in 'forget db statemap' 'rewind db 0'; do
        run_sh "fl-recovery $command"
        expect_status 75
        expect_stdout ''
        expect_message '^fl-recovery: db: is in use by fl-(input|statemap|out) \(process [0-9]+, .*\): try again when it has ended$'
    done
    let_go
    [ "$(cat counts)" = $'a\t1' ]
}

@test "a command line that is wrong" {
    for line in '' 'nothing db' 'status' 'status db more' 'dump' 'dump db a b c' 'backup db' 'forget db' 'rewind db' \
        'rewind db one' 'check --json db' 'status --bad db'; do
        run_sh "fl-recovery $line"
        expect_status 64
        expect_stdout ''
    done
    run_sh 'fl-recovery status missing'
    expect_status 78
    expect_stderr 'fl-recovery: missing: no such recovery directory: make it with fl-recovery-init missing'
}

@test "standard output that is full" {
    flow
    for command in 'status db' 'status --json db' 'dump db'; do
        run_sh "fl-recovery $command >/dev/full"
        expect_status 74
        expect_message '^fl-recovery: standard output: '
    done
}
