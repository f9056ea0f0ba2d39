#!/usr/bin/env bats
# What a loss of power leaves: short runs of tests/crash/power, of which `make crash` makes the long ones.

load helper

@test "a loss of power loses nothing that was committed, and changes no result" {
    local crash=${CRASH:-$ROOT/build/crash}
    ! is_sanitized "$crash/bin/fl-out" || skip "the sanitizer must be loaded before the recorder"
    run_sh "'$ROOT/tests/crash/power' --bin '$crash/bin' --recorder '$crash/record.so' --flow input --flow partitions -n 20"
    expect_status 0
    expect_stderr ''
    echo "# ${output##*$'\n'}" >&3
}
