# Goal of this test: an expression that does not compile is refused before any record is read, with a mark under the
# place; it can do nothing but compute; and what takes too long or grows too large ends, as a bad record.

load helper

# expect_refusal REASON [LINE CARET]: of the program that was just run, with the lines that show the place.
expect_refusal() {
    expect_status 64
    expect_stdout ''
    if (($# == 1)); then
        expect_stderr "fl-map: $1"
    else
        expect_stderr "fl-map: $1"$'\n'"    $2"$'\n'"    $3"
    fi
}

# map OPTION TEXT: runs fl-map with a text that may hold anything.
map() {
    printf '%s' "$2" >text
    run_sh "fl-map $1 \"\$(cat text)\" </dev/null"
}

there=': there are key, value and source, and a text stands in single quotes'

@test "what does not compile, with a mark under the place" {
    map -e 'valeu'
    expect_refusal "-e: there is no column valeu$there" 'valeu' '^'
    map -e 'value + valeu'
    expect_refusal "-e: there is no column valeu$there" 'value + valeu' '        ^'
    map -e 'value +'
    expect_refusal '-e: it ends too early: a value is missing' 'value +' '       ^'
    map -e ''
    expect_refusal '-e: it ends too early: a value is missing' '' '^'
    map -e 'uper(value)'
    expect_refusal '-e: there is no function uper' 'uper(value)' '^'
    map -e 'num(value, 1, 2)'
    expect_refusal '-e: num takes 1 to 2 arguments, not 3' 'num(value, 1, 2)' '^'
    map -e 'value 1'
    expect_refusal '-e: an operator or the end is expected here, not 1' 'value 1' '      ^'
    map -e 'sum(value)'
    expect_status 64
    expect_message '^fl-map: -e: sum belongs in a query: -q, or is an operation$'
    map -e 'json_each(value)'
    expect_refusal '-e: json_each belongs in a query: -q' 'json_each(value)' '^'
    map -e 'jsonb_set(value)'
    expect_refusal "-e: jsonb_set makes a binary form of SQLite's own: write json_set" 'jsonb_set(value)' '^'
    map -e '1 + 1 / 0 + value'
    expect_refusal '-e: 1 / 0 is a division by zero' '1 + 1 / 0 + value' '      ^'
    map -e "value + ('abc' + 1)"
    expect_refusal '-e: "abc" is not a number' "value + ('abc' + 1)" '               ^'
    map -e 'drop() + discard()'
    expect_refusal '-e: discard() discards a key: it goes with the STATE of fl-statemap and fl-reduce' \
        'drop() + discard()' '         ^'
    map -e '(value > 1) + 1'
    expect_refusal '-e: this is true or false, which has no meaning here: write iif(x, 1, 0)' '(value > 1) + 1' \
        '       ^'
    map -e 'state'
    expect_refusal "-e: there is no column state$there" 'state' '^'
    map -e 'value ->> "user"'
    expect_refusal "-e: there is no column user$there" 'value ->> "user"' '          ^'
    run_sh "fl-statemap -e 'state + valeu' </dev/null"
    expect_status 64
    expect_stderr 'fl-statemap: -e: there is no column valeu: there are key, value, source and state, and a text stands in single quotes
    state + valeu
            ^'
    map -e 'value, key'
    expect_refusal '-e: it is one expression, and has no place for a comma' 'value, key' '     ^'
    map -k 'valeu'
    expect_status 64
    map '-e value -k' '1 +'
    expect_refusal '-k: it ends too early: a value is missing' '1 +' '   ^'
    map -q 'SELECT value FROM json_each(record.valeu)'
    expect_refusal "-q: no such column: record.valeu$there" 'SELECT value FROM json_each(record.valeu)' \
        '                            ^'
    map -q 'SELECT value FROM recrd'
    expect_refusal '-q: no such table: recrd'
    map -q 'SELECT value, 1'
    expect_refusal '-q: it gives 2 columns, and must give 1'
    map -q 'value'
    expect_refusal '-q: near "value": syntax error' 'value' '^'
    map -q 'SELECT value FROM json_each(value)'
    expect_refusal '-q: which value? That of the record is record.value' 'SELECT value FROM json_each(value)' \
        '                            ^'
    run_sh "echo '{\"key\":[7]}' | fl-input | fl-map -q \"SELECT value FROM json_each(record.value, '\$.key')\" | fl-out"
    expect_stdout 7
}

@test "a condition is true, false or NULL" {
    while IFS='|' read -r text why caret; do
        run_sh "echo 1 | fl-input | fl-filter -e \"$text\" | fl-out"
        expect_failed 64 "fl-filter: -e: a condition is true or false, and this is $why"$'\n'"    $text"$'\n'"    $caret^"
    done <<'END'
value|bytes of the input: compare it, as in value = 'x'|
value % 2|a number: compare it, as in value % 2 <> 0|      
match(value, 'ERROR')|a text: compare it, as in match(value, 'ERROR') = 'x'|
value = 1 AND lower(key)|a text: compare it, as in lower(key) = 'x'|              
NOT value + 1|a number: compare it, as in value + 1 <> 0|          
END
    run_sh "fl-filter -e 'iif(value, 1, 2) = 1' </dev/null"
    expect_status 64
    # A member of JSON may be a boolean: only the record tells.
    printf '%s\n' '{"ok":true}' '{"ok":false}' '{}' '{"ok":"yes"}' >lines
    run_sh "fl-input lines | fl-filter -e \"value ->> 'ok'\" | fl-out"
    expect_failed 65 "fl-filter: lines: record 4: \"{\\\"ok\\\":\\\"yes\\\"}\" makes -e fail: \"yes\" is no condition: a condition is true, false or NULL
    value ->> 'ok'
          ^"
    expect_stdout '{"ok":true}'
}

@test "a result that is NULL is a bad record, and drop() is counted" {
    printf '%s\n' '{"n":1}' '{}' '{"n":null}' '{"n":4}' >lines
    null="fl-input lines | fl-map --reject bad -e \"value ->> 'n'\" | fl-out"
    run_sh "$null"
    expect_status 0
    expect_stdout $'1\n4'
    expect_stderr 'fl-map: 2 records were rejected: see bad'
    run_sh "fl-input lines | fl-map -e \"coalesce(value ->> 'n', drop())\" | fl-out"
    expect_status 0
    expect_stdout $'1\n4'
    expect_stderr 'fl-map: 2 records: left out by drop()'
    run_sh "fl-input lines | fl-map -e value -k \"value ->> 'n'\" | fl-out"
    expect_failed 65 'fl-map: lines: record 2: "{}" has no result: -k is NULL: write drop() to leave the record out'
    run_sh "fl-input lines | fl-map -e value -k \"coalesce(value ->> 'n', drop())\" | fl-out"
    expect_stdout $'1\t{"n":1}\n4\t{"n":4}'
    expect_stderr 'fl-map: 2 records: left out by drop()'
    run_sh "fl-input lines | fl-key -e \"coalesce(value ->> 'n', drop())\" | fl-out -f %k"
    expect_stdout $'1\n4'
    expect_stderr 'fl-key: 2 records: left out by drop()'
    run_sh "fl-input lines | fl-map -q \"SELECT value ->> 'n' WHERE value ->> 'n' > 1\" | fl-out"
    expect_stdout 4
    expect_stderr 'fl-map: 3 records: left out, as the query gave no row'
    run_sh "fl-input lines | fl-map -q \"SELECT value ->> 'n'\" | fl-out"
    expect_failed 65 'fl-map: lines: record 2: "{}" makes -q fail: the result is NULL: write drop() to leave it out'
    run_sh "fl-input lines | fl-map -q \"SELECT coalesce(value ->> 'n', drop())\" | fl-out"
    expect_stdout $'1\n4'
    expect_stderr 'fl-map: 2 records: left out by drop()'
    run_sh "fl-input lines | fl-filter -e \"value ->> 'n' > 1\" | fl-out"
    expect_stdout '{"n":4}'
    expect_stderr 'fl-filter: 2 records: NULL, which is not true'
    run_sh "fl-input lines | fl-filter -v -e \"value ->> 'n' > 1\" | fl-out"
    expect_stdout $'{"n":1}\n{}\n{"n":null}'
    expect_stderr 'fl-filter: 2 records: NULL, which is not true'
    run_sh "fl-input lines | fl-filter --strict -e \"value ->> 'n' > 1\" | fl-out"
    expect_failed 65 'fl-filter: lines: record 2: "{}" makes -e NULL, which --strict refuses'
}

@test "a state is discarded by discard() alone" {
    printf '%s\n' '{"n":1}' '{}' '{"n":4}' >lines
    run_sh "fl-input lines | fl-key ALL | fl-statemap -e \"coalesce(state, 0) + value ->> 'n'\" | fl-out"
    expect_failed 65 'fl-statemap: lines: record 2: "{}" has no result: -e is NULL: write discard() to discard the key, or drop() to leave the record out (key "ALL")'
    run_sh "fl-input lines | fl-key ALL | fl-statemap -e \"coalesce(state, 0) + coalesce(value ->> 'n', drop())\" | fl-out"
    expect_stdout $'ALL\t1\nALL\t5'
    expect_stderr 'fl-statemap: 1 record: left out by drop()'
    run_sh "fl-input lines | fl-key ALL | fl-statemap -e \"coalesce(state, 0) + coalesce(value ->> 'n', discard())\" | fl-out"
    expect_stdout $'ALL\t1\nALL\t4'
    run_sh "fl-input lines | fl-key ALL | fl-statemap -e \"1, value ->> 'n'\" | fl-out"
    expect_failed 65 'fl-statemap: lines: record 2: "{}" has no result: -e is NULL: write drop() to leave the record out (key "ALL")'
    run_sh "fl-input lines | fl-key ALL | fl-statemap -e \"1, coalesce(value ->> 'n', drop())\" | fl-out"
    expect_stdout $'ALL\t1\nALL\t4'
    expect_stderr ''
    run_sh "fl-input lines | fl-key ALL | fl-statemap -q \"SELECT coalesce(state, 0) + (value ->> 'n')\" | fl-out"
    expect_failed 65 'fl-statemap: lines: record 2: "{}" makes -q fail: the new state is NULL: write discard() to discard the key (key "ALL")'
    run_sh "fl-input lines | fl-key ALL | fl-reduce --keep -e \"max(coalesce(state, 0), value ->> 'n')\" | fl-out"
    expect_status 65
}

@test "the mark stands under the place behind tabs, in any line, and behind characters of many bytes" {
    map -e $'value\n\t+ \tvaleu * 2\n+ 1'
    expect_refusal "-e: there is no column valeu$there" $'\t+ \tvaleu * 2' $'\t  \t^'
    map -e $'\'\303\251\342\202\254\360\237\230\200\' || valeu'
    expect_refusal "-e: there is no column valeu$there" $'\'\303\251\342\202\254\360\237\230\200\' || valeu' '         ^'
    map -e $'value\n   +'
    expect_refusal '-e: it ends too early: a value is missing' '   +' '    ^'
    map -e $'value \033[2J \r + valeu'
    expect_status 64
    LC_ALL=C grep -q "[$(printf '\001-\010\013-\037')]" "$results/stderr" && fail 'a control character is shown'
    map -e "$(printf '%01000d' 0) || valeu"
    expect_refusal "-e: there is no column valeu$there" "$(printf '%0296d' 0) || valeu" "$(printf '%300s' '')^"
}

@test "a comment may end it, and strings may hold anything" {
    echo 5 >lines
    for text in 'value -- the value' 'value /* it */' "replace('5;)?', ';)?', '') -- ')" '/* ( */ value'; do
        printf '%s' "$text" >text
        run_sh 'fl-input lines | fl-map -e "$(cat text)" | fl-out'
        expect_status 0
        expect_stdout 5
        expect_stderr ''
    done
    run_sh 'fl-input lines | fl-map -q "SELECT value -- the value" | fl-out'
    expect_status 0
    expect_stdout 5
}

@test "it is one expression, and nothing after it" {
    map -e 'value; DROP TABLE record'
    expect_refusal '-e: nothing may follow, and so a ; has no place here' 'value; DROP TABLE record' '     ^'
    map -q 'SELECT value; SELECT 2'
    expect_refusal '-q: nothing may follow, and so a ; has no place here' 'SELECT value; SELECT 2' '            ^'
    map -e '1) FROM (SELECT 1'
    expect_refusal '-e: nothing is open that this ) closes' '1) FROM (SELECT 1' ' ^'
    map -q 'SELECT 1) SELECT (2'
    expect_refusal '-q: nothing is open that this ) closes' 'SELECT 1) SELECT (2' '        ^'
    map -e '(1 + (2)'
    expect_refusal '-e: it ends too early: ) is missing' '(1 + (2)' '        ^'
    map -q 'SELECT (1 + (2)'
    expect_refusal '-q: this ( is not closed' 'SELECT (1 + (2)' '       ^'
    map -e "value || 'a"
    expect_refusal '-e: a quote does not end' "value || 'a" '         ^'
    map -e 'value /* a'
    expect_refusal '-e: a comment does not end' 'value /* a' '      ^'
    for text in '1 FROM (SELECT 1 AS value) UNION SELECT 2' 'value FROM record WHERE 0' 'value AS x' '*' 'record.*' \
        'value LIMIT 0' 'value ORDER BY 1' 'DISTINCT value' 'SELECT value' 'row_number() OVER ()' '(1, 2)'; do
        map -e "$text"
        expect_status 64
        expect_stdout ''
    done
    for parameter in '?' '?1' ':a' '@a' '$a'; do
        map -e "1 + $parameter"
        expect_refusal '-e: parameters have no place here: the columns of the record have names' "1 + $parameter" \
            '    ^'
    done
}

@test "it can do nothing but compute" {
    mkdir empty
    cd empty
    while read -r text; do
        for option in -e -q; do
            case $option$text in
                -qSELECT* | -qWITH*) shown=$text ;;
                -q*) shown="SELECT $text" ;;
                *) shown="($text)" ;;
            esac
            for whole in "$text" "$shown"; do
                printf '%s' "$whole" >../text
                run_sh "printf '1\n' | fl-input | fl-map $option \"\$(cat ../text)\" | fl-out"
                expect_status 64
                expect_stdout ''
            done
        done
        [ -z "$(ls -A)" ] || fail "$text has made a file"
    done <<'END'
