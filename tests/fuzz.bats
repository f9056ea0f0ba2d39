#!/usr/bin/env bats
# Bytes that nobody would write, for the readers of blocks, of frames, of JSON, of numbers and of positions: a short run
# of what `make fuzz` does.

load helper

@test "no bytes upset the readers of blocks, frames, JSON, numbers and positions" {
    run_sh "'$ROOT/tests/fuzz/run' '${FUZZ:-$ROOT/build/fuzz}' 2"
    expect_status 0
    echo "# ${output##*$'\n'}" >&3
}
