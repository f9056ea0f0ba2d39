# Goal of this test: the options that all stages have mean the same in each of them, on the command line and in the
# environment; and what cannot be meant is refused with status 64 and a message, before anything is read or made.

load helper

setup() {
    test_begin
    seq 3 >lines
}

# each_refuses OPTIONS MESSAGE [VARIABLE=VALUE]: every stage does, when the options follow.
each_refuses() {
    local stage
    for stage in $(stages); do
        run_sh "${3-} $(shortest "$stage") $1 </dev/null"
        expect_status 64
        expect_stdout ''
        expect_stderr "$stage: $2 ($stage --help shows the usage)"
    done
    [ "$(ls)" = lines ] || fail 'something was made'
}

@test "spans of time that are none" {
    reason='is not a span of time such as 10, 0.5, 500ms, 30s, 5m, 1h or 2d'
    for span in '' x 5x -1 +1 ' 1' '1 s' 1e3 . 1m30s 99999999999d; do
        each_refuses "-r db -s '$span'" "-s: \"$span\" $reason"
        each_refuses "-r db -b '$span'" "-b: \"$span\" $reason"
    done
    for variable in FL_SNAPSHOT_INTERVAL FL_BACKUP_INTERVAL; do
        each_refuses '-r db' "$variable: \"5x\" $reason" "$variable=5x"
    done
}

@test "spans of time" {
    for span in 0 10 0.5 500ms 30s 5m 1h 2d; do
        rm -rf db
        fl-recovery-init db
        run_sh "fl-input -r db --snapshot-interval $span --backup-interval=$span lines | fl-key A | fl-statemap sum | fl-out"
        expect_status 0
        expect_stdout $'A\t1\nA\t3\nA\t6'
        expect_stderr ''
    done
}

@test "a snapshot interval of 0 makes an epoch of each record, and a long one of all" {
    fl-recovery-init db
    run_sh 'fl-input -r db -s 0 lines | fl-key A | fl-statemap sum | fl-out'
    expect_status 0
    expect_stdout $'A\t1\nA\t3\nA\t6'
    expect_stderr ''
    [ "$(sqlite3 db/part-0.sqlite3 'SELECT max(commit_epoch) FROM commits')" -ge 3 ]
    fl-recovery-init db2
    run_sh 'FL_SNAPSHOT_INTERVAL=1h fl-input -r db2 lines | fl-key A | fl-statemap sum | fl-out'
    expect_status 0
    expect_stdout $'A\t1\nA\t3\nA\t6'
    expect_stderr ''
    [ "$(sqlite3 db2/part-0.sqlite3 'SELECT max(commit_epoch) FROM commits')" -eq 1 ]
}

@test "an option on the command line goes before the environment" {
    fl-recovery-init db
    run_sh 'FL_RECOVERY_DIRECTORY=missing FL_SNAPSHOT_INTERVAL=x FL_BACKUP_INTERVAL=x \
        fl-input -r db -s 1 -b 1 lines | fl-out'
    expect_status 0
    expect_stdout $'1\n2\n3'
    expect_stderr ''
}

@test "a variable that is empty is none" {
    run_sh 'export FL_RECOVERY_DIRECTORY= FL_SNAPSHOT_INTERVAL= FL_BACKUP_INTERVAL=
        fl-input lines | fl-key A | fl-statemap sum | fl-out'
    expect_status 0
    expect_stdout $'A\t1\nA\t3\nA\t6'
    expect_stderr ''
    fl-recovery-init db
    run_sh 'export FL_SNAPSHOT_INTERVAL= FL_BACKUP_INTERVAL=
        fl-input -r db lines | fl-key A | fl-statemap sum | fl-out'
    expect_status 0
    expect_stdout $'A\t1\nA\t3\nA\t6'
    expect_stderr ''
}

@test "intervals go with a recovery directory" {
    each_refuses '-s 5' '-s goes with -r'
    each_refuses '--backup-interval 5' '-b goes with -r'
    each_refuses '-s 5' '-s goes with -r' FL_RECOVERY_DIRECTORY=
}

@test "an empty name of a recovery directory" {
    each_refuses "-r ''" '-r: the name of the recovery directory is empty'
}

@test "names of steps that are none" {
    for name in '' 'a b' a/b a=b $'\303\251' $'a\t'; do
        for stage in $(stages); do
            shows "$stage" '-i, --step' || continue
            run_sh "$(shortest "$stage") -i '$name' </dev/null"
            expect_status 64
            expect_stdout ''
            expect_stderr "$stage: -i: \"$name\" is not a name for a step: take letters, digits, and . _ - ($stage --help shows the\
 usage)"
        done
    done
}