ATTACH 'file' AS other
DETACH main
VACUUM INTO 'file'
PRAGMA user_version
PRAGMA temp_store_directory = '.'
CREATE TABLE t(a)
CREATE TEMP TABLE t(a)
CREATE VIRTUAL TABLE t USING fts5(a)
INSERT INTO sqlite_master VALUES (1, 2, 3, 4, 5)
INSERT INTO record VALUES (1) RETURNING 1
UPDATE record SET value = 1
DELETE FROM record
BEGIN
EXPLAIN SELECT 1
REPLACE INTO record VALUES (1)
load_extension('./file')
load_extension('./file', 'main')
writefile('file', 'x')
readfile('/etc/passwd')
edit('x', 'sh')
fts3_tokenizer('simple')
fts3_tokenizer('simple', x'00')
fl_row(1)
SELECT fl_row(1)
SELECT name FROM sqlite_master
SELECT 1 FROM sqlite_schema
SELECT count(*) FROM sqlite_temp_master
SELECT name FROM pragma_table_info('sqlite_master')
SELECT count(*) FROM pragma_database_list
SELECT file FROM pragma_database_list()
SELECT 1 FROM main.pragma_function_list
SELECT data FROM sqlite_dbpage
SELECT name FROM dbstat
SELECT count(*) FROM dbstat
SELECT count(*) FROM bytecode('SELECT 1')
SELECT name FROM fsdir('/')
WITH a AS (DELETE FROM record RETURNING 1) SELECT * FROM a
WITH a AS (INSERT INTO record VALUES (1) RETURNING 1) SELECT * FROM a
END
}

