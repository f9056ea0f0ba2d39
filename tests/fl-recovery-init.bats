# Goal of this test: fl-recovery-init makes all partitions or none, readable by their owner alone, and changes nothing
# that exists already.

load helper

# mode FILE
mode() {
    stat -c %a "$1" 2>/dev/null || stat -f %Lp "$1"
}

made() {
    sqlite3 "$1" 'SELECT part_index, part_count, floor_epoch, length(directory_id) FROM parts;
        PRAGMA application_id; PRAGMA user_version; PRAGMA journal_mode; PRAGMA integrity_check'
}

@test "one partition" {
    umask 022
    run_sh 'fl-recovery-init db'
    expect_status 0
    expect_stdout ''
    expect_stderr ''
    [ "$(ls -A db)" = part-0.sqlite3 ]
    [ "$(mode db)" = 700 ]
    [ "$(mode db/part-0.sqlite3)" = 600 ]
    [ "$(made db/part-0.sqlite3)" = $'0|1|0|32\n1718382455\n4\nwal\nok' ]
}

@test "several partitions, in a directory that is there" {
    umask 077
    mkdir -m 750 db
    touch db/notes
    run_sh 'umask 0 && fl-recovery-init db 3'
    expect_status 0
    expect_stdout ''
    expect_stderr ''
    [ "$(ls -A db)" = $'notes\npart-0.sqlite3\npart-1.sqlite3\npart-2.sqlite3' ]
    [ "$(mode db)" = 750 ]
    for index in 0 1 2; do
        [ "$(mode db/part-$index.sqlite3)" = 600 ]
        [ "$(made db/part-$index.sqlite3)" = $index$'|3|0|32\n1718382455\n4\nwal\nok' ]
    done
    for part in db/part-*; do
        sqlite3 "$part" 'SELECT directory_id FROM parts'
    done | uniq >ids
    [ "$(wc -l <ids)" -eq 1 ]
}

@test "each directory is one of its own" {
    fl-recovery-init a
    fl-recovery-init b
    ids='SELECT directory_id FROM parts'
    [ "$(sqlite3 a/part-0.sqlite3 "$ids")" != "$(sqlite3 b/part-0.sqlite3 "$ids")" ]
}

@test "the tables" {
    fl-recovery-init db
    for table in 'parts|part_index part_count directory_id created_at floor_epoch' \
        'exs|ex_num resume_epoch started_at' 'steps|step_id role signature first_epoch' 'fronts|step_id front_epoch changes images' \
        'commits|commit_epoch committed_at final' 'changes|step_id key_hash state_key snap_epoch ser_change check' \
        'undos|undo_epoch step_id key_hash state_key snap_epoch ser_change check' \
        'images|image_id step_id image_epoch keys bytes' 'blocks|block content check' \
        'snaps|step_id state_key snap_epoch ser_change'; do
        columns=$(sqlite3 db/part-0.sqlite3 "SELECT group_concat(name, ' ') FROM pragma_table_info('${table%%|*}')")
        [ "$columns" = "${table#*|}" ] || fail "${table%%|*} has the columns $columns"
    done
}

