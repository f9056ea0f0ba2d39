#!/usr/bin/env bats
# Goal of this test: fl-collect puts each value into one array of its key, exactly once, and sends an array when it is
# full, when its time has come, or when the input ends, also after a crash.

load helper

@test "arrays of three, and what is left at the end" {
    run_sh 'seq 0 9 | fl-input | fl-key K | fl-collect -n 3 | fl-out'
    expect_output $'K\t[0,1,2]\nK\t[3,4,5]\nK\t[6,7,8]\nK\t[9]'
    run_sh 'seq 0 3 | fl-input | fl-key K | fl-collect -n 1 | fl-out'
    expect_output $'K\t[0]\nK\t[1]\nK\t[2]\nK\t[3]'
    run_sh 'seq 0 3 | fl-input | fl-key K | fl-collect -n 4 | fl-out'
    expect_output $'K\t[0,1,2,3]'
}

@test "one array for each key at the end, in the order of the keys" {
    printf '%s\n' 'b 1' 'a 2' 'c 3' 'b 4' 'b 5' >lines
    run_sh "fl-input lines | $keys | fl-collect | fl-out"
    expect_output $'a\t[2]\nb\t[1,4,5]\nc\t[3]'
    run_sh "fl-input lines | $keys | fl-collect -n 2 | fl-out"
    expect_output $'b\t[1,4]\na\t[2]\nb\t[5]\nc\t[3]'
    run_sh 'fl-input /dev/null | fl-key K | fl-collect | fl-out'
    expect_output ''
}

@test "a number as JSON writes it stays as it came, all else is a string" {
    printf '%s\n' 1 -0.50 1e5 12345678901234567890123 007 +1 .5 1. '"' 'a\b' '[1]' null '' ' 2' $'t\tab' é >lines
    run_sh 'fl-input lines | fl-key K | fl-collect | fl-out -f %v'
    expect_output '[1,-0.50,1e5,12345678901234567890123,"007","+1",".5","1.","\"","a\\b","[1]","null",""," 2","t\tab","é"]'
    jq -e 'length == 16' <<<"$output" >/dev/null
}

@test "bytes that are no text are refused" {
    printf 'a\n\377\nb\n' >lines
    run_sh 'fl-input lines | fl-key K | fl-collect --reject bad | fl-out'
    expect_status 0
    expect_stdout $'K\t["a","b"]'
    expect_stderr 'fl-collect: 1 record was rejected: see bad'
    [ "$(jq -r .why bad)" = 'is not UTF-8 without NUL, which JSON is made of' ]
    run_sh 'fl-input lines | fl-key K | fl-collect | fl-out'
    expect_status 65
    expect_stdout ''
    run_sh 'fl-input lines | fl-collect | fl-out'
    expect_status 65
    expect_message '^fl-collect: lines: record 1: "a" has no key: put fl-key before$'
}

@test "many values in one array, and many arrays" {
    seq 200000 >lines
    run_sh 'fl-input lines | fl-key K | fl-collect | fl-out -f %v'
    expect_status 0
    [ "$output" = "[$(paste -sd, lines)]" ]
    run_sh 'fl-input lines | fl-key K | fl-collect -n 1000 | fl-out -f %v'
    expect_status 0
    [ "$(tr -d '[]' <<<"$output" | tr , '\n' | cksum)" = "$(cksum <lines)" ]
    [ "$(wc -l <<<"$output")" -eq 200 ]
}

# To count the values of the array anew for each of them would take hours.
@test "an array of very many values" {
    seq 1000000 >lines
    run_sh 'fl-input lines | fl-key K | fl-collect -n 1000000 | fl-out -f %v >once'
    expect_output ''
    [ "$(tr -d '[]' <once | tr , '\n' | cksum)" = "$(cksum <lines)" ]
}

@test "values of an earlier run count" {
    fl-recovery-init db
    printf '%s\n' 1 2 3 4 5 >lines
    mkfifo gate
    start 'fl-input -r db -s 0 lines gate | fl-key K | fl-collect -n 4 | fl-out -f %v out'
    exec 7<>gate
    wait_until has_committed 5
    kill -KILL "$(stage_pid fl-collect)"
    exec 7>&-
    finish
    expect_status 74
    printf '%s\n' 6 7 8 9 >>lines
    rm gate
    run_sh 'fl-input -r db -s 0 lines | fl-key K | fl-collect -n 4 | fl-out -f %v out'
    expect_output ''
    expect_file out $'[1,2,3,4]\n[5,6,7,8]\n[9]'
}

@test "an array whose time has come is sent while nothing comes, and the next begins with the next value" {
    mkfifo pipe
    start 'fl-input pipe | fl-key K | fl-collect -t 100ms | fl-out'
    exec 7>pipe
    printf '1\n2\n' >&7
    wait_until has_lines "$background/stdout" 1
    printf '3\n' >&7
    wait_until has_lines "$background/stdout" 2
    printf '4\n5\n' >&7
    exec 7>&-
    finish
    expect_output $'K\t[1,2]\nK\t[3]\nK\t[4,5]'
}

@test "nothing is sent before its time" {
    mkfifo pipe
    start 'fl-input pipe | fl-key K | fl-collect -n 3 -t 1h | fl-inspect | fl-out'
    exec 7>pipe
    printf '1\n2\n' >&7
    sleep 0.2 # in which nothing may be sent
    printf '3\n4\n' >&7
    wait_until has_lines "$background/stdout" 1
    expect_file "$background/stdout" $'K\t[1,2,3]'
    exec 7>&-
    finish
    expect_stdout $'K\t[1,2,3]\nK\t[4]'
}

