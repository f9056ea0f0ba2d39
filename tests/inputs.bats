#!/usr/bin/env bats
# Goal: whatever happens to a log between and during runs, each line that was ever whole is counted once, or the flow
# stops and says what it found. This is a short run of the model test (`make crash` makes a long one), and the cases in
# which it has found faults.

load helper

@test "a model of a log that is appended to, rotated, truncated and made anew" {
    local bin
    bin=$(dirname "$(command -v fl-input)")
    run_sh "'$ROOT/tests/crash/inputs' --bin '$bin' -n ${CASES:-40}"
    expect_status 0
    expect_stderr ''
    echo "# ${output##*$'\n'}" >&3
}

is_at_work() {
    [ -n "$(ls there)" ]
}

@test "a harness that is told to end leaves nothing behind, and says what it has tried" {
    local bin
    bin=$(dirname "$(command -v fl-input)")
    mkdir there
    # Far more cases than it can come to.
    start "PROGRESS=0.01 exec '$ROOT/tests/crash/inputs' --bin '$bin' -n 10000 --directory there"
    wait_until grep -E '^inputs: [1-9][0-9]* of 10000 cases, [0-9]+ runs, 0 differences$' "$background/stderr"
    wait_until is_at_work
    kill -TERM "$group"
    finish
    expect_status 143
    [[ $output == 'inputs: ended by SIGTERM: '[1-9]*' cases from seed '*': 0 differences' ]]
    [ -z "$(ls there)" ] || fail "there is still $(ls there)"
}

@test "of many files that it knows it reads each once to compare it" {
    local crash=${CRASH:-$ROOT/build/crash} i
    ! is_sanitized "$crash/bin/fl-input" || skip "the sanitizer must be loaded first"
    mkdir logs
    for ((i = 0; i < 300; i++)); do
        echo "$i" >"logs/$i"
    done
    fl-recovery-init db
    run_sh 'fl-input -r db logs/* | fl-out'
    expect_status 0
    # The other 100 are reads of the partition.
    run_sh "FL_SHIM=pread:400:EIO FL_SHIM_LOG=reached LD_PRELOAD='$crash/shim.so' '$crash/bin/fl-input' -r db logs/* |
        fl-out"
    expect_output ''
    [ ! -e reached ] || fail "it read more than 400 times"
}

flow='fl-input -r db log | fl-out out'

# begin: processes a line of a log, rotates the log, and processes a line of the new one.
begin() {
    fl-recovery-init db
    echo 1 >log
    run_sh "$flow"
    expect_status 0
    mv log log.1
    echo 2 >log
    run_sh "$flow"
    expect_status 0
    expect_file out $'1\n2'
}

@test "what is written to a log after its rotation, when the new one is known already" {
    begin
    echo 3 >>log.1
    run_sh "$flow"
    expect_status 0
    expect_stderr ''
    expect_file out $'1\n2\n3'
    mv log.1 log.2
    mv log log.1
    echo 4 >>log.2
    printf 5 >>log.1
    echo 6 >log
    run_sh "$flow"
    expect_status 0
    expect_message '^fl-input: .*/log\.1: the last line has no line end: it is left for the next run'
    expect_file out $'1\n2\n3\n4\n6'
    echo >>log.1
    run_sh "$flow"
    expect_status 0
    expect_stderr ''
    expect_file out $'1\n2\n3\n4\n6\n5'
    run_sh "$flow"
    expect_status 0
    expect_stderr ''
    expect_file out $'1\n2\n3\n4\n6\n5'
}

@test "the same after a restart with a new one" {
    begin
    echo 3 >>log.1
    : >log
    run_sh "$flow"
    expect_status 78
    run_sh 'fl-input -r db --on-replaced restart log | fl-out out'
    expect_status 0
    expect_file out $'1\n2\n3'
}
