#!/usr/bin/env python3
"""Puts gqimg on full disks, in read-only folders and out of memory, and kills it at random moments.

After every fault: under the output's name there is a whole file or none (or the file that was there before), the input
is as it was, no temporary file is left unless the process was killed, and the exit code and message are the program's
own. Needs Linux; what needs root is left out, and said so, when it may not mount.
"""

import argparse
import hashlib
import os
import random
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
import time

SAMPLE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../testdata/chelsea.png")


class Faults:
    def __init__(self, program, folder, rounds):
        self.program, self.folder, self.rounds = os.path.abspath(program), folder, rounds
        self.passed, self.failures, self.skipped = 0, [], []
        self.picture, self.file = self.path("in.png"), self.path("in.gqz")
        shutil.copy(SAMPLE, self.picture)
        self.run(["compress", self.picture, self.file, "-e", "1"], check=True)
        self.inputs = {path: self.digest(path) for path in (self.picture, self.file)}
        reference = self.path("reference")
        os.mkdir(reference)
        self.wanted = {}
        for name, arguments in self.commands(reference).items():
            self.run(arguments, check=True)
            self.wanted[name] = self.digest(os.path.join(reference, name))

    def path(self, name):
        return os.path.join(self.folder, name)

    def digest(self, path):
        with open(path, "rb") as file:
            return hashlib.sha256(file.read()).hexdigest()

    def commands(self, folder):
        """Output name -> arguments that make it."""
        return {
            "out.gqz": ["compress", self.picture, os.path.join(folder, "out.gqz"), "-e", "1"],
            "out.png": ["decompress", self.file, os.path.join(folder, "out.png"), "--png-level", "1"],
        }

    def run(self, arguments, check=False, **options):
        options.setdefault("stdout", subprocess.PIPE)
        command = [self.program, *arguments]
        try:
            result = subprocess.run(command, stderr=subprocess.PIPE, timeout=120, **options)
        except subprocess.TimeoutExpired:
            # A hang is a failure like others: no exit code that anything accepts.
            result = subprocess.CompletedProcess(command, "hang", b"", b"it hangs")
        if check and result.returncode:
            raise SystemExit(f"gqimg {' '.join(arguments)}: {result.stderr.decode()}")
        return result

    def expect(self, what, condition, detail=""):
        if condition:
            self.passed += 1
        else:
            self.failures.append(f"{what}: {detail}")
            print(f"FAILED {what}: {detail}", file=sys.stderr)

    def check_refusal(self, what, result):
        """An error of the program's own: exit code 1 and one line that names a reason."""
        text = result.stderr.decode(errors="replace")
        self.expect(f"{what}: exit code", result.returncode == 1, f"{result.returncode}: {text}")
        self.expect(f"{what}: message", text.startswith("gqimg: ") and len(text.splitlines()) == 1, text)

    def check_inputs(self, what):
        for path, digest in self.inputs.items():
            self.expect(f"{what}: input", self.digest(path) == digest, f"{path} has changed")

    def check_output(self, what, folder, name, may_exist=False, before=None):
        path = os.path.join(folder, name)
        if before is not None:
            good = self.digest(path) in ((before, self.wanted[name]) if may_exist else (before,))
        elif os.path.lexists(path):
            good = may_exist and self.digest(path) == self.wanted[name]
        else:
            good = True
        self.expect(f"{what}: output", good, f"{path} is neither whole nor absent")

    def check_leftovers(self, what, folder):
        left = [name for name in os.listdir(folder) if name.endswith(".tmp")]
        self.expect(f"{what}: leftovers", not left, f"{left} in {folder}")

    def killed(self):
        """SIGKILL at random moments; the second half of the rounds has a file to overwrite."""
        folder = self.path("killed")
        os.mkdir(folder)
        finished = 0
        for k in range(self.rounds):
            for name, arguments in self.commands(folder).items():
                path, before = os.path.join(folder, name), None
                if k >= self.rounds // 2:
                    with open(path, "wb") as file:
                        file.write(b"before")
                    before = self.digest(path)
                    arguments = [*arguments, "--force"]
                elif os.path.exists(path):
                    os.remove(path)
                process = subprocess.Popen(
                    [self.program, *arguments], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
                # Half of the kills wait for the temporary file, so that they fall where it matters.
                deadline = time.monotonic() + random.uniform(0, 1.5)
                while process.poll() is None and time.monotonic() < deadline:
                    if k % 2 and any(n.endswith(".tmp") for n in os.listdir(folder)):
                        break
                    time.sleep(0.0005)
                process.kill()
                finished += process.wait() == 0
                self.check_output("killed", folder, name, may_exist=True, before=before)
                for left in os.listdir(folder):
                    if left.endswith(".tmp"):
                        os.remove(os.path.join(folder, left))
        self.check_inputs("killed")
        print(f"killed: {2 * self.rounds} processes, {finished} of them were done before")

    def mount(self, name, *options):
        folder = self.path(name)
        os.mkdir(folder)
        result = subprocess.run(["mount", *options, folder], capture_output=True)
        if result.returncode:
            self.skipped.append(f"{name} (cannot mount: {result.stderr.decode().strip()})")
            return None
        return folder

    def full_disk(self):
        folder = self.mount("full", "-t", "tmpfs", "-o", "size=64k", "tmpfs")
        if not folder:
            return
        try:
            for free in (0, 4096):
                filler = os.path.join(folder, "filler")
                with open(filler, "wb") as file:
                    file.write(bytes(65536 - free))
                for name, arguments in self.commands(folder).items():
                    self.check_refusal("full disk", self.run(arguments))
                    self.check_output("full disk", folder, name)
                    self.check_leftovers("full disk", folder)
                os.remove(filler)
            # With a file that is to be overwritten.
            for name, arguments in self.commands(folder).items():
                path = os.path.join(folder, name)
                with open(path, "wb") as file:
                    file.write(bytes(60000))
                before = self.digest(path)
                self.check_refusal("full disk", self.run([*arguments, "--force"]))
                self.check_output("full disk", folder, name, before=before)
                self.check_leftovers("full disk", folder)
                os.remove(path)
        finally:
            subprocess.run(["umount", folder], check=True)
        self.check_inputs("full disk")
        print("full disk: refused, nothing left behind")

    def read_only(self):
        folder = self.mount("read-only", "-t", "tmpfs", "-o", "ro,size=64k", "tmpfs")
        if not folder:
            return
        try:
            for name, arguments in self.commands(folder).items():
                self.check_refusal("read-only", self.run(arguments))
                self.check_output("read-only", folder, name)
        finally:
            subprocess.run(["umount", folder], check=True)
        print("read-only folder: refused")

    def vanished(self):
        folder = self.path("vanished")
        os.mkdir(folder)
        absent = self.path("absent")
        for name, command in (("out.gqz", "compress"), ("out.png", "decompress")):
            result = self.run([command, absent, os.path.join(folder, name)])
            self.check_refusal("vanished input", result)
            self.check_output("vanished input", folder, name)
            # Vanishes, with its folder, after it was opened or before: both are right, a partial file is not.
            for k in range(max(2, self.rounds // 5)):
                source = self.path(f"source{os.path.splitext(name)[1]}-{k}")
                output = os.path.join(folder, name)
                shutil.copy(self.picture if command == "compress" else self.file, source)
                process = subprocess.Popen(
                    [self.program, command, source, output, "--force"]
                    + (["-e", "1"] if command == "compress" else ["--png-level", "1"]),
                    stderr=subprocess.PIPE, stdout=subprocess.DEVNULL)
                time.sleep(random.uniform(0, 0.2))
                os.remove(source)
                text = process.communicate()[1].decode()
                self.expect("vanished input: exit code", process.returncode in (0, 1), text)
                self.check_output("vanished input", folder, name, may_exist=True)
                if os.path.exists(output):
                    os.remove(output)
        self.check_leftovers("vanished input", folder)
        # The folder of the output vanishes.
        for name, arguments in self.commands(self.path("nowhere")).items():
            self.check_refusal("no folder", self.run(arguments))
        self.check_inputs("vanished")
        print("vanished inputs and folders: refused or done")

    def closed_pipe(self):
        for arguments in (["compress", self.picture, "-", "-e", "1"], ["decompress", self.file, "-"]):
            reader, writer = os.pipe()
            os.close(reader)
            result = self.run(arguments, stdout=writer)
            os.close(writer)
            text = result.stderr.decode()
            # As other programs do: ended by SIGPIPE, or an error that says so.
            good = result.returncode == -signal.SIGPIPE or result.returncode == 1 and "pipe" in text.lower()
            self.expect("closed pipe", good, f"{result.returncode}: {text}")
        with open("/dev/full", "wb") as full:
            for arguments in (["compress", self.picture, "-", "-e", "1"], ["decompress", self.file, "-"]):
                self.check_refusal("/dev/full", self.run(arguments, stdout=full))
        self.check_inputs("closed pipe")
        print("closed pipe and full device: noticed")

    def limited(self, kind, megabytes, arguments):
        """Runs with so much address space (RLIMIT_AS) or data (RLIMIT_DATA)."""
        def limit():
            resource.setrlimit(kind, (megabytes << 20, megabytes << 20))
            resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        return self.run(arguments, preexec_fn=limit)

    def peak(self, arguments):
        """The most address space and data that a run with more than enough of them has, in megabytes."""
        process = subprocess.Popen(
            [self.program, *arguments], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
            preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_AS, (1 << 40, 1 << 40)))
        most = {"VmPeak": 0, "VmData": 0}
        while process.poll() is None:
            try:
                with open(f"/proc/{process.pid}/status") as file:
                    for line in file:
                        name = line.split(":")[0]
                        if name in most:
                            most[name] = max(most[name], int(line.split()[1]) >> 10)
            except OSError:
                pass
            time.sleep(0.001)
        return most["VmPeak"], most["VmData"]

    def out_of_memory(self):
        """Limits from next to nothing to enough: exit code 3 and a line of the program's, or a whole file.

        Where the system cannot even load the program, the message is the loader's, or the kernel ends the process.
        """
        folder = self.path("memory")
        os.mkdir(folder)
        step = 4 if self.rounds > 10 else 8
        for kind, label in ((resource.RLIMIT_AS, "ulimit -v"), (resource.RLIMIT_DATA, "ulimit -d")):
            for name, arguments in self.commands(folder).items():
                path, outcomes, enough, megabytes = os.path.join(folder, name), {}, 0, step
                peak = self.peak(arguments)[kind == resource.RLIMIT_DATA]
                os.remove(path)
                while enough < 2:
                    result = self.limited(kind, megabytes, arguments)
                    code, text = result.returncode, result.stderr.decode(errors="replace")
                    what = f"{label} of {megabytes} MB, {arguments[0]}"
                    is_loaded = self.limited(kind, megabytes, ["--help"]).returncode == 0
                    if code == 0:
                        enough += 1
                    elif is_loaded:
                        self.expect(f"{what}: exit code", code == 3, f"{code}: {text}")
                        last = text.splitlines()[-1] if text else ""
                        self.expect(f"{what}: message",
                                    last.startswith("gqimg: ") and "not enough memory" in last, text)
                        enough = 0
                    self.expect(f"{what}: output", (code == 0) == os.path.exists(path), f"{code}: {text}")
                    self.check_output(what, folder, name, may_exist=code == 0)
                    self.check_leftovers(what, folder)
                    if os.path.exists(path):
                        os.remove(path)
                    key = code if is_loaded else "not loaded"
                    outcomes.setdefault(key, []).append(megabytes)
                    megabytes += step
                    if megabytes > 2 * peak + 256:
                        self.expect(what, False, f"twice the peak of {peak} MB is not enough")
                        break
                # The program refuses nothing that it could do, however its threads take turns.
                for _ in range(self.rounds):
                    result = self.limited(kind, peak + peak // 10, arguments)
                    self.expect(f"{label} of the peak, {arguments[0]}", result.returncode == 0, result.stderr.decode())
                    if os.path.exists(path):
                        os.remove(path)
                print(f"out of memory, {label}, {arguments[0]} (peak {peak} MB): " + ", ".join(
                    f"{key}: {min(values)} to {max(values)} MB" for key, values in outcomes.items()))
        self.check_inputs("out of memory")


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--program", default=".build/release/gqimg")
    p.add_argument("--rounds", type=int, default=10, help="kills of each command")
    a = p.parse_args()
    random.seed(1)
    with tempfile.TemporaryDirectory() as folder:
        faults = Faults(a.program, folder, a.rounds)
        for check in ("killed", "full_disk", "read_only", "vanished", "closed_pipe", "out_of_memory"):
            getattr(faults, check)()
    for what in faults.skipped:
        print(f"not tried: {what}")
    print(f"{faults.passed} checks passed, {len(faults.failures)} failed")
    sys.exit(1 if faults.failures else 0)


if __name__ == "__main__":
    main()