@test "an array that was full begins its time anew" {
    # The second array of a is begun by the third value, and the first one's time does not end it. Two values of c are
    # sent at once: with them what came before them has been taken, and what was due by then has been sent.
    need_clock fl-collect
    mkfifo pipe
    set_clock +0h
    start "fl-input pipe | $keys | $by_clock fl-collect -n 2 -t 10h | fl-out"
    exec 7>pipe
    printf '%s\n' 'a 1' 'b 1' 'c 1' 'c 2' >&7
    wait_until has_lines "$background/stdout" 1
    set_clock +6h
    printf '%s\n' 'a 2' 'a 3' 'c 3' 'c 4' >&7
    wait_until has_lines "$background/stdout" 3
    set_clock +11h
    printf '%s\n' 'c 5' 'c 6' >&7
    wait_until has_lines "$background/stdout" 5
    printf 'a 4\n' >&7
    exec 7>&-
    finish
    expect_output $'c\t[1,2]\na\t[1,2]\nc\t[3,4]\nb\t[1]\nc\t[5,6]\na\t[3,4]'
}

@test "the time of an array comes also while other records come without a pause" {
    # The input is a file, so there is always more of it. The clock is set on when some of 4 MB of arrays were read; what
    # is on its way by then is no more than a quarter. At the end of the input the array of a would be the last but one.
    need_clock fl-collect
    { echo a; yes b | head -n 1000001; } >lines
    fl-input lines | fl-key -f 1 >stream
    set_clock +0h
    sh -c "$by_clock fl-collect -n 10 -t 10h <stream" |
        { head -c 100000 >/dev/null; set_clock +11h; cat; } | grep -a '^+' >sent
    [ "$(grep -c -x $'+a\t\["a"\]' sent)" -eq 1 ]
    [ "$(grep -n '^+a' sent | cut -d : -f 1)" -lt $(($(wc -l <sent) / 2)) ]
    # The array of b whose time came with that of a may have any length, and so may the last one.
    tail -n 1 sent | grep -q -x -E $'\\+b\t\\["b"(,"b"){0,9}\\]'
}

@test "what was gathered before a crash is gathered further" {
    local crash=${CRASH:-$ROOT/build/crash} options
    for options in '' '-n 4' '-t 1h'; do
        rm -rf db out
        fl-recovery-init db
        printf '%s\n' 'a 1' 'b "' 'a 3' >lines
        run_sh "PATH='$crash/bin':\$PATH; export FL_CRASH='fl-collect:epoch: before:4'
            fl-input -r db -s 0 lines | $keys | fl-collect $options | fl-out out"
        expect_status 74
        [ "$(saved_states collect)" = $'a|1\n3\nb|"\\""' ] || fail "$(saved_states collect)"
        printf '%s\n' 'a 4' 'a 5' >>lines
        run_sh "fl-input -r db lines | $keys | fl-collect $options | fl-out out"
        expect_output ''
        [ -z "$(saved_states collect)" ]
        expect_file out $'a\t[1,3,4,5]\nb\t["\\""]'
    done
}

@test "what was gathered before a crash has its time anew, without another record" {
    local crash=${CRASH:-$ROOT/build/crash}
    fl-recovery-init db
    printf '%s\n' 'a 1' 'b 2' >lines
    run_sh "PATH='$crash/bin':\$PATH; export FL_CRASH='fl-collect:epoch: before:3'
        fl-input -r db -s 0 lines | $keys | fl-collect -t 1h | fl-out out"
    expect_status 74
    mkfifo gate
    start "fl-input -r db lines gate | $keys | fl-collect -t 50ms | fl-out out"
    exec 7<>gate
    wait_until has_lines out 2
    expect_file out $'a\t[1]\nb\t[2]'
    # What was sent is not committed yet: a flow that dies now sends it again, and cuts the file back before.
    kill -KILL -- "-$group"
    finish
    rm gate
    run_sh "fl-input -r db lines | $keys | fl-collect -t 1h | fl-out out"
    expect_output ''
    expect_file out $'a\t[1]\nb\t[2]'
    [ -z "$(saved_states collect)" ]
}

@test "where fl-collect is the root, what is sent in its time is committed soon" {
    fl-recovery-init db
    mkfifo pipe
    start 'fl-input pipe | fl-key K | fl-collect -r db -s 50ms -t 200ms | fl-out --hold'
    exec 7>pipe
    printf '1\n2\n' >&7
    wait_until has_lines "$background/stdout" 1
    exec 7>&-
    finish
    expect_output $'K\t[1,2]'
}

@test "TERM ends the input, and what was gathered is sent" {
    fl-recovery-init db
    mkfifo gate
    printf '1\n2\n' >lines
    start 'trap : TERM
        fl-input -r db -s 0 lines gate | fl-key K | fl-collect -t 1h | fl-out out'
    exec 7<>gate
    wait_until has_committed 2
    kill -TERM -- "-$group"
    finish
    expect_status 0
    expect_file out $'K\t[1,2]'
}

# refuses ARGUMENTS MESSAGE
refuses() {
    run_sh "fl-collect $1 </dev/null"
    expect_status 64
    expect_stdout ''
    expect_stderr "fl-collect: $2 (fl-collect --help shows the usage)"
}

@test "the command line" {
    local count span
    for count in 0 x -1 1.5 '' 99999999999999999999; do
        refuses "-n '$count'" "-n: \"$count\" is not a count from 1 on"
    done
    for span in 0 x -1 ''; do
        refuses "-t '$span'" \
            "-t: \"$span\" is not a span of time above 0, such as 10, 0.5, 500ms, 30s, 5m, 1h or 2d"
    done
    refuses 3 'unexpected operand "3"'
}
