#!/usr/bin/env bats
# What a crash leaves: short runs of the harnesses of tests/crash, of which `make crash` makes the long ones.

load helper

# harness NAME ARGUMENT...: runs it over the programs with crash points; its last line says what was tried.
harness() {
    local crash=${CRASH:-$ROOT/build/crash}
    run_sh "'$ROOT/tests/crash/$1' --bin '$crash/bin' ${*:2}"
    expect_status 0
    expect_stderr ''
    echo "# ${output##*$'\n'}" >&3
}

@test "a stage that is killed at any crash point, and in the recovery from one, changes no result" {
    harness points --flow partitions --flow reject --cap 1 --recovery-cap 1 --chains 5
}

@test "a stage that is killed at a random time or byte changes no result" {
    harness random -n 200
}

@test "a call that fails ends in a message, or changes nothing" {
    local crash=${CRASH:-$ROOT/build/crash}
    ! is_sanitized "$crash/bin/fl-out" || skip "the sanitizer has its own allocator"
    harness failing --shim "'$crash/shim.so'" --flow input --cap 3 --stride 50
}
