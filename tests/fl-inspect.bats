# Goal of this test: fl-inspect shows each record, and where it is told to each frame, and changes nothing of what
# passes.

load helper

@test "records with and without a key" {
    printf '1\n\n a\tb\\\n' >lines
    run_sh 'fl-input lines | fl-inspect | fl-out'
    expect_status 0
    expect_stdout <lines
    sed 's/^/fl-inspect: /' lines | expect_stderr
    run_sh 'fl-input lines | fl-key K | fl-inspect "a name" | fl-out'
    expect_status 0
    sed $'s/^/K\t/' lines | expect_stdout
    sed $'s/^/a name: K\t/' lines | expect_stderr
    run_sh 'fl-input lines | fl-inspect "" | fl-out'
    expect_status 0
    expect_stdout <lines
    sed 's/^/: /' lines | expect_stderr
}

@test "control characters leave the line and the terminal as they are" {
    printf 'a\0b\033[2J\r\177\303\251\377\n' >lines
    run_sh "fl-input lines | fl-key 'x
	y' | fl-map -e 'value || char(10)' | fl-inspect | fl-out -f '%v'"
    expect_status 0
    { cat lines; echo; } | expect_stdout
    expect_stderr $'fl-inspect: x\\n\ty\ta\\x00b\\x1b[2J\\x0d\\x7f\303\251\377\\n'
}

@test "every frame, byte for byte" {
    {
        printf '!fl\t1\tso=1\n!source\ta\\tb\n=1\n+k\tv\n\\+a\\tb\tc\\n\n\\=\\n\n!new\t\\\\\n+k\tv\\n\n!epoch\t1\t5\tfinal\n!end\t0\n'
    } >stream
    run_sh 'fl-inspect -a f <stream'
    expect_status 0
    expect_stdout <stream
    expect_stderr <<'END'
f: !fl	1	so=1
f: !source	a\tb
f: 1
f: k	v
f: a	b	c\n
f: \n
f: !new	\\
f: k	v\n
f: !epoch	1	5	final
f: !end	0
END
    run_sh 'fl-inspect <stream'
    expect_status 0
    expect_stdout <stream
    expect_stderr <<'END'
fl-inspect: 1
fl-inspect: k	v
fl-inspect: a	b	c\n
fl-inspect: \n
fl-inspect: k	v\n
END
}

@test "many records, and long ones" {
    seq 100000 >lines
    head -c 3000000 /dev/zero | tr '\0' x >>lines
    echo >>lines
    run_sh 'fl-input lines | fl-inspect i | fl-out'
    expect_status 0
    expect_stdout <lines
    sed 's/^/i: /' lines | expect_stderr
}

@test "a record is shown while the flow waits for the next" {
    mkfifo gate
    start 'fl-input gate | fl-inspect | fl-out'
    exec 7<>gate
    echo 1 >&7
    wait_until grep -q -x 'fl-inspect: 1' "$background/stderr"
    wait_until grep -q -x 1 "$background/stdout"
    kill -TERM -- "-$group"
    exec 7>&-
    finish
}

@test "frames of a flow with recovery, and of a stage that fails" {
    fl-recovery-init db
    seq 2 >lines
    run_sh 'fl-input -r db lines | fl-inspect --all | fl-out'
    expect_status 0
    expect_stdout $'1\n2'
    expect_message '^fl-inspect: !epoch	1	2	final$'
    expect_message '^fl-inspect: !saved	1	input$'
    run_sh 'fl-input missing | fl-inspect -a | fl-out'
    expect_status 66
    expect_message '^fl-inspect: !failed	66$'
}

@test "a standard error that takes nothing" {
    [ -w /dev/full ] || skip 'there is no /dev/full here'
    seq 3 >lines
    run_sh 'fl-input lines | fl-inspect 2>/dev/full | fl-out'
    expect_status 74
    expect_stdout ''
    expect_stderr 'fl-out: the upstream stage failed (status 74)'
}

@test "the command line" {
    run_sh 'fl-inspect a b </dev/null'
    expect_status 64
    expect_stderr 'fl-inspect: unexpected operand "b" (fl-inspect --help shows the usage)'
    run_sh 'fl-inspect --reject bad </dev/null'
    expect_status 64
    expect_stderr 'fl-inspect: unknown option --reject (fl-inspect --help shows the usage)'
}
