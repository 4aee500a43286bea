"""`python -m abacus_pipeline` is the command `abacus`, for where no folder of scripts is on the path."""

import os
import sys

from .program import program

path = str(program())
os.execv(path, [path, *sys.argv[1:]])
