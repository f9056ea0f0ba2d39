# Goal of this test: fl-map makes of each record the one, or the several, that its expression or query says, and leaves
# what it does not change as it is, byte for byte.

load helper

# maps ARGUMENTS: fl-map's output for the file `lines`; nothing is said.
maps() {
    run_sh "fl-input lines | fl-map $1 | fl-out"
    expect_status 0
    expect_stderr ''
}

@test "a new value" {
    printf '1\n2.50\n-0.5\n+1e1\n' >lines
    maps "-e 'value * 2'"
    expect_stdout $'2\n5\n-1\n20'
    printf '1\n2\n\n three \n' >lines
    maps "-e \"'<' || value || '>'\""
    expect_stdout $'<1>\n<2>\n<>\n< three >'
    maps "-e source"
    expect_stdout $'lines\nlines\nlines\nlines'
    maps "--expression=\"''\""
    expect_stdout $'\n\n\n'
}

# Words of one byte to twenty, with one blank or several and tabs between them, in lines of up to 100 bytes.
words() {
    awk 'BEGIN {
        srand(1)
        for (i = 0; i < 3000; i++) {
            line = i % 3 ? "" : "\t "
            for (j = 0; j < 4 + i % 5; j++) {
                word = substr("abcdefghijklmnopqrst", 1 + int(rand() * 20))
                line = line word substr(" \t \t", 1, 1 + int(rand() * 4))
            }
            print line
        }
    }'
}

@test "fields are those of awk and cut" {
    words >lines
    for field in 1 2 4; do
        maps "-f $field"
        awk -v field="$field" '{ print $field }' lines | expect_stdout
    done
    maps '-f 4,1,4'
    awk '{ print $4, $1, $4 }' lines | expect_stdout
    tr ' ' ',' <lines | grep , >commas
    mv commas lines
    maps '--fields 1 --delimiter ,'
    cut -d , -f 1 lines | expect_stdout
    printf 'a\tb,c\n,\n' >lines
    maps '-d , -f 2,1'
    expect_stdout $'c,a\tb\n,'
    maps "-d '\t' -f 1"
    expect_stdout $'a\n,'
}

@test "fields of a record with a key, which stays, or comes from the old value" {
    printf 'a 1\nb 2\na 3\n' >lines
    run_sh 'fl-input lines | fl-key -f 1 | fl-map -f 2 | fl-statemap sum | fl-out'
    expect_status 0
    expect_stdout $'a\t1\nb\t2\na\t4'
    expect_stderr ''
    maps '-k "field(value, 1)" -f 2'
    expect_stdout $'a\t1\nb\t2\na\t3'
    # A key that must be escaped, and a value with a line end.
    run_sh "fl-input lines | fl-map -k \"'k' || char(9)\" -e \"value || char(10) || 'x y'\" | fl-map -f 3,2 |
        fl-out -f '<%k|%v>'"
    expect_status 0
    expect_stdout $'<k\t|y 1\nx>\n<k\t|y 2\nx>\n<k\t|y 3\nx>'
    run_sh "fl-input lines | fl-map -f 1,1 -d '
' | fl-out -f '<%v>'"
    expect_status 0
    expect_stdout $'<a 1\na 1>\n<b 2\nb 2>\n<a 3\na 3>'
}

@test "a record without the fields is a bad one" {
    printf 'a 1\nb\n\nc 3\n' >lines
    run_sh 'fl-input lines | fl-map -f 2 | fl-out'
    expect_status 65
    expect_stdout 1
    expect_stderr $'fl-map: lines: record 2: "b" has no field 2\nfl-out: the upstream stage failed (status 65)'
    run_sh 'fl-input lines | fl-key K | fl-map --reject bad -f 1,2 | fl-out'
    expect_status 0
    expect_stdout $'K\ta 1\nK\tc 3'
    expect_stderr 'fl-map: 2 records were rejected: see bad'
    expect_file bad <<'END'
{"step":"map","source":"lines","record":2,"key":"K","value":"b","why":"has no field 2"}
{"step":"map","source":"lines","record":3,"key":"K","value":"","why":"has no field 2"}
END
}

