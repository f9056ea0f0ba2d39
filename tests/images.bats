#!/usr/bin/env bats
# Goal: a step of many keys, whose states a partition has in images, with rows over them where few have changed since,
# is for everybody who looks what it is without them: for the flow that goes on, from wherever it was killed, for dump,
# status, rewind, forget and backup, and in the view snaps. An image that is not what was written is refused, and found.
#
# More than 4096 changes of a step in one epoch make an image; what becomes of fewer, nobody is to notice.

load helper

setup() {
    test_begin
    directory=$PWD/db
    : >lines
}

# The sum of the second fields for each first one; x discards the key.
amount="substr(value, instr(value, ' ') + 1)"
sums="fl-statemap -e \"iif($amount = 'x', discard(), coalesce(state, 0) + $amount)\""

# change FROM TO AMOUNT: a line for each of the keys of these numbers.
change() { seq -f "k%.0f $3" "$1" "$2" >>lines; }

# flow [OPTION...]: what is new in lines is processed, with the directory db.
flow() {
    run_sh "fl-input -r db $* lines | fl-key -f 1 | $sums | fl-out out"
    expect_output ''
}

# save_only: the same, but nobody commits.
save_only() {
    local epoch
    epoch=$(($(committed) + 1))
    run_sh "fl-input -r db lines | fl-key -f 1 | $sums | cat >/dev/null"
    wait_until has_saved "$epoch"
}

has_saved() {
    [ "$(sqlite3 -readonly db/part-0.sqlite3 "SELECT front_epoch FROM fronts WHERE step_id = 'statemap'")" -eq "$1" ]
}

# model [LINES]: what the flow makes of so many lines, or of all: the files printed and states.
model() {
    : >printed
    head -n "${1:-1000000}" lines | awk '
        $2 == "x" { delete sums[$1]; next }
        { sums[$1] += $2; print $1 "\t" sums[$1] >"printed" }
        END { for (key in sums) print key "\t" sums[key] }' | LC_ALL=C sort >states
}

# keys_of STEP: how many it has by status.
keys_of() {
    fl-recovery status db | awk -v step="$1" '$1 == step && NF > 3 { print $(NF - 1) }'
}

# is_same FILE EXPECTED: many lines, of which a few are shown where they differ.
is_same() {
    cmp -s "$1" "$2" || fail "$1 differs from $2:" "$(diff -a -U 0 -L "$2" -L "$1" "$2" "$1" | head -n 30)"
}

# expect_states: dump, status and the view have the states of the file states.
expect_states() {
    fl-recovery dump db statemap | LC_ALL=C sort >dumped
    is_same dumped states
    [ "$(keys_of statemap)" -eq "$(wc -l <states)" ] || fail "status has $(keys_of statemap) keys of $(wc -l <states)"
    of_parts "SELECT state_key || char(9) || ser_change FROM snaps WHERE step_id = 'statemap'" | LC_ALL=C sort >viewed
    is_same viewed states
}

# of_parts SQL: what all partitions answer.
of_parts() {
    local part
    for part in db/part-*.sqlite3; do
        sqlite3 -readonly "$part" "$1"
    done
}

# The same of any bytes, some of which dump escapes: compared in hexadecimal digits.
expect_view() {
    local escaped
    escaped="replace(replace(replace(CAST(%s AS TEXT), char(92), char(92, 92)), char(9), char(92, 116)), char(10),
        char(92, 110))"
    of_parts "SELECT hex(${escaped/\%s/state_key}) || '09' || hex(${escaped/\%s/ser_change}) FROM snaps
        WHERE step_id = '$1'" | LC_ALL=C sort >viewed
    fl-recovery dump db "$1" | od -A n -v -t x1 | awk '{
        for (i = 1; i <= NF; i++)
            if ($i == "0a") {
                print line
                line = ""
            } else {
                line = line toupper($i)
            }
    }' | LC_ALL=C sort >dumped.hex
    is_same viewed dumped.hex
}

is_clean() {
    run_sh "fl-recovery check ${1:-db}"
    expect_output ''
}

# expect_model: everybody has what the flow makes of all lines.
expect_model() {
    model
    is_same out printed
    expect_states
    is_clean
}

