"""What the crash harnesses share: the flows, a directory to run one in, and what must be the same at its end.

PROGRESS, in the environment: after every so many seconds a harness says on standard error how far it is. One that is
told to end (INT, TERM, HUP) ends what it runs, removes its directories, and says what it has tried so far.
"""

import atexit
import concurrent.futures
import contextlib
import functools
import os
import re
import shlex
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
import types

NAME = os.path.basename(sys.argv[0])
PROGRESS = float(os.environ.get('PROGRESS') or 0)
SECONDS = 120  # for one run; one that takes longer hangs, however slow the machine is


class Difference(Exception):
    """What is not as it must be."""


# Lines of the input, one by one.
PACE = 'while read -r line; do echo "$line"; sleep 0.02; done <in.txt'


class Flow:
    """A pipeline over in.txt, with the recovery directory db; the input grows by a chunk from run to run."""

    def __init__(self, name, stages, chunks, partitions=1, paced=False):
        self.name = name
        self.stages = stages
        self.chunks = chunks
        self.partitions = partitions
        self.paced = paced  # the lines come through a pipe, as PACE gives them

    def program(self, stage):
        return self.stages[stage].split()[0]

    def command(self, stage=None, variables=''):
        """The line of shell that runs it, one stage with variables in its environment."""
        stages = [f'{variables} {text}' if i == stage else text for i, text in enumerate(self.stages)]
        return ' | '.join([PACE] * self.paced + stages)


def numbers(first, last):
    return b''.join(b'%d\n' % n for n in range(first, last + 1))


def words(first, last):
    return b''.join(b'%c%c %d\n' % (97 + n % 7, 97 + n % 3, n) for n in range(first, last + 1))


def keys(numbers, times=1):
    return b''.join(b'k%d\n' % n * times for n in numbers)


