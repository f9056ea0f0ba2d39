#!/usr/bin/env bats
# Goal: a directory of an older format is brought up to date by the flow that goes on with it, and loses nothing on the
# way, wherever that is broken off; until then, what only looks at it says so.

load helper

setup() {
    test_begin
    directory=$(realpath .)/db
}

# begin FORMAT: a directory of that format, which has processed some lines.
begin() {
    format=$1
    rm -rf db lines
    fl-recovery-init db 3
    printf '%s\n' 'a 1' 'b 2' 'c 3' >lines
    flow
    expect_status 0
    expect_stdout $'a\t1\nb\t1\nc\t1'
    fl-recovery dump db >dumped
    make_old
}

flow() {
    run_sh 'fl-input -r db lines | fl-key -f 1 | fl-statemap count | fl-out'
}

format_1='CREATE TABLE parts(part_index INTEGER PRIMARY KEY, part_count INTEGER NOT NULL, directory_id TEXT NOT NULL,
        created_at TEXT NOT NULL, floor_epoch INTEGER NOT NULL);
    CREATE TABLE exs(ex_num INTEGER PRIMARY KEY, resume_epoch INTEGER NOT NULL, started_at TEXT NOT NULL);
    CREATE TABLE steps(step_id TEXT PRIMARY KEY, signature TEXT NOT NULL, first_epoch INTEGER NOT NULL) WITHOUT ROWID;
    CREATE TABLE fronts(step_id TEXT PRIMARY KEY, front_epoch INTEGER NOT NULL) WITHOUT ROWID;
    CREATE TABLE commits(commit_epoch INTEGER PRIMARY KEY, committed_at INTEGER NOT NULL);
    CREATE TABLE snaps(step_id TEXT NOT NULL, state_key BLOB NOT NULL, snap_epoch INTEGER NOT NULL, ser_change BLOB,
        "check" INTEGER NOT NULL, PRIMARY KEY(step_id, state_key, snap_epoch)) WITHOUT ROWID;
    CREATE INDEX snaps_discarded ON snaps(step_id, snap_epoch) WHERE ser_change IS NULL;
    PRAGMA application_id = 0x666c6f77;
    PRAGMA user_version = 1;'

row='step_id, state_key, snap_epoch, ser_change, "check"'

# The same rows, made anew in a file without seals.
make_format_1() {
    sqlite3 "$1.old" 'PRAGMA journal_mode = WAL' "$format_1" "ATTACH '$1' AS now;
        INSERT INTO parts SELECT * FROM now.parts;
        INSERT INTO exs SELECT * FROM now.exs;
        INSERT INTO steps SELECT * FROM now.steps;
        INSERT INTO fronts SELECT step_id, front_epoch FROM now.fronts;
        INSERT INTO commits SELECT commit_epoch, committed_at FROM now.commits;
        INSERT INTO snaps SELECT $row FROM now.changes;
        INSERT INTO snaps SELECT $row FROM now.undos" >/dev/null
    mv "$1.old" "$1"
}