@test "a regular expression that is wrong" {
    for text in "value REGEXP '('" "match(value, '(')" "iif(value = 1, 'a', match(value, '('))"; do
        map -e "$text"
        expect_status 64
        expect_stdout ''
        expect_message '^fl-map: -e: (regexp|match): "\(" is not a regular expression: '
        map -q "SELECT $text"
        expect_status 64
        expect_message '^fl-map: -q: (regexp|match): "\(" is not a regular expression: '
    done
    # One that comes with the record makes that a bad one.
    printf 'a\n(\n' >lines
    run_sh "fl-input lines | fl-map -e \"'a' REGEXP value\" | fl-out"
    expect_status 65
    expect_stdout true
    expect_message '^fl-map: lines: record 2: "\(" makes -e fail: regexp: "\(" is not a regular expression: '
}

# fails OPTION TEXT REASON: for a record.
fails() {
    printf '%s' "$2" >text
    run_sh "echo 1 | fl-input | fl-map $1 \"\$(cat text)\" | fl-out"
    expect_failed 65 "fl-map: -: record 1: \"1\" makes $1 fail: $3"
    expect_stdout ''
}

numbers='WITH RECURSIVE n(i) AS (VALUES(1) UNION ALL SELECT i + 1 FROM n'
endless="$numbers)"

