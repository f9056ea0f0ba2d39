#!/usr/bin/env bats
# Goal of this test: what passes between the stages is exactly what fl-frame(5) says, a person can read it, and what is
# not that is refused, with a message and without being counted.

load helper

setup() {
    test_begin
    printf '0\n1\n2\n' >nums.txt
}

# run_stream COMMAND: runs it on the stream in standard input, where TAB stands for a tab.
run_stream() {
    sed 's/TAB/\t/g' >stream
    run_sh "exec <stream; $1"
}

# expect_refused COMMAND STATUS STDERR: how the command ends on the stream in standard input.
expect_refused() {
    run_stream "$1"
    expect_status "$2"
    expect_stderr "$3"
}

hint='begin the flow with fl-input'
is_no_frame="is not a frame: $hint, and let nothing but fl- programs change what passes between them"

# Takes out of !fl what is different each time.
masked="sed 's/run=[0-9a-f]*/run=RUN/; s|recovery=[^^]*|recovery=DIR|'"

@test "records without a key" {
    run_sh 'fl-input nums.txt | cat -A'
    expect_status 0
    expect_stdout <<'END'
!fl^I1$
!source^Inums.txt$
=0$
=1$
=2$
!end^I3$
END
    expect_stderr ''
}

@test "records with a key" {
    run_sh 'fl-input nums.txt | fl-key ALL | cat -A'
    expect_status 0
    expect_stdout <<'END'
!fl^I1$
!source^Inums.txt$
+ALL^I0$
+ALL^I1$
+ALL^I2$
!end^I3$
END
    expect_stderr ''
}

@test "the results of fl-statemap" {
    run_sh 'fl-input nums.txt | fl-key ALL | fl-statemap sum | cat -A'
    expect_status 0
    expect_stdout <<'END'
!fl^I1$
!source^Inums.txt$
+ALL^I0$
+ALL^I1$
+ALL^I3$
!end^I3$
END
    expect_stderr ''
}

@test "an empty input is a stream as well" {
    run_sh 'fl-input </dev/null | fl-key ALL | fl-statemap sum | cat -A'
    expect_status 0
    expect_stdout <<'END'
!fl^I1$
!source^I-$
!end^I0$
END
    expect_stderr ''
}

@test "every source is named, its name escaped" {
    printf 'x\n' >$'a\tb\\c\nd'
    run_sh "printf 'y\n' | fl-input nums.txt /dev/null a*d - | cat -A"
    expect_status 0
    expect_stdout <<'END'
!fl^I1$
!source^Inums.txt$
=0$
=1$
=2$
!source^I/dev/null$
!source^Ia\tb\\c\nd$
=x$
!source^I-$
=y$
!end^I5$
END
    expect_stderr ''
}

@test "a record is never taken for a control frame, nor escaped without need" {
    run_sh "printf '%s\n' '!end 1' '=' '' '+a\tb' '\\' '\\=x\\n' 'caf\303\251 ' | fl-input | cat -A"
    expect_status 0
    expect_stdout <<'END'
!fl^I1$
!source^I-$
=!end 1$
==$
=$
=+a\tb$
=\$
=\=x\n$
=caf\303\251 $
!end^I7$
END
    expect_stderr ''
}

@test "the escaped form stands only where the plain one cannot say it" {
    run_sh "printf 'v\tw\\\\\n' | fl-input | fl-key 'k\\' | cat -A"
    expect_status 0
    expect_stdout $'!fl^I1$\n!source^I-$\n+k\\^Iv^Iw\\$\n!end^I1$'
    expect_stderr ''

    run_sh "printf 'v\tw\\\\\n' | fl-input | fl-key 'k	l\\' | cat -A"
    expect_status 0
    expect_stdout $'!fl^I1$\n!source^I-$\n\\+k\\tl\\\\^Iv\\tw\\\\$\n!end^I1$'
    expect_stderr ''

    run_sh "printf 'v\n' | fl-input | fl-key 'k
l' | cat -A"
    expect_status 0
    expect_stdout $'!fl^I1$\n!source^I-$\n\\+k\\nl^Iv$\n!end^I1$'
    expect_stderr ''
}

