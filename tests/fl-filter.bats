# Goal of this test: fl-filter sends on exactly the records for which its condition is true, as they came.

load helper

# filters ARGUMENTS: fl-filter's output for the file `lines`; nothing is said.
filters() {
    run_sh "fl-input lines | fl-filter $1 | fl-out"
    expect_status 0
    expect_stderr ''
}

@test "what is true is kept, and with -v the rest" {
    printf '%s\n' 5 -3 0 12 -0.5 1e1 >lines
    filters "-e 'value > 0'"
    expect_stdout $'5\n12\n1e1'
    filters "-v -e 'value > 0'"
    expect_stdout $'-3\n0\n-0.5'
    filters '--invert --expression "value <> 0"'
    expect_stdout 0
}

@test "NULL is neither true nor false" {
    printf '%s\n' '{"a":true}' '{"a":null}' '{}' '{"a":false}' >lines
    for invert in '' -v; do
        run_sh "fl-input lines | fl-filter $invert -e \"value->>'a'\" | fl-out"
        expect_status 0
        expect_stdout "$([ -z "$invert" ] && echo '{"a":true}' || printf '{"a":null}\n{}\n{"a":false}')"
        expect_stderr 'fl-filter: 2 records: NULL, which is not true'
    done
    run_sh "fl-input lines | fl-filter --reject bad --strict -e \"value->>'a'\" | fl-out"
    expect_status 0
    expect_stdout '{"a":true}'
    expect_stderr 'fl-filter: 2 records were rejected: see bad'
    [ "$(jq -r .why bad | uniq)" = 'makes -e NULL, which --strict refuses' ]
}

@test "numbers are compared as numbers, and with a text as bytes" {
    seq 1000 >lines
    filters "-e 'value >= 9 AND value < 11 OR value = 100.0'"
    expect_stdout $'9\n10\n100'
    printf '9\n10\n007\nabc\n' >lines
    filters "-e \"value < '1'\""
    expect_stdout 007
    run_sh "fl-input lines | fl-filter -e 'value < 100' | fl-out"
    expect_failed 65 'fl-filter: lines: record 4: "abc" makes -e fail: "abc" < 100 compares a number with a text that is none
    value < 100
          ^'
    expect_stdout $'9\n10\n007'
}

@test "every record, and those that are kept, byte for byte and in order" {
    # Runs of kept and dropped records of all lengths, long values, and frames that are escaped.
    awk 'BEGIN { srand(3); for (i = 0; i < 20000; i++) {
            s = i "\\\t "; while (length(s) < 9000 && rand() < 0.8) s = s s; print s } }' >lines
    printf 'a\0b\377\n' >>lines
    filters '-e true'
    expect_stdout <lines
    filters '-v -e false'
    expect_stdout <lines
    filters '-e false'
    expect_stdout ''
    filters "-e 'octet_length(value) % 7 < 3'"
    # The last line has 4 bytes, one of which is a NUL.
    sed '$d' lines | LC_ALL=C awk 'length % 7 < 3' | expect_stdout
    printf 'a b c\n' >lines
    run_sh "fl-input lines | fl-map -k \"char(10) || 'k'\" -q 'VALUES (value || char(10)), (1), (char(10))' |
        fl-filter -e 'value <> 1' | tee frames | fl-out -f '<%k %v>'"
    expect_status 0
    expect_stdout $'<\nk a b c\n>\n<\nk \n>'
    expect_stderr ''
    grep -q -x -F '\+\nk	a b c\n' frames || fail 'the frame has changed'
}

@test "key and source are seen" {
    echo 1 >a
    echo 2 >b
    run_sh "fl-input a b | fl-filter -e \"source = 'b'\" | fl-out"
    expect_status 0
    expect_stdout 2
    expect_stderr ''
    run_sh "fl-input a b | fl-filter -e 'key IS NULL' | fl-key 7 | fl-filter -e 'key + 1 = 8 AND value = 1' | fl-out"
    expect_status 0
    expect_stdout $'7\t1'
    expect_stderr ''
}

@test "bad records end the flow after those before them, or are put aside" {
    printf '5\nabc\n-1\n\n7\n' >lines
    run_sh "fl-input lines | fl-filter -e 'num(value) > 0' | fl-out"
    expect_failed 65 'fl-filter: lines: record 2: "abc" makes -e fail: num: "abc" is not a number
    num(value) > 0
    ^'
    expect_stdout 5
    for invert in '' -v; do
        rm -f bad
        run_sh "fl-input lines | fl-filter $invert --reject bad -e 'num(value) > 0' | fl-out"
        expect_status 0
        expect_stdout "$([ -z "$invert" ] && printf '5\n7' || echo -1)"
        expect_stderr 'fl-filter: 2 records were rejected: see bad'
        expect_file bad <<'END'
{"step":"filter","source":"lines","record":2,"value":"abc","why":"makes -e fail: num: \"abc\" is not a number"}
{"step":"filter","source":"lines","record":4,"value":"","why":"makes -e fail: num: \"\" is not a number"}
END
    done
}

@test "a stage after it counts the records that come to it" {
    printf '1\n2\n3\nx\n' >lines
    run_sh "fl-input lines | fl-filter -e 'value <> 2' | fl-key ALL | fl-statemap sum | fl-out"
    expect_status 65
    expect_stdout $'ALL\t1\nALL\t4'
    expect_message '^fl-statemap: lines: record 3: "x" is not a number \(key "ALL"\)$'
}

# refuses ARGUMENTS MESSAGE
refuses() {
    run_sh "fl-filter $1 </dev/null"
    expect_status 64
    expect_stdout ''
    expect_stderr "fl-filter: $2 (fl-filter --help shows the usage)"
}

@test "the command line" {
    refuses '' 'give a condition with -e, or a program with -x'
    refuses '-v' 'give a condition with -e, or a program with -x'
    refuses '-e true -e false' 'option -e is given twice'
    refuses '-e true x' 'unexpected operand "x": the expression follows -e, in quotes'
    refuses '--strict -x cat' '--strict goes with -e'
    run_sh 'fl-filter -e "value > 1, key" </dev/null'
    expect_status 64
    expect_stderr 'fl-filter: -e: it is one expression, and has no place for a comma
    value > 1, key
             ^'
}

@test "in a flow that is resumed, as root too" {
    for flow in 'fl-input -r db lines | fl-filter -e "value % 2 = 1"' 'fl-input lines | fl-filter -r db -e "value % 2 = 1"'; do
        rm -rf db
        fl-recovery-init db
        seq 5 >lines
        run_sh "$flow | fl-key ALL | fl-statemap sum | fl-out"
        expect_status 0
        expect_stdout $'ALL\t1\nALL\t4\nALL\t9'
        expect_stderr ''
        seq 7 >lines
        run_sh "$flow | fl-key ALL | fl-statemap sum | fl-out"
        expect_status 0
        expect_stdout $'ALL\t16'
        expect_stderr ''
    done
}