FLOWS = {flow.name: flow for flow in [
    Flow('input', ['fl-input -r db -s 0 in.txt', 'fl-key ALL', 'fl-statemap sum', 'fl-out out.txt'],
         [numbers(1, 3), numbers(4, 5)]),
    Flow('statemap', ['fl-input in.txt', 'fl-key ALL', 'fl-statemap sum -r db -s 0', 'fl-out out.txt'],
         [numbers(1, 3), numbers(4, 5)]),
    Flow('out', ['fl-input in.txt', 'fl-key ALL', 'fl-statemap sum', 'fl-out -r db -s 0 out.txt'],
         [numbers(1, 3), numbers(4, 5)]),
    Flow('two', ['fl-input -r db -s 0 in.txt', 'fl-key -f 1', 'fl-statemap count', 'fl-key ALL', 'fl-statemap sum',
                 'fl-out -f "%k is %v" out.txt'],
         [words(1, 3), words(4, 5)]),
    Flow('partitions', ['fl-input -r db -s 0 in.txt', 'fl-key -f 1', 'fl-statemap count', 'fl-out out.txt'],
         [words(1, 4), words(5, 6)], partitions=4),
    Flow('paced', ['fl-input -r db -s 50ms', 'fl-key -f 1', 'fl-statemap count', 'fl-out out.txt'],
         [words(1, 8), words(9, 12)], partitions=2, paced=True),
    Flow('long', ['fl-input -r db -s 1h in.txt', 'fl-key -f 1', 'fl-statemap count', 'fl-out out.txt'],
         [words(1, 60000), words(60001, 90000)], partitions=2),
    Flow('busy', ['fl-input -r db -s 1ms in.txt', 'fl-key -f 1', 'fl-statemap count', 'fl-key ALL', 'fl-statemap sum',
                  'fl-out out.txt'],
         [words(1, 20000), words(20001, 30000)], partitions=4),
    Flow('reject', ['fl-input -r db -s 0 in.txt', 'fl-key -f 1 --reject rejected-1.txt',
                    'fl-statemap min --reject rejected-2.txt', 'fl-out out.txt'],
         [b'1\n\nx\n2\n', b'\n0\n']),
    Flow('expression', ['fl-input -r db -s 0 in.txt', 'fl-key -f 1', 'fl-statemap -e "'
                        "iif(field(value, 2) % 4 = 0, discard(), coalesce(state, 0) + field(value, 2)), coalesce(new_state, 'gone')"
                        '"', 'fl-out out.txt'],
         [words(1, 10), words(11, 16)], partitions=2),
    # States that are discarded at their third record, some of them last, and come back first in the next run.
    Flow('images', ['fl-input -r db -s 0 in.txt', 'fl-key -f 1', 'fl-statemap -e "'
                    "iif(state = 2, discard(), coalesce(state, 0) + 1), coalesce(new_state, 'gone')"
                    '"', 'fl-out out.txt'],
         [keys(range(120)) + keys(range(6), 2), keys(range(5, -1, -1)) + keys(range(6, 12), 2)], partitions=2),
    # One chunk: what is sent at the end of the input is sent at the end of each run, and so depends on where runs end.
    Flow('reduce', ['fl-input -r db -s 0 in.txt', 'fl-key -f 1', 'fl-reduce count', 'fl-out out.txt'],
         [words(1, 4)], partitions=2),
    Flow('collect', ['fl-input -r db -s 0 in.txt', 'fl-key -f 1', 'fl-collect -n 3', 'fl-out out.txt'],
         [words(1, 12)], partitions=2),
    # What is in an array is a matter of time; what is in all of them is not.
    Flow('timed', ['fl-input -r db -s 10ms', 'fl-key -f 1', 'fl-collect -n 3 -t 50ms',
                   "fl-map -q 'SELECT each.value FROM json_each(record.value) AS each'", 'fl-reduce count', 'fl-out out.txt'],
         [words(1, 10)], partitions=2, paced=True),
    Flow('keep', ['fl-input -r db -s 1ms in.txt', 'fl-key -f 1', "fl-reduce --keep -e 'coalesce(state, 0) + 1, new_state'",
                  'fl-key ALL', 'fl-reduce sum', 'fl-out out.txt'],
         [words(1, 20)]),
    Flow('programs', ['fl-input -r db -s 0 in.txt', "fl-map -x sed -u 's/$/!/'", 'fl-filter --per-epoch -x grep -v 5',
                      'fl-key -f 1',
                      "fl-statemap -x jq -c --unbuffered '{state: ((.state // 0) + 1), emit: [.state, .value]}'",
                      'fl-out out.txt'],
         [words(1, 4), words(5, 6)], partitions=2),
    Flow('large', ['fl-input -r db -s 0 in.txt', 'fl-key ALL', 'fl-statemap last', 'fl-out out.txt'],
         [b'a\n' + b'b' * 5000000 + b'\n', b'c\n']),
]}


def scratch():
    """Where files are quickest: what is tested here is crashes of processes, not of the machine."""
    return '/dev/shm' if os.access('/dev/shm', os.W_OK) else None


class Told(SystemExit):
    """Raised in whatever is to be run after a signal has told the harness to end."""


class Directory:
    """A new directory to run the programs in, which is gone when the harness ends."""

    all = set()  # of those that are in use

    def __init__(self, binaries, prefix, within):
        self.path = os.path.realpath(tempfile.mkdtemp(prefix=prefix, dir=within))
        self.shell = None
        Directory.all.add(self)
        self.environment = {'PATH': binaries + ':' + os.environ['PATH'], 'LC_ALL': 'C',
                            'ASAN_OPTIONS': os.environ.get('ASAN_OPTIONS', '')}

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.remove()

    def remove(self):
        self.kill()
        deadline = time.monotonic() + SECONDS
        while os.path.exists(self.path):  # a stage may still be writing there
            shutil.rmtree(self.path, ignore_errors=time.monotonic() < deadline)
        Directory.all.discard(self)

    def file(self, name):
        return os.path.join(self.path, name)

    def read(self, name):
        try:
            with open(self.file(name), 'rb') as file:
                return file.read()
        except FileNotFoundError:
            return b''

    def start(self, command):
        """Starts a line of shell. What it says is left in the file stderr."""
        go_on()
        so_far.runs += 1
        with open(self.file('stderr'), 'wb') as stderr:
            self.shell = subprocess.Popen(['sh', '-c', command], cwd=self.path, env=self.environment, stderr=stderr,
                                          stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, start_new_session=True)

    def finish(self):
        """Waits for what was started. Returns its status."""
        try:
            status = self.shell.wait(SECONDS)
        except subprocess.TimeoutExpired:
            raise Difference(f'hangs: {self.shell.args[-1]}') from None
        finally:
            self.kill()
            self.shell.wait()
        go_on()
        return status

    def kill(self):
        if self.shell is not None and self.shell.poll() is None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.shell.pid, signal.SIGKILL)

    def run(self, command):
        """Runs a line of shell. Returns its status."""
        self.start(command)
        return self.finish()

    def messages(self):
        return self.read('stderr').decode(errors='replace').strip()


