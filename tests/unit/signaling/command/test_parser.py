"""What the command line loads: enough for its commands, and nothing that only a server needs."""

import json
import subprocess
import sys
from pathlib import Path

from signaling.command import words

REPOSITORY = Path(words.__file__).parents[2]
OF_A_SERVER = {"aiohttp", "aiortc", "av", "numpy", "recorder.service", "relay", "signaling.wiring"}
FACTS = """
import json, sys
import signaling.__main__
from signaling.base.columns import Base
unknown = []
for table in Base.metadata.tables.values():
    for key in table.foreign_keys:
        if key.target_fullname.partition(".")[0] not in Base.metadata.tables:
            unknown.append(key.target_fullname)
print(json.dumps({"loaded": sorted(sys.modules), "unknown": unknown}))
"""


def test_commands_load_no_server_and_all_tables_that_theirs_refer_to() -> None:
    ran = subprocess.run(
        [sys.executable, "-c", FACTS], cwd=REPOSITORY, capture_output=True, text=True, check=True
    )
    facts = json.loads(ran.stdout)
    assert OF_A_SERVER & set(facts["loaded"]) == set()
    assert facts["unknown"] == []
