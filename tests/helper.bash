# shellcheck shell=bash disable=SC2034
# What every test file loads: the built programs first in PATH, an empty directory for each test to work in, and a way
# to run a line of shell and to compare what came of it, byte for byte.
#
#     load helper
#
#     @test "a key for all" {
#         run_sh "printf '1\n' | fl-input | fl-key ALL | fl-out"
#         expect_status 0
#         expect_stdout $'ALL\t1'
#         expect_stderr ''
#     }
#
# A setup of a file's own begins with test_begin, a teardown ends with test_end. A bare `wait` has no place in a test:
# it would wait for the watchdog of bats as well.
#
# No test depends on how fast the machine is. A test waits for an event, with wait_until; it lets a flow wait, at a FIFO
# that the test holds open, until the event has been seen; and the input of a flow that must still be running has no
# end. Time is left to pass only where a fault would need time to show.

bats_require_minimum_version 1.5.0

ROOT=$(cd "$BATS_TEST_DIRNAME/.." && pwd)
export PATH="${BIN:-$ROOT/bin}:$PATH"
unset "${!FL_@}"

# How many seconds wait_until waits. This is no promise of the programs: it only tells what never happens from what
# happens late. A test that passes takes no longer for it, however large it is.
patience=60

setup() { test_begin; }
teardown() { test_end; }

test_begin() {
    started=()
    results=$BATS_TEST_TMPDIR/results
    mkdir "$results" "$BATS_TEST_TMPDIR/work"
    cd "$BATS_TEST_TMPDIR/work" || return
}

# Ends what `start` started and is still going.
test_end() {
    local group
    for group in "${started[@]}"; do
        kill -KILL -- "-$group" || true
        wait "$group" || true
    done 2>/dev/null
}

# need_clock PROGRAM: skips the test if the program cannot go by a clock of the test's own.
need_clock() {
    command -v faketime >/dev/null || skip "faketime is not installed (make deps)"
    ! is_sanitized "$(command -v "$1")" || skip "the sanitizer must be loaded before faketime"
}

# What comes before a program in a script: its clocks, the monotonic one too, are ahead by what the file clock says.
by_clock='env FAKETIME_TIMESTAMP_FILE=clock FAKETIME_NO_CACHE=1 faketime -m -f +0d env -u FAKETIME'

# set_clock SPAN: sets the file clock, such as to +2h. Who sleeps until a time does not wake up from that alone.
set_clock() {
    echo "$1" >clock.new
    mv clock.new clock
}

# run_sh SCRIPT: runs it in sh; sets $status, $output and $stderr, both without their last line ends.
run_sh() {
    status=0
    sh -c "$1" >"$results/stdout" 2>"$results/stderr" 3>&- || status=$?
    take_results
}

take_results() {
    output=$(tr -d '\0' <"$results/stdout")
    stderr=$(tr -d '\0' <"$results/stderr")
}