class Place(Directory):
    """A directory to run a flow in, once and again."""

    def __init__(self, flow, binaries):
        super().__init__(binaries, 'crash-', scratch())
        self.flow = flow
        self.grown = 0
        self.run(f'fl-recovery-init db {flow.partitions}')

    def outputs(self):
        """What the files hold that the flow writes."""
        return [self.read(name) for name in ('out.txt', 'rejected-1.txt', 'rejected-2.txt')]

    def grow(self, chunks=1):
        """Adds the next chunks to the input, as far as there are any."""
        with open(self.file('in.txt'), 'ab') as file:
            for chunk in self.flow.chunks[self.grown:self.grown + chunks]:
                file.write(chunk)
                self.grown += 1

    def state(self):
        """The steps, and the newest state of each key, without what differs from directory to directory."""
        found = set()
        for index in range(self.flow.partitions):
            part = self.file(f'db/part-{index}.sqlite3')
            database = sqlite3.connect(f'file:{part}?mode=ro', uri=True)
            try:
                for row in database.execute('SELECT step_id, signature FROM steps'):
                    found.add(row)
                # Whether bytes are text is told of rows, and not of what an image has.
                database.text_factory = lambda text: text.decode(errors='surrogateescape')
                for step, key, change in database.execute('SELECT step_id, state_key, ser_change FROM snaps'):
                    key, change = (value if isinstance(value, str) else value.decode(errors='surrogateescape')
                                   for value in (key, change))
                    change = re.sub(r' device=\d+ inode=\d+', '', change)
                    # A path lies in another partition for another directory.
                    home = None if key.startswith('/') else index
                    found.add((step, home, key.replace(self.path, ''), change))
            finally:
                database.close()
        return found

    def check_rest(self):
        """Nothing but the partitions and the lock is left in the directory, and the partitions are whole."""
        left = sorted(os.listdir(self.file('db')))
        wanted = sorted(['lock'] + [f'part-{index}.sqlite3' for index in range(self.flow.partitions)])
        if left != wanted:
            raise Difference(f'at rest the directory holds {" ".join(left)}')
        self.check_integrity()

    def check_ended(self):
        """The last commit is one of a final epoch."""
        database = sqlite3.connect(self.file('db/part-0.sqlite3'))
        try:
            last = database.execute('SELECT commit_epoch, final FROM commits ORDER BY commit_epoch DESC').fetchone()
        finally:
            database.close()
        if last is None or last[1] != 1:
            raise Difference(f'the last commit is no final one: {last}')

    def check_integrity(self):
        for index in range(self.flow.partitions):
            database = sqlite3.connect(self.file(f'db/part-{index}.sqlite3'))
            try:
                answer = database.execute('PRAGMA integrity_check').fetchall()
            finally:
                database.close()
            if answer != [('ok',)]:
                raise Difference(f'part-{index}.sqlite3: {answer}')

    def check_result(self, reference):
        outputs, state = reference
        for is_there, output in zip(self.outputs(), outputs):
            if is_there != output:
                raise Difference(f'the output differs:\n{shown(is_there)}instead of\n{shown(output)}')
        found = self.state()
        if found != state:
            raise Difference(f'the state differs:\n  too much: {found - state}\n  too little: {state - found}')

    def check_crashed(self, status, references):
        """After a run in which something died: it says so, unless all was done before."""
        if status != 0:
            return
        try:
            self.check_result(references(self.flow.name, self.grown))
        except Difference as difference:
            raise Difference(f'a crashed flow ends with status 0, and {difference}') from None

    def complete(self, references):
        """Runs the flow undisturbed: with the input as it is, and with each chunk that is still to come."""
        while True:
            status = self.run(self.flow.command())
            if status != 0:
                raise Difference(f'the next run ends with status {status}: {self.messages()}')
            self.check_rest()
            self.check_ended()
            if self.grown == len(self.flow.chunks):
                break
            self.grow()
        self.check_result(references(self.flow.name, self.grown))


