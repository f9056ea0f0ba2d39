# Goal of this test: a recovery directory that does not fit is refused with status 78, and with a message for each kind
# that names the file and the remedy. A directory in use is refused at once with status 75 and the name of the holder. A
# refusal prints no output and changes nothing, and when the fault is mended, the flow goes on as if nothing had
# happened.

load helper

setup() {
    test_begin
    printf '%s\n' 'a 1' 'b 2' 'c 3' >lines
    fl-recovery-init db 3
    run_sh 'fl-input -r db lines | fl-key -f 1 | fl-statemap count | fl-out'
    expect_status 0
    expect_stdout $'a\t1\nb\t1\nc\t1'
    expect_stderr ''
    cp -a db good
    printf '%s\n' 'c 4' 'b 5' 'a 6' >>lines
    directory=$(realpath .)/db
}

sums() {
    find db -type f -name '*.sqlite3' -exec cksum {} + | sort
}

# refuses MESSAGE: the source refuses the directory as it is now, and the whole flow fails with that message.
refuses() {
    local before
    before=$(sums)
    run_sh 'fl-input -r db lines'
    expect_status 78
    expect_stdout ''
    expect_stderr "fl-input: $1"
    run_sh 'fl-input -r db lines | fl-key -f 1 | fl-statemap count | fl-out'
    expect_status 78
    expect_stdout ''
    expect_stderr "fl-input: $1
fl-key: the upstream stage failed (status 78)
fl-statemap: the upstream stage failed (status 78)
fl-out: the upstream stage failed (status 78)"
    [ "$before" = "$(sums)" ] || fail "the directory has changed"
    put_right
    goes_on
}

put_right() {
    rm -rf db
    cp -a good db
}

# The same flow goes on where it was.
goes_on() {
    run_sh 'fl-input -r db lines | fl-key -f 1 | fl-statemap count | fl-out'
    expect_status 0
    expect_stdout $'c\t2\nb\t2\na\t2'
    expect_stderr ''
}

# last_refuses MESSAGE SCRIPT: the script ends with 78 and this message from its last stage, and prints nothing.
last_refuses() {
    run_sh "$2"
    expect_status 78
    expect_stdout ''
    expect_stderr "$1"
}

@test "a missing directory" {
    rm -r db
    mkdir empty
    run_sh 'cd empty && fl-input -r db ../lines | fl-out'
    expect_status 78
    expect_stdout ''
    expect_message '^fl-input: db: no such recovery directory: make it with fl-recovery-init db$'
    [ -z "$(ls empty)" ]
    run_sh 'fl-input -r db lines'
    expect_status 78
    expect_stdout ''
    expect_stderr 'fl-input: db: no such recovery directory: make it with fl-recovery-init db'
    put_right
    goes_on
}

@test "a file in the place of the directory" {
    rm -r db
    touch db
    refuses "$directory: cannot be read: Not a directory"
}

@test "a directory without partitions" {
    rm db/part-*
    refuses 'db: holds no partitions: make them with fl-recovery-init db'
}

@test "a missing partition, the first, the last or between" {
    rm db/part-0.sqlite3
    refuses "$directory/part-0.sqlite3: is missing: put back a copy of all partitions of the same time"
    put_right
    rm db/part-1.sqlite3
    refuses "$directory/part-1.sqlite3: is missing: put back a copy of all partitions of the same time"
    put_right
    rm db/part-2.sqlite3
    refuses "$directory: 2 of 3 partitions are there, part-2.sqlite3 is missing: put back a copy of all partitions of\
 the same time"
}

@test "a partition of another directory, or of another place" {
    fl-recovery-init other 3
    cp other/part-1.sqlite3 db
    refuses "$directory/part-1.sqlite3: belongs to another recovery directory than part-0.sqlite3: put the right file back"
    put_right
    cp db/part-2.sqlite3 db/part-1.sqlite3
    refuses "$directory/part-1.sqlite3: is partition 2 by what it says: give it its name back"
    put_right
    cp db/part-2.sqlite3 db/part-3.sqlite3
    refuses "$directory/part-3.sqlite3: is partition 2 by what it says: give it its name back"
}

