# Goal of this test: what fl-out prints, in which form, and where: a file of its own is appended to, cut back to what
# was committed, never emptied, and refused when it is not the one that the flow has written.

load helper

flow='fl-input -r db lines | fl-key A | fl-statemap sum'

@test "key, tab and value; or the bare value" {
    printf '!fl\t1\n=v w\n+k\tv\tw\n+\t\n=\n\\+a\\tb\tc\\nd\n!end\t5\n' >stream
    run_sh 'fl-out <stream'
    expect_status 0
    expect_stdout $'v w\nk\tv\tw\n\t\n\na\tb\tc\nd'
    expect_stderr ''
}

@test "an empty stream prints nothing" {
    run_sh 'fl-input /dev/null | fl-out && fl-input /dev/null | fl-key A | fl-out -f x'
    expect_status 0
    expect_stdout ''
    expect_stderr ''
}

# prints FORMAT TEXT: what the format makes of the record (k, v).
prints() {
    run_sh "echo v | fl-input | fl-key k | fl-out -f '$1'"
    expect_status 0
    printf '%s\n' "$2" | expect_stdout
    expect_stderr ''
}

@test "formats" {
    prints '%k %v' 'k v'
    prints "(%k, %v)" '(k, v)'
    prints '%v' v
    prints '%k%k%v%v' kkvv
    prints '%%%v%%k' '%v%k'
    prints '%k\t%v\n' $'k\tv\n'
    prints "\\\\n%v\\\\|" '\nv\|'
    prints '' ''
    prints 'no record at all' 'no record at all'
    prints $'\303\251%v\377' $'\303\251v\377'
    prints '-' '-'
    run_sh "printf '0\n1\n' | fl-input | fl-key ALL | fl-statemap sum | fl-out -f \"('%k', %v)\""
    expect_status 0
    expect_stdout $'(\'ALL\', 0)\n(\'ALL\', 1)'
    expect_stderr ''
    run_sh "printf 'v\n' | fl-input | fl-out --format '<%k|%v>'"
    expect_status 0
    expect_stdout '<|v>'
    expect_stderr ''
}

@test "formats do not read what is printed" {
    printf '%s\n' '%k %v \n %%' >lines
    run_sh "fl-input lines | fl-key '%v' | fl-out -f '%k|%v'"
    expect_status 0
    expect_stdout '%v|%k %v \n %%'
    expect_stderr ''
}

# refuses ARGUMENTS MESSAGE
refuses() {
    run_sh "fl-out $1 </dev/null"
    expect_status 64
    expect_stdout ''
    expect_stderr "fl-out: $2 (fl-out --help shows the usage)"
    [ -z "$(ls -A)" ] || fail 'something was made'
}

@test "the command line" {
    for code in %d %K '%' '%-' '\r' '\0' "\\"; do
        refuses "-f 'a${code}'" "-f: \"${code}\" means nothing: there are %k %v %% \\t \\n \\\\"
    done
    refuses 'a b' 'unexpected operand "b"'
    refuses "''" 'the name of the file is empty'
    refuses '--hold out' '--hold is for standard output: in a file each line stands once without it'
    refuses '-f a -f b' 'option -f is given twice'
    run_sh 'echo 1 | fl-input | fl-out --hold'
    expect_status 64
    expect_stdout ''
    expect_stderr 'fl-out: --hold goes with recovery: give -r to a stage of the flow (fl-out --help shows the usage)'
    run_sh 'fl-out --help'
    expect_status 0
    [[ $output == 'usage: fl-out ['* ]]
    for option in -f --hold -r -s -b -i --version; do
        grep -q -e "$option" "$results/stdout" || fail "$option is not shown"
    done
    expect_stderr ''
}

@test "a file without recovery is made, and appended to" {
    run_sh "printf '1\n' | fl-input | fl-out out"
    expect_status 0
    expect_stdout ''
    expect_stderr ''
    printf 'no line end' >>out
    run_sh "printf '2\n' | fl-input | fl-out ./out"
    expect_status 0
    expect_stdout ''
    expect_stderr ''
    expect_file out $'1\nno line end2'
}

@test "a file with recovery is appended to, run after run" {
    fl-recovery-init db
    echo 'was here before' >out
    for count in 1 2 3; do
        seq $count >lines
        run_sh "$flow | fl-out out"
        expect_status 0
        expect_stdout ''
        expect_stderr ''
    done
    run_sh "$flow | fl-out out"
    expect_status 0
    expect_stdout ''
    expect_stderr ''
    expect_file out $'was here before\nA\t1\nA\t3\nA\t6'
}

@test "what was written and not committed is cut off" {
    fl-recovery-init db
    echo 'was here before' >out
    printf '1\n2\nx\n' >lines
    for options in '' '-s 0'; do
        run_sh "fl-input -r db $options lines | fl-key A | fl-statemap sum | fl-out out"
        expect_status 65
        expect_stdout ''
        expect_message '^fl-statemap: lines: record 3: "x" is not a number'
    done
    printf '1\n2\n3\n' >lines
    run_sh "$flow | fl-out out"
    expect_status 0
    expect_stdout ''
    expect_stderr ''
    expect_file out $'was here before\nA\t1\nA\t3\nA\t6'
    printf '4\ny\n' >>lines
    run_sh "$flow | fl-out out"
    expect_status 65
    printf 'torn' >>out
    printf '1\n2\n3\n4\n5\n' >lines
    run_sh "$flow | fl-out out"
    expect_status 0
    expect_stdout ''
    expect_stderr ''
    expect_file out $'was here before\nA\t1\nA\t3\nA\t6\nA\t10\nA\t15'
}