@test "drop() leaves a record out, and NULL is a bad one" {
    seq 10 >lines
    run_sh "fl-input lines | fl-map -e 'CASE WHEN value % 2 = 0 THEN value / 2 ELSE drop() END' | fl-out"
    expect_status 0
    expect_stdout $'1\n2\n3\n4\n5'
    expect_stderr 'fl-map: 5 records: left out by drop()'
    run_sh "fl-input lines | fl-map -e 'CASE WHEN value < 2 THEN value END' | fl-out"
    expect_failed 65 'fl-map: lines: record 2: "2" has no result: -e is NULL: write drop() to leave the record out'
    expect_stdout 1
}

@test "a query makes any number of records, in order" {
    printf 'to be or\n\nnot\n' >lines
    split="WITH RECURSIVE w(n, word) AS (SELECT 1, field(value, 1)
            UNION ALL SELECT n + 1, field(value, n + 1) FROM w, record WHERE word IS NOT NULL) SELECT word FROM w
            WHERE word IS NOT NULL"
    # leaves_out COUNT QUERY: the query gives no row for COUNT records.
    leaves_out() {
        run_sh "fl-input lines | fl-map --query \"$2\" | fl-out"
        expect_status 0
        expect_stderr "fl-map: $1: left out, as the query gave no row"
    }
    leaves_out '1 record' "$split"
    expect_stdout $'to\nbe\nor\nnot'
    printf '[3,"a b",1.50]\n[]\n[{"a": 1}]\n' >lines
    leaves_out '1 record' 'SELECT value FROM json_each(record.value)'
    expect_stdout $'3\na b\n1.5\n{"a":1}'
    maps '-q "SELECT value WHERE value > 5"'
    expect_stdout <lines
    leaves_out '3 records' 'SELECT 1 WHERE 0'
    expect_stdout ''
}

@test "words of a real text, counted" {
    words=/usr/share/common-licenses/GPL-3
    [ -r $words ] || words=$ROOT/LICENSE
    cp "$words" lines
    # Words of letters, in lower case: what is between them becomes JSON's.
    run_sh "fl-input -w lines | fl-map -e \"coalesce(lower(match(value, '[A-Za-z]+')), drop())\" |
        fl-key -f 1 | fl-statemap count | fl-out -f '%k %v' | awk '{ n[\$1] = \$2 } END { for (word in n) print word, n[word] }' | sort"
    expect_status 0
    expect_message '^fl-map: [0-9]+ records?: left out by drop\(\)$'
    awk '{ for (i = 1; i <= NF; i++) if (match($i, /[A-Za-z]+/)) n[tolower(substr($i, RSTART, RLENGTH))]++ }
        END { for (word in n) print word, n[word] }' lines | sort | expect_stdout
}

# Lines that are easily spoiled; the last one has bytes that are no UTF-8, and a NUL.
nasty() {
    cat <<'END'
1.50
1e3
1E+3
-0
-0.0
0.10
007
+5
.5
5.
12345678901234567890
-12345678901234567890
9223372036854775807
123456789.000000000000000000000000001
1e400
\n\t\\
a\b	tab	 "quoted" 'quoted'
=x
+k
!end
'
  blanks  

END
    printf 'caf\303\251 \377\376\300 \0nul\r\n'
}

@test "what is untouched comes out byte for byte" {
    nasty >lines
    for expression in value 'record.value' 'coalesce(value, 0)' 'CASE WHEN key IS NULL THEN value ELSE drop() END'; do
        maps "-e '$expression'"
        expect_stdout <lines
    done
    for query in 'SELECT value' 'VALUES (value)' 'SELECT value FROM record'; do
        maps "-q '$query'"
        expect_stdout <lines
    done
    maps "-k value -e \"'v'\""
    sed 's/$/\tv/' lines | expect_stdout
}

@test "the key stays, or is new" {
    printf 'ann 3\nbob 4\n' >lines
    run_sh "fl-input lines | fl-key -f 1 | fl-map -e 'field(value, 2)' | fl-out"
    expect_status 0
    expect_stdout $'ann\t3\nbob\t4'
    expect_stderr ''
    run_sh "fl-input lines | fl-key -f 1 | fl-map -e 'num(field(value, 2)) + 1' -k \"key || '!'\" | fl-out"
    expect_status 0
    expect_stdout $'ann!\t4\nbob!\t5'
    expect_stderr ''
    maps '--key "field(value, 1)" -q "VALUES (1), (2)"'
    expect_stdout $'ann\t1\nann\t2\nbob\t1\nbob\t2'
    maps "-k \"char(9) || value || char(10)\" -e 'value || char(10)' | cat"
    expect_stdout $'\tann 3\n\tann 3\n\n\tbob 4\n\tbob 4\n'
}

