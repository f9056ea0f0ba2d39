#!/usr/bin/env bats
# Goal: with --reject, a record that a stage cannot take goes to a file as a line of JSON with the reason, exactly once, and the
# flow goes on with the next one as if it had not been there.

load helper

@test "a bad record goes to the file, and the sum goes on" {
    printf '1\ntwo\n3\n' >nums
    run_sh 'fl-input nums | fl-key ALL | fl-statemap sum --reject bad | fl-out'
    expect_status 0
    expect_stdout $'ALL\t1\nALL\t4'
    expect_stderr 'fl-statemap: 1 record was rejected: see bad'
    expect_file bad <<'EOT'
{"step":"statemap","source":"nums","record":2,"key":"ALL","value":"two","why":"is not a number"}
EOT
}

@test "so does a record without the field, and one without a key" {
    printf 'a 1\nb\n' >lines
    run_sh 'fl-input lines | fl-key --reject bad -f 2 | fl-out'
    expect_status 0
    expect_stdout $'1\ta 1'
    expect_stderr 'fl-key: 1 record was rejected: see bad'
    expect_file bad <<'EOT'
{"step":"key","source":"lines","record":2,"value":"b","why":"has no field 2"}
EOT
    run_sh 'fl-input lines | fl-statemap --reject none count | fl-out'
    expect_status 0
    expect_stdout ''
    expect_stderr 'fl-statemap: 2 records were rejected: see none'
}

@test "no records but good ones: the file is empty, and nothing is said" {
    run_sh 'echo 1 | fl-input | fl-key ALL | fl-statemap sum --reject bad | fl-out'
    expect_status 0
    expect_stdout $'ALL\t1'
    expect_stderr ''
    expect_file bad </dev/null
}

@test "what JSON must escape is escaped, and bytes that are no text are hexadecimal" {
    printf 'a"b\\c\td\001\303\251\n\377\n' >lines
    run_sh 'fl-input lines | fl-key K | fl-statemap sum --reject bad | fl-out'
    expect_status 0
    expect_file bad <<'EOT'
{"step":"statemap","source":"lines","record":1,"key":"K","value":"a\"b\\c\td\u0001é","why":"is not a number"}
{"step":"statemap","source":"lines","record":2,"key":"K","value_hex":"ff","why":"is not a number"}
EOT
}

@test "with recovery each stands in it exactly once, whichever stage is killed" {
    seq 300 | sed 's/.*7$/x&/' >all
    grep -v x all | awk '{ s += $1; print "A\t" s }' >expected
    echo 'fl-input -r db -s "$@" | fl-key A | fl-statemap sum --reject bad 2>/dev/null | fl-out counts' >flow
    survives flow 10 fl-input fl-key fl-statemap fl-out
    run_sh 'sh flow 10 input'
    expect_output ''
    expect_file counts <expected
    [ "$(wc -l <bad)" -eq 30 ]
    sed 's/.*"value":"//; s/".*//' bad | cmp - <(grep x all)
}

@test "lines that were there before stay" {
    echo before >bad
    fl-recovery-init db
    printf '1\nx\n' >nums
    run_sh 'fl-input -r db nums | fl-key A | fl-statemap sum --reject bad | fl-out'
    expect_status 0
    echo y >>nums
    run_sh 'fl-input -r db nums | fl-key A | fl-statemap sum --reject bad | fl-out'
    expect_status 0
    run_sh "sed 's/.*\"value\"/value/' bad"
    expect_stdout $'before\nvalue:"x","why":"is not a number"}\nvalue:"y","why":"is not a number"}'
}
