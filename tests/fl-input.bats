# Goal of this test: fl-input reads the given files in order, and each line once. As the root it goes on in each file
# where it was, and refuses a file that is not the one it read before.

load helper

remedy='put it back as it was, or say --on-replaced restart to read it from its start'
new_directory='put it back as it was, or begin a new recovery directory'

# prints SCRIPT TEXT: the script ends with 0, prints exactly TEXT, and no message.
prints() {
    run_sh "$1"
    expect_status 0
    expect_stdout "$2"
    expect_stderr ''
}

# refuses STATUS MESSAGE ARGUMENTS: the source ends with the status and the message, and prints no record.
refuses() {
    run_sh "fl-input $3"
    expect_status "$1"
    expect_stdout ''
    expect_stderr "fl-input: $2"
}

@test "files, in the order in which they are given" {
    printf '1\n2\n' >a
    printf '3\n' >b
    : >empty
    prints 'fl-input b empty a | fl-out' $'3\n1\n2'
    prints 'fl-input a b | fl-out' $'1\n2\n3'
    prints 'fl-input empty | fl-out' ''
}

@test "standard input: a file, a pipe, a name" {
    printf '1\n2\n' >a
    prints 'fl-input <a | fl-out' $'1\n2'
    prints 'cat a | fl-input | fl-out' $'1\n2'
    prints 'fl-input - <a | fl-out' $'1\n2'
    cp a b
    prints 'echo 0 | fl-input a - b | fl-out' $'1\n2\n0\n1\n2'
    prints '{ read -r first; fl-input; } <a | fl-out' '2'
}

@test "the sources are named, as they were given" {
    printf '1\n' >'a b'
    printf '2\n' >c
    run_sh 'fl-input "a b" ./c'
    expect_status 0
    expect_stdout $'!fl\t1\n!source\ta b\n=1\n!source\t./c\n=2\n!end\t2'
    expect_stderr ''
}

@test "names that look like options, and names with blanks" {
    echo 1 >-r
    echo 2 >' '
    prints "fl-input -- -r ' ' | fl-out" $'1\n2'
}

@test "a missing file, or a directory, is told before anything is emitted" {
    seq 100000 >a
    mkdir directory
    refuses 66 'missing: cannot be opened: No such file or directory' 'a missing'
    refuses 66 'directory: is a directory' 'a directory'
    refuses 66 '-: is a directory' '- <directory'
    refuses 66 'a/b: cannot be opened: Not a directory' 'a/b'
    refuses 66 ': cannot be opened: No such file or directory' "''"
    fl-recovery-init db
    refuses 66 'missing: cannot be opened: No such file or directory' '-r db a missing'
    run_sh 'fl-input missing | fl-key A | fl-statemap sum | fl-out'
    expect_status 66
    expect_stdout ''
    expect_message '^fl-input: missing: cannot be opened: No such file or directory$'
}

@test "a file that may not be read" {
    [ "$(id -u)" -ne 0 ] || skip 'root may read everything'
    echo 1 >a
    chmod 0 a
    refuses 66 'a: cannot be opened: Permission denied' a
}

@test "a file that is given twice is refused" {
    echo 1 >a
    ln -s a link
    for names in 'a a' 'a ./a' 'a link' '- a -'; do
        run_sh "fl-input $names </dev/null"
        expect_status 64
        expect_stdout ''
        expect_stderr "fl-input: ${names##* }: is given twice (fl-input --help shows the usage)"
    done
}

@test "a last line without a line end is a record, where fl-input is not the root" {
    printf '1\n2' >a
    printf '3' >b
    prints 'fl-input a b | fl-out' $'1\n2\n3'
    prints 'printf x | fl-input | fl-out' x
    fl-recovery-init db
    prints 'fl-input a | fl-out -r db' $'1\n2'
}

@test "a last line without a line end may fill what is read at once" {
    local size
    for size in 131071 131072 131073 262144; do
        head -c "$size" /dev/zero | tr '\0' x >a
        fl-input a | fl-out >out
        echo | cat a - | cmp - out
    done
}

@test "a last line without a line end is left for the next run, where fl-input is the root" {
    fl-recovery-init db
    printf '1\n2' >a
    run_sh 'fl-input -r db a | fl-out'
    expect_status 0
    expect_stdout 1
    expect_stderr 'fl-input: a: the last line has no line end: it is left for the next run (--final-line takes it)'
    printf '3' >>a
    run_sh 'fl-input -r db a | fl-out'
    expect_status 0
    expect_stdout ''
    expect_stderr 'fl-input: a: the last line has no line end: it is left for the next run (--final-line takes it)'
    printf '\n4\n' >>a
    prints 'fl-input -r db a | fl-out' $'23\n4'
    prints 'fl-input -r db a | fl-out' ''
}

