#!/usr/bin/env bats
# Goal of this test: a program given with -x is asked for each record and answered by it, in whatever language it is and
# however large its lines are; one that fails, hangs, or says what it was not asked ends the flow, and no answer goes to
# another record.

load helper

setup() {
    test_begin
    seq 5 >five
}

@test "mappers in awk, python3, jq, sed and sh" {
    expected=$'K\t3\nK\t6\nK\t9\nK\t12\nK\t15'
    cat >triple.py <<'END'
import sys
for line in sys.stdin:
    print(int(line) * 3)
END
    for mapper in "$(awk_line_by_line) '{ print 3 * \$1; fflush() }'" 'python3 -u triple.py' 'jq --unbuffered ". * 3"' \
        'sh -c "while read -r x; do echo \$((3 * x)); done"'; do
        run_sh "fl-input five | fl-key K | fl-map -x $mapper | fl-out"
        expect_status 0
        expect_stdout "$expected"
        expect_stderr ''
    done
    run_sh 'fl-input five | fl-map -x sed -u "s/3/three/" | fl-out'
    expect_status 0
    sed 's/3/three/' five | expect_stdout
    expect_stderr ''
}

@test "bytes go there and back as they are" {
    printf 'a\\nb\\\n\n \t\t \n=x\n+y\tz\n!end\t3\n\\=\n\0a\0\n\377\303\n\r\n"quoted"\n' >nasty
    run_sh 'fl-input nasty | fl-map -x cat | fl-out -f %v'
    expect_status 0
    cmp nasty "$results/stdout"
    expect_stderr ''
    run_sh 'fl-input nasty | fl-key "a	b" | fl-map -x cat | fl-out -f "%k=%v"'
    expect_status 0
    sed 's/^/a\tb=/' nasty | cmp - "$results/stdout"
    expect_stderr ''
}

@test "no record, and lines of no length" {
    : >none
    printf '\n\n\n' >empty
    for file in none empty; do
        run_sh "fl-input $file | fl-map -x cat | fl-out"
        expect_status 0
        expect_stdout <$file
        expect_stderr ''
    done
}

@test "the command is words, and no shell" {
    run_sh 'fl-input five | fl-map -x "echo;rm" | fl-out'
    expect_failed 69 'fl-map: -x: "echo;rm" cannot be started: No such file or directory'
    expect_stdout ''
    run_sh 'fl-input five | fl-map -x "jq ." | fl-out'
    expect_failed 69 'fl-map: -x: "jq ." cannot be started: No such file or directory: give it and its arguments as words of their own, without quotes around all'
    expect_stdout ''
    cat >'a program' <<'END'
#!/bin/sh
while read -r x; do
    printf '%s|' "$x" "$@"
    echo
done
END
    run_sh "fl-input five | fl-map -x './a program' 'b  c' '\$HOME' '*' '' -r --help -- | fl-out"
    expect_failed 69 'fl-map: -x: "./a program b  c $HOME *  -r --help --" cannot be started: Permission denied'
    chmod +x 'a program'
    run_sh "fl-input five | fl-map -x './a program' 'b  c' '\$HOME' '*' '' -r --help -- | fl-out"
    expect_status 0
    sed 's/$/|b  c|$HOME|*||-r|--help|--|/' five | expect_stdout
    expect_stderr ''
}

@test "a program that is missing is missed before the first record" {
    for input in five /dev/null; do
        run_sh "fl-input $input | fl-map -x ./missing | fl-out"
        expect_failed 69 'fl-map: -x: "./missing" cannot be started: No such file or directory'
        expect_stdout ''
    done
}

@test "a value with a LF is a bad record" {
    printf '!fl\t1\n!source\tf\n=a\n\\=b\\nc\n=d\n!end\t3\n' >stream
    run_sh 'fl-map -x cat <stream | fl-out'
    expect_failed 65 'fl-map: f: record 2: "b\nc" holds a LF, and a co-process takes lines'
    expect_stdout a
    for option in '' --per-epoch; do
        rm -f bad
        run_sh "fl-map --reject bad $option -x cat <stream | fl-out"
        expect_status 0
        expect_stdout $'a\nd'
        expect_stderr 'fl-map: 1 record was rejected: see bad'
        [ "$(jq -r .why bad)" = 'holds a LF, and a co-process takes lines' ]
    done
}

