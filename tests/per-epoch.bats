#!/usr/bin/env bats
# Goal of this test: with --per-epoch any filter can stand in a flow: it gets the records of an epoch as lines, and what
# it gives belongs to that epoch, whatever its buffering, and whatever dies.

load helper

setup() {
    test_begin
    seq 5 >five
}

# map INPUT EXPECTED COMMAND: without recovery the whole input is one epoch.
map() {
    run_sh "fl-input $1 | fl-map --per-epoch -x $3 | fl-out"
    expect_status 0
    expect_stdout "$2"
    expect_stderr ''
}

@test "without recovery the input is one epoch" {
    printf 'b\na\n\nc d\n' >lines
    map lines $'\na\nb\nc d' sort
    map lines $'B\nA\n\nC D' 'tr a-z A-Z'
    map lines 4 "sh -c 'echo \$((\$(wc -l)))'"
    map lines $'c d\n\na\nb' tac
    map lines b 'head -n 1'
    map lines 'c d' 'grep d'
    map lines '' true
    map lines $'b,a,,c d' 'paste -s -d ,'
    map /dev/null '' 'sh -c "echo started"'
}

@test "a last line that does not end is a line" {
    map five '1 2 3 4 5 ' "tr '\\n' ' '"
    map five '15' 'python3 -c "import sys; print(sum(map(int, sys.stdin)), end=str())"'
}

@test "what comes out has no key" {
    run_sh 'fl-input five | fl-key K | fl-map --per-epoch -x sort -r | fl-out'
    expect_status 0
    expect_stdout $'5\n4\n3\n2\n1'
    expect_stderr ''
    run_sh 'fl-input five | fl-key K | fl-map --per-epoch -x sort -r | fl-key L | fl-out | head -n 1'
    expect_stdout $'L\t5'
}

@test "more than pipes hold goes in and out" {
    seq 400000 >many
    run_sh 'fl-input many | fl-map --per-epoch -x cat | fl-out'
    expect_status 0
    cmp many "$results/stdout"
    expect_stderr ''
    run_sh 'fl-input many | fl-map --per-epoch -x tac | fl-out'
    expect_status 0
    tac many | cmp - "$results/stdout"
    awk 'BEGIN { for (i = 0; i < 10; i++) printf "%01048576d\n", i }' >long
    run_sh 'fl-input long | fl-map --per-epoch -x tac | fl-out'
    expect_status 0
    tac long | cmp - "$results/stdout"
}

@test "one that fails ends the flow" {
    run_sh 'fl-input five | fl-map --per-epoch -x sh -c "cat; exit 3" | fl-out'
    expect_failed 69 'fl-map: "sh -c cat; exit 3" ended with status 3'
    run_sh 'fl-input five | fl-map --per-epoch -x sh -c "kill -KILL \$\$" | fl-out'
    expect_failed 69 'fl-map: "sh -c kill -KILL $$" was ended by signal 9 (Killed)'
    run_sh 'fl-input five | fl-map --per-epoch -x ./missing | fl-out'
    expect_failed 69 'fl-map: -x: "./missing" cannot be started: No such file or directory'
    run_sh 'fl-input five | fl-map --per-epoch --timeout 0.1 -x sleep 1000 | fl-out'
    expect_failed 69 'fl-map: "sleep 1000" has said nothing for 0.1s: give a longer --timeout'
}

@test "one that does not end ends the flow" {
    # It has 10 seconds to end its output.
    run_sh 'fl-input five | fl-map --per-epoch --timeout 10 -x sh -c "exec >&-; exec sleep 1000" | fl-out'
    expect_failed 69 'fl-map: "sh -c exec >&-; exec sleep 1000" has not ended after its output for 10s'
}

@test "a grep that finds nothing has not failed; any other 1 is a failure" {
    map five '' 'grep 6'
    run_sh 'fl-input five | fl-filter --per-epoch -x grep 6 | fl-out'
    expect_status 0
    expect_stdout ''
    expect_stderr ''
    run_sh 'fl-input five | fl-filter --per-epoch -x grep -E "(" 2>/dev/null | fl-out'
    expect_status 69
    run_sh 'fl-input five | fl-filter --per-epoch -x sh -c "exit 1" | fl-out'
    expect_failed 69 'fl-filter: "sh -c exit 1" ended with status 1'
}

