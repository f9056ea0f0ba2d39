# flowline: `make help` lists what there is.

VERSION = 0.1.0
PREFIX = /usr/local
BUILD = build
BIN = bin
CFLAGS = -O2
HARDENING = -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=2 -fstack-protector-strong
WARNINGS = -Wall -Wextra -Wpedantic -Wshadow -Wmissing-prototypes -Wconversion

# Asked anew for each command, since `make deps` may just have installed the answer.
LIBRARIES_USED = sqlite3 libxxhash libpcre2-8 nettle
LIBRARY_CFLAGS = $(shell pkg-config --cflags $(LIBRARIES_USED) 2>/dev/null)
LIBRARY_LIBS = $(shell pkg-config --libs $(LIBRARIES_USED) 2>/dev/null || \
	echo -lsqlite3 -lxxhash -lpcre2-8 -lnettle) -lm
FLAGS = -std=c11 -D_GNU_SOURCE -DFL_VERSION='"$(VERSION)"' -Ilib $(WARNINGS) $(HARDENING) $(LIBRARY_CFLAGS) \
	$(CPPFLAGS) $(CFLAGS) -pthread
LINK = $(CC) $(CFLAGS) $(LDFLAGS) -pthread

# Where tests look for what goes wrong, a step has images in small blocks from a few keys on.
SMALL = -DSTORE_IMAGE_LEAST=3 -DSTORE_BLOCK_MOST=200
SANITIZED = BUILD=build/asan BIN=build/asan/bin CPPFLAGS='$(CPPFLAGS) $(SMALL)' HARDENING= \
	CFLAGS='-O1 -g -fno-omit-frame-pointer -fsanitize=address,undefined -fno-sanitize-recover=all'

# With ThreadSanitizer: the tests of what is saved while records come, and of co-processes.
THREADED_TESTS = $(patsubst %,tests/%.bats,snapshots images steps coprocess)
THREADED = BUILD=build/tsan BIN=build/tsan/bin CPPFLAGS='$(CPPFLAGS) $(SMALL)' HARDENING= \
	CFLAGS='-O1 -g -fno-omit-frame-pointer -fsanitize=thread'

# The programs once more, with the crash points of lib/base/crash.h in them, and what makes system calls fail.
CRASH = $(BUILD)/crash
CRASH_BUILD = BUILD=$(CRASH) BIN=$(CRASH)/bin CPPFLAGS='$(CPPFLAGS) -DFL_CRASH_POINTS $(SMALL)' \
	CRASH_POINTS=tests/crash/point.c
PRELOADS = $(CRASH)/shim.so $(CRASH)/record.so

# The fuzz targets, with libFuzzer where clang has it, and otherwise with a main that reads the corpus.
FUZZ = $(BUILD)/fuzz
FUZZ_BUILD = BUILD=$(FUZZ) CC=clang FUZZ_MAIN=-fsanitize=fuzzer HARDENING= \
	CFLAGS='-O1 -g -fsanitize=fuzzer-no-link,address,undefined -fno-sanitize-recover=all'
FUZZ_BUILD_ALONE = BUILD=$(FUZZ) FUZZ_MAIN=$(FUZZ)/tests/fuzz/main.o