@test "lines of a MiB, and more of them than pipes hold" {
    awk 'BEGIN { for (i = 0; i < 40; i++) { printf "%01048576d\n", i } }' >long
    run_sh 'fl-input long | fl-map -x cat | fl-out'
    expect_status 0
    cmp long "$results/stdout"
    expect_stderr ''
    # Short requests with long answers, and the other way round.
    awk="$(awk_line_by_line)"
    run_sh "fl-input five | fl-map -x $awk '{ printf \"%01048576d\\n\", \$1; fflush() }' |
        fl-map -x $awk '{ print length(\$1) + \$1; fflush() }' | fl-out"
    expect_status 0
    expect_stdout $'1048577\n1048578\n1048579\n1048580\n1048581'
    expect_stderr ''
}

@test "a line beyond the limit ends the flow" {
    run_sh 'fl-input five | fl-map -x sh -c "read -r x; exec head -c 70000000 /dev/zero" | fl-out'
    expect_failed 69 'fl-map: five: record 1: "1" is not answered: "sh -c read -r x; exec head -c 70000000 /dev/zero" gives a line longer than the limit of 67108864 bytes'
    expect_stdout ''
}

@test "records are asked for ahead, in blocks" {
    seq 100000 >numbers
    run_sh 'fl-input numbers | fl-map -x cat | fl-out'
    expect_status 0
    cmp numbers "$results/stdout"
    expect_stderr ''
    # It counts its turns, of which there would be 2000 in a step for each record.
    run_sh 'seq 2000 | fl-input | fl-map -x python3 -u -c "
import os
turns = 0
while True:
    block = os.read(0, 1 << 20)
    if not block:
        break
    turns += 1
    os.write(1, block)
print(turns, file=open(\"turns\", \"w\"))
" | fl-out'
    expect_status 0
    seq 2000 | expect_stdout
    [ "$(cat turns)" -le 100 ] || fail "$(cat turns) turns"
}

@test "what is answered is sent on before the next answer" {
    start 'fl-input five | fl-map --timeout 0 -x sh -c "
        read -r x; echo \$x; until [ -e go ]; do sleep 0.02; done; exec cat" | fl-out'
    wait_until grep -x 1 "$background/stdout"
    touch go
    finish
    expect_status 0
    expect_stdout <five
    expect_stderr ''
}

@test "one that dies ends the flow with the record at hand" {
    run_sh 'fl-input five | fl-key K | fl-map -x sh -c "read -r x; echo \$x; read -r x; exit 3" | fl-out'
    expect_failed 69 'fl-map: five: record 2: "2" is not answered: "sh -c read -r x; echo $x; read -r x; exit 3" ended with status 3 (key "K")'
    expect_stdout $'K\t1'
    run_sh 'fl-input five | fl-map -x sh -c "read -r x; kill -KILL \$\$" | fl-out'
    expect_failed 69 'fl-map: five: record 1: "1" is not answered: "sh -c read -r x; kill -KILL $$" was ended by signal 9 (Killed)'
    expect_stdout ''
    # What it does not read is no SIGPIPE for the stage.
    run_sh 'seq 100000 | fl-input | fl-map -x true | fl-out'
    expect_failed 69 'fl-map: -: record 1: "1" is not answered: "true" ended with status 0'
    expect_stdout ''
    run_sh 'seq 100000 | fl-input | fl-map -x head -n 1 | fl-out'
    expect_failed 69 'fl-map: -: record 2: "2" is not answered: "head -n 1" ended with status 0'
    expect_stdout 1
}

@test "one that fails at its end fails the flow, where it was needed" {
    run_sh 'fl-input five | fl-map -x sh -c "cat; exit 4" | fl-out'
    expect_failed 69 'fl-map: "sh -c cat; exit 4" ended with status 4 after the end of its input'
    expect_stdout <five
    run_sh 'fl-input /dev/null | fl-map -x sh -c "cat; exit 4" | fl-out'
    expect_status 0
    expect_stdout ''
    expect_stderr ''
    fl-recovery-init db
    run_sh 'fl-input -r db five | fl-map -x sh -c "cat; exit 4" | fl-out out'
    expect_status 69
    [ "$(sqlite3 -readonly db/part-0.sqlite3 'SELECT count(*) FROM commits WHERE commit_epoch > 0')" = 0 ]
    run_sh 'fl-input -r db five | fl-map -x cat | fl-out out'
    expect_status 0
    expect_file out <five
}

hint='let it flush its output after each line (jq --unbuffered, python3 -u, awk with fflush(), mawk -W interactive), or give a longer --timeout'

# What a program here does in time, it has 10 seconds for.

@test "one that says nothing for --timeout is ended" {
    run_sh 'fl-input five | fl-map --timeout 10 -x sh -c "echo \$\$ >pid; read -r x; echo \$x; exec sleep 1000" | fl-out'
    expect_failed 69 "fl-map: five: record 2: \"2\" is not answered: \"sh -c echo \$\$ >pid; read -r x; echo \$x; exec sleep 1000\" has said nothing for 10s: $hint"
    expect_stdout 1
    wait_until ended "$(cat pid)"
}

@test "and so is one that does not take its input" {
    run_sh 'seq 100000 | fl-input | fl-map --timeout 0.1 -x sleep 1000 | fl-out'
    expect_failed 69 "fl-map: -: record 1: \"1\" is not answered: \"sleep 1000\" has said nothing for 0.1s: $hint"
}

@test "and one that does not end" {
    run_sh 'fl-input five | fl-map --timeout 10 -x sh -c "cat; exec sleep 1000" | fl-out'
    expect_failed 69 'fl-map: "sh -c cat; exec sleep 1000" has said nothing for 10s after the end of its input'
    expect_stdout <five
}

@test "one that buffers its output is waited for until the end of the time, and no longer" {
    run_sh 'fl-input five | fl-map --timeout 200ms -x jq . | fl-out'
    expect_failed 69 "fl-map: five: record 1: \"1\" is not answered: \"jq .\" has said nothing for 0.2s: $hint"
    expect_stdout ''
}

@test "a slow one is no silent one" {
    run_sh 'seq 11 | fl-input | fl-map --timeout 10 -x sh -c "while read -r x; do sleep 1; echo \$x; done" | fl-out'
    expect_status 0
    seq 11 | expect_stdout
    expect_stderr ''
}

@test "one that says what it was not asked ends the flow" {
    out_of_turn='which answers no record: it must give one line for each, when it has read it'
    cat >twice.py <<'END'
import os
import signal
import sys
signal.signal(signal.SIGPIPE, signal.SIG_DFL)
for line in sys.stdin:
    os.write(1, 2 * line.encode())
END
    run_sh 'fl-input five | fl-map -x python3 twice.py | fl-out'
    expect_failed 69 'fl-map: five: record 5: "5" is not answered in turn: "python3 twice.py" gives "3", '"$out_of_turn"
    # Before it is asked; and after its input has ended.
    mkfifo gate
    start "fl-input gate | fl-map -x sh -c 'echo ready; touch said; exec cat' | fl-out"
    exec 7<>gate
    wait_until test -e said
    echo 1 >&7
    exec 7>&-
    finish
    expect_failed 69 'fl-map: gate: record 1: "1" is not answered in turn: "sh -c echo ready; touch said; exec cat" gives "ready", '"$out_of_turn"
    expect_stdout ''
    run_sh 'fl-input five | fl-map -x sh -c "cat; printf \"the end\"" | fl-out'
    expect_failed 69 'fl-map: "sh -c cat; printf \"the end\"" gives "the end", '"$out_of_turn"
}

@test "it gets standard input, output and error, and nothing else that is open" {
    [ -d /proc/self/fd ] || skip 'no /proc'
    fl-recovery-init db 3
    run_sh 'sh -c "ls /proc/\$\$/fd >given"; fl-input -r db five | fl-key K | fl-statemap count |
        fl-map --reject bad -x sh -c "ls /proc/\$\$/fd >fds; exec cat" | fl-out out'
    expect_status 0
    expect_stderr ''
    expect_file fds <given
    run_sh 'fl-input five | fl-map -x sh -c "echo said >&2; exec cat" | fl-out'
    expect_status 0
    expect_stderr said
}

@test "a signal for the flow is none for it: the records before are answered" {
    mkfifo gate
    start "trap : INT TERM HUP
        fl-input five gate | fl-map -x sh -c 'trap \"touch heard\" INT TERM HUP
            while read -r x; do echo \$x; done' | fl-out"
    exec 7<>gate
    wait_until grep -x 5 "$background/stdout"
    kill -INT -- "-$group"
    finish
    exec 7>&-
    expect_status 0
    expect_stdout <five
    [ ! -e heard ]
}

@test "a stage that waits for a silent one is ended by a second signal" {
    start "trap : TERM
        fl-input five | fl-map --timeout 0 -x sh -c 'touch there; while read -r x; do :; done' | fl-out"
    wait_until test -e there
    signal TERM fl-map
    stage_pid fl-map
    kill -TERM "$(stage_pid fl-map)"
    finish
    expect_status 74
    expect_stdout ''
    expect_message '^fl-map: ended by a second signal'
}

@test "when the stage is killed, its input ends" {
    start 'fl-input five | fl-map --timeout 0 -x sh -c "cat >got; touch ended" | fl-out'
    wait_until stage_pid fl-map
    wait_until test -e got
    kill -KILL "$(stage_pid fl-map)"
    finish
    expect_status 74
    wait_until test -e ended
}

@test "a stage after it that is gone ends the stage quietly, and with it the program" {
    run_sh 'seq 1000000 | fl-input | fl-map -x cat | head -n 2 | tail -n 1'
    expect_status 0
    expect_stdout $'!source\t-'
    expect_stderr ''
}

@test "fl-map -k makes the key of what came in" {
    run_sh 'fl-input five | fl-key K | fl-map -k "key || value" -x sed -u "s/^/x/" | fl-out'
    expect_status 0
    expect_stdout $'K1\tx1\nK2\tx2\nK3\tx3\nK4\tx4\nK5\tx5'
    expect_stderr ''
    run_sh 'fl-input five | fl-map --reject bad -k "nullif(value, 3)" -x sed -u "s/^/x/" | fl-out'
    expect_status 0
    expect_stdout $'1\tx1\n2\tx2\n4\tx4\n5\tx5'
    [ "$(jq -c '[.record, .why]' bad)" = '[3,"has no result: -k is NULL: write drop() to leave the record out"]' ]
}

@test "fl-filter keeps what is answered 1 or true, and with -v the rest" {
    filter="$(awk_line_by_line) '{ print \$1 % 2 ? yes : no; fflush() }'"
    for answers in 'yes=1 no=0' 'yes=true no=false' 'yes=True no=False'; do
        # shellcheck disable=SC2086
        set -- $answers
        run_sh "fl-input five | fl-key 'T	AB' | fl-filter -x ${filter/awk/awk -v $1 -v $2} | fl-out -f %k=%v"
        expect_status 0
        expect_stdout $'T\tAB=1\nT\tAB=3\nT\tAB=5'
        expect_stderr ''
        run_sh "fl-input five | fl-filter -v -x ${filter/awk/awk -v $1 -v $2} | fl-out"
        expect_status 0
        expect_stdout $'2\n4'
    done
    run_sh 'printf "1\n0\n1.0\n" | fl-input | fl-filter -x cat | fl-out'
    expect_failed 69 'fl-filter: -: record 3: "1.0" is answered wrongly: "cat" gives "1.0", which is neither true nor false (1, true, True, 0, false and False are)'
    expect_stdout 1
}

@test "a real text, its words counted through each of the languages, with a crash in the middle" {
    cat "$ROOT/LICENSE" "$ROOT/README.md" | tr -c 'A-Za-z\n' ' ' >text
    awk '{ for (i = 1; i <= NF; i++) { word = tolower($i); print word "\t" ++n[word] } }' text >expected
    for lower in "$(awk_line_by_line) '{ print tolower(\$0); fflush() }'" 'jq -R -r --unbuffered ascii_downcase' \
        'python3 -u -c "
import sys
for line in sys.stdin:
    print(line.rstrip().lower())"'; do
        mapper_survives "$lower" fl-map \
            'fl-input -r db -s 0 -w text | fl-map -x sh mapper | fl-key -f 1 | fl-statemap count | fl-out out'
    done
}

# refuses PROGRAM ARGUMENTS MESSAGE
refuses() {
    run_sh "$1 $2 </dev/null"
    expect_status 64
    expect_stdout ''
    expect_stderr "$1: $3 ($1 --help shows the usage)"
}

@test "the command line" {
    for program in fl-map fl-filter; do
        refuses $program -x 'option -x needs an argument'
        refuses $program '-e value --timeout 3' '--timeout goes with -x'
        refuses $program '-e value --per-epoch' '--per-epoch goes with -x'
        refuses $program '--timeout never -x cat' '--timeout: "never" is not a span of time such as 10, 0.5, 500ms, 30s, 5m, 1h or 2d'
        refuses $program 'a -x cat' 'unexpected operand "a": the expression follows -e, in quotes'
    done
    refuses fl-map '-k 1 --per-epoch -x cat' '-k and --per-epoch contradict each other: put fl-key after'
    refuses fl-filter '-e value -x cat' '-e and -x contradict each other'
    run_sh 'fl-input five | fl-map -xcat -n | fl-out'
    expect_status 0
    expect_stdout $'     1\t1\n     2\t2\n     3\t3\n     4\t4\n     5\t5'
}
