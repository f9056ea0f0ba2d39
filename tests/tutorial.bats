#!/usr/bin/env bats
# Goal of this test: the tutorial, character for character, wherever the root is. A second run costs what the new input
# costs and prints what is new; a third one, with nothing new, prints nothing and leaves the partitions as they are.

load helper

# expect_transcript: runs each line after a `$ ` in sh, and compares all that is printed with standard input.
expect_transcript() {
    cat >"$results/transcript"
    status=0
    sed -n 's/^\$ //p' "$results/transcript" >"$results/commands"
    while IFS= read -r command; do
        printf '$ %s\n' "$command"
        sh -c "$command" 3>&- </dev/null || status=$?
    done <"$results/commands" >"$results/stdout" 2>"$results/stderr"
    expect_status 0
    expect_stdout <"$results/transcript"
    expect_stderr ''
}

# expect_nothing_new FLOW: the flow prints nothing and changes nothing.
expect_nothing_new() {
    cksum db_dir/part-* >"$results/before"
    run_sh "$1"
    expect_status 0
    expect_stdout ''
    expect_stderr ''
    cksum db_dir/part-* | cmp "$results/before" -
    ls db_dir >"$results/files"
    expect_file "$results/files" $'lock\npart-0.sqlite3'
}

@test "the tutorial with the root at fl-statemap" {
    expect_transcript <<'END'
$ fl-recovery-init db_dir 1
$ printf '0\n1\n2\n' > nums.txt
$ fl-input nums.txt | fl-key ALL | fl-statemap sum -r db_dir | fl-out
ALL	0
ALL	1
ALL	3
$ printf '3\n4\n' >> nums.txt
$ fl-input nums.txt | fl-key ALL | fl-statemap sum -r db_dir | fl-out
ALL	6
ALL	10
END
    expect_nothing_new 'fl-input nums.txt | fl-key ALL | fl-statemap sum -r db_dir | fl-out'
}

@test "the tutorial with the root at fl-input" {
    expect_transcript <<'END'
$ fl-recovery-init db_dir 1
$ printf '0\n1\n2\n' > nums.txt
$ fl-input -r db_dir nums.txt | fl-key ALL | fl-statemap sum | fl-out
ALL	0
ALL	1
ALL	3
$ printf '3\n4\n' >> nums.txt
$ fl-input -r db_dir nums.txt | fl-key ALL | fl-statemap sum | fl-out
ALL	6
ALL	10
END
    expect_nothing_new 'fl-input -r db_dir nums.txt | fl-key ALL | fl-statemap sum | fl-out'
    expect_nothing_new 'fl-input -r db_dir nums.txt | fl-key ALL | fl-statemap sum -r ./db_dir/. | fl-out -r db_dir'
}

@test "the tutorial with FL_RECOVERY_DIRECTORY, which makes the first stage the root" {
    export FL_RECOVERY_DIRECTORY=db_dir
    expect_transcript <<'END'
$ fl-recovery-init db_dir 1
$ printf '0\n1\n2\n' > nums.txt
$ fl-input nums.txt | fl-key ALL | fl-statemap sum | fl-out
ALL	0
ALL	1
ALL	3
$ printf '3\n4\n' >> nums.txt
$ fl-input nums.txt | fl-key ALL | fl-statemap sum | fl-out
ALL	6
ALL	10
END
    expect_nothing_new 'fl-input nums.txt | fl-key ALL | fl-statemap sum | fl-out'
    unset FL_RECOVERY_DIRECTORY
    expect_nothing_new 'fl-input -r db_dir nums.txt | fl-key ALL | fl-statemap sum | fl-out'
}

@test "the tutorial with the root at fl-key" {
    expect_transcript <<'END'
$ fl-recovery-init db_dir 1
$ printf '0\n1\n2\n' > nums.txt
$ fl-input nums.txt | fl-key -r db_dir ALL | fl-statemap sum | fl-out
ALL	0
ALL	1
ALL	3
$ printf '3\n4\n' >> nums.txt
$ fl-input nums.txt | fl-key -r db_dir ALL | fl-statemap sum | fl-out
ALL	6
ALL	10
END
    expect_nothing_new 'fl-input nums.txt | fl-key -r db_dir ALL | fl-statemap sum | fl-out'
}

@test "the tutorial with the root at fl-out, before which all is computed anew" {
    expect_transcript <<'END'
$ fl-recovery-init db_dir 1
$ printf '0\n1\n2\n' > nums.txt
$ fl-input nums.txt | fl-key ALL | fl-statemap sum | fl-out -r db_dir
ALL	0
ALL	1
ALL	3
$ printf '3\n4\n' >> nums.txt
$ fl-input nums.txt | fl-key ALL | fl-statemap sum | fl-out -r db_dir
ALL	6
ALL	10
END
    expect_nothing_new 'fl-input nums.txt | fl-key ALL | fl-statemap sum | fl-out -r db_dir'
}

@test "without recovery every run begins at the start" {
    printf '0\n1\n2\n' >nums.txt
    for _ in 1 2; do
        run_sh 'fl-input nums.txt | fl-key ALL | fl-statemap sum | fl-out'
        expect_status 0
        expect_stdout $'ALL\t0\nALL\t1\nALL\t3'
        expect_stderr ''
    done
}
