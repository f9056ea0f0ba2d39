# Goal of this test: input that every machine has, a licence and the package manager's status file, gives the numbers
# that awk gives; in one run, in runs that go on after each other, and after a stage was killed.

load helper

setup() {
    test_begin
    licence=/usr/share/common-licenses/GPL-3
    [ -r $licence ] || licence=$ROOT/LICENSE
    packages=/var/lib/dpkg/status
}

# The words of the licence, one a line, in small letters.
licence_words() {
    tr '[:upper:]' '[:lower:]' <"$licence" | tr -cs '[:lower:]' '\n' | sed '/^$/d'
}

@test "a running count of words" {
    licence_words | running_counts >expected
    run_sh "tr '[:upper:]' '[:lower:]' <$licence | tr -cs '[:lower:]' '\n' | sed '/^\$/d' |
        fl-input | fl-key -f 1 | fl-statemap count | fl-out"
    expect_status 0
    expect_stdout <expected
    expect_stderr ''
    [ "$(wc -l <expected)" -gt 100 ]
}

@test "a running count of words, one run for each half of the text" {
    licence_words >all
    half=$(($(wc -l <all) / 2))
    running_counts <all >expected
    fl-recovery-init db 4
    head -n $half all >words
    run_sh 'fl-input -r db words | fl-key -f 1 | fl-statemap count | fl-out'
    expect_status 0
    head -n $half expected | expect_stdout
    expect_stderr ''
    tail -n +$((half + 1)) all >>words
    run_sh 'fl-input -r db words | fl-key -f 1 | fl-statemap count | fl-out'
    expect_status 0
    tail -n +$((half + 1)) expected | expect_stdout
    expect_stderr ''
}

@test "a running count of words, killed again and again" {
    for _ in {1..10}; do licence_words; done | head -n 40000 >all
    running_counts <all >expected
    echo 'fl-input -r db -s "$@" | fl-key -f 1 | fl-statemap count | fl-out counts' >flow
    survives flow 20 fl-statemap fl-out fl-input fl-key
}

@test "a running count of words that a query splits and conditions choose, killed again and again" {
    for _ in {1..30}; do licence_words; done | awk 'NR <= 6000' | paste -d ' ' - - - - - - >all
    tr ' ' '\n' <all | grep -v '^..$' | running_counts >expected
    cat >flow <<'END'
fl-input -r db -s "$@" |
    fl-map -q "SELECT value FROM json_each('[\"' || replace(record.value, ' ', '\",\"') || '\"]')" |
    fl-filter -v -e "length(value) = 2" | fl-key -e value | fl-inspect 2>/dev/null |
    fl-statemap count | fl-out counts
END
    survives flow 100 fl-map fl-filter fl-key fl-inspect
}

@test "the last count of each word is what uniq counts" {
    licence_words >words
    run_sh "fl-input words | fl-key -f 1 | fl-statemap count | fl-out |
        awk '{ last[\$1] = \$2 } END { for (word in last) print last[word], word }' | LC_ALL=C sort"
    expect_status 0
    LC_ALL=C sort words | uniq -c | awk '{ print $1, $2 }' | LC_ALL=C sort | expect_stdout
    expect_stderr ''
}

# Asks for the status file of a machine with dpkg.
need_packages() {
    grep -q -s '^Section: ' "$packages" || skip 'there is no status file of dpkg here'
}

@test "packages by section" {
    need_packages
    awk '$1 == "Section:" { print $2 "\t" ++packages[$2] }' "$packages" >expected
    run_sh "grep '^Section: ' $packages | fl-input | fl-key -f 2 | fl-statemap count | fl-out"
    expect_status 0
    expect_stdout <expected
    expect_stderr ''
}

@test "packages by section, some today and the others tomorrow" {
    need_packages
    grep '^Section: ' "$packages" >all
    awk '{ print $2 "\t" ++packages[$2] }' all >expected
    fl-recovery-init db
    for count in 1 10 "$(wc -l <all)"; do
        head -n "$count" all >sections
        run_sh 'fl-input sections | fl-key -f 2 | fl-statemap count -r db | fl-out sums'
        expect_status 0
        expect_stdout ''
        expect_stderr ''
        head -n "$count" expected | expect_file sums
    done
}

@test "the installed size of all packages" {
    need_packages
    awk '$1 == "Installed-Size:" { print $2 }' "$packages" >sizes
    for operation in sum max min; do
        awk -v operation=$operation '
            { change = operation == "sum" || NR == 1 || (operation == "max" ? $1 > size : $1 < size) }
            change { size = operation == "sum" ? size + $1 : $1 }
            { printf "ALL\t%d\n", size }' sizes >expected
        run_sh "fl-input sizes | fl-key ALL | fl-statemap $operation | fl-out"
        expect_status 0
        expect_stdout <expected
        expect_stderr ''
    done
}