@test "an option that is given twice, or lacks its argument, or is unknown" {
    each_refuses '-r db --recovery-directory db' 'option --recovery-directory is given twice'
    each_refuses '-r db -s 1 -s 1' 'option -s is given twice'
    each_refuses '-r' 'option -r needs an argument'
    each_refuses '--snapshot-interval' 'option --snapshot-interval needs an argument'
    each_refuses '--nothing' 'unknown option --nothing'
    each_refuses '-Z' 'unknown option -Z'
    each_refuses '--help=1' 'option --help takes no argument'
}

@test "the root may be any stage, and the stages after it may be told so again" {
    for line in 'fl-input -r db lines | fl-key A | fl-statemap sum | fl-out' \
        'fl-input lines | fl-key A -r db | fl-statemap sum | fl-out' \
        'fl-input lines | fl-key A | fl-statemap sum -r db | fl-out' \
        'fl-input lines | fl-key A | fl-statemap sum | fl-out -r db' \
        'fl-input -r db lines | fl-key A -r db | fl-statemap sum -r ./db | fl-out --recovery-directory db' \
        'FL_RECOVERY_DIRECTORY=db fl-input lines | fl-key A | fl-statemap sum | fl-out' \
        'export FL_RECOVERY_DIRECTORY=db; fl-input lines | fl-key A | fl-statemap sum | fl-out'; do
        rm -rf db
        fl-recovery-init db
        seq 3 >lines
        run_sh "$line"
        expect_status 0
        expect_stdout $'A\t1\nA\t3\nA\t6'
        expect_stderr ''
        seq 4 >lines
        run_sh "$line"
        expect_status 0
        expect_stdout $'A\t10'
        expect_stderr ''
    done
}

# steps SCRIPT IDS: the flow runs, and its steps have these ids in the directory.
steps() {
    rm -rf db
    fl-recovery-init db
    run_sh "$1"
    expect_status 0
    expect_stderr ''
    run_sh "sqlite3 db/part-0.sqlite3 \"SELECT group_concat(step_id, ' ') FROM (SELECT step_id FROM steps ORDER BY 1)\""
    expect_status 0
    expect_stdout "$2"
}

@test "steps have the names of their programs, counted, or those that they are given" {
    steps 'fl-input -r db lines | fl-key A | fl-statemap sum | fl-statemap max | fl-statemap sum | fl-out' \
        'input out statemap statemap-2 statemap-3'
    steps 'fl-input -r db lines | fl-key A | fl-statemap sum -i total | fl-statemap --step=Max_1.2-x max | fl-out' \
        'Max_1.2-x input out total'
    steps 'fl-input lines | fl-key A | fl-statemap sum -r db | fl-out -i sink' 'replay sink statemap'
}

@test "two steps of one name" {
    fl-recovery-init db
    run_sh 'fl-input -r db lines | fl-key A | fl-statemap sum -i a | fl-statemap -i a max | fl-out'
    expect_status 64
    expect_stdout ''
    expect_message '^fl-statemap: step a: another stage of this flow has this id: give each its own with -i$'
}

@test "--help shows the options that all have, --version the version" {
    stages | grep -q -x fl-input || fail 'no program is a stage'
    for program in $(stages); do
        run_sh "$program --help"
        expect_status 0
        expect_stderr ''
        for option in '-r, --recovery-directory DIR' '-s, --snapshot-interval SPAN' '-b, --backup-interval SPAN' \
            '--help, --version'; do
            shows "$program" "$option" || fail "$program: $option is not shown"
        done
    done
    for program in $(programs); do
        run_sh "$program --version"
        expect_status 0
        expect_stderr ''
        [[ $output =~ ^$program\ [0-9]+\.[0-9]+\.[0-9]+$ ]] || fail 'this is no version'
    done
}

@test "the stages that keep a state, and no others, have a name for it" {
    local stage
    for stage in $(stages); do
        ! shows "$stage" '-i, --step STEP' || echo "$stage"
    done >named
    grep -l '\.keeps_state = true' "$ROOT"/cmd/*.c | sed 's|.*/||; s|\.c$||' >keeping
    [ -s keeping ]
    expect_file named <keeping
}

@test "an interval at a stage after the root" {
    fl-recovery-init db
    run_sh 'fl-input -r db lines | fl-key A | fl-statemap sum -r db -s 5 | fl-out'
    expect_status 64
    expect_stdout ''
    expect_message '^fl-statemap: -s is for the first stage with recovery, which is upstream of this one '
}
