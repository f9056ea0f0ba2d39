#!/usr/bin/env bats
# Goal of this test: an input that is not the one that was processed is refused before anything is printed, and what is
# merely new is not. A root that is no source has its input again from the start and compares it; fl-input as the root
# compares the file with its position.

load helper

setup() {
    test_begin
    fl-recovery-init db
    printf '1\n2\n3\n' >nums.txt
}

# run_root FILES: the root is fl-statemap.
run_root() {
    run_sh "fl-input $1 | fl-key ALL | fl-statemap sum -r db | fl-out"
}

# run_source OPTIONS: the root is fl-input.
run_source() {
    run_sh "fl-input -r db $1 | fl-key ALL | fl-statemap sum | fl-out"
}

# expect_refused STATUS MESSAGE: the flow ended so, and nothing was printed or changed since `mark`.
expect_refused() {
    expect_status "$1"
    expect_stdout ''
    [ "$(head -n 1 "$results/stderr")" = "$2" ] || fail "the first message is not: $2"
    cksum db/part-0.sqlite3 | cmp - "$results/mark"
}

mark() {
    cksum db/part-0.sqlite3 >"$results/mark"
}

# expect_sums TEXT: the flow went through and printed that.
expect_sums() {
    expect_status 0
    expect_stdout "$1"
    expect_stderr ''
}

first_run=$'ALL\t1\nALL\t3\nALL\t6'
put_back='put it back as it was, or begin a new recovery directory'
other_records="are not those that were processed before: the input was changed, or the stages upstream:\
 put back what was, or begin a new recovery directory"
remedy='put it back as it was, or say --on-replaced restart to read it from its start'
truncated="was truncated: it is shorter than the 6 bytes that were processed of it: $remedy"

@test "replayed: a line that was appended is new" {
    run_root nums.txt
    expect_sums "$first_run"
    echo 4 >>nums.txt
    run_root nums.txt
    expect_sums $'ALL\t10'
}

@test "replayed: only the records count, not what they are read from" {
    run_root nums.txt
    expect_sums "$first_run"
    mv nums.txt renamed.txt
    echo 4 >more.txt
    run_root 'renamed.txt more.txt'
    expect_sums $'ALL\t10'
    cat renamed.txt more.txt >nums.txt
    run_root '<nums.txt'
    expect_sums ''
}

@test "replayed: an edited line is refused, wherever it is" {
    run_root nums.txt
    for line in 1 2 3; do
        sed "${line}s/.*/7/" nums.txt >edited.txt
        echo 4 >>edited.txt
        mark
        run_root edited.txt
        expect_refused 78 "fl-statemap: the first 3 records $other_records"
    done
    echo 4 >>nums.txt
    run_root nums.txt
    expect_sums $'ALL\t10'
}

@test "replayed: lines in another order, inserted, deleted, or cut otherwise are refused" {
    run_root nums.txt
    mark
    for lines in '2\n1\n3\n' '0\n1\n2\n3\n' '1\n3\n4\n' '1\n2\n\n3\n' '12\n\n3\n' '1\n2\n3 \n'; do
        printf '%b4\n5\n' "$lines" >edited.txt
        run_root edited.txt
        expect_refused 78 "fl-statemap: the first 3 records $other_records"
    done
}

@test "replayed: an edited line is refused in a large input too" {
    seq 100000 >many.txt
    run_root many.txt
    expect_status 0
    sed -i '50000s/$/0/' many.txt
    seq 100001 200000 >>many.txt
    mark
    run_root many.txt
    expect_refused 78 "fl-statemap: the first 100000 records $other_records"
}

@test "replayed: another key is another record" {
    run_root nums.txt
    mark
    run_sh 'fl-input nums.txt | fl-key OTHER | fl-statemap sum -r db | fl-out'
    expect_refused 78 "fl-statemap: the first 3 records $other_records"
}

@test "replayed: an input that became shorter is refused" {
    run_root nums.txt
    mark
    printf '1\n2\n' >nums.txt
    run_root nums.txt
    expect_refused 78 "fl-statemap: the input has 2 records, and 3 were processed before: $put_back"
    : >nums.txt
    run_root nums.txt
    expect_refused 78 "fl-statemap: the input has 0 records, and 3 were processed before: $put_back"
}

@test "a file: what was appended is new" {
    run_source nums.txt
    expect_sums "$first_run"
    echo 4 >>nums.txt
    run_source nums.txt
    expect_sums $'ALL\t10'
}

@test "a file that was truncated is refused" {
    run_source nums.txt
    mark
    printf '1\n2\n' >nums.txt
    run_source nums.txt
    expect_refused 78 "fl-input: nums.txt: $truncated"
    printf '1\n2\n3\n4\n' >nums.txt
    run_source nums.txt
    expect_sums $'ALL\t10'
}

@test "a file that was replaced, or edited before its position, is refused" {
    run_source nums.txt
    mark
    local changed="was replaced, or changed before byte 6, up to which it was processed: $remedy"
    printf '1\n7\n3\n4\n' >nums.txt
    run_source nums.txt
    expect_refused 78 "fl-input: nums.txt: $changed"
    printf '5\n6\n7\n8\n' >other.txt
    mv other.txt nums.txt
    run_source nums.txt
    expect_refused 78 "fl-input: nums.txt: $changed"
    run_source '--on-replaced continue nums.txt'
    expect_refused 78 "fl-input: nums.txt: $changed"
    run_source '--on-replaced restart nums.txt'
    expect_sums $'ALL\t11\nALL\t17\nALL\t24\nALL\t32'
    run_source nums.txt
    expect_sums ''
}

@test "a file that was replaced by one with the same lines is refused, unless asked to continue" {
    run_source nums.txt
    mark
    cp nums.txt other.txt
    echo 4 >>other.txt
    mv other.txt nums.txt
    run_source nums.txt
    expect_refused 78 "fl-input: nums.txt: was replaced by another file, in which the lines that were processed are the\
 same: $remedy, or --on-replaced continue to go on in it"
    run_source '--on-replaced continue nums.txt'
    expect_sums $'ALL\t10'
    run_source nums.txt
    expect_sums ''
}

@test "one of several files that was replaced stops them all" {
    echo 10 >first.txt
    run_source 'first.txt nums.txt'
    expect_sums $'ALL\t10\nALL\t11\nALL\t13\nALL\t16'
    mark
    echo 20 >>first.txt
    : >nums.txt
    run_source 'first.txt nums.txt'
    expect_refused 78 "fl-input: nums.txt: $truncated"
}