@test "a key of NULL is a bad record, but not if the record is left out" {
    printf 'ann\n\n' >lines
    run_sh "fl-input lines | fl-map -k 'field(value, 1)' -e value | fl-out"
    expect_status 65
    expect_stdout $'ann\tann'
    expect_message '^fl-map: lines: record 2: "" has no result: -k is NULL: write drop\(\) to leave the record out$'
    run_sh "fl-input lines | fl-map -k 'field(value, 1)' -e \"iif(value = '', drop(), value)\" | fl-out"
    expect_status 0
    expect_stdout $'ann\tann'
    expect_stderr 'fl-map: 1 record: left out by drop()'
}

@test "bad records end the flow, or are put aside" {
    printf '{"a":1}\n{"a":\n{"a":2}\n\n' >lines
    run_sh "fl-input lines | fl-map -e \"value->>'a'\" | fl-out"
    expect_status 65
    expect_stdout 1
    expect_message '^fl-map: lines: record 2: "\{\\"a\\":" makes -e fail: ->>: "\{\\"a\\":" is not JSON: a value is expected at its end$'
    run_sh "fl-input lines | fl-map -e \"value->>'a'\" --reject bad | fl-out"
    expect_status 0
    expect_stdout $'1\n2'
    expect_stderr 'fl-map: 2 records were rejected: see bad'
    expect_file bad '{"step":"map","source":"lines","record":2,"value":"{\"a\":","why":"makes -e fail: ->>: \"{\\\"a\\\":\" is not JSON: a value is expected at its end"}
{"step":"map","source":"lines","record":4,"value":"","why":"makes -e fail: ->>: \"\" is not JSON: a value is expected at its end"}'
    seq 3 >lines
    run_sh "fl-input lines | fl-map -q \"SELECT value UNION ALL SELECT 'b' UNION ALL SELECT num('x') WHERE value = 2\" |
        fl-out"
    expect_status 65
    expect_stdout $'1\nb'
    expect_message '^fl-map: lines: record 2: "2" makes -q fail: num: "x" is not a number$'
}

# refuses ARGUMENTS MESSAGE
refuses() {
    run_sh "fl-map $1 </dev/null"
    expect_status 64
    expect_stdout ''
    expect_stderr "fl-map: $2 (fl-map --help shows the usage)"
}

@test "the command line" {
    nothing='give fields with -f, an expression with -e, a query with -q, or a program with -x'
    refuses '' "$nothing"
    refuses '-k key' "$nothing"
    refuses '-d ,' "$nothing"
    for ways in '-e value -q "SELECT 1"' '-f 1 -e value' '-f 1 -q "SELECT 1"' '-f 1 -x cat' '-e value -x cat' \
        '-q "SELECT 1" -x cat'; do
        refuses "$ways" '-f, -e, -q and -x contradict each other'
    done
    for way in '-e value' '-q "SELECT 1"'; do
        refuses "$way -d ," '-d goes with -f'
    done
    refuses '-d , -x cat' '-d goes with -f'
    refuses '-f 0' '-f: "0" is not a list of fields such as 2 or 1,3'
    refuses '-f 1 -d ab' '-d: "ab" is not one byte (\t stands for a tab)'
    refuses '-e value -e value' 'option -e is given twice'
    refuses '-e value x' 'unexpected operand "x": the expression follows -e, in quotes'
    run_sh 'fl-map -e "value, key" </dev/null'
    expect_status 64
    expect_stderr 'fl-map: -e: it is one expression, and has no place for a comma
    value, key
         ^'
    run_sh 'fl-map -q "SELECT value, key, 3" </dev/null'
    expect_status 64
    expect_stderr 'fl-map: -q: it gives 3 columns, and must give 1'
}

@test "in a flow that is resumed" {
    fl-recovery-init db
    seq 5 >lines
    flow="fl-input -r db lines | fl-map -k \"'k' || (value % 2)\" -q 'VALUES (value), (value * 10)' |
        fl-statemap sum | fl-out"
    run_sh "$flow"
    expect_status 0
    expect_stdout <<'END'
k1	1
k1	11
k0	2
k0	22
k1	14
k1	44
k0	26
k0	66
k1	49
k1	99
END
    expect_stderr ''
    seq 6 >lines
    run_sh "$flow"
    expect_status 0
    expect_stdout $'k0\t72\nk0\t132'
    expect_stderr ''
}
