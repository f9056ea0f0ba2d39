#!/usr/bin/env bats
# Goal of this test: over many values each operation gives what a plain model in Python gives, the same bytes however
# the runs are cut; and an estimate is as near as the page says.

load helper

# model OPERATION <lines >expected: a result for each line that has one.
model() {
    python3 -c '
import collections, json, math, statistics, sys
from decimal import Decimal
from fractions import Fraction

operation, _, parameter = sys.argv[1].partition(":")
seen, average = [], None

def plain(number):
    text = format(number, "f")
    text = text.rstrip("0").rstrip(".") if "." in text else text
    return "0" if number == 0 else text

def bucket(value):
    width = Decimal(parameter)
    return plain((Decimal(value) / width).to_integral_value("ROUND_FLOOR") * width)

def top():
    latest = {value: at for at, value in enumerate(seen)}
    order = sorted(collections.Counter(seen).items(), key=lambda item: (-item[1], latest[item[0]]))
    return "[" + ",".join(f"[{value},{count}]" for value, count in order[:int(parameter)]) + "]"

for line in sys.stdin:
    value = line.strip()
    seen.append(value)
    if operation == "delta":
        result = plain(Decimal(value) - Decimal(seen[-2])) if len(seen) > 1 else None
    elif operation == "ewma":
        part, real = float(parameter), float(value)
        average = real if average is None else part * real + (1 - part) * average
        result = repr(average).removesuffix(".0")
    elif operation == "distinct":
        result = str(len(set(seen)))
    elif operation == "histogram":
        counts = collections.Counter(map(bucket, seen))
        result = json.dumps(dict(sorted(counts.items(), key=lambda item: Decimal(item[0]))), separators=(",", ":"))
    elif operation == "topk":
        result = top()
    else:
        spread = statistics.variance(map(Fraction, seen)) if len(seen) > 1 else None
        result = spread if spread is None else repr(math.sqrt(spread) if operation == "stddev" else float(spread))
    if result is not None:
        print(result)' "$1"
}

# agrees OPERATION [COMPARISON]: the lines in one run, and in runs of 1 to 60 lines, give the same bytes; and those are
# the model's, as cmp finds or the comparison, a command that is given the two files.
agrees() {
    local from some total
    total=$(wc -l <lines)
    rm -rf db grown pieces
    run_sh "fl-input lines | fl-key K | fl-statemap $1 | fl-out -f %v"
    expect_status 0
    expect_stderr ''
    cp "$results/stdout" whole
    model "$1" <lines >expected
    "${2:-cmp}" expected whole
    fl-recovery-init db
    for ((from = 1; from <= total; from += some)); do
        some=$((RANDOM % 60 + 1))
        tail -n "+$from" lines | head -n "$some" >>grown
        fl-input -r db grown | fl-key K | fl-statemap "$1" | fl-out -f %v >>pieces
    done
    cmp whole pieces
}

# Whether the numbers of two files are the same to 13 digits.
near() {
    paste "$1" "$2" | awk '{ difference = $1 - $2; if (difference < 0) difference = -difference }
        NF != 2 || difference > $1 * 1e-13 { print "line " NR ": " $0; wrong = 1 } END { exit wrong || !NR }'
}

# decimals COUNT RANGE >lines: numbers with up to two digits after the point, of either sign.
decimals() {
    awk -v count="$1" -v range="$2" 'BEGIN { srand(42)
        while (count-- > 0) printf "%.*f\n", count % 3, (rand() - 0.5) * range }' | sed 's/^-\(0\.*0*\)$/\1/'
}

@test "var and stddev" {
    decimals 400 1000 >lines
    agrees var near
    agrees stddev near
    # far from zero, and near to each other
    awk 'BEGIN { for (i = 0; i < 200; i++) print 1000000000 + i * i % 7 }' >lines
    agrees var near
}

@test "delta" {
    decimals 1000 1000000 >lines
    agrees delta
}

@test "ewma" {
    decimals 1000 1000 >lines
    agrees ewma:0.3
    agrees ewma:0.01
}

@test "distinct, up to 256 different values" {
    decimals 700 100 | awk '{ print int($1 * 2.5) }' >lines
    agrees distinct
    [ "$(tail -n 1 whole)" -gt 200 ]
}

@test "topk, with no more values than it has counters" {
    decimals 700 12 | awk '{ print int($1 * $1) }' >lines
    agrees topk:4
    agrees topk:10
}

@test "histogram" {
    decimals 700 1000 >lines
    agrees histogram:10
    agrees histogram:12.5
}

@test "distinct estimates within its error where there are many values, and is the same however the runs are cut" {
    seq 20000 | awk '{ print $1 % 15000 }' >lines
    run_sh "fl-input lines | fl-key K | fl-statemap distinct | fl-out -f %v | tail -n 1"
    expect_status 0
    expect_stderr ''
    ((output > 15000 * 95 / 100 && output < 15000 * 105 / 100))
    fl-recovery-init db
    for some in 200 256 257 300 5000 20000; do
        head -n "$some" lines >grown
        fl-input -r db --on-replaced continue grown | fl-key K | fl-statemap distinct | fl-out -f %v >last
    done
    [ "$(tail -n 1 last)" -eq "$output" ]
}

@test "topk finds what is frequent among more values than it has counters" {
    seq 20000 | awk '{ print $1 % 10 == 0 ? "ten" : $1 % 7 == 0 ? "seven" : $1 }' >lines
    run_sh "fl-input lines | fl-key K | fl-statemap topk:2 | fl-out -f %v | tail -n 1"
    expect_status 0
    expect_stderr ''
    [[ $output =~ ^\[\[\"(.*)\",([0-9]+)\],\[\"(.*)\",([0-9]+)\]\]$ ]]
    # Of 20000 records 2571 are `seven` and 2000 `ten`; a count is too great by 20000 / 20 at most.
    [ "${BASH_REMATCH[1]} ${BASH_REMATCH[3]}" = 'seven ten' ]
    ((BASH_REMATCH[2] >= 2571 && BASH_REMATCH[2] <= 3571 && BASH_REMATCH[4] >= 2000 && BASH_REMATCH[4] <= 3000))
}