# expect_committed: what dump has of the step is of as many lines as what it has of the input.
expect_committed() {
    local lines
    fl-recovery dump db >dumped.all
    lines=$(sed -n 's/^input\t.*\/lines\t.*records=\([0-9]*\).*/\1/p' dumped.all)
    model "${lines:-0}"
    sed -n 's/^statemap\t//p' dumped.all | LC_ALL=C sort >dumped
    is_same dumped states
}

# images STEP: how many of them the partitions have.
images() {
    of_parts "SELECT image_id FROM images WHERE step_id = '$1'" | wc -l
}

# --- what is in them --------------------------------------------------------------------------------------------------

# special VALUE: frames of keys that are not what most are, and of some whose hashes have the same low half.
special() {
    printf '+\t%s\n' "$1"
    printf '+with\0NUL\t%s\n' "$1"
    printf '\\+a\\tTAB\\nand\\\\more\t%s\n' "$1"
    printf '+\377\300 no text\t%s\n' "$1"
    printf '+a\377129850\t%s\n+a\37720862\t%s\n' "$1" "$1"
    local key
    for key in 3:abc 3:abc0: 0: 0:0: 12 99999999999:a : 1:a1:b k9870 k53003 k103475 k131053 k47499 k20704; do
        printf '+%s\t%s\n' "$key" "$1"
    done
}

# last_of DIRECTORY FILE: the flow over all records, of which the directory may have processed the first ones.
last_of() {
    { printf '!fl\t1\n!source\t-\n' && cat records && printf '!end\t%d\n' "$(wc -l <records)"; } >frames
    run_sh "fl-statemap -r $1 last <frames | fl-out $2"
    expect_output ''
}

# The directory db has them from several runs, the directory whole from one.
expect_whole() {
    rm -rf whole whole.out
    fl-recovery-init whole "$1"
    last_of db out
    last_of whole whole.out
    is_same out whole.out
    fl-recovery dump db statemap >dumped
    fl-recovery dump whole statemap >dumped.whole
    is_same dumped dumped.whole
    [ "$(keys_of statemap)" -eq "$(wc -l <dumped)" ]
    expect_view statemap
    is_clean
    is_clean whole
}

several_runs() {
    fl-recovery-init db "$1"
    local large
    large=$(printf '%010000d' 7)
    { seq -f '+key %.0f	1' $((6000 * $1)) && special one && printf '+large\t%s\n' "$large"; } >records
    expect_whole "$1"
    [ "$(images statemap)" -ge "$1" ]
    { seq -f '+key %.0f	2' 5990 6010 && special '' && printf '+new\t+large\t%s\n' "$large"; } >>records
    expect_whole "$1"
    {
        special '3:abc1:b'
        seq -f '+key %.0f	3' $((6100 * $1))
        printf '+large\tsmall\n+small\t%s\n' "$large"
    } >>records
    expect_whole "$1"
    { seq -f '+key %.0f	4' 17 && special $'\303\274\\t'; } >>records
    expect_whole "$1"
    [ "$(fl-recovery dump db statemap '')" = $'\t\303\274\\\\t' ]
    [ "$(fl-recovery dump db statemap k53003)" = $'k53003\t\303\274\\\\t' ]
    [ "$(fl-recovery dump db statemap $'a\37720862')" = $'a\37720862\t\303\274\\\\t' ]
    [ "$(fl-recovery dump db statemap small)" = $'small\t'"$large" ]
}

@test "any keys and states, in several runs" {
    several_runs 1
}

@test "any keys and states, in several runs with three partitions" {
    several_runs 3
}

@test "discarded keys are gone, and stay so in the next image" {
    fl-recovery-init db 2
    change 1 12000 1
    flow
    [ "$(images statemap)" -ge 2 ]
    change 100 149 x
    change 12001 12003 5
    flow
    expect_model
    run_sh 'fl-recovery dump db statemap k100'
    expect_status 66
    # One is discarded again, one comes back, one that never was is discarded.
    printf '%s\n' 'k100 x' 'k101 3' 'k99999 x' 'k12001 x' >>lines
    flow
    expect_model
    change 200 12000 1
    flow
    expect_model
    run_sh 'fl-recovery dump db statemap k100'
    expect_status 66
    change 100 102 9
    flow
    expect_model
    [ "$(fl-recovery dump db statemap k101)" = $'k101\t12' ]
}

