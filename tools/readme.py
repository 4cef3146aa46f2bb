#!/usr/bin/env python3
"""Runs the README's shell lines as they stand, one after the other, in the folder that `make demo` leaves behind.

    tools/readme.py [--keep]

Lines of blocks that begin with gqimg, cd, head, cp or an assignment run in one shell in a new folder, in which .build, testdata and a new
build/demo are what a newcomer finds after `make demo`. A line may fail only where its comment says "exit code N". Of lines
that begin with make, `make -n` must know the verb.
"""

import os
import re
import shutil
import subprocess
import sys
import tempfile

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
START = re.compile(r"(gqimg|cd|cp|head|mkdir|[A-Z_]+=\S+)\b")


def lines(readme):
    """(commands, make lines) of the indented and fenced blocks that are no Swift."""
    commands, makes, is_code = [], [], False
    for line in readme.splitlines():
        if line.startswith("```"):
            is_code = not is_code
            continue
        if is_code or not line.startswith("    "):
            continue
        line = line.strip()
        if line.startswith("make "):
            makes.append(line)
        elif START.match(line):
            commands.append(line)
    return commands, makes


def run_commands(commands, folder):
    """Runs lines in one shell; those that do not end as they say."""
    failures = []
    script = ["exec 2>&1"]
    for number, line in enumerate(commands):
        script += [f"echo '== {number}'", line, f"echo '== exit' $?"]
    # A variable that is not set, as $OLDPWD before the first cd, is a fault.
    result = subprocess.run(["bash", "-u", "-c", "\n".join(script)], cwd=folder, stdout=subprocess.PIPE, text=True,
                            stdin=subprocess.DEVNULL)
    parts = re.split(r"^== (\d+)\n", result.stdout, flags=re.M)[1:]
    done = dict(zip(map(int, parts[::2]), parts[1::2]))
    for number, line in enumerate(commands):
        expected = re.search(r"#.*exit code (\d+)", line)
        output, _, code = done.get(number, "").rpartition("== exit ")
        print(f"$ {line}\n{output}", end="")
        if code.strip() != (expected.group(1) if expected else "0"):
            failures.append(f"{line}\n  ended with {code.strip() or 'the shell'}")
    return failures


def main():
    with open(os.path.join(ROOT, "README.md"), encoding="utf-8") as file:
        commands, makes = lines(file.read())
    assert len(commands) > 10 and len(makes) > 1, "the README's blocks are not found"
    failures = []
    folder = tempfile.mkdtemp(prefix="readme-")
    for name in (".build", "testdata"):
        os.symlink(os.path.join(ROOT, name), os.path.join(folder, name))
    demo = os.path.join(folder, "build", "demo")
    subprocess.run(["make", "-s", "demo", f"DEMO={demo}"], cwd=ROOT, check=True, stdout=subprocess.DEVNULL)
    failures += run_commands(commands, folder)
    for line in makes:
        if subprocess.run(["bash", "-c", line.replace("make ", "make -n ", 1)], cwd=ROOT, stdout=subprocess.DEVNULL).returncode:
            failures.append(line + "\n  is no verb of the Makefile")
    if "--keep" in sys.argv[1:]:
        print("kept in", folder)
    else:
        shutil.rmtree(folder)
    for failure in failures:
        print("not as the README says:", failure)
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