# What was done so far; of how many cases, where that is known; and the signal that told the harness to end.
so_far = types.SimpleNamespace(runs=0, done=0, of='', differences=0, told=0)


def go_on():
    if so_far.told:
        raise Told(128 + so_far.told)


def stop(number, _):
    """Ends the runs at hand; there will be no others, and so the harness comes to its end."""
    so_far.told = number
    for directory in list(Directory.all):
        directory.kill()


def show_progress(*_):
    done = f'{so_far.done} of {so_far.of}, ' if so_far.of else ''
    print(f'{NAME}: {done}{so_far.runs} runs, {so_far.differences} differences', file=sys.stderr, flush=True)


@atexit.register
def leave():
    """Stops the alarm too: one that came while the interpreter ends would find its own handler gone, and end it."""
    signal.setitimer(signal.ITIMER_REAL, 0)
    for directory in list(Directory.all):
        directory.remove()


for told in signal.SIGINT, signal.SIGTERM, signal.SIGHUP:
    signal.signal(told, stop)
signal.signal(signal.SIGALRM, show_progress)
signal.setitimer(signal.ITIMER_REAL, PROGRESS, PROGRESS)


def shown(data):
    return data[:1000].decode(errors='replace') + ('' if len(data) <= 1000 else f'... ({len(data)} bytes)\n')


def reference_reader(binaries):
    """Gives, for a flow and a count of chunks, the output and the state of one uninterrupted run."""

    @functools.cache
    def reference(name, chunks):
        with Place(FLOWS[name], binaries) as place:
            place.grow(chunks)
            status = place.run(place.flow.command())
            if status != 0:
                sys.exit(f'{name}: the uninterrupted run ends with status {status}: {place.messages()}')
            place.check_rest()
            return place.outputs(), place.state()

    return reference


def run_cases(cases, attempt, jobs, what='cases'):
    """Calls attempt for each case, and gives (case, what it returned, the Difference or None) in the order they end."""

    def guarded(case):
        go_on()
        try:
            return case, attempt(case), None
        except Difference as difference:
            go_on()  # whoever told us may have told the stages as well
            return case, None, difference

    so_far.of = f'{len(cases)} {what}'
    with concurrent.futures.ThreadPoolExecutor(jobs) as pool:
        for ended in concurrent.futures.as_completed([pool.submit(guarded, case) for case in cases]):
            if not isinstance(ended.exception(), Told):
                so_far.done += 1
                yield ended.result()


def gather(results):
    """A list of what a generator gives, as far as it comes."""
    found = []
    with contextlib.suppress(Told):
        for result in results:
            found.append(result)
    return found


def report(case, difference):
    """Counts a difference, and prints it and the command that shows it again."""
    so_far.differences += 1
    command = ' '.join(shlex.quote(word) for word in [sys.argv[0], *case])
    print(f'DIFFERENCE: {difference}\n  again: {command}', flush=True)


def add_arguments(parser, name):
    parser.add_argument('--bin', required=True, help='the directory of the programs to test')
    parser.add_argument('--flow', action='append', choices=list(FLOWS), help='only this flow')
    parser.add_argument('--case', help=f'only this one: {name}')
    parser.add_argument('--jobs', type=int, default=os.cpu_count(), help='how many at once')


def finish(tried):
    """The summary line, and the status."""
    ended = f'ended by {signal.Signals(so_far.told).name}: ' if so_far.told else ''
    print(f'{NAME}: {ended}{tried}: {so_far.differences} differences', flush=True)
    go_on()
    sys.exit(1 if so_far.differences else 0)
