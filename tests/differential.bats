# Goal of this test: expressions give what SQLite and Python's decimal, json, datetime, zoneinfo and re give, for some
# thousands of random cases. `make differential` tries more.

load helper

# agrees NAME DRIVER: tests/differential/NAME finds no difference. What it finds is shown, with the seed.
agrees() {
    run_sh "'$ROOT/tests/differential/$1' '${DIFFERENTIAL:-$ROOT/build/differential}/$2' -n 3000"
    [ "$(tail -n 1 "$results/stdout" | sed 's/ with seed [0-9]*//')" = "$1: 3000 cases: 0 differences" ] ||
        fail "$(cat "$results/stdout" "$results/stderr")"
    expect_status 0
}

@test "operators, choices and arithmetic" {
    agrees expressions evaluate
}

@test "functions of texts, numbers, patterns and addresses" {
    agrees functions drive
}

@test "JSON" {
    agrees json drive
}

@test "times" {
    agrees time drive
}