@test "a partition from a copy that is too old" {
    cp -a good/part-1.sqlite3 old
    for more in 1 2 3; do
        printf '%s\n' 'a 1' 'b 2' 'c 3' 'd 4' 'e 5' 'f 6' >>lines
        fl-input -r db lines | fl-key -f 1 | fl-statemap count | fl-out >"printed-$more"
    done
    cp -a db newest
    cp old db/part-1.sqlite3
    before=$(sums)
    run_sh 'fl-input -r db lines'
    expect_status 78
    expect_stdout ''
    expect_message "^fl-input: .*/part-1\.sqlite3: ends with epoch 1, and .*/part-[02]\.sqlite3 returns to epoch [23] at\
 the earliest: put back copies .*\(-b\)$"
    [ "$before" = "$(sums)" ] || fail 'the directory has changed'
    rm -r db
    mv newest db
    printf '%s\n' 'f 7' >>lines
    run_sh 'fl-input -r db lines | fl-key -f 1 | fl-statemap count | fl-out'
    expect_status 0
    expect_stdout $'f\t4'
    expect_stderr ''
}

@test "a file that is no database, an empty one, and a foreign database" {
    echo 'this is no database, though it is long enough to be looked at as if it were one' >db/part-1.sqlite3
    refuses "$directory/part-1.sqlite3: is not a database: put the right file back, or make a new directory with\
 fl-recovery-init"
    put_right
    : >db/part-1.sqlite3
    refuses "$directory/part-1.sqlite3: is a database, but no partition of a recovery directory"
    put_right
    rm db/part-1.sqlite3
    sqlite3 db/part-1.sqlite3 'CREATE TABLE t(a)'
    refuses "$directory/part-1.sqlite3: is a database, but no partition of a recovery directory"
}

@test "a newer format" {
    edit_part db/part-2.sqlite3 'PRAGMA user_version = 5'
    refuses "$directory/part-2.sqlite3: has format 5, newer than 4, which this program knows: use a newer version of the\
 program"
}

@test "a changed operation" {
    run_sh 'fl-input -r db lines | fl-key -f 1 | fl-statemap sum | fl-out'
    expect_status 78
    expect_stdout ''
    expect_message "^fl-statemap: .*/db: step statemap was \"statemap count\" here and is \"statemap sum\" now: run the\
 flow as it was, take its state over with --accept, or drop the step and its state with fl-recovery forget .*/db statemap$"
    goes_on
}

@test "a removed stage" {
    last_refuses "fl-out: $directory: has the state of step statemap (\"statemap count\"), which is not in this flow: put the\
 stage back, or drop the step and its state with fl-recovery forget $directory statemap" \
        'fl-input -r db lines | fl-key -f 1 | fl-out'
    goes_on
}

@test "a stage of another name" {
    last_refuses "fl-out: $directory: has the state of step statemap (\"statemap count\"), which is not in this flow: put the\
 stage back, or drop the step and its state with fl-recovery forget $directory statemap" \
        'fl-input -r db lines | fl-key -f 1 | fl-statemap -i counter count | fl-out'
    goes_on
}

@test "a root that moved to a later stage" {
    last_refuses "fl-out: $directory: has the state of step input, where recovery began, which is not in this flow: put -r\
 where it was, or begin a new recovery directory" \
        'fl-input lines | fl-key -f 1 | fl-statemap count -r db | fl-out'
    goes_on
}

@test "a root that moved to an earlier stage" {
    fl-recovery-init db2
    run_sh 'fl-input lines | fl-key -f 1 | fl-statemap count -r db2 | fl-out'
    expect_status 0
    expect_stdout $'a\t1\nb\t1\nc\t1\nc\t2\nb\t2\na\t2'
    expect_stderr ''
    last_refuses "fl-out: $(realpath .)/db2: has the state of step replay, where recovery began, which is not in this flow:\
 put -r where it was, or begin a new recovery directory" \
        'fl-input lines -r db2 | fl-key -f 1 | fl-statemap count | fl-out'
    echo 'a 7' >>lines
    run_sh 'fl-input lines | fl-key -f 1 -r db2 | fl-statemap count | fl-out'
    expect_status 78
    expect_stdout ''
    expect_message '^fl-key: the first 6 records are not those that were processed before: '
    run_sh 'fl-input lines | fl-key -f 1 | fl-statemap count -r db2 | fl-out'
    expect_status 0
    expect_stdout $'a\t3'
    expect_stderr ''
}

@test "two different directories in one flow" {
    fl-recovery-init db2
    last_refuses "fl-out: db2: is not the recovery directory of this flow, which is $directory: give the same -r, or give it to\
 the first of the stages alone" \
        'fl-input -r db lines | fl-key -f 1 | fl-statemap count | fl-out -r db2'
    run_sh 'fl-input -r ./db lines | fl-key -f 1 | fl-statemap count -r db2/../db | fl-out -r "$PWD/db"'
    expect_status 0
    expect_stdout $'c\t2\nb\t2\na\t2'
    expect_stderr ''
}

