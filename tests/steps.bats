#!/usr/bin/env bats
# Goal of this test: several steps with state come back to one common epoch, wherever the flow was killed; several
# partitions give the results of one; and a key lies in partition XXH3_64(key) % P, in every directory.
#
# `gate` is a FIFO that is read behind the file: a source that has come to it waits, until `exec 7>&-` lets it end.

load helper

setup() {
    test_begin
    mkfifo gate
}

# every_part DIR SQL: what each partition answers, behind its number.
every_part() {
    local part
    for part in "$1"/part-*.sqlite3; do
        sqlite3 -readonly "$part" "$2" | sed "s/^/$(basename "$part" .sqlite3)|/"
    done
}

# The state of each key of each step.
states() {
    every_part "$1" "SELECT step_id, state_key, ser_change FROM snaps WHERE step_id LIKE 'statemap%' ORDER BY 1, 2"
}

# Which partition each key of a step is in.
places() {
    every_part "$1" "SELECT DISTINCT state_key FROM snaps WHERE step_id = '$2'" | sort
}

# add_numbers COUNT: more of them, such as 3.7: the key is what stands before the point.
add_numbers() {
    local first
    first=$(wc -l <nums.txt)
    awk -v first="$first" -v count="$1" 'BEGIN {
        for (i = first; i < first + count; i++)
            printf "%d.%d\n", i * 7 % 11, i * i % 10
    }' >>nums.txt
}

stages='fl-key -f 1 -d . | fl-statemap sum | fl-key -f 1 -d . | fl-statemap max'

# expect_results: out is what awk makes of the numbers: a sum for each key; then of those with the same whole part the
# greatest so far.
expect_results() {
    awk -F . '{
        sums[$1] += $1 * 10 + $2
        whole = int(sums[$1] / 10)
        if (sums[$1] > most[whole])
            most[whole] = sums[$1]
        tenths = most[whole] % 10
        printf "%d\t%d%s\n", whole, int(most[whole] / 10), tenths ? "." tenths : ""
    }' nums.txt >"$results/sums"
    expect_file out <"$results/sums"
}

# kill_everywhere PARTITIONS: each stage in turn is killed while the flow goes on where the one before has ended.
kill_everywhere() {
    local commit program number
    fl-recovery-init db "$1"
    : >nums.txt
    for stage in fl-input:1 fl-key:1 fl-statemap:1 fl-key:2 fl-statemap:2 fl-out:1; do
        program=${stage%:*}
        number=${stage#*:}
        add_numbers 60
        commit=$(committed)
        start "fl-input -r db -s 0 nums.txt gate | $stages | fl-out out"
        exec 7<>gate
        wait_until has_committed $((commit + 10))
        kill -KILL "$(stage_pid "$program" | sed -n "${number}p")"
        exec 7>&-
        finish
        expect_stdout ''
        if [ "$program" = fl-out ]; then
            expect_status 137
        else
            expect_status 74
            expect_message "^fl-out: the upstream stage .*: nothing after epoch $(committed) is committed$"
        fi
    done
    run_sh "fl-input -r db nums.txt | $stages | fl-out out"
    expect_status 0
    expect_stdout ''
    expect_stderr ''
    expect_results

    [ "$(every_part db 'SELECT front_epoch FROM fronts' | cut -d '|' -f 2 | sort -u)" = "$(committed)" ]
    fl-recovery-init whole "$1"
    run_sh "fl-input -r whole nums.txt | $stages | fl-out whole.out"
    expect_status 0
    cmp out whole.out
    states db >"$results/states"
    states whole | cmp - "$results/states"
    [ -s "$results/states" ]
}

@test "two steps with state, killed in every stage" {
    kill_everywhere 1
}

@test "two steps with state in four partitions, killed in every stage" {
    kill_everywhere 4
}

@test "two steps with state, all killed at once, after any commit" {
    local commit
    fl-recovery-init db 2
    : >nums.txt
    for _ in 1 2 3 4; do
        add_numbers 60
        commit=$(committed)
        start "fl-input -r db -s 0 nums.txt gate | $stages | fl-out out"
        exec 7<>gate
        wait_until has_committed $((commit + 10))
        kill -KILL -- "-$group"
        finish
        exec 7>&-
        expect_status 137
    done
    run_sh "fl-input -r db nums.txt | $stages | fl-out out"
    expect_status 0
    expect_stdout ''
    expect_stderr ''
    expect_results
}

@test "two steps with state and the root at the first of them" {
    local commit
    fl-recovery-init db
    : >nums.txt
    for program in fl-input fl-key fl-statemap fl-out; do
        add_numbers 60
        commit=$(committed)
        start "fl-input nums.txt gate | ${stages/sum/sum -r db -s 0} | fl-out out"
        exec 7<>gate
        wait_until has_committed $((commit + 10))
        kill -KILL "$(stage_pid "$program" | sed -n 1p)"
        exec 7>&-
        finish
        [ "$status" -ne 0 ]
    done
    run_sh "fl-input nums.txt | ${stages/sum/sum -r db} | fl-out out"
    expect_status 0
    expect_stdout ''
    expect_stderr ''
    expect_results
}

@test "several partitions give the results of one" {
    : >nums.txt
    for _ in 1 2 3; do
        add_numbers 500
        for count in 1 4 7; do
            [ -d "db$count" ] || fl-recovery-init "db$count" "$count"
            run_sh "fl-input -r db$count nums.txt | $stages | fl-out"
            expect_status 0
            expect_stderr ''
            cp "$results/stdout" "out$count"
        done
        [ "$(wc -l <out1)" -eq 500 ]
        cmp out1 out4
        cmp out1 out7
        states db1 | cut -d '|' -f 2- | sort >states1
        for count in 4 7; do
            states "db$count" | cut -d '|' -f 2- | sort | cmp - states1
        done
    done
}

@test "a key is in one partition alone, and in the same one in every directory" {
    fl-recovery-init db 4
    fl-recovery-init other 4
    seq 300 >nums.txt
    run_sh 'fl-input -r db -s 0 nums.txt | fl-key -f 1 | fl-statemap count | fl-out'
    expect_status 0
    sort -r nums.txt >reversed.txt
    run_sh 'fl-input reversed.txt | fl-key -f 1 | fl-statemap count -r other | fl-out'
    expect_status 0
    places db statemap >placed
    [ "$(cut -d '|' -f 2 placed | sort -u | wc -l)" -eq 300 ]
    [ "$(wc -l <placed)" -eq 300 ]
    [ "$(cut -d '|' -f 1 placed | sort -u | wc -l)" -eq 4 ]
    places other statemap | cmp - placed
}

@test "a key is in partition XXH3_64(key) % P" {
    fl-recovery-init db 4
    printf '%s\n' ALL a b c d e '' 'two words' $'x\ty' $'\303\274' >keys.txt
    run_sh "fl-input -r db keys.txt | fl-key -f 1 -d ';' | fl-statemap count | fl-out"
    expect_status 0
    LC_ALL=C places db statemap >placed
    expect_file placed <<END
part-0|e
part-1|two words
part-2|
part-2|d
part-2|$(printf '\303\274')
part-3|ALL
part-3|a
part-3|b
part-3|c
part-3|x	y
END
}