@test "an image of no keys" {
    fl-recovery-init db
    change 1 5000 1
    flow -b 1h
    change 1 5000 x
    flow -b 1h
    expect_model
    [ ! -s states ]
    cp -a db none
    change 1 3 4
    flow -b 1h
    expect_model
    change 1 5000 2
    flow -b 1h
    expect_model
    fl-recovery rewind db 2
    : >states
    expect_states
    is_clean
    flow -b 1h
    expect_model
}

# Of thousands of them all would be compared with all.
@test "the view does not compare each state of an image with each row" {
    fl-recovery-init db
    change 1 5000 1
    flow
    change 2001 4000 1
    flow
    expect_model
    run_sh "sqlite3 db/part-0.sqlite3 '.stats vmstep' \"SELECT count(*) FROM snaps WHERE step_id = 'statemap'\""
    expect_status 0
    [ "$(head -n 1 "$results/stdout")" = 5000 ]
    local steps
    steps=$(sed -n 's/^VM-steps: //p' "$results/stdout")
    echo "# $steps steps" >&3
    [ "$steps" -lt 2000000 ]
}

# --- going back -------------------------------------------------------------------------------------------------------

# epoch: all that is new in lines becomes one more of the history; the file states-N has its states.
epoch() {
    flow -b 1h
    model
    expect_states
    cp states "states-$(committed)"
}

# expect_epoch N
expect_epoch() {
    [ "$(committed)" -eq "$1" ]
    cp "states-$1" states
    expect_states
    is_clean
}

make_history() {
    fl-recovery-init db "$1"
    change 1 $((5000 * $1)) 1
    epoch
    change 50 99 2 && printf '%s\n' 'new 1' 'newer 1' >>lines
    epoch
    change 70 119 x && printf '%s\n' 'newer x' >>lines
    epoch
    change 100 $((5000 * $1 + 100)) 3
    epoch
    change 1 30 x && change 70 75 8
    epoch
    change 1 3 x && change 11 20 6 # discarded ones alone, so that nothing but them changes
    epoch
    change 3000 $((5000 * $1 + 50)) x
    epoch
    change 2500 3000 4
    epoch
    change 1 $((5000 * $1 + 200)) 5
    epoch
    change 17 18 1
    epoch
    [ "$(images statemap)" -ge $((3 * $1)) ]
}

goes_back() {
    local epoch
    make_history "$1"
    model
    cp -a db newest
    for ((epoch = 9; epoch > 0; epoch--)); do
        fl-recovery rewind db "$epoch"
        expect_epoch "$epoch"
    done
    flow -b 1h
    expect_model
    # At once to an epoch between, from where others follow then.
    for epoch in $2; do
        rm -r db
        cp -a newest db
        fl-recovery rewind db "$epoch"
        expect_epoch "$epoch"
        flow -b 1h
        expect_model
        fl-recovery rewind db "$epoch"
        expect_epoch "$epoch"
    done
    fl-recovery rewind db 0
    is_clean
    [ "$(images statemap)" -eq 0 ]
    flow -b 1h
    expect_model
}

@test "back through all epochs, and on" {
    goes_back 1 '8 6 3'
}

@test "back through all epochs, and on, with two partitions" {
    goes_back 2 5
}

@test "a key that comes back after it was discarded is not what it was before" {
    fl-recovery-init db
    change 1 5000 1
    flow
    printf '%s\n' 'k5 x' 'k6 x' >>lines
    flow
    expect_model
    # Saved, but by nobody committed: what is committed does not have it, and the next run begins there.
    echo 'k5 7' >>lines
    save_only
    expect_committed
    flow
    expect_model
    [ "$(fl-recovery dump db statemap k5)" = $'k5\t7' ]
}

