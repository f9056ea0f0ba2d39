# Goal of this test: keys and values are bytes. Blanks, backslashes, tabs, NUL, CR, invalid UTF-8, what looks like a
# frame, lengths of zero and of a MiB: all come through a flow, and through its memory, as they went in.

load helper

# all_bytes BEFORE AFTER: a line for every byte but the LF, between the two; %d in them is the byte's code.
all_bytes() {
    local code
    for code in {0..255}; do
        # shellcheck disable=SC2059
        ((code == 10)) || printf "${1//%d/$code}\\$(printf %03o "$code")${2//%d/$code}\n"
    done
}

# Lines that look like frames, escapes, formats and options.
strange_lines() {
    cat <<'END'
!end	0
!fl	1
!epoch	1	0	final
=a
+k	v
\=a\nb
\+k\t	v
\n\t\\
\
%k%v%%
-r db
--

 leading and trailing blanks 	
a	b		c	
END
    printf 'CR\r\n\r\nno UTF-8: \377\376 \300\200 \355\240\200 \364\220\200\200 \342\202\n'
    printf 'UTF-8: \303\251 \342\202\254 \360\237\230\200\nNUL: \0\0 .\n\0\n'
}

@test "a value may hold any byte" {
    { all_bytes 'x' 'y' && all_bytes '' '' && strange_lines; } >lines
    run_sh 'fl-input lines | fl-out'
    expect_status 0
    expect_stdout <lines
    expect_stderr ''
    run_sh 'fl-input <lines | fl-key KEY | fl-key OTHER | fl-out -f %v'
    expect_status 0
    expect_stdout <lines
    expect_stderr ''
    run_sh 'fl-input <lines | fl-filter -e true | fl-key -e value | fl-map -e value | fl-map -e key |
        fl-map -q "SELECT value UNION ALL SELECT drop()" | fl-key -x | fl-inspect 2>shown | fl-out'
    expect_status 0
    expect_stdout <lines
    expect_stderr ''
    [ "$(wc -l <shown)" -eq "$(wc -l <lines)" ] || fail 'a record is not shown as one line'
}

@test "a state may hold any byte, and comes back from the recovery directory" {
    { all_bytes '%d,' 'y' && strange_lines; } >first
    { all_bytes '%d,' 'z' && strange_lines; } >second
    for stage in 'fl-statemap first' 'fl-statemap -e "coalesce(state, value)"' \
        'fl-statemap -q "SELECT coalesce(state, value), coalesce(state, value)"'; do
        rm -rf db
        fl-recovery-init db 2
        for input in first second; do
            run_sh "fl-input -r db $input | fl-key -d , -f 1 | $stage | fl-out -f %v"
            expect_status 0
            expect_stdout <first
            expect_stderr ''
        done
    done
}

@test "results at the end may hold any byte, and topk knows all values apart" {
    { all_bytes '%d,' 'y' && strange_lines; } >lines
    for stage in 'fl-reduce last' 'fl-reduce -e value' 'fl-reduce -q "SELECT value"'; do
        run_sh "fl-input lines | fl-key -e value | $stage | fl-out -f %v"
        expect_status 0
        LC_ALL=C sort -u lines | expect_stdout
        expect_stderr ''
    done
    head -n 90 lines >some
    fl-recovery-init db
    run_sh 'fl-input -r db some | fl-key K | fl-statemap topk:10 | fl-out'
    expect_status 0
    head -n 90 lines >>some
    run_sh "fl-input -r db some | fl-key K | fl-statemap topk:10 | fl-out -f %v | tail -n 1 | jq -c '[.[][1]]'"
    expect_status 0
    expect_stdout '[2,2,2,2,2,2,2,2,2,2]'
    expect_stderr ''
}

@test "a key may hold any byte, and each is a key of its own" {
    fl-recovery-init db 3
    all_bytes 'x' '|1' >lines
    all_bytes 'x' $'\t1' | sed $'s/^x|\t/x\t/' >first
    all_bytes 'x' $'\t2' | sed $'s/^x|\t/x\t/' >second
    for run in first second; do
        cp lines "input-$run"
        run_sh "fl-input -r db input-$run | fl-key -d '|' -f 1 | fl-statemap count | fl-out"
        expect_status 0
        expect_stdout <"$run"
        expect_stderr ''
    done
}

@test "keys that are numbers alike, letters alike or blank alike are different keys" {
    printf '%s\n' 1 01 1.0 1e0 +1 ' 1' '1 ' a A '' ' ' '  ' $'\t' \\t \\ $'\302\240' $'e\314\201' $'\303\251' >lines
    fl-recovery-init db
    for run in 1 2 3; do
        cp lines "input-$run"
        run_sh "fl-input -r db input-$run | fl-key -d , -f 1 | fl-statemap count | fl-out"
        expect_status 0
        sed "s/\$/"$'\t'"$run/" lines | expect_stdout
        expect_stderr ''
    done
}

@test "a key may hold a tab and a line end" {
    printf '!fl\t1\n\\+a\\tb\\nc\\\\\tv\\nw\n+a\\tb\tx\n\\=k\\n\n!end\t3\n' >stream
    run_sh 'fl-out -f "<%k|%v>" <stream'
    expect_status 0
    expect_stdout $'<a\tb\nc\\|v\nw>\n<a\\tb|x>\n<|k\n>'
    expect_stderr ''
    printf '!fl\t1\n\\+a\\tb\\nc\\\\\tv\\nw\n\\+a\\tb\tx\n\\+a\\tb\ty\n!end\t3\n' >stream
    fl-recovery-init db
    run_sh 'fl-statemap first -r db <stream'
    expect_status 0
    sed '1d;/^!/d' "$results/stdout" >records
    expect_file records $'\\+a\\tb\\nc\\\\\tv\\nw\n\\+a\\tb\tx\n\\+a\\tb\tx'
    expect_stderr ''
}

@test "keys, values and states of zero length" {
    printf '\n\n,\n,a\n' >lines
    fl-recovery-init db
    run_sh 'fl-input lines | fl-out'
    expect_status 0
    expect_stdout <lines
    expect_stderr ''
    run_sh "fl-input -r db lines | fl-key '' | fl-statemap first | fl-out -f '<%k|%v>'"
    expect_status 0
    expect_stdout $'<|>\n<|>\n<|>\n<|>'
    expect_stderr ''
    printf 'x\n' >>lines
    run_sh "fl-input -r db lines | fl-key '' | fl-statemap first | fl-out -f '<%k|%v>'"
    expect_status 0
    expect_stdout '<|>'
    expect_stderr ''
}

@test "keys, values and states of a MiB" {
    head -c 1048576 /dev/zero | tr '\0' k >key
    head -c 1048577 /dev/zero | tr '\0' v >value
    { cat key && printf ' ' && cat value && echo; } >line
    { cat key && printf '\t' && cat line; } >expected
    fl-recovery-init db
    run_sh 'fl-input -r db line | fl-key -f 1 | fl-statemap first | fl-out'
    expect_status 0
    expect_stdout <expected
    expect_stderr ''
    { cat key && echo ' other'; } >>line
    run_sh 'fl-input -r db line | fl-key -f 1 | fl-statemap first | fl-out'
    expect_status 0
    expect_stdout <expected
    expect_stderr ''
}

@test "a file that is no text" {
    { cat "$(command -v fl-input)" && echo; } >lines
    run_sh 'fl-input lines | fl-key ALL | fl-statemap last | fl-out -f %v'
    expect_status 0
    expect_stdout <lines
    expect_stderr ''
}
