# Goal of this test: an output that takes nothing more is an error with a message and a status, in every program, for
# every text; and once there is room again, the next run is right.

load helper

setup() {
    test_begin
    [ -w /dev/full ] || skip 'there is no /dev/full here'
    printf '1\n2\n3\n' >lines
}

# fails_to_print SCRIPT REDIRECTION MESSAGE
fails_to_print() {
    run_sh "$1 $2"
    expect_status 74
    expect_stdout ''
    expect_stderr "${1%% *}: standard output: $3"
}

@test "records that cannot be printed" {
    printf '!fl\t1\n+k\t1\n!end\t1\n' >stream
    for program in $(stages); do
        [ "$program" != fl-inspect ] || continue # it prints the records on standard error too
        command="$(shortest "$program") <stream"
        fails_to_print "$command" '>/dev/full' 'cannot be written: No space left on device'
        fails_to_print "$command" '>&-' 'cannot be written: Bad file descriptor'
    done
}

@test "--help and --version that cannot be printed" {
    for program in $(programs); do
        for option in --help --version; do
            fails_to_print "$program $option" '>/dev/full' 'No space left on device'
            fails_to_print "$program $option" '>&-' 'Bad file descriptor'
        done
    done
}

@test "a closed standard input" {
    for program in $(stages); do
        [ "$program" != fl-input ] || continue
        run_sh "$(shortest "$program") <&-"
        expect_status 74
        expect_stdout ''
        expect_stderr "$program: standard input: cannot be read: Bad file descriptor"
    done
    for command in 'fl-input' 'fl-input -' 'fl-input lines -'; do
        run_sh "$command <&-"
        [ "$status" -ne 0 ]
        expect_stdout ''
        expect_message '^fl-input: -: .*Bad file descriptor$'
    done
    run_sh 'fl-input lines <&- | fl-out'
    expect_status 0
    expect_stdout $'1\n2\n3'
    expect_stderr ''
}

@test "a closed standard error does not put messages into files" {
    fl-recovery-init db
    run_sh 'fl-input -r db lines 2>&- | fl-key A 2>&- | fl-statemap sum 2>&- | fl-out out 2>&-'
    expect_status 0
    expect_stdout ''
    expect_stderr ''
    expect_file out $'A\t1\nA\t3\nA\t6'
    echo abc >>lines
    run_sh 'fl-input -r db lines 2>&- | fl-key A 2>&- | fl-statemap sum 2>&- | fl-out out 2>&-'
    expect_status 65
    expect_stdout ''
    expect_stderr ''
    expect_file out $'A\t1\nA\t3\nA\t6'
    [ "$(sqlite3 db/part-0.sqlite3 'PRAGMA integrity_check')" = ok ]
}

@test "what could not be printed is printed by the next run" {
    fl-recovery-init db
    for options in '' '--hold'; do
        for redirection in '>/dev/full' '>&-' '/dev/full'; do
            [ "$options$redirection" != --hold/dev/full ] || continue
            run_sh "fl-input -r db lines | fl-key A | fl-statemap sum | fl-out $options $redirection"
            expect_status 74
            expect_stdout ''
            expect_message '^fl-out: (standard output|/dev/full): cannot be written: '
        done
    done
    run_sh 'fl-input -r db lines | fl-key A | fl-statemap sum | fl-out'
    expect_status 0
    expect_stdout $'A\t1\nA\t3\nA\t6'
    expect_stderr ''
}

@test "a full stage in the middle" {
    fl-recovery-init db
    run_sh 'fl-input -r db lines | fl-key A | { fl-statemap sum; echo $? >status; } >/dev/full | fl-out out'
    expect_status 74
    expect_stdout ''
    expect_message '^fl-statemap: standard output: cannot be written: No space left on device$'
    expect_message '^fl-out: the upstream stage died'
    run_sh 'fl-input -r db lines | fl-key A | fl-statemap sum | fl-out out'
    expect_status 0
    expect_stdout ''
    expect_stderr ''
    expect_file out $'A\t1\nA\t3\nA\t6'
}

# More than 200 KiB, in the output or in a partition. A block of `ulimit -f` is 512 or 1024 bytes.

@test "a disk that is full for the output file" {
    seq -f '%09.0f' 30000 >many
    fl-recovery-init db
    echo before >out
    run_sh '
        fl-input -r db many | fl-key K | fl-statemap last | (
            ulimit -f 200
            fl-out out
        )'
    expect_status 74
    expect_stdout ''
    expect_stderr 'fl-out: out: cannot be written: File too large'
    run_sh 'fl-input -r db many | fl-key K | fl-statemap last | fl-out out'
    expect_status 0
    expect_stdout ''
    expect_stderr ''
    { echo before && sed $'s/^/K\t/' many; } | expect_file out
}

@test "a disk that is full for the partitions of a stage" {
    seq -f '%07.0f' 30000 >many
    sed $'s/$/\t1/' many >expected
    fl-recovery-init db 2
    run_sh '
        fl-input -r db many | fl-key -f 1 | (
            ulimit -f 200
            fl-statemap count
        ) | fl-out out'
    expect_status 74
    expect_stdout ''
    expect_message '^fl-statemap: .*/db/part-1\.sqlite3: (disk I/O error|database or disk is full) \(in: '
    expect_message '^fl-out: the upstream stage died \(there is no !end\): nothing after epoch 0 is committed$'
    run_sh 'fl-input -r db many | fl-key -f 1 | fl-statemap count | fl-out out'
    expect_status 0
    expect_stdout ''
    expect_stderr ''
    expect_file out <expected
    [ "$(ls db)" = $'lock\npart-0.sqlite3\npart-1.sqlite3' ]
    for part in db/part-*; do
        [ "$(sqlite3 "$part" 'PRAGMA integrity_check')" = ok ]
    done
}

@test "a disk that is full for new partitions" {
    run_sh '(ulimit -f 8; fl-recovery-init db 3)'
    expect_status 73
    expect_stdout ''
    expect_message '^fl-recovery-init: db/part-0\.sqlite3: cannot be made: '
    [ ! -e db ]
    run_sh 'fl-recovery-init db 3'
    expect_status 0
    expect_stdout ''
    expect_stderr ''
}
