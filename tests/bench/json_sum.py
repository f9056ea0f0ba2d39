"""The running sum of `amount` by `user` of JSON lines, as a Bytewax dataflow; the bench says what it reads and writes."""
import json
import os
from pathlib import Path

import bytewax.operators as op
from bytewax.connectors.files import FileSink, FileSource
from bytewax.dataflow import Dataflow


def parse(line):
    fields = json.loads(line)
    return fields["user"], fields["amount"]


def running_sum(state, value):
    total = (state or 0) + value
    return total, total


flow = Dataflow("json_sum")
lines = op.input("input", flow, FileSource(Path(os.environ["BENCH_INPUT"])))
amounts = op.map("parse", lines, parse)
sums = op.stateful_map("sum", amounts, running_sum)
texts = op.map("text", sums, lambda pair: (pair[0], f"{pair[0]}\t{pair[1]}"))
op.output("output", texts, FileSink(Path(os.environ["BENCH_OUTPUT"])))