@test "a file under other names is the same file" {
    fl-recovery-init db
    mkdir directory
    ln -s directory/out link
    seq 1 >lines
    run_sh "$flow | fl-out directory/out"
    expect_status 0
    seq 2 >lines
    run_sh "$flow | fl-out link"
    expect_status 0
    expect_stderr ''
    seq 3 >lines
    run_sh "cd directory && fl-input -r ../db ../lines | fl-key A | fl-statemap sum | fl-out out"
    expect_status 0
    expect_stdout ''
    expect_stderr ''
    expect_file directory/out $'A\t1\nA\t3\nA\t6'
}

sum() {
    [ ! -e out ] || cksum out
}

# misfits MESSAGE: the file is refused, and left as it is.
misfits() {
    local before
    before=$(sum)
    run_sh "$flow | fl-out out"
    expect_status 78
    expect_stdout ''
    expect_message "^fl-out: out: $1\$"
    [ "$before" = "$(sum)" ] || fail 'the file has changed'
}

@test "a file that is shorter, changed, missing or another is refused" {
    fl-recovery-init db
    printf '1\n2\n' >lines
    run_sh "$flow | fl-out out"
    expect_status 0
    cp out good
    seq 3 >lines
    head -c 7 good >out
    misfits 'is shorter than the 8 bytes that are committed of it: put it back, or write to another file'
    : >out
    misfits 'is shorter than the 8 bytes that are committed of it: put it back, or write to another file'
    printf 'A\t1\nA\t4\n' >out
    misfits 'is not the file that this flow has written 8 bytes to: put that one back, or write to another file'
    mv out same
    misfits 'is missing, and the flow has written to it: put it back, or write to another file'
    cp good out
    misfits 'is not the file that this flow has written 8 bytes to: put that one back, or write to another file'
    mv same out
    cat good >out
    run_sh "$flow | fl-out out"
    expect_status 0
    expect_stdout ''
    expect_stderr ''
    expect_file out $'A\t1\nA\t3\nA\t6'
}

@test "another file may be written to from now on" {
    fl-recovery-init db
    seq 2 >lines
    run_sh "$flow | fl-out out"
    expect_status 0
    rm out
    seq 3 >lines
    run_sh "$flow | fl-out other"
    expect_status 0
    expect_stdout ''
    expect_stderr ''
    expect_file other $'A\t6'
}

@test "a file that cannot be written" {
    mkdir directory
    run_sh 'echo 1 | fl-input | fl-out directory'
    expect_status 73
    expect_stdout ''
    expect_stderr 'fl-out: directory: cannot be opened for writing: Is a directory'
    run_sh 'echo 1 | fl-input | fl-out missing/out'
    expect_status 73
    expect_stdout ''
    expect_stderr 'fl-out: missing/out: cannot be opened for writing: No such file or directory'
    fl-recovery-init db
    echo 1 >lines
    run_sh "$flow | fl-out directory"
    expect_status 73
    expect_stdout ''
    expect_stderr 'fl-out: directory: cannot be opened for writing: Is a directory'
}

@test "a FIFO and a device in the place of a file" {
    fl-recovery-init db
    echo 1 >lines
    mkfifo pipe
    start 'cat pipe'
    run_sh "$flow | fl-out pipe"
    expect_status 0
    expect_stderr ''
    finish
    expect_status 0
    expect_stdout $'A\t1'
    seq 2 >lines
    run_sh "$flow | fl-out /dev/null"
    expect_status 0
    expect_stdout ''
    expect_stderr ''
}

@test "--hold prints an epoch when it is saved everywhere, and nothing of one that is not" {
    fl-recovery-init db
    printf '1\n2\nx\n' >lines
    run_sh "$flow | fl-out --hold"
    expect_status 65
    expect_stdout ''
    expect_message '^fl-statemap: lines: record 3: "x" is not a number'
    run_sh "$flow | fl-out"
    expect_status 65
    expect_stdout $'A\t1\nA\t3'
    run_sh 'fl-input -r db -s 0 lines | fl-key A | fl-statemap sum | fl-out --hold'
    expect_status 65
    cp "$results/stdout" printed
    printf '1\n2\n3\n' >lines
    run_sh "$flow | fl-out --hold"
    expect_status 0
    expect_stderr ''
    cat "$results/stdout" >>printed
    expect_file printed $'A\t1\nA\t3\nA\t6'
}

@test "--hold does not print again what it has printed, when the stage before dies after the epoch" {
    fl-recovery-init db
    printf '1\n2\n' >lines
    run_sh "fl-input -r db lines | sed '/^!end/d' | fl-out --hold"
    expect_status 74
    expect_stdout $'1\n2'
    expect_stderr 'fl-out: the upstream stage died (there is no !end): nothing after epoch 1 is committed'
    run_sh 'fl-input -r db lines | fl-out --hold'
    expect_status 0
    expect_stdout ''
    expect_stderr ''
}

@test "--hold with more than a buffer full" {
    fl-recovery-init db
    seq 100000 >lines
    run_sh 'fl-input -r db lines | fl-key A | fl-statemap count | fl-out --hold'
    expect_status 0
    sed $'s/^/A\t/' lines | expect_stdout
    expect_stderr ''
}
