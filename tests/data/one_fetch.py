"""A process that fetches: ``python one_fetch.py ENTRY.json`` prints "asking", then the folder."""

import json
import sys
from pathlib import Path

from course_utils.data import on_demand
from course_utils.data.registry import OnDemandSet

values = json.loads(Path(sys.argv[1]).read_text())
entry = OnDemandSet(**(values | {"select": tuple(values["select"])}))
on_demand.available = lambda: {entry.name: entry}
wait_for = on_demand._wait_for


def say_and_wait(handle):
    print("asking", flush=True)
    wait_for(handle)


on_demand._wait_for = say_and_wait
print(on_demand.fetch(entry.name, progress=False))
