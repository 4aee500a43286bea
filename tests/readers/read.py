"""One reader over many tables, in a process of its own: read.py files|logs READER.

Jobs come as JSON from standard input. For each a line of JSON goes to standard output: facts by column, or the reader's
complaint as a text.
"""

import contextlib
import json
import os
import sys

import files
import logs
from facts import facts_of


def main():
    of, name = sys.argv[1:]
    read = {"files": files, "logs": logs}[of].READERS[name]
    # Some readers talk on standard output.
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    for job in json.load(sys.stdin):
        arguments = [job["root"], job["version"]] if of == "logs" else [job["files"]]
        print(json.dumps(answer(read, arguments, job["columns"])), file=answers, flush=True)
    # Servers that a reader started in threads of its own would keep the process.
    with contextlib.suppress(OSError):
        answers.flush()
    os._exit(0)


def answer(read, arguments, columns):
    try:
        return {name: facts_of(values) for name, values in read(*arguments, columns).items()}
    except BaseException as fault:
        # Readers in Rust panic, which is no Exception.
        return f"{type(fault).__name__}: {fault}".splitlines()[0][:200]


if __name__ == "__main__":
    main()