@test "what is committed, while more is saved" {
    # save_more: more is saved, and what everybody sees is what is committed.
    save_more() {
        save_only
        expect_committed
        [ "$(keys_of statemap)" -eq "$(wc -l <states)" ] || fail "status has $(keys_of statemap) keys of $(wc -l <states)"
        run_sh 'fl-recovery dump db statemap k1000'
        expect_status 66
        [ "$(fl-recovery dump db statemap k300)" = $'k300\t2' ]
        [ "$(fl-recovery dump db statemap k2000)" = $'k2000\t1' ]
    }
    fl-recovery-init db
    change 1 6000 1
    flow
    # Rows over the image, of which some are replaced then by rows, and then by an image.
    change 1 500 1 && change 1000 1050 x
    flow
    change 300 310 2 && change 1000 1020 3 && change 2000 2010 x
    save_more
    is_clean
    fl-recovery backup db copy
    cp lines before
    change 1 6000 2
    cp -a db rows
    save_more
    flow
    expect_model
    for saved in copy rows; do
        rm -r db
        mv "$saved" db
        expect_committed
        flow
        expect_model
    done
}

# The length that a FILE has before its first record is saved as of epoch 0, beside the images of later ones.
@test "more files than rows of a step may be" {
    local i epoch
    fl-recovery-init db
    # into FILE: one more line is printed to it.
    into() {
        echo 'k 1' >>lines
        run_sh "fl-input -r db -b 1h lines | fl-out $1"
        expect_output ''
    }
    for ((i = 1; i <= 6; i++)); do
        # How many rows there are is known about: as if thousands of files had been before.
        ((i != 4)) || edit_part db/part-0.sqlite3 "UPDATE fronts SET changes = 5000 WHERE step_id = 'out'"
        into "file-$i"
        fl-recovery dump db out >"dumped-$i"
    done
    [ "$(images out)" -ge 1 ]
    for ((epoch = 5; epoch > 0; epoch--)); do
        fl-recovery rewind db "$epoch"
        # Those that come later have their length of before.
        fl-recovery dump db out | grep -v ' records=0 ' >dumped
        is_same dumped "dumped-$epoch"
        is_clean
    done
    into file-1
    cmp file-1 lines
}

# --- going on ---------------------------------------------------------------------------------------------------------

# newest_image: of which epoch the newest image of the step statemap is, in any partition.
newest_image() {
    of_parts "SELECT coalesce(max(image_epoch), 0) FROM images WHERE step_id = 'statemap'" | sort -n | tail -n 1
}

has_newer_image() {
    [ "$(newest_image)" -gt "$1" ]
}

# more LINES KEYS: so many more lines over so many keys, each of which is discarded now and then. All of 12007 keys are
# enough for an image in each of two partitions, in however many epochs they are changed.
more() {
    local before
    before=$(wc -l <lines)
    awk -v first="$before" -v count="$1" -v keys="$2" 'BEGIN {
        for (i = first; i < first + count; i++)
            print "k" i * 7919 % keys, i % 13 == 0 ? "x" : i % 7
    }' >>lines
}

@test "killed while images are made, a flow goes on with what is committed" {
    local victim before epoch
    fl-recovery-init db 2
    mkfifo gate
    touch out
    for victim in fl-statemap fl-input fl-out fl-statemap; do
        more 40000 12007
        before=$(wc -l <out)
        epoch=$(committed)
        start "fl-input -r db -s 20ms lines gate | fl-key -f 1 | $sums | fl-out out"
        exec 7<>gate
        wait_until has_lines out $((before + 1))
        wait_until has_newer_image "$epoch"
        kill -KILL "$(stage_pid "$victim")"
        exec 7>&-
        finish
        [ "$status" -ne 0 ]
        expect_stdout ''
        expect_committed
        is_clean
    done
    flow
    [ "$(images statemap)" -ge 2 ]
    expect_model
}

# With the programs of the crash tests, which make images of a few keys.
@test "killed at each moment of making an image" {
    local crash=${CRASH:-$ROOT/build/crash} point
    PATH=$crash/bin:$PATH
    fl-recovery-init db 2
    for point in 'image: before:1' 'image: blocks:1' 'image: after:1' 'image: blocks:2' 'commit: before:3' \
        'commit: after:30' 'image: blocks:5' 'image: after:6'; do
        more 150 47
        run_sh "fl-input -r db -s 0 lines | fl-key -f 1 | FL_CRASH='fl-statemap:$point' $sums | fl-out out"
        expect_status 74
        expect_committed
        is_clean
    done
    flow -s 0
    expect_model
    flow
    expect_model
}

