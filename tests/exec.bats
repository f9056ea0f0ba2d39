#!/usr/bin/env bats
# Goal of this test: whatever a function from a state and a value to a new state and what is sent can do, fl-statemap
# does with expressions, over several runs as in one. Some cases, with their values, are those that Bytewax tests its
# own stateful mappers with.

load helper

setup() {
    test_begin
    fl-recovery-init db
}

# run_lines STAGES LINE...: adds the lines to `lines`, and runs the flow over what is new; a key is what stands before a
# comma, or ALL.
run_lines() {
    local stages=$1
    shift
    (($# == 0)) || printf '%s\n' "$@" >>lines
    run_sh "fl-input -r db lines | fl-map -k \"coalesce(match(value, '^([^,]*),', 1), 'ALL')\" \
        -e \"coalesce(match(value, ',(.*)', 1), value)\" | $stages | fl-out"
}

# gives LINE...: it went well, and sent these.
gives() {
    expect_status 0
    expect_stdout "$(printf '%s\n' "$@")"
    expect_stderr ''
}

# The state of each key that has one.
@test "the running sum" {
    local sum='fl-statemap -e "coalesce(state, 0) + value"'
    run_lines "$sum" 0 1 2
    gives $'ALL\t0' $'ALL\t1' $'ALL\t3'
    run_lines "$sum" 3 4
    gives $'ALL\t6' $'ALL\t10'
}

@test "the greatest value of each of two keys, in three runs" {
    local most='fl-statemap -e "max(coalesce(state, value), value)"'
    run_lines "$most" a,4 b,4
    gives $'a\t4' $'b\t4'
    run_lines "$most" a,4 b,5
    gives $'a\t4' $'b\t5'
    run_lines "$most" a,8 b,5
    gives $'a\t8' $'b\t5'
}

@test "the mean of a list that drops its last three values when it is longer than three" {
    local mean="fl-statemap -e \"CASE WHEN json_array_length(state) = 3 THEN json_array(state -> 0)
        ELSE json_insert(coalesce(state, '[]'), '\\\$[#]', value) END,
        (coalesce(new_state ->> 0, 0) + coalesce(new_state ->> 1, 0) + coalesce(new_state ->> 2, 0)) /
        json_array_length(new_state)\""
    run_lines "$mean" 2 5 8
    gives $'ALL\t2' $'ALL\t3.5' $'ALL\t5'
    run_lines "$mean" 1 3
    gives $'ALL\t2' $'ALL\t2.5'
}

@test "a value that is greater than all before is sent, and no other" {
    local greater='fl-statemap -e "max(coalesce(state, value), value), iif(new_state IS state, drop(), value)"'
    run_lines "$greater" 2 5 8 1
    gives $'ALL\t2' $'ALL\t5' $'ALL\t8'
    run_lines "$greater" 3
    gives $''
}

@test "a key that is discarded, and comes again" {
    local count='fl-statemap -e "iif(value = '"'end'"', discard(), coalesce(state, 0) + 1), coalesce(new_state, '"'gone'"')"'
    run_lines "$count" a,x a,x b,x
    gives $'a\t1' $'a\t2' $'b\t1'
    [ "$(saved_states statemap)" = $'a|2\nb|1' ]
    run_lines "$count" a,end b,x b,end b,x
    gives $'a\tgone' $'b\t2' $'b\tgone' $'b\t1'
    run_lines "$count" c,x
    [ "$(saved_states statemap)" = $'b|1\nc|1' ]
    run_lines "$count" a,x b,x
    gives $'a\t1' $'b\t2'
}

@test "a discarded key is sent nothing for, unless EMIT says so" {
    run_lines 'fl-statemap -e "discard()"' a,1 a,2
    gives ''
    run_lines 'fl-statemap --accept -e "discard(), value"' a,3
    gives $'a\t3'
    [ -z "$(saved_states statemap)" ]
}

@test "a query: many rows, none, and the state of the last" {
    # Every second value with the one before it.
    local pairs='fl-statemap -q "SELECT iif(state IS NULL, value, discard()), drop()
        UNION ALL SELECT discard(), state WHERE state IS NOT NULL
        UNION ALL SELECT discard(), value WHERE state IS NOT NULL"'
    run_lines "$pairs" 1 2 3
    gives $'ALL\t1' $'ALL\t2'
    run_lines "$pairs" 4
    gives $'ALL\t3' $'ALL\t4'
    # No row: the state stays.
    rm db/*
    fl-recovery-init db
    run_lines "fl-statemap -q \"SELECT coalesce(state, 0) + value WHERE value <> 'skip'\"" skip 2 skip
    expect_status 0
    expect_stdout $'ALL\t1\nALL\t3\nALL\t6\nALL\t10\nALL\t12'
    expect_stderr 'fl-statemap: 2 records: left out, as the query gave no row'
}

@test "a state and a value are the bytes that they were" {
    run_lines 'fl-statemap -e "value, coalesce(state, drop())"' 007 1.50 '9223372036854775808' ' x' 5
    gives $'ALL\t007' $'ALL\t1.50' $'ALL\t9223372036854775808' $'ALL\t x'
    [ "$(saved_states statemap)" = 'ALL|5' ]
}

@test "the source and the key are at hand" {
    run_lines "fl-statemap -e \"key || ' of ' || replace(source, rtrim(source, replace(source, '/', '')), '')\"" a,1
    gives $'a\ta of lines'
}

@test "a record that an expression fails for is a bad record, and the state stays" {
    run_lines 'fl-statemap --reject bad -e "coalesce(state, 0) + num(value)"' 1 x 2
    expect_status 0
    expect_stdout $'ALL\t1\nALL\t3'
    expect_stderr 'fl-statemap: 1 record was rejected: see bad'
    [ "$(jq -r '.record, .value, .why' bad)" = $'2\nx\nmakes -e fail: num: "x" is not a number' ]
    # EMIT, when STATE has gone well
    rm db/* lines
    fl-recovery-init db
    run_lines 'fl-statemap --reject worse -e "coalesce(state, 0) + 1, num(value)"' 1 x 2
    expect_status 0
    expect_stdout $'ALL\t1\nALL\t2'
    [ "$(saved_states statemap)" = 'ALL|2' ]
    rm db/* lines
    fl-recovery-init db
    run_lines 'fl-statemap -e "coalesce(state, 0) + num(value)"' 1
    run_lines 'fl-statemap -e "coalesce(state, 0) + num(value)"' 2 x
    expect_status 65
    expect_stdout $'ALL\t3'
    expect_stderr 'fl-statemap: lines: record 3: "x" makes -e fail: num: "x" is not a number (key "ALL")
    coalesce(state, 0) + num(value)
                         ^
fl-out: the upstream stage failed (status 65): nothing after epoch 1 is committed'
    [ "$(saved_states statemap)" = 'ALL|1' ]
}

@test "another expression takes the state over with --accept, and only with it" {
    run_lines 'fl-statemap sum' 1 2
    gives $'ALL\t1' $'ALL\t3'
    run_lines 'fl-statemap -e "state + value"' 3
    expect_status 78
    expect_stdout ''
    expect_message '^fl-statemap: .*/db: step statemap was "statemap sum" here and is "statemap -e state \+ value" now: run the flow as it was, take its state over with --accept, or drop the step and its state with fl-recovery forget .*/db statemap$'
    run_lines 'fl-statemap --accept -e "state + value"' 4
    gives $'ALL\t6' $'ALL\t10'
    run_lines 'fl-statemap -e "state + value"' 5
    gives $'ALL\t15'
    run_lines 'fl-statemap -e "state  + value"' 6
    expect_status 78
    run_lines 'fl-statemap sum' 7
    expect_status 78
    run_lines 'fl-statemap sum --accept' 8
    gives $'ALL\t21' $'ALL\t28' $'ALL\t36'
    fl-recovery check db
}

@test "what was accepted is forgotten where the flow dies before its first commit" {
    local crash=${CRASH:-$ROOT/build/crash}
    rm -r db
    fl-recovery-init db 3
    run_lines 'fl-statemap sum' 1
    gives $'ALL\t1'
    # Saved by fl-statemap in every partition, and not committed.
    run_sh "PATH='$crash/bin':\$PATH; echo 2 >>lines; fl-input -r db lines | fl-key ALL |
        FL_CRASH='fl-statemap:saved: before:1' fl-statemap --accept -e 'state + value' | fl-out"
    expect_status 74
    run_lines 'fl-statemap -e "state + value"'
    expect_status 78
    run_lines 'fl-statemap sum' 3
    gives $'ALL\t3' $'ALL\t6'
    run_lines 'fl-statemap --accept -e "state + value"' 4
    gives $'ALL\t10'
    fl-recovery check db
}

# The state is a JSON object of the orders of a user: those that are not paid, and those that are.
cart='fl-statemap -e "
    CASE value ->> '"'type'"'
    WHEN '"'order'"' THEN json_insert(coalesce(state, '"'{\\\"unpaid\\\":{},\\\"paid\\\":[]}'"'),
        '"'\\\$.unpaid.o'"' || (value ->> '"'id'"'), json_extract(value, '"'\\\$.item'"'))
    WHEN '"'payment'"' THEN json_remove(json_insert(state, '"'\\\$.paid[#]'"',
        json_extract(state, '"'\\\$.unpaid.o'"' || (value ->> '"'id'"'))), '"'\\\$.unpaid.o'"' || (value ->> '"'id'"'))
    END"'

@test "a shopping cart, with a crash in the middle" {
    local crash=${CRASH:-$ROOT/build/crash}
    cat >orders <<'END'
{"user":"a","type":"order","id":1,"item":"food"}
{"user":"a","type":"order","id":2,"item":"gas"}
{"user":"b","type":"order","id":3,"item":"tea"}
{"user":"a","type":"payment","id":2}
{"user":"a","type":"order","id":4,"item":"rope"}
{"user":"b","type":"payment","id":3}
{"user":"a","type":"payment","id":1}
END
    cat >expected <<'END'
a	{"unpaid":{"o1":"food"},"paid":[]}
a	{"unpaid":{"o1":"food","o2":"gas"},"paid":[]}
b	{"unpaid":{"o3":"tea"},"paid":[]}
a	{"unpaid":{"o1":"food"},"paid":["gas"]}
a	{"unpaid":{"o1":"food","o4":"rope"},"paid":["gas"]}
b	{"unpaid":{},"paid":["tea"]}
a	{"unpaid":{"o4":"rope"},"paid":["gas","food"]}
END
    local flow="fl-input -r db -s 0 orders | fl-map -k \"value ->> 'user'\" -e value | $cart | fl-out carts"
    local at
    for at in 2 5; do
        run_sh "PATH='$crash/bin':\$PATH; export FL_CRASH='fl-statemap:epoch: after:$at'; $flow"
        expect_status 74
        [ "$(wc -l <carts)" -lt 7 ]
        cmp carts <(head -n "$(wc -l <carts)" expected)
    done
    run_sh "$flow"
    expect_status 0
    expect_file carts <expected
}
