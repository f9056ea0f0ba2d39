#!/usr/bin/env bats
# Goal of this test: a log of web requests, and the log of the package manager if the system has one, give the numbers
# that awk gives, through expressions and through programs in other languages, in one run and if stages are killed.

load helper

# An access log: hosts, paths with and without a query, sizes that may be `-`.
access_log() {
    awk -v lines="$1" 'BEGIN {
        srand(1)
        split("/ /index.html /a/b?q=1 /a/b?q=2 /img/x.png /login", path, " ")
        split("200 200 200 304 404 500", status, " ")
        for (i = 0; i < lines; i++) {
            s = status[1 + int(rand() * 6)]
            printf "10.0.%d.%d - %s [22/Nov/2026:%02d:%02d:%02d +0000] \"%s %s HTTP/1.1\" %s %s \"-\" \"Mozilla/5.0 (X11)\"\n",
                rand() * 256, rand() * 256, rand() < 0.1 ? "ann" : "-", i / 3600 % 24, i / 60 % 60, i % 60,
                rand() < 0.8 ? "GET" : "POST", path[1 + int(rand() * 6)], s, s == 304 ? "-" : int(rand() * 100000)
        }
    }'
}

@test "requests for each status and path of an access log, and their bytes, are those of awk" {
    access_log 20000 >log
    key="match(value, '\" ([0-9]{3}) ', 1) || ' ' || match(field(value, 2, '\"'), ' ([^ ?]*)', 1)"
    printf "%s" "$key" >expression
    run_sh 'fl-input log | fl-key -e "$(cat expression)" | fl-statemap count | fl-out -f "%k %v" |
        awk '\''{ n[$1 " " $2] = $3 } END { for (k in n) print k, n[k] }'\'' | sort'
    expect_status 0
    awk '{ path = $7; sub(/\?.*/, "", path); n[$9 " " path]++ } END { for (k in n) print k, n[k] }' log | sort | expect_stdout
    expect_stderr ''
    run_sh 'fl-input log | fl-filter -e "field(value, 10) <> '\''-'\''" | fl-key -f 9 |
        fl-map -e "num(field(value, 10))" | fl-statemap sum | fl-out -f "%k %v" |
        awk '\''{ n[$1] = $2 } END { for (k in n) print k, n[k] }'\'' | sort'
    expect_status 0
    awk '$10 != "-" { n[$9] += $10 } END { for (k in n) print k, n[k] }' log | sort | expect_stdout
    expect_stderr ''
}

@test "a running count for each status and path, through expressions, jq, python3 and awk, killed again and again" {
    access_log 20000 >all
    awk '{ path = $7; sub(/\?.*/, "", path); print $9 " " path }' all | running_counts >expected
    cat >by_expression <<'END'
fl-input -r db -s "$@" |
    fl-key -e "match(value, '\" ([0-9]{3}) ', 1) || ' ' || match(field(value, 2, '\"'), ' ([^ ?]*)', 1)" |
    fl-statemap -e "coalesce(state, 0) + 1" | fl-out counts
END
    survives by_expression 40 fl-key fl-statemap fl-out
    for mapper in "jq -R -r --unbuffered 'split(\" \") | .[8] + \" \" + (.[6] | sub(\"[?].*\"; \"\"))'" \
        'python3 -u -c "import sys
for line in sys.stdin:
    fields = line.split()
    print(fields[8], fields[6].partition(chr(63))[0])"' \
        "$(awk_line_by_line) '{ sub(/[?].*/, \"\", \$7); print \$9, \$7; fflush() }'"; do
        echo "fl-input -r db -s \$@ | fl-map -x $mapper | fl-key -f 1,2 | fl-statemap count | fl-out counts" >by_program
        survives by_program 40 fl-map fl-input
    done
}

@test "what the package manager did, and to which package, killed again and again" {
    local packages=/var/log/dpkg.log
    [ "$(head -n 1000 $packages 2>/dev/null | wc -l)" = 1000 ] || skip 'there is no log of dpkg here, or a short one'
    # Without architecture and version: `status installed libc6`.
    head -n 4000 $packages >all
    awk '$3 == "status" { sub(/:.*/, "", $5); print $4, $5 }' all | running_counts >expected
    cat >by_expression <<'END'
fl-input -r db -s "$@" | fl-filter -e "field(value, 3) = 'status'" |
    fl-key -e "field(value, 4) || ' ' || match(field(value, 5), '^[^:]*')" |
    fl-statemap -e "coalesce(state, 0) + 1" | fl-out counts
END
    survives by_expression 40 fl-filter fl-statemap fl-key
}
