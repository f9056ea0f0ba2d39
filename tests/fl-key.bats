# Goal of this test: fl-key gives the key that it was told, or the fields that awk and cut see, and leaves value and
# order alone.

load helper

@test "one key for all" {
    printf '1\n\n three \n' >lines
    run_sh 'fl-input lines | fl-key ALL | fl-out'
    expect_status 0
    expect_stdout $'ALL\t1\nALL\t\nALL\t three '
    expect_stderr ''
}

@test "a key may be anything that an argument can be" {
    for key in '' ' ' 'a b' '%k' '\t' '=' '+' '!end' $'\303\251' $'\377'; do
        run_sh "echo v | fl-input | fl-key -- '$key' | fl-out"
        expect_status 0
        expect_stdout "$key"$'\tv'
        expect_stderr ''
    done
    run_sh "echo v | fl-input | fl-key 'a	b
c' | fl-out -f '<%k>'"
    expect_status 0
    expect_stdout $'<a\tb\nc>'
    expect_stderr ''
    run_sh 'echo v | fl-input | fl-key -- -f | fl-out'
    expect_status 0
    expect_stdout $'-f\tv'
    expect_stderr ''
}

@test "a new key takes the place of the old one" {
    run_sh 'echo 1 | fl-input | fl-key A | fl-key B | fl-out'
    expect_status 0
    expect_stdout $'B\t1'
    expect_stderr ''
}

# Lines of at least three fields, by blanks and by commas alike.
table() {
    cat <<'END'
a b c
  a  b  c  
	a	b	c	d e f	
one,two three,four five,six
, , ,
,,, x y
\a \\b \tc
é ü ß ñ
	,	,	,	
a,b c,d e,
 1 22   333    4444
END
    printf 'a\v b\fx c\r\n'
}

@test "fields between blanks are those of awk" {
    table >lines
    for field in 1 2 3; do
        awk -v field=$field -F '[ \t]+' '
            { line = $0; sub(/^[ \t]+/, ""); print $field "\t" line }' lines >expected
        run_sh "fl-input lines | fl-key -f $field | fl-out"
        expect_status 0
        expect_stdout <expected
        expect_stderr ''
    done
    awk -F '[ \t]+' '{ line = $0; sub(/^[ \t]+/, ""); print $3 " " $1 " " $3 "\t" line }' lines >expected
    run_sh 'fl-input lines | fl-key -f 3,1,3 | fl-out'
    expect_status 0
    expect_stdout <expected
    expect_stderr ''
}

@test "with plain words, fields are those of awk as it comes" {
    words=/usr/share/common-licenses/GPL-3
    [ -r $words ] || words=$ROOT/LICENSE
    awk 'NF >= 4' "$words" >lines
    for field in 1 2 3 4; do
        run_sh "fl-input lines | fl-key -f $field | fl-out"
        expect_status 0
        awk -v field=$field '{ print $field "\t" $0 }' lines | expect_stdout
        expect_stderr ''
    done
}

@test "fields that end at a character are those of cut" {
    table | LC_ALL=C grep ',.*,.*,' >lines
    printf ',,,\n' >>lines
    for fields in 1 2 3 4 1,2 2,4 1,2,3,4; do
        LC_ALL=C cut -d , -f "$fields" lines | LC_ALL=C paste - lines >expected
        run_sh "fl-input lines | fl-key -f $fields -d , | fl-out"
        expect_status 0
        expect_stdout <expected
        expect_stderr ''
    done
    run_sh 'fl-input lines | fl-key -d , --fields 4,1 | fl-out -f %k'
    expect_status 0
    LC_ALL=C awk -F , '{ print $4 "," $1 }' lines | expect_stdout
    expect_stderr ''
}

# key_of FIELD DELIMITER KEY
key_of() {
    run_sh "fl-input lines | fl-key -d '$2' -f $1 | fl-out -f '<%k>'"
    expect_status 0
    expect_stdout "<$3>"
    expect_stderr ''
}

@test "a tab, a blank, a backslash and a letter as delimiter" {
    printf 'a\t\tb c\\d\n' >lines
    key_of 3 '\t' 'b c\d'
    key_of 2 $'\t' ''
    key_of 2 ' ' 'c\d'
    key_of 2 "\\" d
    key_of 2 b ' c\d'
    key_of 1 ' ' $'a\t\tb'
}

@test "a line end between fields of a key" {
    run_sh "echo a | fl-input | fl-key -f 1,1 -d '
' | fl-out -f '<%k>'"
    expect_status 0
    expect_stdout $'<a\na>'
    expect_stderr ''
}

@test "a line without the delimiter is one field, as for cut" {
    run_sh "printf 'a b\n\n' | fl-input | fl-key -d , -f 1 | fl-out -f '<%k>'"
    expect_status 0
    expect_stdout $'<a b>\n<>'
    expect_stderr ''
}