SOURCES = $(wildcard cmd/*.c lib/*/*.c tests/*.c tests/unit/*.c tests/fuzz/*.c tests/differential/*.c) $(CRASH_POINTS)
OBJECTS = $(SOURCES:%.c=$(BUILD)/%.o)
LIBRARY = $(BUILD)/libflowline.a
PROGRAMS = $(patsubst cmd/%.c,$(BIN)/%,$(wildcard cmd/fl-*.c))
EDIT = $(BUILD)/edit
UNITS = $(patsubst tests/unit/%.c,$(BUILD)/unit/%,$(wildcard tests/unit/*.c))
DIFFERENTIAL = $(patsubst tests/differential/%.c,$(BUILD)/differential/%,$(wildcard tests/differential/*.c))
FUZZERS = $(patsubst tests/fuzz/%.c,$(BUILD)/%,$(filter-out tests/fuzz/main.c,$(wildcard tests/fuzz/*.c)))
FORMATTED = $(wildcard cmd/*.c lib/*/*.[ch] tests/*.c tests/*/*.[ch])
PAGES = $(wildcard man/*.[1-8])
COMPLETIONS = $(DESTDIR)$(PREFIX)/share/bash-completion/completions
TESTS = $(wildcard tests/*.bats)
SCRIPTS = cmd/completions.bash man/update tests/helper.bash $(shell grep -rl '^\#!.*sh$$' .ci tests)
# Not for bats files: variables that the helper sets, and scripts that they hand to it in single quotes.
HELPER_KNOWS = SC2154,SC2016
# Not asked of cppcheck: the order of evaluation, which the compilers know better, and the end of an array, which it
# takes for a place beyond it.
CPPCHECK = --quiet --std=c11 --enable=warning,performance,portability --inline-suppr --error-exitcode=1 \
	--suppress=unknownEvaluationOrder --suppress=ctuPointerArith

all: $(PROGRAMS) ## build the programs into bin/ (the default)

$(PROGRAMS): $(BIN)/%: $(BUILD)/cmd/%.o $(LIBRARY)
	@mkdir -p $(@D)
	$(LINK) -o $@ $^ $(LIBRARY_LIBS) $(LDLIBS)

$(UNITS): $(BUILD)/unit/%: $(BUILD)/tests/unit/%.o $(LIBRARY)
	@mkdir -p $(@D)
	$(LINK) -o $@ $^ $(LIBRARY_LIBS) $(LDLIBS)

$(DIFFERENTIAL): $(BUILD)/differential/%: $(BUILD)/tests/differential/%.o $(LIBRARY)
	@mkdir -p $(@D)
	$(LINK) -o $@ $^ $(LIBRARY_LIBS) $(LDLIBS)

$(EDIT): $(BUILD)/tests/edit.o $(LIBRARY)
	$(LINK) -o $@ $^ $(LIBRARY_LIBS) $(LDLIBS)

$(FUZZERS): $(BUILD)/%: $(BUILD)/tests/fuzz/%.o $(filter %.o,$(FUZZ_MAIN)) $(LIBRARY)
	@mkdir -p $(@D)
	$(LINK) $(filter -%,$(FUZZ_MAIN)) -o $@ $^ $(LIBRARY_LIBS) $(LDLIBS)

$(LIBRARY): $(filter $(BUILD)/lib/% $(BUILD)/tests/crash/%,$(OBJECTS))
	@rm -f $@
	$(AR) rcs $@ $^

$(OBJECTS): $(BUILD)/%.o: %.c Makefile $(if $(filter deps,$(MAKECMDGOALS)),| deps)
	@mkdir -p $(@D)
	$(CC) $(FLAGS) -MMD -MP -c -o $@ $<

-include $(OBJECTS:.o=.d)

deps: ## install what building and testing need, where it is missing
	@tests/deps

demo: all ## run the tutorial
	@PATH="$(abspath $(BIN)):$$PATH" tests/demo

check: export COMPILE = $(CC) $(FLAGS) $(LDFLAGS)
check: export LIBRARIES = $(abspath $(LIBRARY)) $(LIBRARY_LIBS) $(LDLIBS)
check: all $(UNITS) $(EDIT) $(DIFFERENTIAL) crash-build fuzz-build ## run the tests (TESTS= picks files)
	@BIN="$(abspath $(BIN))" CRASH="$(abspath $(CRASH))" EDIT="$(abspath $(EDIT))" FUZZ="$(abspath $(FUZZ))" \
		DIFFERENTIAL="$(abspath $(BUILD))/differential" tests/run $(UNITS) $(TESTS)

check-asan: ## run the tests under AddressSanitizer and UndefinedBehaviorSanitizer
	@$(MAKE) --no-print-directory $(SANITIZED) check

check-tsan: ## run the tests of threads under ThreadSanitizer
	@$(MAKE) --no-print-directory $(THREADED) TESTS="$(THREADED_TESTS)" check

crash-build: $(PRELOADS)
	@$(MAKE) --silent $(CRASH_BUILD) all

$(PRELOADS): $(CRASH)/%.so: tests/crash/%.c
	@mkdir -p $(@D)
	$(CC) -std=c11 -D_GNU_SOURCE $(WARNINGS) -O2 -fPIC -shared -o $@ $<

crash: export PROGRESS ?= 60
crash: crash-build ## crash the programs everywhere, and N times at random (N=10000)
	tests/crash/points --bin $(CRASH)/bin
	tests/crash/random --bin $(CRASH)/bin -n $(or $(N),1000)
	tests/crash/inputs --bin $(CRASH)/bin -n $(or $(N),1000)
	tests/crash/failing --bin $(CRASH)/bin --shim $(CRASH)/shim.so
	tests/crash/failing --bin $(CRASH)/bin --shim $(CRASH)/shim.so --resumed
	tests/crash/power --bin $(CRASH)/bin --recorder $(CRASH)/record.so -n 100
	tests/crash/damage --bin $(CRASH)/bin

differential: $(DIFFERENTIAL) ## compare expressions with SQLite and Python (N=1000000 cases each)
	tests/differential/expressions $(BUILD)/differential/evaluate -n $(or $(N),100000)
	tests/differential/functions $(BUILD)/differential/drive -n $(or $(N),100000)
	tests/differential/json $(BUILD)/differential/drive -n $(or $(N),100000)
	tests/differential/time $(BUILD)/differential/drive -n $(or $(N),100000)

fuzz: fuzz-build ## feed the readers with what nobody would write (SECONDS=600 for each)
	tests/fuzz/run $(FUZZ) $(or $(SECONDS),60)

fuzz-build:
	@if tests/fuzz/run --possible; then \
		$(MAKE) --silent $(FUZZ_BUILD) fuzzers; \
	else \
		$(MAKE) --silent $(FUZZ_BUILD_ALONE) fuzzers; \
	fi

fuzzers: $(FUZZERS)

bench: all ## measure the speed beside other tools (CASES= picks cases)
	@BIN="$(abspath $(BIN))" tests/bench/run $(CASES)

instructions: all ## count the instructions per record of each stage, into tests/bench/instructions.txt
	@BIN="$(abspath $(BIN))" tests/bench/instructions --write

pages: all ## rewrite the generated parts of the pages
	@BIN="$(abspath $(BIN))" man/update

lint: all ## check pages, scripts, rooms and C, and compile with warnings as errors
	BIN="$(abspath $(BIN))" man/update --check
	$(if $(PAGES),mandoc -Tlint -W warning $(PAGES))
	shellcheck -x $(filter-out %.bats,$(SCRIPTS))
	$(if $(TESTS),shellcheck --exclude=$(HELPER_KNOWS) $(TESTS))
	tests/rooms
	tests/mutate --check
	clang-format --dry-run --Werror $(FORMATTED)
	cppcheck $(CPPCHECK) -D_GNU_SOURCE -DFL_VERSION='"$(VERSION)"' -Ilib $(SOURCES) \
		$(wildcard tests/crash/*.c tests/operator/*.c)
	@for compiler in gcc clang; do \
		command -v $$compiler || continue; \
		$(MAKE) --silent BUILD=build/$$compiler BIN=build/$$compiler/bin CC=$$compiler CFLAGS='-O2 -Werror' \
			all $(UNITS:$(BUILD)/%=build/$$compiler/%) || exit 1; \
	done

install: all ## install programs, pages and completions under DESTDIR and PREFIX
	install -d "$(DESTDIR)$(PREFIX)/bin"
	install -m 755 $(PROGRAMS) "$(DESTDIR)$(PREFIX)/bin"
	@for page in $(PAGES); do \
		directory="$(DESTDIR)$(PREFIX)/share/man/man$${page##*.}"; \
		echo "install -m 644 $$page $$directory"; \
		install -d "$$directory" && install -m 644 "$$page" "$$directory" || exit 1; \
	done
	install -d "$(COMPLETIONS)"
	@for program in $(notdir $(PROGRAMS)); do \
		echo "install -m 644 cmd/completions.bash $(COMPLETIONS)/$$program"; \
		install -m 644 cmd/completions.bash "$(COMPLETIONS)/$$program" || exit 1; \
	done

uninstall: ## remove what install installed
	rm -f $(PROGRAMS:$(BIN)/%="$(DESTDIR)$(PREFIX)/bin/%") $(PROGRAMS:$(BIN)/%="$(COMPLETIONS)/%") \
		$(foreach page,$(PAGES:man/%=%),"$(DESTDIR)$(PREFIX)/share/man/man$(subst .,,$(suffix $(page)))/$(page)")

clean: ## remove what was built
	rm -rf bin build

help: ## show this list
	@sed -n 's/^\([a-z-]*\):.*## /\1\t/p' Makefile | expand -t 14

.PHONY: all deps demo check check-asan check-tsan crash crash-build differential fuzz fuzz-build fuzzers bench \
	instructions pages lint install uninstall clean help