@test "--final-line takes it" {
    fl-recovery-init db
    printf '1\n2' >a
    prints 'fl-input -r db --final-line a | fl-out' $'1\n2'
    prints 'fl-input -r db --final-line a | fl-out' ''
    printf '3' | tee -a a >/dev/null
    prints 'fl-input -r db --final-line a | fl-out' 3
}

@test "each file goes on where it was" {
    fl-recovery-init db
    printf '1\n' >a
    printf '10\n' >b
    prints 'fl-input -r db a b | fl-key A | fl-statemap sum | fl-out -f %v' $'1\n11'
    echo 2 >>a
    echo 20 >>b
    prints 'fl-input -r db a b | fl-key A | fl-statemap sum | fl-out -f %v' $'13\n33'
    echo 3 >>a
    prints 'fl-input -r db b a | fl-key A | fl-statemap sum | fl-out -f %v' 36
    echo 100 >c
    prints 'fl-input -r db c | fl-key A | fl-statemap sum | fl-out -f %v' 136
    echo 4 >>a
    prints 'fl-input -r db c a b | fl-key A | fl-statemap sum | fl-out -f %v' 140
}

@test "a file on standard input goes on where it was" {
    fl-recovery-init db
    seq 2 >a
    prints 'fl-input -r db <a | fl-out' $'1\n2'
    seq 4 >a
    prints 'fl-input -r db <a | fl-out' $'3\n4'
    prints 'fl-input -r db - <a | fl-out' ''
}

@test "a file is known by its place, not by how it is called" {
    fl-recovery-init db
    mkdir directory
    seq 2 >directory/a
    ln -s directory link
    prints 'fl-input -r db directory/a | fl-out' $'1\n2'
    seq 3 >directory/a
    prints 'cd directory && fl-input -r ../db a | fl-out' 3
    seq 4 >directory/a
    prints 'fl-input -r db link/../link/a | fl-out' 4
}

@test "a renamed file goes on" {
    fl-recovery-init db
    seq 2 >a
    prints 'fl-input -r db a | fl-out' $'1\n2'
    mv a b
    seq 3 >b
    prints 'fl-input -r db b | fl-out' 3
    prints 'fl-input -r db b | fl-out' ''
    echo x >a
    prints 'fl-input -r db a b | fl-out' x
}

@test "two names of one file are known by both" {
    fl-recovery-init db
    printf '1\n2\n' >a
    prints 'fl-input -r db a | fl-out' $'1\n2'
    ln a b
    echo 3 >c
    prints 'fl-input -r db a b c | fl-out' 3
    rm a
    echo 4 >a
    refuses 78 "a: was truncated: it is shorter than the 4 bytes that were processed of it: $remedy" '-r db a'
    prints 'fl-input -r db b | fl-out' ''
}

@test "a rotated log: the old one goes on under its new name, the new one begins" {
    fl-recovery-init db
    seq 2 >log
    prints 'fl-input -r db log | fl-out' $'1\n2'
    seq 3 >log
    mv log log.1
    printf 'a\nb\n' >log
    prints 'fl-input -r db log.1 | fl-out' 3
    prints 'fl-input -r db log.1 log | fl-out' $'a\nb'
    prints 'fl-input -r db log.1 log | fl-out' ''
}

@test "a truncated file is refused, and may be restarted" {
    fl-recovery-init db
    seq 5 >a
    prints 'fl-input -r db a | fl-out' "$(seq 5)"
    seq 3 >a
    refuses 78 "a: was truncated: it is shorter than the 10 bytes that were processed of it: $remedy" '-r db a'
    refuses 78 "a: was truncated: it is shorter than the 10 bytes that were processed of it: $remedy" \
        '-r db --on-replaced fail a'
    refuses 78 "a: was truncated: it is shorter than the 10 bytes that were processed of it: $remedy" \
        '-r db --on-replaced continue a'
    prints 'fl-input -r db --on-replaced restart a | fl-out' "$(seq 3)"
    prints 'fl-input -r db a | fl-out' ''
}