make_format_2() {
    edit_part "$1" "DROP VIEW snaps;
        CREATE TABLE snaps(step_id TEXT NOT NULL, state_key BLOB NOT NULL, snap_epoch INTEGER NOT NULL,
            ser_change BLOB NOT NULL, \"check\" INTEGER NOT NULL, PRIMARY KEY(step_id, state_key)) WITHOUT ROWID;
        ALTER TABLE undos RENAME TO newer;
        CREATE TABLE undos(undo_epoch INTEGER NOT NULL, step_id TEXT NOT NULL, state_key BLOB NOT NULL,
            snap_epoch INTEGER NOT NULL, ser_change BLOB NOT NULL, \"check\" INTEGER NOT NULL);
        INSERT INTO snaps SELECT $row FROM changes;
        INSERT INTO undos SELECT undo_epoch, $row FROM newer ORDER BY newer.rowid;
        ALTER TABLE fronts RENAME TO counted;
        CREATE TABLE fronts(step_id TEXT PRIMARY KEY, front_epoch INTEGER NOT NULL) WITHOUT ROWID;
        INSERT INTO fronts SELECT step_id, front_epoch FROM counted;
        DROP TABLE counted; DROP TABLE changes; DROP TABLE newer; DROP TABLE images; DROP TABLE blocks;
        PRAGMA user_version = 2"
}

# Puts partitions of the format in the place of those of the directory, with the same rows.
make_old() {
    local part
    for part in db/part-*; do
        "make_format_$format" "$part"
    done
}

formats() {
    local part
    for part in db/part-*.sqlite3; do
        sqlite3 "$part" 'PRAGMA user_version'
    done | tr '\n' ' '
}

# The flow goes on, and leaves what it leaves in any directory.
goes_on() {
    printf '%s\n' 'c 4' 'b 5' 'a 6' >>lines
    flow
    expect_status 0
    expect_stdout $'c\t2\nb\t2\na\t2'
    expect_stderr ''
    [ "$(formats)" = '3 3 3 ' ]
    [ "$(ls db)" = $'lock\npart-0.sqlite3\npart-1.sqlite3\npart-2.sqlite3' ]
    run_sh 'fl-recovery check db'
    expect_status 0
    expect_stderr ''
}

@test "a directory of an older format" {
    for format in 1 2; do
        begin "$format"
        [ "$(formats)" = "$format $format $format " ]
        goes_on
    done
}

@test "a directory of an older format, and no new records" {
    for format in 1 2; do
        begin "$format"
        flow
        expect_status 0
        expect_stdout ''
        expect_stderr ''
        [ "$(formats)" = '3 3 3 ' ]
        [ "$(fl-recovery dump db)" = "$(cat dumped)" ]
        goes_on
    done
}

# Makes a directory of the format with four epochs to go back to.
begin_history() {
    format=$1
    rm -rf db lines
    fl-recovery-init db 3
    printf '%s\n' 'a 1' 'b 2' 'c 3' >lines
    for epoch in 1 2 3 4; do
        echo "a $epoch" >>lines
        run_sh 'fl-input -r db -b 1h lines | fl-key -f 1 | fl-statemap count | fl-out'
        expect_status 0
        fl-recovery dump db >"dumped-$epoch"
    done
    make_old
}

@test "a directory of format 1 with versions of a state to go back to" {
    begin_history 1
    for part in db/part-*; do
        # One that was discarded in epoch 3 and came back in epoch 4; and one that was discarded in epoch 4.
        sqlite3 "$part" "UPDATE snaps SET ser_change = NULL
            WHERE step_id = 'statemap' AND state_key = 'a' AND snap_epoch = 3;
            INSERT INTO snaps SELECT step_id, state_key, 4, NULL, 0 FROM snaps
            WHERE step_id = 'statemap' AND state_key = 'c'"
    done
    run_sh 'fl-input -r db -b 1h lines | fl-key -f 1 | fl-statemap count | fl-out'
    expect_status 0
    without 4 c
    for epoch in 3 2 1; do
        fl-recovery rewind db "$epoch"
        case $epoch in
        3) without 3 a ;;
        *) without "$epoch" nothing ;;
        esac
        fl-recovery check db
    done
}

@test "a directory of format 2 with versions of a state to go back to" {
    begin_history 2
    run_sh 'fl-input -r db -b 1h lines | fl-key -f 1 | fl-statemap count | fl-out'
    expect_status 0
    for epoch in 4 3 2 1; do
        fl-recovery rewind db "$epoch"
        without "$epoch" nothing
        fl-recovery check db
    done
}

# without EPOCH KEY: the states are those of that epoch, but for that of the key.
without() {
    fl-recovery dump db statemap | sort >dumped
    sed -n 's/^statemap\t//p' "dumped-$1" | grep -v "^$2" | sort | cmp - dumped
}