@test "a state that was changed by another hand" {
    for part in db/part-*; do
        edit_part "$part" "UPDATE changes SET ser_change = '7' WHERE step_id = 'statemap' AND state_key = 'c'"
    done
    run_sh 'fl-input -r db lines | fl-key -f 1 | fl-statemap count | fl-out'
    expect_status 78
    expect_stdout ''
    expect_message "^fl-statemap: .*/db/part-[0-2]\.sqlite3: is damaged: the state of key \"c\" of step statemap does not\
 fit its checksum: look for more with fl-recovery check, and put a copy of all partitions back$"
    put_right
    goes_on
}

@test "a position that was changed by another hand" {
    for part in db/part-*; do
        edit_part "$part" "UPDATE changes SET ser_change = replace(ser_change, 'offset=12', 'offset=16')
            WHERE step_id = 'input'"
    done
    run_sh 'fl-input -r db lines'
    expect_status 78
    expect_stdout ''
    expect_message "^fl-input: .*/db/part-[0-2]\.sqlite3: is damaged: the state of key \"$PWD/lines\" of step input does\
 not fit its checksum: look for more with fl-recovery check, and put a copy of all partitions back$"
    put_right
    goes_on
}

@test "a file without one of its tables" {
    for table in changes undos images blocks fronts commits parts; do
        edit_part db/part-1.sqlite3 "DROP TABLE $table"
        run_sh 'fl-input -r db lines | fl-key -f 1 | fl-statemap count | fl-out'
        expect_status 78
        expect_stdout ''
        expect_message "/db/part-1\.sqlite3: is damaged: no such table: $table: put a copy of all partitions back "
        put_right
    done
    goes_on
}

@test "a damaged file" {
    for part in db/part-*; do
        dd if=/dev/zero of="$part" bs=4096 seek=1 count=12 conv=notrunc 2>/dev/null
    done
    run_sh 'fl-input -r db lines'
    expect_status 78
    expect_stdout ''
    expect_message '^fl-input: .*/db/part-0\.sqlite3: is damaged: .*: put a copy of all partitions back '
    put_right
    goes_on
}

# Starts a flow that waits for lines from a FIFO and holds the directory.
hold() {
    mkfifo feed
    fl-recovery-init held
    start "exec 9<>feed; fl-input $1 - <feed | fl-key A | fl-statemap $2 sum | fl-out"
    echo 1 >feed
    wait_until grep -q '^A' "$background/stdout"
}

# in_use PROGRAM: a second run ends while PROGRAM is still there, and names it as the holder.
in_use() {
    run_sh 'fl-input -r held lines'
    expect_status 75
    expect_stdout ''
    expect_message "^fl-input: held: is in use by $1 \(process $(stage_pid "$1"), since [-0-9]+T[:0-9]+Z\): try again when\
 it has ended$"
}

@test "a directory in use, by a source" {
    hold '-r held' ''
    in_use fl-input
    run_sh 'fl-input lines | fl-key A | fl-statemap sum -r held | fl-out'
    expect_status 75
    expect_stdout ''
    expect_message '^fl-statemap: held: is in use by fl-input \(process '
    kill -TERM "$(stage_pid fl-input)"
    finish
    expect_status 0
    expect_stdout $'A\t1'
    expect_stderr ''
    seq 2 3 >feed.txt
    run_sh 'fl-input -r held feed.txt | fl-key A | fl-statemap sum | fl-out'
    expect_status 0
    expect_stdout $'A\t3\nA\t6'
    expect_stderr ''
}

@test "a directory in use, by another root" {
    hold '' '-r held'
    in_use fl-statemap
}

@test "a holder that was killed holds no more" {
    hold '-r held' ''
    kill -KILL -- "-$group"
    finish
    expect_status 137
    expect_stdout $'A\t1'
    expect_stderr ''
    echo 2 >lines
    run_sh 'fl-input -r held lines | fl-key A | fl-statemap sum | fl-out'
    expect_status 0
    expect_stdout $'A\t2'
    expect_stderr ''
}

@test "a stage that a killed source left behind holds on, until it ends" {
    hold '-r held' ''
    stop fl-out
    kill -KILL "$(stage_pid fl-input)"
    wait_until not_there fl-statemap
    in_use fl-out
    kill -CONT "$(stage_pid fl-out)"
    finish
    expect_status 74
    expect_stdout $'A\t1'
    expect_message '^fl-out: the upstream stage failed \(status 74\): nothing after epoch 0 is committed$'
    echo 2 >lines
    run_sh 'fl-input -r held lines | fl-key A | fl-statemap sum | fl-out'
    expect_status 0
    expect_stdout $'A\t2'
    expect_stderr ''
}