@test "a file that is truncated and filled again while it is read is refused" {
    mkfifo gate
    for lines in '1 1' '6 9' '21 25' '1000 2500'; do
        rm -rf db sent
        fl-recovery-init db
        seq 5 >a
        start 'fl-input -r db -s 1h a gate | fl-out sent'
        exec 7>gate
        wait_until grep -q -x 5 sent
        seq "${lines% *}" "${lines#* }" >a
        exec 7>&-
        finish
        expect_status 78
        expect_message '^fl-input: a: was truncated or changed while it was being read: put it back as it was$'
        fl-recovery status db | grep -q -x 'epoch *0'
    done
}

@test "a file that was changed where it was processed is refused, and may be restarted" {
    fl-recovery-init db
    seq 5 >a
    prints 'fl-input -r db a | fl-out' "$(seq 5)"
    seq 2 9 >a
    message="a: was replaced, or changed before byte 10, up to which it was processed: $remedy"
    refuses 78 "$message" '-r db a'
    refuses 78 "$message" '-r db --on-replaced continue a'
    prints 'fl-input -r db --on-replaced restart a | fl-out' "$(seq 2 9)"
    prints 'fl-input -r db a | fl-out' ''
}

@test "another file with the same lines is refused, and may be gone on with, or restarted" {
    fl-recovery-init db
    seq 5 >a
    prints 'fl-input -r db a | fl-out' "$(seq 5)"
    seq 6 >b
    mv a old
    mv b a
    refuses 78 "a: was replaced by another file, in which the lines that were processed are the same: $remedy, or\
 --on-replaced continue to go on in it" '-r db a'
    cp -a db db2
    prints 'fl-input -r db --on-replaced continue a | fl-out' 6
    prints 'fl-input -r db a | fl-out' ''
    prints 'fl-input -r db2 --on-replaced restart a | fl-out' "$(seq 6)"
    prints 'fl-input -r db2 a | fl-out' ''
}

@test "a pipe is read again, and compared" {
    fl-recovery-init db
    prints 'seq 3 | fl-input -r db | fl-out' $'1\n2\n3'
    prints 'seq 5 | fl-input -r db | fl-out' $'4\n5'
    prints 'seq 5 | fl-input -r db | fl-out' ''
    for sequence in '2 6:its first 10 bytes are not those that were processed before' \
        '3:ends 4 bytes before where it was processed to'; do
        run_sh "seq ${sequence%:*} | fl-input -r db | fl-out"
        expect_status 78
        expect_stdout ''
        expect_message "^fl-input: -: ${sequence#*:}: $new_directory\$"
        expect_message '^fl-out: the upstream stage failed \(status 78\)'
    done
    prints 'seq 6 | fl-input -r db | fl-out' 6
}

@test "a FIFO is read again, and compared" {
    fl-recovery-init db
    mkfifo pipe
    prints 'seq 3 >pipe & fl-input -r db pipe | fl-out' $'1\n2\n3'
    prints 'seq 4 >pipe & fl-input -r db pipe | fl-out' 4
    run_sh 'seq 2 5 >pipe & fl-input -r db pipe >out'
    expect_status 78
    expect_stdout ''
    expect_stderr "fl-input: pipe: its first 8 bytes are not those that were processed before: $new_directory"
}

@test "a run without new lines changes nothing" {
    fl-recovery-init db
    seq 3 >a
    prints 'fl-input -r db a | fl-out' "$(seq 3)"
    before=$(cksum db/part-*)
    prints 'fl-input -r db a | fl-out' ''
    [ "$before" = "$(cksum db/part-*)" ]
    [ "$(ls db)" = $'lock\npart-0.sqlite3' ]
}

@test "a line that is longer than a frame may be" {
    run_sh "head -c 67108865 /dev/zero | fl-input | fl-out"
    expect_status 65
    expect_stdout ''
    expect_message '^fl-input: -: record 1: is longer than the limit of 67108864 bytes$'
}

@test "the command line" {
    for what in yes '' RESTART; do
        refuses 64 "--on-replaced: \"$what\" is not one of fail, restart and continue (fl-input --help shows the usage)" \
            "--on-replaced '$what' </dev/null"
    done
    refuses 64 'option --final-line takes no argument (fl-input --help shows the usage)' '--final-line=1 </dev/null'
    refuses 64 'option --on-replaced needs an argument (fl-input --help shows the usage)' '--on-replaced'
    refuses 64 'unknown option -f (fl-input --help shows the usage)' '-f'
    run_sh 'fl-input --help'
    expect_status 0
    [[ $output == 'usage: fl-input ['* ]]
    for option in -r -s -b -i --final-line --on-replaced --version; do
        grep -q -e "$option" "$results/stdout" || fail "$option is not shown"
    done
    expect_stderr ''
}