@test "what looks at a directory of an older format leaves it as it is" {
    for format in 1 2; do
        begin "$format"
        before=$(cksum db/part-*.sqlite3)
        for command in 'status db' 'dump db' 'check db' 'backup db copy' 'forget db statemap' 'rewind db 0'; do
            run_sh "fl-recovery $command"
            expect_status 78
            expect_stdout ''
            expect_message "^fl-recovery: $directory/part-0.sqlite3: has format $format, older than 3: run the flow once,\
 which brings it up to date\$"
        done
        [ "$(cksum db/part-*.sqlite3)" = "$before" ]
        [ ! -e copy ]
    done
}

@test "a write-ahead log beside a partition of format 1" {
    begin 1
    sqlite3 db/part-1.sqlite3 "UPDATE parts SET created_at = 'from the log'" '.shell cp -a db left' >/dev/null
    rm -r db
    mv left db
    [ -s db/part-1.sqlite3-wal ]
    goes_on
    [ "$(sqlite3 db/part-1.sqlite3 'SELECT created_at FROM parts')" = 'from the log' ]
}

@test "a flow that is killed while it brings a directory up to date" {
    local crash=${CRASH:-$ROOT/build/crash}
    for format in 1 2; do
        begin "$format"
        for point in before:1 before:2 copied:1 copied:2 copied:3 after:2 after:3; do
            cp -a db was
            cp lines lines-were
            run_sh "PATH='$crash/bin':\$PATH; FL_CRASH='fl-input:convert: $point' fl-input -r db lines"
            expect_status 137
            case $point in
            before:1 | copied:1) [ "$(formats)" = "$format $format $format " ] ;;
            before:2 | copied:2) [ "$(formats)" = "3 $format $format " ] ;;
            after:2 | copied:3) [ "$(formats)" = "3 3 $format " ] ;;
            after:3) [ "$(formats)" = '3 3 3 ' ] ;;
            esac || fail "$point: $(formats)"
            goes_on
            rm -r db
            mv was db
            cat lines-were >lines
        done
    done
}

# The calls are made to fail one after the other, from the first on, further and further.
@test "a call that fails while a directory is brought up to date" {
    local crash=${CRASH:-$ROOT/build/crash} failure call how k
    ! is_sanitized "$crash/bin/fl-input" || skip "the sanitizer must be loaded first"
    for format in 1 2; do
        begin "$format"
        for failure in pwrite/ENOSPC pwrite/TORN pread/EIO sync/KILL open/EIO rename/EIO; do
            call=${failure%/*} how=${failure#*/}
            for ((k = 1; k < 1000; k += 1 + k / 3)); do
                rm -f reached
                cp -a db was
                cp lines lines-were
                run_sh "FL_SHIM=$call:$k:$how FL_SHIM_LOG=reached LD_PRELOAD='$crash/shim.so' '$crash/bin/fl-input' -r db lines"
                [ -e reached ] || break
                if [ "$how" = KILL ] || [ "$how" = TORN ]; then
                    expect_status 137
                elif [ "$status" -ne 0 ]; then
                    expect_message '^fl-input: '
                fi
                goes_on
                rm -r db
                mv was db
                cat lines-were >lines
            done
            [ "$k" -gt 2 ] || fail "$failure: reached $k times"
            [ ! -e reached ] || fail "$failure: no end"
            rm -r db
            mv was db
        done
    done
}

@test "a directory of format 1 that is damaged, or in use" {
    begin 1
    cp -a db good
    dd if=/dev/zero of=db/part-1.sqlite3 bs=4096 seek=1 count=12 conv=notrunc 2>/dev/null
    run_sh 'fl-input -r db lines'
    expect_status 74
    expect_stdout ''
    expect_message "^fl-input: $directory/part-1.sqlite3: cannot be brought up to date from format 1: database disk image is malformed\$"
    rm -r db
    mv good db
    goes_on
}