@test "fl-filter keeps the records whose lines come out, with their keys and all their bytes" {
    printf 'a\\nb\n\n\0x\0\na b\na\tb\n\377\na b\n' >nasty
    run_sh "fl-input nasty | fl-key -f 1 -d ' ' | fl-filter --per-epoch -x grep -a b | fl-out -f '%k=%v'"
    expect_status 0
    expect_stdout $'a\\nb=a\\nb\na=a b\na\tb=a\tb\na=a b'
    expect_stderr ''
    run_sh "fl-input nasty | fl-key 'T	AB' | fl-filter --per-epoch -x cat | fl-out -f '%k=%v'"
    expect_status 0
    sed $'s/^/T\tAB=/' nasty | cmp - "$results/stdout"
    run_sh "fl-input nasty | fl-key 'T	AB' | fl-filter -v --per-epoch -x env LC_ALL=C grep -a . | fl-out -f '%k=%v'"
    expect_status 0
    expect_stdout $'T\tAB='
    run_sh 'seq 300000 | fl-input | fl-filter --per-epoch -x grep 7 | fl-out'
    expect_status 0
    seq 300000 | grep 7 | expect_stdout
    run_sh 'seq 300000 | fl-input | fl-filter -v --per-epoch -x grep 7 | fl-out'
    expect_status 0
    seq 300000 | grep -v 7 | expect_stdout
    run_sh 'printf "1\n1\n2\n1\n" | fl-input | fl-filter --per-epoch -x uniq | fl-out'
    expect_status 0
    expect_stdout $'1\n2\n1'
    run_sh 'fl-input five | fl-filter -v --per-epoch -x head -n 2 | fl-out'
    expect_status 0
    expect_stdout $'3\n4\n5'
}

@test "fl-filter refuses lines that were not given, or not in that order" {
    where='which is not one of the lines that it was given, or is out of their order'
    run_sh 'fl-input five | fl-filter --per-epoch -x sed s/2/two/ | fl-out'
    expect_failed 69 'fl-filter: "sed s/2/two/" gives "two", '"$where"
    run_sh 'fl-input five | fl-filter --per-epoch -x sort -r | fl-out'
    expect_failed 69 'fl-filter: "sort -r" gives "4", '"$where"
    run_sh 'fl-input five | fl-filter --per-epoch -x sed p | fl-out'
    expect_failed 69 'fl-filter: "sed p" gives "1", '"$where"
}

@test "each epoch has a run of its own" {
    fl-recovery-init db
    for i in 1 2 3; do
        echo "$i" >>lines
        run_sh "fl-input -r db -s 0 lines | fl-map --per-epoch -x sh -c 'echo run >>runs; wc -l | tr -d \" \"' | fl-out out"
        expect_status 0
        expect_stderr ''
    done
    run_sh "fl-input -r db -s 0 lines | fl-map --per-epoch -x sh -c 'echo run >>runs; wc -l' | fl-out out"
    expect_status 0
    expect_file out $'1\n1\n1'
    expect_file runs $'run\nrun\nrun'
    seq 10 >>lines
    run_sh "fl-input -r db -s 0 lines | fl-map --per-epoch -x sh -c 'wc -l | tr -d \" \"' | fl-out out"
    expect_status 0
    expect_stderr ''
    [ "$(grep -c -x 1 out)" -eq 13 ]
    [ "$(wc -l <out)" -eq 13 ]
}

@test "as the root of recovery it is run for each epoch of its own" {
    fl-recovery-init db
    run_sh "fl-input five | fl-map -r db -s 0 --per-epoch -x sed 's/.*/<&>/' | fl-out out"
    expect_status 0
    expect_stderr ''
    expect_file out $'<1>\n<2>\n<3>\n<4>\n<5>'
    echo 6 >>five
    run_sh "fl-input five | fl-map -r db -s 0 --per-epoch -x sed 's/.*/<&>/' | fl-out out"
    expect_status 0
    expect_file out $'<1>\n<2>\n<3>\n<4>\n<5>\n<6>'
}

# Stages of a flow over numbers that are sorted in each epoch, and what is the same however epochs fall: all of them, each
# once. Where there is a FIFO `held`, the sort that has given its lines does not end, nor does the epoch, before it is
# closed.
stages="fl-map --per-epoch --timeout 0 -x sh -c 'sort -rn; [ ! -p held ] || cat held' |
    fl-map --per-epoch --timeout 0 -x tr 0-9 a-j | fl-filter --per-epoch --timeout 0 -x grep -v j | fl-out out"

out_grows() { [ "$(wc -c <out)" -gt "$1" ]; }

@test "filters that are interrupted by a crash give each line once" {
    local count=0 size
    fl-recovery-init db
    : >out
    for killed in fl-map fl-filter fl-out; do
        # Far more than each stage gives its filter before the epoch ends.
        seq $((count + 1)) $((count += 300000)) >>numbers
        size=$(wc -c <out)
        mkfifo held
        start "fl-input -r db -s 1h numbers | $stages"
        exec 8<>held
        wait_until out_grows "$size"
        kill -KILL "$(stage_pid $killed | sed -n 1p)"
        rm held
        exec 8>&-
        finish
        [ "$status" -ne 0 ]
        out_grows "$size"
        run_sh "fl-input -r db -s 20ms numbers | $stages"
        expect_status 0
        expect_stderr ''
        tr 0-9 a-j <numbers | grep -v j | LC_ALL=C sort >expected
        LC_ALL=C sort out | cmp - expected
    done
}