# start SCRIPT: runs it in sh in the background, as a process group of its own: `kill -TERM -- "-$group"` signals all
# of it, `kill -TERM "$(stage_pid fl-key)"` one stage. What it prints so far is in $background/stdout and /stderr.
start() {
    background=$results/started-${#started[@]}
    mkdir "$background"
    set -m
    sh -c "$1" </dev/null >"$background/stdout" 2>"$background/stderr" 3>&- &
    set +m
    group=$!
    started+=("$group")
}

# stage_pid PROGRAM: the process ids of a program among what the last start started.
stage_pid() {
    ps -A -o pid= -o pgid= -o comm= | awk -v group="$group" -v program="$1" '
        $2 == group && $3 == substr(program, 1, 15) { print $1; found = 1 }
        END { exit !found }'
}

not_there() {
    ! stage_pid "$1"
}

# stop PROGRAM: stops it, and waits until it stands still. A CONT wakes it up.
stop() {
    local pid
    pid=$(stage_pid "$1")
    kill -STOP "$pid"
    wait_until stands_still "$pid"
}

stands_still() {
    [[ $(ps -o stat= -p "$1") == T* ]]
}

# signal NAME PROGRAM: sends it the signal, and waits until the program has taken it: the next one of the same name
# would be lost otherwise.
signal() {
    local pid
    pid=$(stage_pid "$2")
    kill "-$1" "$pid"
    wait_until has_taken_signals "$pid"
}

# Where there is no /proc, nobody knows.
has_taken_signals() {
    ! grep -q 'Pnd:.*[1-9a-f]' "/proc/$1/status"
}

# start_at_gate SCRIPT: starts a flow over nums.txt and the pipe gate into out, with the directory db, that commits each
# record; it waits at the gate, which descriptor 7 holds open, once it has committed what is in nums.txt.
start_at_gate() {
    local done=0 before
    [ ! -e out ] || done=$(wc -l <out)
    before=$(committed)
    start "$1"
    exec 7<>gate
    wait_until has_committed $((before + $(wc -l <nums.txt) - done))
}

# finish: waits for the end of what the last start started, and sets what run_sh sets.
finish() {
    wait_until ended "$group"
    status=0
    wait "$group" || status=$?
    cp "$background/stdout" "$background/stderr" "$results"
    take_results
}

ended() {
    ! kill -0 "$1" 2>/dev/null
}

# wait_until COMMAND...: runs the command again and again until it succeeds. Fails if that takes more than $patience
# seconds.
wait_until() {
    local deadline=$((SECONDS + patience + 1))
    until "$@" >/dev/null 2>&1; do
        if ((SECONDS >= deadline)); then
            fail "waited $patience seconds for: $*"
            return 1
        fi
        sleep 0.02
    done
}

# has_lines FILE NUMBER: so many at least; has_committed NUMBER: the recovery directory db has so many epochs committed.
has_lines() {
    [ "$(wc -l <"$1")" -ge "$2" ]
}

has_committed() {
    [ "$(committed)" -ge "$1" ]
}

# The last epoch that the recovery directory db has committed.
committed() {
    sqlite3 -readonly db/part-0.sqlite3 'SELECT coalesce(max(commit_epoch), 0) FROM commits'
}

# has_replayed NUMBER: the root of recovery in the directory db, a stage that is no source, has so many records committed.
has_replayed() {
    [ "$(fl-recovery dump db replay records | cut -f 2 | cut -d ' ' -f 1)" = "$1" ]
}

# The running count of each line of standard input, as a flow prints it.
running_counts() {
    awk '{ print $0 "\t" ++seen[$0] }'
}

# survives FLOW LINES VICTIM...: the file all goes through the flow, a script whose arguments are what follows -s in the
# command line of its fl-input, and which writes the file counts. Each run is given a part more of all, and waits at the
# end of it: a program is killed when so many lines more are written, or soon after. What is on its way then is still
# processed, an epoch for each record, so a part has no more than 300 of them. The last run goes to the end. The file
# expected has what counts must have then.
survives() {
    local flow=$1 lines=$2 victim before part run=0
    shift 2
    part=$(($(wc -l <all) / ($# + 1)))
    ((part <= 300)) || part=300
    rm -rf db counts gate
    fl-recovery-init db 2
    touch counts
    mkfifo gate
    for victim; do
        head -n $((part * (run += 1))) all >input
        before=$(wc -l <counts)
        start "exec sh $flow 0 input gate"
        exec 7<>gate
        wait_until has_lines counts $((before + lines))
        kill -KILL "$(stage_pid "$victim")"
        exec 7>&-
        finish
        [ "$status" -ne 0 ] || fail "$victim was killed, and nobody noticed"
    done
    ! has_lines counts "$(wc -l <expected)" || fail "$flow had ended before its stages were killed"
    cat all >input
    run_sh "sh $flow 10 input"
    expect_output ''
    expect_file counts <expected
}

# mapper_survives COMMAND VICTIM FLOW: runs the flow, which has the directory db, runs `sh mapper` and writes the file
# out: mapper is the command. Twice the victim is killed when it was answered so many lines. The file expected has what
# out must have at the end.
mapper_survives() {
    local command=$1 victim=$2 flow=$3 lines
    rm -rf db out
    fl-recovery-init db
    for lines in 300 600; do
        # It answers so many, and waits for the end then.
        echo "sed -u ${lines}q | $command; cat >/dev/null; :" >mapper
        start "$flow"
        wait_until has_lines out "$lines"
        kill -KILL "$(stage_pid "$victim")"
        finish
        expect_status 74
    done
    echo "exec $command" >mapper
    run_sh "$flow"
    expect_output ''
    expect_file out <expected
}

# saved_states STEP: each key of the step and its state, as the first partition of the directory db has them.
saved_states() {
    sqlite3 -readonly db/part-0.sqlite3 "SELECT state_key, ser_change FROM snaps WHERE step_id = '$1' ORDER BY 1"
}

# A stage for lines such as `b 4`: the first byte is the key, what stands behind the second one the value.
keys="fl-map -k \"substr(value, 1, 1)\" -e \"substr(value, 3)\""

# The awk that there is, as one that reads line by line; mawk must be told so.
awk_line_by_line() {
    case $(awk -W version 2>&1 </dev/null) in
    mawk*) echo "awk -W interactive" ;;
    *) echo awk ;;
    esac
}

# is_sanitized FILE: whether the program was built with AddressSanitizer or ThreadSanitizer, which take more memory and
# must be the first library that is loaded.
is_sanitized() {
    grep -q -e __asan_init -e __tsan_init "$1"
}

# expect_status NUMBER
expect_status() {
    [ "$status" -eq "$1" ] || fail "status $status instead of $1"
}

# expect_failed STATUS MESSAGE: a stage ended with the status and the message, and fl-out, behind it, has seen that.
expect_failed() {
    expect_status "$1"
    expect_stderr "$2
fl-out: the upstream stage failed (status $1)"
}

# expect_stdout [TEXT], expect_stderr [TEXT], expect_file FILE [TEXT]: the whole is exactly TEXT and a line end, nothing
# at all where TEXT is empty, or exactly standard input where no TEXT is given.
expect_stdout() { expect_file "$results/stdout" "$@"; }
expect_stderr() { expect_file "$results/stderr" "$@"; }

expect_file() {
    local file=$1
    if (($# > 1)); then
        { [ -z "$2" ] || printf '%s\n' "$2"; } >"$results/expected"
    else
        cat >"$results/expected"
    fi
    cmp -s "$results/expected" "$file" ||
        fail "${file##*/} differs:" "$(diff -a -u -L expected -L "${file##*/}" "$results/expected" "$file" | cat -v)"
}

# expect_output [TEXT]: it went well, printed that, and said nothing.
expect_output() {
    expect_status 0
    expect_stdout "$@"
    expect_stderr ''
}

# expect_sums: the file out has the running sums of nums.txt, all with the key ALL.
expect_sums() {
    expect_file out < <(awk '{ sum += $1; printf "ALL\t%d\n", sum }' nums.txt)
}

# expect_message PATTERN: standard error has a line that matches the extended regular expression.
expect_message() {
    grep -a -q -E -e "$1" "$results/stderr" || fail "no message matches: $1"
}

# edit_part FILE SQL: changes a partition as no other program does, with pages that fit their seals.
edit_part() {
    "${EDIT:-$ROOT/build/edit}" "$1" "$2"
}

# fail TEXT...: fails, showing the texts and what the last run_sh or finish left.
fail() {
    printf '%s\n' "$@"
    local stream
    for stream in stdout stderr; do
        [ -s "$results/$stream" ] || continue
        echo "$stream was:"
        head -c 4000 "$results/$stream" | cat -v
    done
    return 1
} >&2

# programs: every program, a line each; stages: those that can be stages of a flow. shows PROGRAM OPTION: the program's
# --help shows the option, such as '-i, --step'.
programs() {
    local source
    for source in "$ROOT"/cmd/fl-*.c; do
        basename "$source" .c
    done
}

stages() {
    local program
    for program in $(programs); do
        ! shows "$program" '-r, --recovery-directory' || echo "$program"
    done
}

shows() {
    "$1" --help | grep -q -E -e "^ +$2( |\$)"
}

# shortest PROGRAM: a command line with which the program does its work: the first of its synopsis, without what may be
# left out.
shortest() {
    "$1" --help | awk -v program="$1" '
        BEGIN { example["N"] = 1; example["EXPR"] = "true"; example["OP"] = "sum"; example["SPAN"] = "1s" }
        NR > 1 && (!NF || $1 == program) { exit }
        { form = form " " $0 }
        END {
            sub(/usage:/, "", form)
            while (sub(/\[[^][]*\]/, "", form))
                continue
            $0 = form
            for (i = 1; i <= NF; i++)
                if ($i in example)
                    $i = example[$i]
            $1 = $1
            print
        }'
}