@test "several steps of one flow, each with its images" {
    fl-recovery-init db
    # Of each key its number, and then others: the sums fall where these are negative.
    awk 'BEGIN { for (i = 1; i <= 5000; i++) print i, i % 100 }' >pairs
    run() {
        run_sh "fl-input -r db pairs | fl-key -f 1 | fl-map -e \"substr(value, instr(value, ' ') + 1)\" |
            fl-statemap -i sum sum | fl-statemap -i most max | fl-reduce --keep count | fl-out"
        expect_status 0
        expect_stderr ''
        LC_ALL=C sort "$results/stdout" >counts
        awk '{
                sum[$1] += $2
                if (!($1 in most) || sum[$1] > most[$1])
                    most[$1] = sum[$1]
                count[$1]++
            }
            END {
                for (key in sum) {
                    print key "\t" sum[key] >"sum"
                    print key "\t" most[key] >"most"
                    print key "\t" count[key] >"reduce"
                }
            }' pairs
        for step in sum most reduce; do
            LC_ALL=C sort -o "$step" "$step"
            fl-recovery dump db "$step" | LC_ALL=C sort >dumped
            is_same dumped "$step"
            expect_view "$step"
        done
        is_same counts reduce
        is_clean
    }
    run
    for step in sum most reduce; do
        [ "$(images "$step")" -ge 1 ]
    done
    awk 'BEGIN { for (i = 10; i <= 30; i++) print i, 20 - i }' >>pairs
    run
    awk 'BEGIN { for (i = 100; i <= 5100; i++) print i, i % 7 - 3 }' >>pairs
    run
    echo '17 1' >>pairs
    run
}

@test "a step that is forgotten leaves nothing, and begins anew" {
    fl-recovery-init db 2
    two() {
        run_sh "fl-input -r db -b 1h lines | fl-key -f 1 | $sums | fl-statemap -i counts count | fl-out"
        expect_status 0
        expect_stderr ''
        tail -n "$1" "$results/stdout"
    }
    change 1 12000 2
    two 1 >/dev/null
    change 30 40 1
    two 1 >/dev/null
    change 1 12000 1
    two 1 >/dev/null
    change 30 40 1
    two 1 >/dev/null
    for step in statemap counts; do
        [ "$(images "$step")" -ge 4 ]
    done
    model
    expect_states
    run_sh 'fl-recovery forget db counts'
    expect_output ''
    for part in 0 1; do
        [ "$(sqlite3 -readonly "db/part-$part.sqlite3" "SELECT (SELECT count(*) FROM images WHERE step_id = 'counts'),
            (SELECT count(*) FROM changes WHERE step_id = 'counts'),
            (SELECT count(*) FROM undos WHERE step_id = 'counts'),
            (SELECT count(*) FROM blocks WHERE block >> 32 NOT IN (SELECT image_id FROM images))")" = '0|0|0|0' ]
    done
    run_sh 'fl-recovery dump db counts'
    expect_status 66
    expect_states
    is_clean
    change 35 36 1
    [ "$(two 2)" = $'k35\t1\nk36\t1' ]
    model
    expect_states
    fl-recovery dump db counts | LC_ALL=C sort >dumped
    expect_file dumped $'k35\t1\nk36\t1'
    change 1 12000 1
    [ "$(two 1)" = $'k12000\t1' ]
    [ "$(fl-recovery dump db counts k35)" = $'k35\t2' ]
    [ "$(fl-recovery dump db counts | wc -l)" -eq 12000 ]
    model
    expect_states
    is_clean
    run_sh 'fl-recovery forget db statemap'
    expect_output ''
    [ "$(fl-recovery dump db counts | wc -l)" -eq 12000 ]
    is_clean
}