@test "an escaped record means what the plain one means" {
    run_stream 'fl-statemap count | cat -A' <<'END'
!flTAB1
+kTAB1
\+kTAB1
\+a\tb\nc\\dTABv\tw
\+a\tb\nc\\dTABvTABw
!endTAB4
END
    expect_status 0
    expect_stdout <<'END'
!fl^I1$
+k^I1$
+k^I2$
\+a\tb\nc\\d^I1$
\+a\tb\nc\\d^I2$
!end^I4$
END
    expect_stderr ''

    run_stream 'fl-out | cat -A' <<'END'
!flTAB1
\+a\tb\nc\\dTABv\tw\nx\\
\=one\ntwo
!endTAB2
END
    expect_status 0
    expect_stdout $'a^Ib$\nc\\d^Iv^Iw$\nx\\$\none$\ntwo$'
    expect_stderr ''
}

@test "recovery from fl-input: !fl, the final epoch, and who has saved it" {
    fl-recovery-init db
    run_sh "fl-input -r db nums.txt | fl-key ALL | cat -A | $masked"
    expect_status 0
    expect_stdout <<'END'
!fl^I1^Irecovery=DIR^Irun=RUN^Ipartitions=1^Iexecution=1^Iresume=0^Ibackup=0^Istep=source:input$
!source^Inums.txt$
+ALL^I0$
+ALL^I1$
+ALL^I2$
!epoch^I1^I3^Ifinal$
!saved^I1^Iinput$
!end^I0$
END
    expect_stderr ''
}

@test "recovery from fl-statemap: the step replay is the root's own" {
    fl-recovery-init db 3
    run_sh "fl-input nums.txt | fl-key ALL | fl-statemap sum -r db -s 1h -b 1s -i total | cat -A | $masked"
    expect_status 0
    expect_stdout <<'END'
!fl^I1^Irecovery=DIR^Irun=RUN^Ipartitions=3^Iexecution=1^Iresume=0^Ibackup=1000000000^Istep=replay:replay^Istep=operator:total$
!source^Inums.txt$
+ALL^I0$
+ALL^I1$
+ALL^I3$
!epoch^I1^I3^Ifinal$
!saved^I1^Ireplay$
!saved^I1^Itotal$
!end^I0$
END
    expect_stderr ''
}

@test "recovery announces the directory, the run, the execution and the epoch it goes on from" {
    fl-recovery-init db
    run_sh 'fl-input -r db nums.txt | fl-key ALL | fl-statemap count | fl-statemap max -i most | fl-out'
    expect_status 0
    echo 3 >>nums.txt
    run_sh "fl-input -r db nums.txt | fl-key ALL | fl-statemap count | fl-statemap max -i most | tee stream | cat -A |
        $masked | grep -v '^!saved'"
    expect_status 0
    expect_stdout <<'END'
!fl^I1^Irecovery=DIR^Irun=RUN^Ipartitions=1^Iexecution=2^Iresume=1^Ibackup=0^Istep=source:input^Istep=operator:statemap^Istep=operator:most$
!source^Inums.txt^I3$
+ALL^I4$
!epoch^I2^I1^Ifinal$
!end^I0$
END
    expect_stderr ''
    head -n 1 stream | grep -q -E "	recovery=$(pwd -P)/db	run=[0-9a-f]{16}	"
    grep '^!saved' stream | sort >saved
    expect_file saved $'!saved\t2\tinput\n!saved\t2\tmost\n!saved\t2\tstatemap'
}

@test "with -s 0 every record has its epoch, and no epoch ends before the one before is saved" {
    fl-recovery-init db
    run_sh 'fl-input -r db -s 0 nums.txt | fl-key ALL | fl-statemap sum | tee stream |
        grep -v -e "^!fl" -e "^!saved" | cat -A'
    expect_status 0
    expect_stdout <<'END'
!source^Inums.txt$
+ALL^I0$
!epoch^I1^I1$
+ALL^I1$
!epoch^I2^I1$
+ALL^I3$
!epoch^I3^I1$
!epoch^I4^I0^Ifinal$
!end^I0$
END
    expect_stderr ''
    awk -F '\t' '
        $1 == "!epoch" { if (saved < 2 * epoch++) exit 1; if ($2 != epoch) exit 1 }
        $1 == "!saved" { saved++; if ($2 != epoch) exit 1 }
        END { if (saved != 8) exit 1 }' stream
}

@test "what is not known is passed on" {
    run_stream 'fl-key ALL | fl-statemap count | cat -A' <<'END'
!flTAB1TABcolor=a\tbTABplain
!watermarkTAB7TAB\nTAB
!x
=0
!endTAB1
END
    expect_status 0
    expect_stdout <<'END'
!fl^I1^Icolor=a\tb^Iplain$
!watermark^I7^I\n^I$
!x$
+ALL^I1$
!end^I1$
END
    expect_stderr ''

    run_sh 'fl-out <stream'
    expect_status 0
    expect_stdout 0
    expect_stderr ''
}

