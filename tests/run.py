"""The whole suite: everything on SQLite, then the tests of the database on PostgreSQL again.

`python -m tests.run [pytest's arguments]`. The closing line adds both rounds up and names the parts
that could not run for want of a program.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections import Counter
from contextlib import ExitStack
from pathlib import Path

from tests.installation import ANY_KEY, ROOT
from tests.servers import postgres_programs, running_postgres


def main(arguments: list[str]) -> int:
    """Run both rounds; 0 when nothing failed."""
    totals: Counter[str] = Counter()
    missing: set[str] = set()
    with ExitStack() as stack:
        programs = postgres_programs()
        environ: dict[str, str] = {}
        if programs:
            server = stack.enter_context(running_postgres(programs))
            environ["PM_TEST_POSTGRES"] = server.url
        codes = [round_of(arguments, environ, totals, missing)]
        if programs:
            environ |= {"DATABASE_URL": server.database(), "SECRET_KEY": ANY_KEY}
            codes.append(round_of(["-m", "both_dbs", *arguments], environ, totals, missing))
        else:
            missing.add("PostgreSQL")
    if missing and os.environ.get("CI", "").lower() in {"true", "1"}:
        codes.append(1)
    print(closing_line(totals, missing), flush=True)
    # 5: this round's selection held no test.
    return max((code for code in codes if code != 5), default=5)


def round_of(
    arguments: list[str], environ: dict[str, str], totals: Counter[str], missing: set[str]
) -> int:
    """One run of pytest; its counts are added to `totals`, what it lacked to `missing`."""
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "report.json"
        command = [sys.executable, "-m", "pytest", *arguments]
        env = {**os.environ, **environ, "PM_TEST_REPORT": str(report)}
        code = subprocess.run(command, cwd=ROOT, env=env, check=False).returncode
        if report.exists():
            told = json.loads(report.read_text())
            totals.update(told["counts"])
            missing.update(told["missing"])
    return code


def closing_line(totals: Counter[str], missing: set[str]) -> str:
    """`12 passed, 0 failed, 3 skipped`, and in brackets what the skipped ones wanted."""
    line = f"{totals['passed']} passed, {totals['failed'] + totals['error']} failed"
    if totals["skipped"]:
        line += f", {totals['skipped']} skipped"
    return f"{line} (not run here: {', '.join(sorted(missing))})" if missing else line


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