@test "the order of the records stays" {
    seq 5000 | awk '{ print $1 % 7, $1 }' >lines
    run_sh 'fl-input lines | fl-key -f 1 | fl-out -f %v'
    expect_status 0
    expect_stdout <lines
    expect_stderr ''
}

# bad OPTIONS VALUE FIELD: the third line has no such field.
bad() {
    printf 'a b,c,d\na b,c,d\n%s\na b,c,d\n' "$2" >lines
    run_sh "fl-input lines | fl-key $1 | fl-out -f %v"
    expect_status 65
    expect_stdout $'a b,c,d\na b,c,d'
    expect_message "^fl-key: lines: record 3: \"$2\" has no field $3\$"
    expect_message '^fl-out: the upstream stage failed \(status 65\)$'
}

@test "a record without the field is a bad record" {
    bad '-f 1' '' 1
    bad '-f 1' '   ' 1
    bad '-f 2' 'one ' 2
    bad '-f 1,2' ' one' 2
    bad '-f 2,1' 'one' 2
    bad '-d , -f 2' 'a;b' 2
    bad '-d , -f 3' 'a,b' 3
    bad '-d , -f 1,3' 'a,b' 3
}

@test "a key by expression" {
    printf '{"user":"ann","n":1.50}\n{"user":"bob","n":2}\n' >lines
    run_sh "fl-input lines | fl-key -e \"value->>'user'\" | fl-out"
    expect_status 0
    expect_stdout $'ann\t{"user":"ann","n":1.50}\nbob\t{"user":"bob","n":2}'
    expect_stderr ''
    run_sh "fl-input lines | fl-key --expression \"source || '/' || (value->>'n')\" | fl-key -e 'upper(key)' |
        fl-out -f %k"
    expect_status 0
    expect_stdout $'LINES/1.50\nLINES/2'
    expect_stderr ''
    run_sh "fl-input lines | fl-key -e 'char(9, 10)' | fl-out -f '<%k>'"
    expect_status 0
    expect_stdout $'<\t\n>\n<\t\n>'
    expect_stderr ''
}

@test "a key by expression that is NULL, or fails, is a bad record" {
    printf 'a b\na\nc d\n' >lines
    run_sh "fl-input lines | fl-key -e 'field(value, 2)' | fl-out -f '%k'"
    expect_failed 65 'fl-key: lines: record 2: "a" has no result: -e is NULL: write drop() to leave the record out'
    expect_stdout b
    run_sh "fl-input lines | fl-key --reject bad -e 'num(field(value, 2))' | fl-out -f '%k'"
    expect_status 0
    expect_stdout ''
    expect_stderr 'fl-key: 3 records were rejected: see bad'
}

@test "-x takes the key off" {
    printf '1\n\n a\tb\n' >lines
    for key in A '	'; do
        run_sh "fl-input lines | fl-key '$key' | fl-key -x | fl-out"
        expect_status 0
        expect_stdout <lines
        expect_stderr ''
    done
    run_sh 'fl-input lines | fl-key --no-key | fl-filter -e "key IS NULL" | fl-out'
    expect_status 0
    expect_stdout <lines
    expect_stderr ''
}

# refuses ARGUMENTS MESSAGE
refuses() {
    run_sh "fl-key $1 </dev/null"
    expect_status 64
    expect_stdout ''
    expect_stderr "fl-key: $2 (fl-key --help shows the usage)"
}

@test "the command line" {
    nothing='give a key, its fields with -f, or an expression with -e; or take it off with -x'
    refuses '' "$nothing"
    refuses '-d ,' "$nothing"
    refuses 'a b' 'unexpected operand "b": the expression follows -e, in quotes'
    for ways in 'a -f 1' 'a -e key' 'a -x' '-f 1 -e key' '-f 1 -x' '-e key -x'; do
        refuses "$ways" 'a key, -f, -e and -x contradict each other'
    done
    for way in a '-e key' -x; do
        refuses "$way -d ," '-d goes with -f'
    done
    for way in a -x; do
        refuses "$way --reject bad" '--reject goes with -f and -e: what is the same for all refuses no record'
    done
    for list in '' 0 00 -1 +1 '1,' ,1 1,,2 1-2 1.5 x '1 2' 99999999999999999999 2147483648 1,0; do
        refuses "-f '$list'" "-f: \"$list\" is not a list of fields such as 2 or 1,3"
    done
    for delimiter in '' ab '\n' $'\303\251'; do
        refuses "-f 1 -d '$delimiter'" "-d: \"$delimiter\" is not one byte (\\t stands for a tab)"
    done
    refuses '-f 1 -f 2' 'option -f is given twice'
    refuses '-f' 'option -f needs an argument'
    refuses 'a -y' 'unknown option -y'
}

@test "--help" {
    run_sh 'fl-key --help'
    expect_status 0
    [[ $output == 'usage: fl-key ['* ]]
    for option in -f -d -e -x -r -s -b -i --version; do
        grep -q -e "$option" "$results/stdout" || fail "$option is not shown"
    done
    expect_stderr ''
}
