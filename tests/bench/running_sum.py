"""The running sum as a Bytewax dataflow: python -m bytewax.run tests/bench/running_sum.py -r DIR -s 10 -b 0

BENCH_INPUT names the file of integers, BENCH_OUTPUT the file of results."""
import os
from pathlib import Path

import bytewax.operators as op
from bytewax.connectors.files import FileSink, FileSource
from bytewax.dataflow import Dataflow


def running_sum(state, value):
    total = (state or 0) + value
    return total, total


flow = Dataflow("running_sum")
lines = op.input("input", flow, FileSource(Path(os.environ["BENCH_INPUT"])))
keyed = op.map("key", lines, lambda line: ("ALL", int(line)))
sums = op.stateful_map("sum", keyed, running_sum)
text = op.map("text", sums, lambda item: (item[0], f"{item[0]}\t{item[1]}"))
op.output("output", text, FileSink(Path(os.environ["BENCH_OUTPUT"])))
