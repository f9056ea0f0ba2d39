#!/usr/bin/env bats
# Goal of this test: fl-statemap -x leaves what becomes of a state to a program in any language, in lines of JSON, and
# keeps the states itself: what a record says goes there exactly, what is answered comes back exactly, the records of a
# key go one after the other, and a crash changes no result.

load helper

setup() {
    test_begin
    # Each counts the records of a key, and sends the count.
    cat >count.awk <<'END'
{
    match($0, /"state":[^,]*/)
    state = substr($0, RSTART + 8, RLENGTH - 8)
    count = state == "null" ? 1 : state + 1
    printf "{\"state\":%d,\"emit\":[%d]}\n", count, count
    fflush()
}
END
    cat >count.jq <<'END'
((.state // 0) + 1) as $count | {state: $count, emit: [$count]}
END
    cat >count.py <<'END'
import json
import sys
for line in sys.stdin:
    count = (json.loads(line)["state"] or 0) + 1
    print(json.dumps({"state": count, "emit": [count]}))
END
    awk=$(awk_line_by_line)
    counters=("$awk -f count.awk" 'jq -c --unbuffered -f count.jq' 'python3 -u count.py')
}

# run_lines COMMAND LINE...: the lines of KEY=VALUE through the command, with the recovery directory db where it is.
run_lines() {
    local command=$1 line
    shift
    for line; do printf '%s\n' "$line"; done >>lines
    run_sh "fl-input $([ ! -d db ] || echo -r db) lines | fl-key -f 1 -d = |
        fl-map -e \"substr(value, length(key) + 2)\" | $command | fl-out"
}

@test "counters in awk, jq and python3" {
    for counter in "${counters[@]}"; do
        rm -f lines
        run_lines "fl-statemap -x $counter" a=1 b=x a=2 a=3 b=y
        expect_status 0
        expect_stdout $'a\t1\nb\t1\na\t2\na\t3\nb\t2'
        expect_stderr ''
    done
}

@test "a real text, its words counted, with a crash in the middle" {
    cat "$ROOT/LICENSE" "$ROOT/README.md" | tr -c 'A-Za-z\n' ' ' >text
    awk '{ for (i = 1; i <= NF; i++) print $i "\t" ++n[$i] }' text >expected
    for counter in "${counters[@]}"; do
        mapper_survives "$counter" fl-statemap \
            'fl-input -r db -s 0 -w text | fl-key -f 1 | fl-statemap -x sh mapper | fl-out out'
    done
}

@test "a log, counted by status and path, with programs that die in the middle" {
    awk 'BEGIN {
        srand(1)
        split("/ /index.html /img/logo.png /api/v1/orders /login", paths, " ")
        split("200 200 200 304 404 500", statuses, " ")
        for (i = 0; i < 20000; i++)
            printf "10.0.%d.%d - - [22/Nov/2026:10:%02d:%02d +0000] \"GET %s HTTP/1.1\" %s %d \"-\" \"curl/7.88.1\"\n", \
                rand() * 9, rand() * 256, i / 400, i % 60, paths[int(rand() * 5) + 1], statuses[int(rand() * 6) + 1],
                rand() * 90000
    }' >log
    awk '{ n[$9 " " $7]++ } END { for (key in n) print key "\t" n[key] }' log | sort >expected
    for counter in "${counters[@]}"; do
        rm -rf db out
        fl-recovery-init db 3
        flow="fl-input -r db -s 20ms log | fl-map -x $awk '{ print \$9, \$7; fflush() }' | fl-key -f 1,2 |
            fl-statemap -x sh mapper | fl-out out"
        for end in 'exit 3' 'kill -KILL $$' 'exit 0'; do
            echo "sed -u 3000q | $counter; $end" >mapper
            run_sh "$flow"
            expect_status 69
            expect_message '^fl-statemap: .* is not answered: "sh mapper" (ended with status [03]|was ended by signal 9 \(Killed\)) \(key '
        done
        echo "exec $counter" >mapper
        run_sh "$flow"
        expect_status 0
        expect_stderr ''
        awk -F '\t' '{ n[$1] = $2 } END { for (key in n) print key "\t" n[key] }' out | sort >counts
        expect_file counts <expected
        [ "$(wc -l <out)" -eq 20000 ]
    done
}

@test "what it is asked" {
    fl-recovery-init db
    cat >keep.py <<'END'
import json
import sys
asked = open("asked", "ab")
for line in sys.stdin.buffer:
    asked.write(line)
    asked.flush()
    print(json.dumps({"state": [json.loads(line)["value"], "\t\u00e9\""], "emit": []}))
END
    run_lines 'fl-statemap -x python3 -u keep.py' a=1 a=1.50 a=-0 a=12345678901234567890123 a=007 a= 'a= 1' a=0x10 a=1e300 \
        'é"\=a"b\c	é' $'a=\177\001'
    expect_status 0
    expect_stdout ''
    expect_stderr ''
    expect_file asked <<'END'
{"key":"a","state":null,"value":1}
{"key":"a","state":[1,"\t\u00e9\""],"value":1.50}
{"key":"a","state":[1.5,"\t\u00e9\""],"value":-0}
{"key":"a","state":[0,"\t\u00e9\""],"value":12345678901234567890123}
{"key":"a","state":[12345678901234567890123,"\t\u00e9\""],"value":"007"}
{"key":"a","state":["007","\t\u00e9\""],"value":""}
{"key":"a","state":["","\t\u00e9\""],"value":" 1"}
{"key":"a","state":[" 1","\t\u00e9\""],"value":"0x10"}
{"key":"a","state":["0x10","\t\u00e9\""],"value":1e300}
{"key":"é\"\\","state":null,"value":"a\"b\\c\té"}
{"key":"a","state":[1e+300,"\t\u00e9\""],"value":"\u007f\u0001"}
END
}

# answers TEXT: a program that answers every line with TEXT is in the file `answer`.
answers() {
    printf '%s\n' "$1" >text
    printf 'text=$(cat text)\nwhile read -r line; do printf "%%s\\n" "$text"; done\n' >answer
}

@test "what is sent: strings as their text, anything else as JSON, exactly" {
    answers '{"emit" : [1.50, -0, 7, 12345678901234567890123, 1e3, "", "a\"b\\\u00e9\/", "x\ny\tz", null, true, false, {"a" : [1.50, "b"]}, []] , "state" : 1, "more": 2}'
    run_lines 'fl-statemap -x sh answer' 'k=v'
    expect_status 0
    expect_stdout <<'END'
k	1.50
k	-0
k	7
k	12345678901234567890123
k	1e3
k	
k	a"b\é/
k	x
y	z
k	null
k	true
k	false
k	{"a":[1.50,"b"]}
k	[]
END
    expect_stderr ''
    answers '{"state":null,"emit":[]}'
    run_lines 'fl-statemap -x sh answer' 'k=v'
    expect_status 0
    expect_stdout ''
    expect_stderr ''
}

@test "a state is kept as it is written, and null discards the key" {
    fl-recovery-init db
    # It answers with the value for a state.
    cat >set.py <<'END'
import json
import sys
for line in sys.stdin:
    asked = json.loads(line)
    state = asked["state"]
    print('{"state":%s,"emit":[%s]}' % (asked["value"], json.dumps(json.dumps(state))))
END
    run_lines 'fl-statemap -x python3 -u set.py' 'a= 1.50' 'b= {"n":1e2,"é":"\u00e9\n"}' 'c= "s"' 'd= [ 12345678901234567890123 ]'
    expect_status 0
    expect_stderr ''
    expect_stdout $'a\tnull\nb\tnull\nc\tnull\nd\tnull'
    saved_states statemap >saved
    expect_file saved $'a|1.50\nb|{"n":1e2,"é":"\\u00e9\\n"}\nc|"s"\nd|[12345678901234567890123]'
    run_lines 'fl-statemap -x python3 -u set.py' 'a= null' 'a= 2' 'b= null' 'c= null' 'c= null'
    expect_status 0
    expect_stderr ''
    expect_stdout $'a\t1.5\na\tnull\nb\t{"n": 100.0, "\\u00e9": "\\u00e9\\n"}\nc\t"s"\nc\tnull'
    saved_states statemap >saved
    expect_file saved $'a|2\nd|[12345678901234567890123]'
}

@test "the records of a key go one after the other, and those of others meanwhile" {
    awk 'BEGIN { srand(2); for (i = 0; i < 20000; i++) print int(rand() * rand() * 50) }' >keys
    awk '{ print $1 "\t" ++n[$1] }' keys >expected
    run_sh "fl-input keys | fl-key -f 1 | fl-statemap -x ${counters[0]} | fl-out"
    expect_status 0
    expect_stdout <expected
    expect_stderr ''
    # Other keys are asked for while one waits: at least two lines come before the first is answered.
    cat >pairs.py <<'END'
import sys
while sys.stdin.readline():
    sys.stdin.readline()
    print('{"state":1,"emit":["a"]}\n{"state":1,"emit":["b"]}', flush=True)
END
    rm -f lines
    run_lines 'fl-statemap -x python3 pairs.py' x=1 y=1 y=2 x=2
    expect_status 0
    expect_stdout $'x\ta\ny\tb\ny\ta\nx\tb'
    run_lines 'fl-statemap --timeout 200ms -x python3 pairs.py' x=3 x=4
    expect_status 69
    expect_message 'has said nothing for 0.2s'
}

@test "an answer that is none ends the flow" {
    while IFS='|' read -r answer why; do
        answers "$answer"
        rm -f lines
        run_lines 'fl-statemap -x sh answer' 'k=v'
        quoted=$(printf %s "$answer" | sed 's/[\\"]/\\&/g')
        expect_failed 69 "fl-statemap: lines: record 1: \"v\" is answered wrongly: \"sh answer\" gives \"$quoted\", which $why (key \"k\")"
        expect_stdout ''
    done <<'END'
abc|is not JSON
|is not JSON
{"state":1,"emit":[]|is not JSON
{"state":1,"emit":[]} 2|is not JSON
5|is no object
[1]|is no object
null|is no object
{}|has no "state"
{"emit":[]}|has no "state"
{"state":1}|has no array "emit"
{"state":1,"emit":"a"}|has no array "emit"
{"state":1,"emit":null}|has no array "emit"
{"state":1,"emit":["a\u0000b"]}|has a NUL in "emit"
{"state":1,"emit":["a\ud800b"]}|has a lone surrogate in "emit"
{state:1,emit:[]}|is not JSON
{"state":1,"state":2,"emit":["a"],"emit":{}}|has no array "emit"
END
    # That is a backslash and no NUL.
    answers '{"state":1,"emit":["a\\u0000b"]}'
    rm -f lines
    run_lines 'fl-statemap -x sh answer' 'k=v'
    expect_status 0
    expect_stdout $'k\ta\\u0000b'
    rm -f lines
    run_lines 'fl-statemap -x sh -c "read -r line; printf \"\\377\\n\""' 'k=v'
    expect_status 69
    expect_message 'gives "\\xff", which is not UTF-8 without NUL, as JSON is \(key "k"\)$'
}

@test "records that cannot be written as JSON are bad ones" {
    printf 'a\n\377\nb\n\0\nc\n' >values
    run_sh "fl-input values | fl-key k | fl-statemap --reject bad -x ${counters[0]} | fl-out"
    expect_status 0
    expect_stdout $'k\t1\nk\t2\nk\t3'
    expect_stderr 'fl-statemap: 2 records were rejected: see bad'
    [ "$(jq -c '[.record, .why]' bad)" = $'[2,"is not UTF-8 without NUL, as JSON is"]\n[4,"is not UTF-8 without NUL, as JSON is"]' ]
    run_sh "echo a | fl-input | fl-key \"\$(printf 'k\377')\" | fl-statemap -x ${counters[0]} | fl-out"
    expect_failed 65 'fl-statemap: -: record 1: "a" has a key that is not UTF-8 without NUL, as JSON is (key "k\xff")'
    run_sh "echo a | fl-input | fl-statemap -x ${counters[0]} | fl-out"
    expect_failed 65 'fl-statemap: -: record 1: "a" has no key: put fl-key before'
}

@test "another command takes the states over with --accept, and only with it" {
    fl-recovery-init db
    run_lines "fl-statemap last" a=5 b=word
    expect_status 0
    run_lines "fl-statemap -x ${counters[1]}" a=5
    expect_status 78
    expect_message 'step statemap was "statemap last" here and is "statemap -x jq -c --unbuffered -f count.jq" now'
    run_lines "fl-statemap --accept -x ${counters[1]}"
    expect_status 0
    expect_stdout $'a\t6'
    expect_stderr ''
    run_lines "fl-statemap -x ${counters[1]}" a=x b=x
    expect_status 65
    expect_message ': "x" has a key whose state is not JSON: it was saved by something else than -x \(key "b"\)$'
}

@test "with states that go from memory" {
    fl-recovery-init db
    awk 'BEGIN { for (i = 0; i < 30000; i++) print i % 3000 }' >keys
    awk '{ print $1 "\t" ++n[$1] }' keys >expected
    run_sh "fl-input -r db -s 10ms keys | fl-key -f 1 | fl-statemap -m 20K -x ${counters[0]} | fl-out"
    expect_status 0
    expect_stdout <expected
    expect_stderr ''
}

@test "the command line" {
    for given in 'sum -x cat' '-e value -x cat' '-q "SELECT 1" -x cat' '-i s'; do
        run_sh "fl-statemap $given </dev/null"
        expect_status 64
        expect_stdout ''
        expect_stderr 'fl-statemap: give one operation, or -e, or -q, or -x (fl-statemap --help shows the usage)'
    done
    run_sh 'fl-statemap sum --timeout 3 </dev/null'
    expect_status 64
    expect_stderr 'fl-statemap: --timeout goes with -x (fl-statemap --help shows the usage)'
    run_sh 'fl-statemap --per-epoch -x cat </dev/null'
    expect_status 64
    expect_stderr 'fl-statemap: unknown option --per-epoch (fl-statemap --help shows the usage)'
}