@test "what grows too large" {
    fails -q 'SELECT zeroblob(1000000000)' 'string or blob too big'
    fails -q "SELECT value || hex(zeroblob(50000000))" 'string or blob too big'
    fails -q "$endless SELECT hex(zeroblob(1000000)) FROM n" 'it gives more than 67108864 bytes'
    fails -q "$endless SELECT i FROM n" 'it gives more than 67108864 bytes'
    fails -q "$endless SELECT hex(zeroblob(10000000)) || i FROM n ORDER BY 1" 'it takes more than 1 GiB of memory'
    head -c 40000000 /dev/zero | tr '\0' x >lines
    run_sh "fl-input lines | fl-map -e 'value || value' | fl-out"
    expect_status 65
    expect_message 'makes -e fail: the result has more than 67108864 bytes, which no record can hold'
}

@test "what takes too long" {
    begin=$SECONDS
    fails -q "$endless SELECT max(i) FROM n" 'it takes longer than 10 s of the processor'
    # Not sooner: a second of the processor is no shorter than one of the clock.
    ((SECONDS - begin >= 10))
}

# processor_seconds PROGRAM: how many it has used.
processor_seconds() {
    awk -v ticks="$(getconf CLK_TCK)" '{ print int(($14 + $15) / ticks) }' "/proc/$(stage_pid "$1")/stat"
}