@test "a stream without !fl is refused" {
    local is_no_hello="is not the !fl with which every stream begins: $hint"
    for program in $(stages); do
        [ "$program" != fl-input ] || continue
        stage=$(shortest "$program")
        expect_refused "$stage" 65 "$program: \"1\": $is_no_frame" <<<1
        expect_refused "$stage" 65 "$program: \"=1\": $is_no_hello" <<<$'=1\n!end\t1'
        expect_refused "$stage" 65 "$program: \"!source\\tx\": $is_no_hello" <<<$'!source\tx\n!end\t0'
        expect_refused "$stage" 65 "$program: \"!fl\": $is_no_hello" <<<$'!fl\n!end\t0'
        expect_refused "$stage" 74 \
            "$program: the upstream stage died, or there is none (standard input is empty): $hint" </dev/null
        expect_stdout ''
    done
}

@test "another version is refused" {
    expect_refused fl-out 65 'fl-out: the upstream stage speaks fl/2, and this one fl/1: use programs of one version' \
        <<'END'
!flTAB2
=1
!endTAB1
END
    expect_stdout ''
}

@test "lines that are no frames are refused, and what comes before them is printed" {
    local shown
    while IFS= read -r line; do
        shown=${line//\\/\\\\}
        run_stream fl-out <<END
!flTAB1
=1
$line
=2
!endTAB2
END
        expect_status 65
        expect_stdout 1
        expect_stderr "fl-out: \"${shown//TAB/\\t}\": $is_no_frame"
    done <<'END'
text
 =1

+no tab
\
\x
\=a\x
\=a\
\=\0
\+no tab
\+a\xTABb
\+aTAB\
!
!TABx
!xTAB\e
END
}

@test "counts that do not fit are refused" {
    local something='something between the stages drops or adds lines'
    expect_refused fl-out 65 "fl-out: 2 records were sent and 1 have come: $something" <<'END'
!flTAB1
=1
!endTAB2
END
    expect_stdout 1
    expect_refused fl-out 65 "fl-out: 0 records were sent and 1 have come: $something" <<'END'
!flTAB1
=1
!endTAB0
END
    expect_stdout 1
    expect_refused 'fl-key K' 65 "fl-key: 1 records were sent and 2 have come: $something" <<'END'
!flTAB1
=1
=2
!epochTAB1TAB1
!endTAB0
END
    expect_stdout $'!fl\t1\n+K\t1\n+K\t2'
    expect_refused 'fl-key K' 65 "fl-key: 1 records were sent and 0 have come: $something" <<'END'
!flTAB1
=1
!epochTAB1TAB1TABfinal
!endTAB1
END
    expect_stdout $'!fl\t1\n+K\t1\n!epoch\t1\t1\tfinal'
}

@test "control frames without their numbers are refused" {
    for line in '!end' '!end\t' '!end\tx' '!end\t-1' '!end\t18446744073709551616' \
        '!epoch' '!epoch\t1' '!epoch\t1\tx'; do
        printf '!fl\t1\n%b\n' "$line" >stream
        run_sh 'fl-out <stream'
        expect_status 65
        expect_stdout ''
        expect_stderr "fl-out: \"$line\": lacks a number"
    done
}

@test "epochs that do not follow each other, and ends before all have saved, are refused" {
    fl-recovery-init db
    run_sh 'fl-input -r db -s 0 nums.txt | sed "s/^!epoch	2/!epoch	3/" | fl-out'
    expect_status 65
    expect_message '^fl-out: epoch 3 follows epoch 1$'
    run_sh 'fl-input -r db nums.txt | grep -v "^!saved" | fl-out'
    expect_status 65
    expect_message '^fl-out: the stream ends before all steps have saved epoch [0-9]+$'
    run_sh 'fl-input -r db -s 0 nums.txt | sed "s/^!saved	1/!saved	7/" | fl-out'
    expect_status 65
    expect_message '^fl-out: "!saved\\t[0-9]+\\tinput": is not of the epoch at hand$'
}

# forged SED MESSAGE: a flow of two steps whose frames before the sink are changed like that is not committed.
forged() {
    rm -rf db
    fl-recovery-init db
    run_sh "fl-input -r db nums.txt | fl-key ALL | fl-statemap sum | sed '$1' | fl-out"
    expect_status 65
    expect_message "$2"
    [ "$(committed)" -eq 0 ] || fail "an epoch is committed that not all steps have saved"
}

@test "the sink waits for each step by its name" {
    wanted='names no step upstream that has still to save this epoch$'
    forged '/^!saved/ s/statemap$/input/' "^fl-out: \"!saved\\\\t1\\\\tinput\": $wanted"
    forged '/^!saved/ s/input$/statemap/' "^fl-out: \"!saved\\\\t1\\\\tstatemap\": $wanted"
    forged '/^!saved/ s/statemap$/other/' "^fl-out: \"!saved\\\\t1\\\\tother\": $wanted"
    forged '/^!saved/ s/statemap$/out/' "^fl-out: \"!saved\\\\t1\\\\tout\": $wanted"
    forged '/^!saved/ s/	statemap$//' "^fl-out: \"!saved\\\\t1\": $wanted"
    forged '/^!saved/ s/$/x/' "^fl-out: \"!saved\\\\t1\\\\t(input|statemap)x\": $wanted"
    forged '/^!saved/ p' "^fl-out: \"!saved\\\\t1\\\\t(input|statemap)\": $wanted"
    forged '/^!saved.*input$/ d' '^fl-out: the stream ends before all steps have saved epoch 1$'
    forged '1 s/step=operator:/step=/' '^fl-out: !fl: statemap is not a role and the id of a step: use programs of one version$'
    forged '1 s/step=operator:/step=queen:/' '^fl-out: !fl: queen:statemap is not a role and the id of a step'
}

@test "a second stream in the first is refused" {
    run_stream fl-out <<'END'
!flTAB1
=1
!flTAB1
!endTAB1
END
    expect_status 65
    expect_stdout 1
    expect_stderr 'fl-out: "!fl\t1": begins a second stream in this one'
}

@test "nothing may follow !end" {
    for line in =2 '!end	0' '!source	x'; do
        run_stream 'fl-key K' <<END
!flTAB1
=1
!endTAB1
$line
END
        expect_status 65
        expect_stderr 'fl-key: frames follow !end, which is the end of a stream'
    done
}

@test "no record may follow the final epoch" {
    fl-recovery-init db
    for stage in 'fl-key K' 'fl-statemap count' 'fl-statemap -r db count' fl-out; do
        run_stream "$stage" <<'END'
!flTAB1
+KTAB1
!epochTAB1TAB1TABfinal
+KTAB2
!endTAB1
END
        expect_status 65
        expect_stderr "${stage%% *}: \"+K\\t2\": follows the final epoch, with which the input ends"
    done
}

@test "a stream that breaks off is no end" {
    expect_refused 'fl-key K' 74 'fl-key: the upstream stage died (there is no !end)' <<'END'
!flTAB1
=1
END
    expect_stdout $'!fl\t1\n+K\t1'
    for part in '!f' '!fl\t1\n=' '!fl\t1\n+k\tv' '!fl\t1\n\\=' '!fl\t1\n!end\t0'; do
        printf '%b' "$part" >stream
        run_sh 'fl-key K <stream'
        expect_status 74
        expect_stdout "$(sed -n '/^!fl./p' stream)"
        expect_stderr 'fl-key: the upstream stage died in the middle of a frame'
    done
}

@test "a stage that fails tells the next one its status" {
    run_sh "printf 'x\n' | fl-input | fl-key ALL | fl-statemap sum | cat -A"
    expect_status 0
    expect_stdout $'!fl^I1$\n!source^I-$\n!failed^I65$'
    expect_stderr 'fl-statemap: -: record 1: "x" is not a number (key "ALL")'

    run_stream 'fl-key ALL | fl-out' <<'END'
!flTAB1
=1
!failedTAB66
END
    expect_status 66
    expect_stdout $'ALL\t1'
    expect_stderr $'fl-key: the upstream stage failed (status 66)\nfl-out: the upstream stage failed (status 66)'

    run_sh 'fl-input missing | fl-key ALL | fl-out'
    expect_status 66
    expect_stdout ''
    expect_message '^fl-out: the upstream stage failed \(status 66\)$'
    for odd in '' 0 256 x; do
        printf '!fl\t1\n!failed\t%s\n' "$odd" >stream
        run_sh 'fl-out <stream'
        expect_status 74
        expect_stdout ''
        expect_stderr 'fl-out: the upstream stage failed (status 74)'
    done
}