@test "a state that another operation takes over, and back" {
    fl-recovery-init db
    change 1 5000 3
    run_sh 'fl-input -r db -b 1h lines | fl-key -f 1 | fl-map -e 4 | fl-statemap sum | fl-out'
    expect_status 0
    change 5 6 1
    run_sh 'fl-input -r db -b 1h lines | fl-key -f 1 | fl-map -e 1 | fl-statemap max | fl-out'
    expect_status 78
    run_sh 'fl-input -r db -b 1h lines | fl-key -f 1 | fl-map -e 1 | fl-statemap --accept max | fl-out'
    expect_output $'k5\t4\nk6\t4'
    change 1 5000 1
    run_sh 'fl-input -r db -b 1h lines | fl-key -f 1 | fl-map -e 5 | fl-statemap max | fl-out'
    expect_status 0
    [ "$(fl-recovery dump db statemap | cut -f 2 | uniq -c | tr -s ' ')" = ' 5000 5' ]
    fl-recovery rewind db 1
    is_clean
    [ "$(fl-recovery dump db statemap | cut -f 2 | uniq -c | tr -s ' ')" = ' 5000 4' ]
    run_sh 'fl-input -r db -b 1h lines | fl-key -f 1 | fl-map -e 2 | fl-statemap sum | fl-out | tail -n 1'
    expect_output $'k5000\t6'
    expect_view statemap
    [ "$(fl-recovery dump db statemap k5)" = $'k5\t8' ]
}

@test "more states than memory, that come back from images and rows while others are saved" {
    fl-recovery-init db 2
    # There are ten times as many keys as have room.
    round() {
        more "$1" 20011
        run_sh "fl-input -r db -s 20ms lines | fl-key -f 1 | ${sums/fl-statemap/fl-statemap -m 200K} | fl-out out"
        expect_output ''
        expect_model
    }
    round 60000
    [ "$(images statemap)" -ge 2 ]
    round 500
    round 60000
}

# --- how much is kept -------------------------------------------------------------------------------------------------

# size_is_within IMAGES: so many times the bytes of an image, and some.
size_is_within() {
    local size bytes
    size=$(stat -c %s db/part-0.sqlite3)
    bytes=$(sqlite3 -readonly db/part-0.sqlite3 'SELECT max(bytes) FROM images')
    echo "# $size bytes, an image has $bytes, of which there are $(images statemap)" >&3
    [ "$size" -le $(($1 * bytes + 300000)) ]
}

@test "without a backup interval no more than two images are kept" {
    local i
    stat -c %s . >/dev/null 2>&1 || skip "no stat -c here"
    fl-recovery-init db
    for ((i = 1; i <= 8; i++)); do
        change 1 6000 "$i"
        flow
        [ "$(images statemap)" -le 2 ]
    done
    [ "$(images statemap)" -ge 1 ]
    size_is_within 4
    expect_model
}

@test "with a backup interval images do not outgrow rows" {
    local i
    stat -c %s . >/dev/null 2>&1 || skip "no stat -c here"
    fl-recovery-init db
    for ((i = 1; i <= 20; i++)); do
        change 1 6000 "$i"
        flow -b 1h
    done
    size_is_within 24
    expect_model
    fl-recovery rewind db 13
    model 78000
    expect_states
    # Once they are not needed any more, they go.
    for i in 1 2 3 4; do
        change 1 6000 1
        flow -b 0
    done
    expect_model
    [ "$(images statemap)" -le 2 ]
}

# --- backup -----------------------------------------------------------------------------------------------------------

@test "backups of a flow that makes images" {
    local looks i before
    fl-recovery-init db 2
    mkfifo gate
    touch out
    for ((looks = 0; looks < 6; looks++)); do
        more 40000 12007
        before=$(wc -l <out)
        start "fl-input -r db -s 20ms lines gate | fl-key -f 1 | $sums | fl-out out"
        exec 7<>gate
        wait_until has_lines out $((before + 1))
        run_sh "fl-recovery backup db copy-$looks"
        expect_output ''
        expect_committed
        is_clean
        exec 7>&-
        finish
        expect_output ''
    done
    expect_model
    [ "$(images statemap)" -ge 2 ]
    cp out whole.out
    mv db at-the-end
    for ((i = 0; i < looks; i++)); do
        mv "copy-$i" db
        expect_committed
        is_clean
        if ((i == looks / 2)); then
            flow
            is_same out whole.out
            expect_model
        fi
        rm -r db
    done
}