@test "the limit of time is for one record, not for all" {
    # Each takes a small part of a second, more or less, and there are as many as take longer than the limit.
    local records=0
    [ -r /proc/self/stat ] || skip "no /proc here"
    mkfifo gate
    start "fl-input gate | fl-map -q \"$numbers LIMIT 300000) SELECT count(*) FROM n\" | fl-out"
    exec 7<>gate
    until [ "$(processor_seconds fl-map)" -ge 12 ]; do
        echo $((++records)) >&7
        wait_until has_lines "$background/stdout" "$records"
    done
    exec 7>&-
    finish
    expect_status 0
    yes 300000 | head -n "$records" | expect_stdout
    expect_stderr ''
    echo "# $records records" >&3
}

@test "integers at the end of 64 bits, and what is larger" {
    printf '%s\n' 9223372036854775807 9223372036854775808 -9223372036854775808 -9223372036854775809 >lines
    run_sh "fl-input lines | fl-map -q \"SELECT record.value || ' ' || typeof(record.value)\" | fl-out"
    expect_status 0
    expect_stdout <<'END'
9223372036854775807 integer
9223372036854775808 text
-9223372036854775808 integer
-9223372036854775809 text
END
    run_sh "fl-input lines | fl-map -e 'value * 10 + 1' | fl-out"
    expect_stdout <<'END'
92233720368547758071
92233720368547758081
-92233720368547758079
-92233720368547758089
END
}
