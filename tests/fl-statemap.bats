# Goal of this test: every operation of fl-statemap sends on, for each record, exactly the number or value that it must,
# in one run and in one run for each record; and a bad record stops the flow, named.

load helper

# gives OPERATION VALUES RESULTS: both are words. Once in one run, and once in a run for each value.
gives() {
    local value
    tr ' ' '\n' <<<"$2" >lines
    tr ' ' '\n' <<<"$3" | sed $'s/^/K\t/' >expected
    run_sh "fl-input lines | fl-key K | fl-statemap $1 | fl-out"
    expect_status 0
    expect_stdout <expected
    expect_stderr ''
    rm -rf db grown pieces
    fl-recovery-init db
    while read -r value; do
        printf '%s\n' "$value" >>grown
        fl-input -r db grown | fl-key K | fl-statemap "$1" | fl-out >>pieces
    done <lines
    expect_file pieces <expected
}

@test "sum: integers and decimals are exact" {
    gives sum '0 1 2 3 4' '0 1 3 6 10'
    gives sum '0.1 0.2' '0.1 0.3'
    gives sum '9223372036854775807 1 1' '9223372036854775807 9223372036854775808 9223372036854775809'
    gives sum '-9223372036854775808 -1' '-9223372036854775808 -9223372036854775809'
    gives sum '1.50 -0.5 -1 +.25 007 5.' '1.5 1 0 0.25 7.25 12.25'
    gives sum '99999999999999999999999999999999999998 1' \
        '99999999999999999999999999999999999998 99999999999999999999999999999999999999'
    gives sum '1000000000000000000000000000000 0.0000001 -1000000000000000000000000000000' \
        '1000000000000000000000000000000 1000000000000000000000000000000.0000001 0.0000001'
}

@test "sum: what has an exponent is floating point, compensated" {
    gives sum '1e0 1e100 1e0 -1e100' '1 1e+100 1e+100 2'
    gives sum '1e-1 2e-1' '0.1 0.30000000000000004'
    gives sum '1e-1 0.2' '0.1 0.3'
    gives sum '1 5e-1 0.25' '1 1.5 1.75'
}

@test "sum: a sum of many decimals equals the exact one" {
    seq 2000 | awk '{ printf "%d.%02d\n", $1 % 100, $1 * 7 % 100 }' >lines
    cents=$(awk '{ sub(/\./, ""); sum += $1 } END { print sum }' lines)
    run_sh 'fl-input lines | fl-key K | fl-statemap sum | fl-out -f %v | tail -n 1'
    expect_status 0
    expect_stdout "$(awk -v cents="$cents" 'BEGIN { text = sprintf("%d.%02d", cents / 100, cents % 100)
        sub(/\.?0+$/, "", text); print text }')"
    expect_stderr ''
}

@test "count" {
    gives count 'a 1 a -' '1 2 3 4'
}

@test "min and max: the number as it was written, the first of equal ones" {
    gives min '5 4 4.0 3.99 -1 -1.0 0 -1e1 -10' '5 4 4 3.99 -1 -1 -1 -1e1 -1e1'
    gives max '5 4 5.0 +6 6 06.50 6.6e0 -9' '5 5 5 +6 +6 06.50 6.6e0 6.6e0'
    gives max '9007199254740992 9007199254740993 9007199254740992' \
        '9007199254740992 9007199254740993 9007199254740993'
    gives min '0.1 1e-1 0.10' '0.1 0.1 0.1'
    gives max '0.1 1e-1' '0.1 1e-1'
}

@test "mean" {
    gives mean '1 2 3 4' '1 1.5 2 2.5'
    gives mean '0.1 0.2' '0.1 0.15'
    gives mean '-1 1 -3' '-1 0 -1'
    gives mean '1e0 2e0' '1 1.5'
}

@test "var and stddev: of one value there is none" {
    gives var '1 2 3 4' '0.5 1 1.6666666666666667'
    gives var '7 7.0 7e0' '0 0'
    gives stddev '2 4 4 4' '1.4142135623730951 1.1547005383792517 1'
}