@test "partitions that were copied at different times" {
    fl-recovery-init db 2
    change 1 12000 1
    flow -b 1h
    change 50 80 2 && change 60 70 x
    flow -b 1h
    cp db/part-1.sqlite3 older
    change 1 12000 3
    flow -b 1h
    change 65 85 4
    flow -b 1h
    cp older db/part-1.sqlite3
    expect_committed
    [ "$(wc -l <states)" -eq 11989 ]
    flow -b 1h
    expect_model
}

# --- damage -----------------------------------------------------------------------------------------------------------

# damage SQL: changes the partition 1 of 2 of a directory that is sound, with images and rows over them.
damage() {
    rm -rf db
    cp -a sound db
    edit_part db/part-1.sqlite3 "$1"
}

make_sound() {
    fl-recovery-init db 2
    change 1 12000 1
    flow
    change 12001 12005 1
    flow
    [ "$(images statemap)" -ge 2 ]
    mv db sound
}

# finds PATTERN...: check finds that, in partition 1.
finds() {
    local pattern
    run_sh 'fl-recovery check db'
    expect_status 78
    expect_stdout ''
    for pattern; do
        expect_message "^fl-recovery: $directory/part-1\.sqlite3: $pattern\$"
    done
    ! grep -F "part-0.sqlite3" "$results/stderr" || fail 'partition 0 is sound'
}

# of_image SQL: the answer of partition 1.
of_image() {
    sqlite3 -readonly sound/part-1.sqlite3 "$1"
}

@test "a block that is not what was written is refused by whoever reads it" {
    local key block message
    make_sound
    # A key of partition 1, in the middle of the image.
    key=$(of_image "SELECT state_key FROM snaps WHERE step_id = 'statemap' AND state_key LIKE 'k9%' LIMIT 1")
    block=$(of_image "SELECT max(block) FROM blocks WHERE instr(content, CAST('${#key}:${key}1:1' AS BLOB))")
    message="$directory/part-1.sqlite3: is damaged: block $block is not what was written: look for more with\
 fl-recovery check, and put a copy of all partitions back"
    damage "UPDATE blocks
        SET content = CAST(replace(CAST(content AS TEXT), '${#key}:${key}1:1', '${#key}:${key}1:2') AS BLOB)
        WHERE block = $block"
    cp -a db damaged
    cp out out-before

    echo "$key 1" >>lines
    run_sh "fl-input -r db lines | fl-key -f 1 | $sums | fl-out out"
    expect_stdout ''
    expect_failed 78 "fl-statemap: $message"
    cmp out out-before

    # One that meets so many keys that it loads them all.
    change 20001 26000 1
    run_sh "fl-input -r db lines | fl-key -f 1 | $sums | fl-out out"
    expect_failed 78 "fl-statemap: $message"
    for command in 'dump db statemap' "dump db statemap $key" 'status db' 'dump db'; do
        run_sh "fl-recovery $command"
        expect_status 78
        expect_stdout ''
        expect_stderr "fl-recovery: $message"
    done
    finds "block $block does not fit its checksum"
    [ "$(wc -l <"$results/stderr")" -eq 1 ]
}

@test "an image that is damaged is not made into another one" {
    local block
    make_sound
    block=$(of_image "SELECT max(block) FROM blocks WHERE block >> 32 = (SELECT max(image_id) FROM images
        WHERE step_id = 'statemap')")
    damage "UPDATE blocks SET content = CAST('1:a1:1' AS BLOB) WHERE block = $block"
    # So many new ones that the old ones are read when they are saved alone.
    awk 'BEGIN { for (i = 1; i <= 20000; i++) print "new" i, 1 }' >>lines
    run_sh "fl-input -r db lines | fl-key -f 1 | $sums | fl-out out"
    expect_status 78
    expect_message "^fl-statemap: $directory/part-1\.sqlite3: is damaged: block $block is not what was written: "
    # At the end of its input another step reads all it has.
    rm -rf db
    fl-recovery-init db
    change 1 5000 1
    run_sh 'fl-input -r db lines | fl-key -f 1 | fl-reduce --keep count | fl-out out'
    expect_output ''
    edit_part db/part-0.sqlite3 "UPDATE blocks SET content = zeroblob(length(content))
        WHERE block = (SELECT max(block) FROM blocks)"
    echo 'one 1' >>lines
    run_sh 'fl-input -r db lines | fl-key -f 1 | fl-reduce --keep count | fl-out out'
    expect_status 78
    expect_message "^fl-reduce: $directory/part-0\.sqlite3: is damaged: block [0-9]+ is not what was written: "
}