@test "a directory that has partitions is left as it is" {
    fl-recovery-init db 2
    seq 3 >lines
    fl-input -r db lines | fl-key A | fl-statemap sum | fl-out >printed
    sums=$(cksum db/*)
    for count in '' 1 2 3; do
        run_sh "fl-recovery-init db $count"
        expect_status 78
        expect_stdout ''
        expect_message "^fl-recovery-init: db: already has partitions \(part-[01]\.sqlite3\): use it as it is, or give\
 another directory\$"
        [ "$(wc -l <"$results/stderr")" -eq 1 ]
    done
    [ "$sums" = "$(cksum db/*)" ]
    rm db/part-0.sqlite3
    run_sh 'fl-recovery-init db 2'
    expect_status 78
    expect_stdout ''
    expect_stderr "fl-recovery-init: db: already has partitions (part-1.sqlite3), but no part-0.sqlite3: put the missing\
 ones back, or remove these if fl-recovery-init was killed"
    [ ! -e db/part-0.sqlite3 ]
}

@test "all or none: what cannot be made leaves nothing" {
    mkdir db
    ln -s nowhere/at/all db/part-2.sqlite3.new-journal
    mkdir db/part-2.sqlite3.new-wal db/part-2.sqlite3.new-shm
    touch db/part-2.sqlite3.new-wal/file db/part-2.sqlite3.new-shm/file
    before=$(find db | sort)
    run_sh 'fl-recovery-init db 4'
    expect_status 73
    expect_stdout ''
    expect_message '^fl-recovery-init: db/part-2\.sqlite3: cannot be made: '
    [ "$before" = "$(find db | sort)" ]
}

@test "a directory that was made goes again if its partitions cannot be made, and one that was there stays" {
    for there in '' db; do
        [ -z "$there" ] || mkdir "$there"
        run_sh 'ulimit -f 1; fl-recovery-init db 3'
        expect_status 73
        expect_message '^fl-recovery-init: db/part-0\.sqlite3: cannot be made: '
        [ "$(find . -mindepth 1)" = "${there:+./$there}" ]
    done
}

@test "one that is killed while it names the partitions leaves no directory that a flow takes for whole" {
    local crash=${CRASH:-$ROOT/build/crash}
    ! grep -q __asan_init "$crash/bin/fl-recovery-init" || skip "the sanitizer must be loaded first"
    for k in 1 2 3; do
        run_sh "FL_SHIM=rename:$k:KILL LD_PRELOAD='$crash/shim.so' '$crash/bin/fl-recovery-init' db 3"
        expect_status 137
        [ "$(find db -name 'part-?.sqlite3' | wc -l)" -eq $((k - 1)) ]
        [ ! -e db/part-0.sqlite3 ]
        rm -r db
    done
}

@test "what one that was killed has left is made anew" {
    mkdir db
    echo half >db/part-0.sqlite3.new
    run_sh 'fl-recovery-init db 2'
    expect_status 0
    expect_stderr ''
    [ "$(ls db)" = $'part-0.sqlite3\npart-1.sqlite3' ]
}

@test "of many at a time, one makes the directory" {
    mkdir db
    run_sh 'for i in 1 2 3 4 5 6; do { fl-recovery-init db 3; echo $?; } & done | sort | uniq -c; wait'
    expect_stdout $'      1 0\n      5 78'
    run_sh 'fl-recovery check db'
    expect_status 0
}

@test "a directory that cannot be made" {
    touch file
    run_sh 'fl-recovery-init file'
    expect_status 73
    expect_stdout ''
    expect_stderr 'fl-recovery-init: file: is not a directory'
    run_sh 'fl-recovery-init file/db'
    expect_status 73
    expect_stdout ''
    expect_stderr 'fl-recovery-init: file/db: cannot be made: Not a directory'
    run_sh 'fl-recovery-init missing/db'
    expect_status 73
    expect_stdout ''
    expect_stderr 'fl-recovery-init: missing/db: cannot be made: No such file or directory'
    run_sh "fl-recovery-init ''"
    [ "$status" -ne 0 ]
    expect_stdout ''
    expect_message '^fl-recovery-init: '
    [ "$(ls -A)" = file ]
}

@test "names with blanks, and those that look like options" {
    run_sh "fl-recovery-init 'a b' 2 && fl-recovery-init -- -db"
    expect_status 0
    expect_stdout ''
    expect_stderr ''
    [ -e 'a b/part-1.sqlite3' ]
    [ -e ./-db/part-0.sqlite3 ]
}

# refuses ARGUMENTS MESSAGE
refuses() {
    run_sh "fl-recovery-init $1"
    expect_status 64
    expect_stdout ''
    expect_stderr "fl-recovery-init: $2 (fl-recovery-init --help shows the usage)"
    [ -z "$(ls -A)" ] || fail 'something was made'
}

@test "the command line" {
    for count in 0 -1 +1 1.5 x 1x ' 1' 1001 99999999999999999999 ''; do
        refuses "-- db '$count'" "\"$count\" is not a number of partitions: take 1 to 1000"
    done
    refuses '' 'an operand is missing'
    refuses 'db 1 2' 'unexpected operand "2"'
    refuses '-x db' 'unknown option -x'
    refuses '-r db' 'unknown option -r'
    run_sh 'fl-recovery-init db 07'
    expect_status 0
    expect_stdout ''
    expect_stderr ''
    [ -e db/part-6.sqlite3 ]
    [ ! -e db/part-7.sqlite3 ]
}

@test "--help and --version" {
    run_sh 'fl-recovery-init --help'
    expect_status 0
    [ "$(head -n 1 "$results/stdout")" = 'usage: fl-recovery-init DIR [COUNT]' ]
    expect_stderr ''
    run_sh 'fl-recovery-init --version'
    expect_status 0
    [[ $output =~ ^fl-recovery-init\ [0-9]+\.[0-9]+\.[0-9]+$ ]]
    expect_stderr ''
}