@test "delta: exact; of one value there is none" {
    gives delta '1 3 0.5 1e0 -7' '2 -2.5 0.5 -8'
    gives delta '0.1 0.3 3e-1' '0.2 0'
    gives delta '9223372036854775807 -9223372036854775808' '-18446744073709551615'
}

@test "ewma" {
    gives ewma:0.5 '1 2 3 1e0' '1 1.5 2.25 1.625'
    gives ewma:1 '7 0.1 007' '7 0.1 7'
}

@test "distinct" {
    gives distinct 'a b a c a' '1 2 2 3 3'
}

@test "topk: a JSON array, numbers as numbers, the one that came to its count first before the others" {
    gives topk:2 'a b b 5 5 5 "' \
        '[["a",1]] [["a",1],["b",1]] [["b",2],["a",1]] [["b",2],["a",1]] [["b",2],[5,2]] [[5,3],["b",2]] [[5,3],["b",2]]'
    gives topk:1 '" \ 007' '[["\"",1]] [["\"",1]] [["\"",1]]'
}

@test "histogram: a JSON object, ascending" {
    gives histogram:10 '5 17 -3 1e1 0.5' \
        '{"0":1} {"0":1,"10":1} {"-10":1,"0":1,"10":1} {"-10":1,"0":1,"10":2} {"-10":1,"0":2,"10":2}'
    gives histogram:0.1 '0.3 3e-1 0.39 -0.05' '{"0.3":1} {"0.3":2} {"0.3":3} {"-0.1":1,"0.3":3}'
}

@test "first and last: values may be anything" {
    gives first 'a b a c' 'a a a a'
    gives last 'a b a c' 'a b a c'
}

@test "a state for each key, in the order of the records" {
    printf '%s\n' 'a 1' 'b 10' 'a 2' 'c 100' 'b 20' 'a 3' >lines
    run_sh 'fl-input lines | fl-key -f 1 | fl-statemap count | fl-out'
    expect_status 0
    expect_stdout $'a\t1\nb\t1\na\t2\nc\t1\nb\t2\na\t3'
    expect_stderr ''
}

@test "many keys, now and again" {
    seq 20000 | awk '{ print $1 * 7919 % 5000 }' >lines
    awk '{ print $1 "\t" ++seen[$1] }' lines >expected
    fl-recovery-init db 3
    head -n 12345 lines >some
    run_sh 'fl-input -r db some | fl-key -f 1 | fl-statemap count | fl-out'
    expect_status 0
    head -n 12345 expected | expect_stdout
    expect_stderr ''
    cp lines some
    run_sh 'fl-input -r db --on-replaced continue some | fl-key -f 1 | fl-statemap count | fl-out'
    expect_status 0
    tail -n +12346 expected | expect_stdout
    expect_stderr ''
}

@test "saved states can be read by a person" {
    fl-recovery-init db
    run_sh "printf '1\n2.5\n1e1\n' | fl-input | fl-key K | fl-statemap sum -r db | fl-statemap mean | fl-statemap count |
        fl-out"
    expect_status 0
    expect_stdout $'K\t1\nK\t2\nK\t3'
    expect_stderr ''
    run_sh "sqlite3 db/part-0.sqlite3 \"SELECT step_id, state_key, ser_change FROM snaps WHERE step_id GLOB 'state*'\""
    expect_status 0
    expect_stdout $'statemap|K|3.5 10 0\nstatemap-2|K|18 3\nstatemap-3|K|3'
    expect_stderr ''
}

# refuses_record OPERATION VALUE REASON: the second record is bad; the one before it is printed.
refuses_record() {
    printf '1\n%s\n3\n' "$2" >lines
    run_sh "fl-input lines | fl-key 'the key' | fl-statemap $1 | fl-out"
    expect_failed 65 "fl-statemap: lines: record 2: \"$2\" $3 (key \"the key\")"
    expect_stdout $'the key\t1'
}

@test "what is not a number is a bad record" {
    for operation in sum min max mean; do
        for value in abc '' ' 1' '1 ' 1,5 0x10 inf nan - . 1e 1e+ 1.2.3 1_000 --1; do
            refuses_record $operation "$value" 'is not a number'
        done
    done
}