@test "what check finds in images" {
    local image block keys bytes size of_step
    make_sound
    of_step="(SELECT max(image_id) FROM images WHERE step_id = 'statemap')"
    image=$(of_image "SELECT $of_step")
    block=$(of_image "SELECT min(block) FROM blocks WHERE block >> 32 = $image")
    keys=$(of_image "SELECT keys FROM images WHERE image_id = $image")
    bytes=$(of_image "SELECT bytes FROM images WHERE image_id = $image")
    size=$(of_image "SELECT length(content) FROM blocks WHERE block = $block")

    damage "UPDATE images SET keys = keys + 1 WHERE image_id = $image"
    finds "image $image has $((keys + 1)) keys in $bytes bytes, of which there are $keys in $bytes"
    damage "UPDATE images SET bytes = 17 WHERE image_id = $image"
    finds "image $image has $keys keys in 17 bytes, of which there are $keys in $bytes"
    damage "DELETE FROM blocks WHERE block >> 32 = $image"
    finds "image $image has $keys keys in $bytes bytes, of which there are 0 in 0"
    damage "DELETE FROM blocks WHERE block = $block"
    finds "image $image has $keys keys in $bytes bytes, of which there are [0-9]+ in $((bytes - size))"

    damage "INSERT INTO blocks VALUES ($((image + 7)) << 32 | 5, x'', 0)"
    finds "block $(((image + 7) << 32 | 5)) is of no image"
    damage "DELETE FROM images WHERE image_id = $image"
    finds "block $block is of no image"
    damage "UPDATE images SET image_epoch = 9 WHERE image_id = $image"
    finds "image $image of step statemap, epoch 9, is newer than what the step has saved"
    damage "UPDATE images SET step_id = 'other' WHERE image_id = $image"
    finds "image $image of step other, epoch 1, is newer than what the step has saved"

    # Cut, in a state and behind one.
    damage "UPDATE blocks SET content = substr(content, 1, length(content) - 1) WHERE block = $block"
    finds "block $block does not fit its checksum" "block $block is not made of states" \
        "image $image has $keys keys in $bytes bytes, of which there are $((keys - 1)) in $((bytes - 1))"
    damage "UPDATE blocks SET content = x'' WHERE block = $block"
    finds "block $block does not fit its checksum" \
        "image $image has $keys keys in $bytes bytes, of which there are [0-9]+ in $((bytes - size))"
    damage "UPDATE blocks SET content = CAST('1:a' AS BLOB) || content WHERE block = $block"
    finds "block $block does not fit its checksum" "block $block is not made of states"
    damage "UPDATE blocks SET block = block + 1 WHERE block = $block"
    finds "block $((block + 1)) does not fit its checksum" \
        "the state of key \"k[0-9]+\" of step statemap, in an image, is not in its place"
    damage "UPDATE blocks SET \"check\" = \"check\" + 1 WHERE block = $block"
    finds "block $block does not fit its checksum"
    [ "$(wc -l <"$results/stderr")" -eq 1 ]

    # All of partition 0 in its place.
    damage "ATTACH 'sound/part-0.sqlite3' AS other; DELETE FROM images; DELETE FROM blocks;
        INSERT INTO images SELECT * FROM other.images; INSERT INTO blocks SELECT * FROM other.blocks"
    finds "the state of key \"k[0-9]+\" of step statemap, in an image, belongs to another partition"
    [ "$(grep -c 'another partition' "$results/stderr")" -ge "$((12000 - keys))" ]

    damage "UPDATE changes SET key_hash = key_hash + 1 WHERE step_id = 'statemap'"
    finds "the state of key \"k1200[1-5]\" of step statemap, epoch 2, has the hash of another key"
    damage "UPDATE changes SET ser_change = NULL WHERE step_id = 'statemap'"
    finds "the state of key \"k1200[1-5]\" of step statemap, epoch 2, does not fit its checksum"
}
