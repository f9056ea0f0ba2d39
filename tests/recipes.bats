# Goal of this test: the traps that the recipes of fl-cookbook(7) have to avoid.

load helper

# keeps EXPRESSION: what fl-statemap makes of the file `lines`, the fields of which are a key and a value.
keeps() {
    run_sh "fl-input lines | fl-map -k 'field(value, 1)' -e 'field(value, 2)' | fl-statemap -e \"$1\" | fl-out"
    expect_status 0
}

@test "what has changed: numbers that are equal, and bytes that are not" {
    printf '%s\n' 'web 1.1' 'web 1.1' 'web 1.10' 'web 01.10' 'web 1.1' >lines
    keeps 'value, iif(CAST(value AS TEXT) IS state, drop(), value)'
    expect_stdout $'web\t1.1\nweb\t1.10\nweb\t01.10\nweb\t1.1'
    # By number, as two inputs are compared.
    keeps 'value, iif(value IS state, drop(), value)'
    expect_stdout $'web\t1.1'
}

@test "accounts: cents are exact" {
    printf '%s\n' 'ann 0.10' 'ann 0.20' 'ann -0.30' 'ann -0.01' 'bob 90071992547409.93' 'bob -0.01' >lines
    keeps "coalesce(state, 0) + iif(coalesce(state, 0) + value < 0, 0, value),
        iif(coalesce(state, 0) + value < 0, 'refused: ' || value, new_state)"
    expect_stdout $'ann\t0.1\nann\t0.3\nann\t0\nann\trefused: -0.01\nbob\t90071992547409.93\nbob\t90071992547409.92'
}

@test "a join: two records of one side are no pair" {
    printf '%s\n' '{"order":1,"item":"tea"}' '{"order":1,"item":"rye"}' '{"order":1,"paid":"cash"}' \
        '{"order":2,"paid":"card"}' '{"order":2,"paid":"card"}' '{"order":2,"item":"jam"}' >lines
    run_sh "fl-input lines | fl-key -e \"value ->> 'order'\" |
        fl-statemap -e \"CASE WHEN state IS NULL THEN value
            WHEN (state ->> 'paid' IS NULL) = (value ->> 'paid' IS NULL) THEN drop() ELSE discard() END,
            iif(state IS NULL, drop(), json_patch(state, value))\" | fl-out"
    expect_status 0
    expect_stdout $'1\t{"order":1,"item":"tea","paid":"cash"}\n2\t{"order":2,"paid":"card","item":"jam"}'
    expect_stderr 'fl-statemap: 2 records: left out by drop()'
}

@test "sessions: times are compared as times, in whatever zone they are written" {
    printf '%s\n' 'ann 2026-11-22T09:00:00Z' 'ann 2026-11-22T10:20:00.5+01:00' 'ann 2026-11-22T08:50:00.4-01:00' \
        'ann 2026-11-22T10:20:01Z' >lines
    keeps "iif(timestamp(value) - timestamp(state ->> 'last') <= 1800,
        json_set(state, '\\\$.last', value, '\\\$.pages', (state ->> 'pages') + 1),
        json_object('last', value, 'pages', 1)), new_state ->> 'pages'"
    expect_stdout $'ann\t1\nann\t2\nann\t3\nann\t1'
}

@test "a sum of members: one that is missing is a bad record, and the sum stays" {
    printf '%s\n' '{"n":1}' '{}' '{"n":null}' '{"n":"x"}' '{"n":2}' >lines
    fl-recovery-init db
    run_sh "fl-input -r db lines | fl-key ALL |
        fl-statemap --reject bad -e \"coalesce(state, 0) + value ->> 'n'\" | fl-out"
    expect_status 0
    expect_stdout $'ALL\t1\nALL\t3'
    expect_stderr 'fl-statemap: 3 records were rejected: see bad'
    [ "$(fl-recovery dump db statemap)" = $'ALL\t3' ]
}