@test "what is beyond exact numbers is a bad record" {
    refuses_record sum 1234567890123456789012345678901234567890 'is beyond the exact range (38 digits)'
    refuses_record sum 99999999999999999999999999999999999999.99 'is beyond the exact range (38 digits)'
    refuses_record sum 1e999 'is beyond the range of floating point'
    refuses_record max 0.000000000000000000000000000000000000000000001 'is beyond the exact range (38 digits)'
    refuses_record sum 170141183460469231731687303715884105727 'takes the sum beyond the exact range (38 digits)'
}

@test "a bad record is quoted, and cut when it is long" {
    printf 'a\tb\\"\001\303\251\377\n' >lines
    run_sh 'fl-input lines | fl-key K | fl-statemap sum | fl-out'
    expect_failed 65 'fl-statemap: lines: record 1: "a\tb\\\"\x01é\xff" is not a number (key "K")'
    expect_stdout ''
    head -c 100000 /dev/zero | tr '\0' x >lines
    run_sh 'fl-input lines | fl-key K | fl-statemap sum | fl-out'
    expect_status 65
    expect_stdout ''
    expect_message '^fl-statemap: lines: record 1: "x{80}\.\.\." is not a number \(key "K"\)$'
}

@test "a bad record is counted in its own file, and after a resume from the start of it" {
    fl-recovery-init db
    printf '1\n2\n' >a
    printf '3\n' >b
    run_sh 'fl-input -r db a b | fl-key K | fl-statemap sum | fl-out'
    expect_status 0
    expect_stdout $'K\t1\nK\t3\nK\t6'
    expect_stderr ''
    printf '4\nbad\n' >>b
    run_sh 'fl-input -r db a b | fl-key K | fl-statemap sum | fl-out'
    expect_status 65
    expect_stdout $'K\t10'
    expect_message '^fl-statemap: b: record 3: "bad" is not a number \(key "K"\)$'
    printf '1\n2\nworse\n' >a
    run_sh 'fl-input -r db a b | fl-key K | fl-statemap sum | fl-out'
    expect_status 65
    expect_message '^fl-statemap: a: record 3: "worse" is not a number \(key "K"\)$'
    printf '1\n2\n' >a
    printf '3\n4\n5\n' >b
    run_sh 'fl-input -r db a b | fl-key K | fl-statemap sum | fl-out'
    expect_status 0
    expect_stdout $'K\t10\nK\t15'
    expect_stderr ''
}

@test "a record without a key is a bad record" {
    run_sh 'echo 1 | fl-input | fl-statemap count | fl-out'
    expect_failed 65 'fl-statemap: -: record 1: "1" has no key: put fl-key before'
    expect_stdout ''
}

# refuses ARGUMENTS MESSAGE
refuses() {
    run_sh "fl-statemap $1 </dev/null"
    expect_status 64
    expect_stdout ''
    expect_stderr "fl-statemap: $2 (fl-statemap --help shows the usage)"
}

@test "the command line" {
    refuses '' 'give one operation, or -e, or -q, or -x'
    refuses 'sum -e value' 'give one operation, or -e, or -q, or -x'
    refuses '-q "SELECT 1" -e value' 'give one operation, or -e, or -q, or -x'
    refuses 'sum max' 'unexpected operand "max": the expression follows -e, in quotes'
    for name in median SUM sum:1 '' 'sum '; do
        refuses "'$name'" \
            "there is no operation \"$name\": there are sum, count, min, max, mean, var, stddev, delta, ewma:ALPHA, \
distinct, topk:N, histogram:WIDTH, first and last"
    done
    refuses ewma 'ewma: ALPHA of ewma:ALPHA is a number above 0 and up to 1'
    refuses ewma:0 'ewma:0: ALPHA of ewma:ALPHA is a number above 0 and up to 1'
    refuses topk:x 'topk:x: N of topk:N is an integer from 1 to 100'
    refuses histogram:-1 'histogram:-1: WIDTH of histogram:WIDTH is a number above 0, without an exponent'
    refuses 'sum -f 1' 'unknown option -f'
    run_sh 'fl-statemap --help'
    expect_status 0
    [[ $output == 'usage: fl-statemap ['* ]]
    expect_stderr ''
}
