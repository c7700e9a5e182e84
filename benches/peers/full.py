"""A head of ImageNet's size, solved once, killed at a random moment and resumed; writes BENCHMARKS.md.

    python3 benches/peers/full.py [--program target/release/equipoise] [--samples 1280000] [--seed 30] [--write]

Draws the features of the linear probes (probes.py) block by block, 2.6 GB in single precision, under target/peers/data, and
solves for 1,000 classes with `solve --checkpoint` to a gradient of 1e-8. The process is killed (SIGKILL) at a moment drawn from
the seed within the first quarter of the time that `--estimate` foresees, and the same command given again. The head is judged by the gradient of the
mean loss recomputed here in double precision.
"""

import argparse
import datetime
import json
import os
import random
import re
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.append(str(HERE.parent))

import common
import probes
from common import ENVIRONMENT, FULL

FEATURES, CLASSES, TOLERANCE = 512, 1000, 1e-8
SECONDS = {"s": 1.0, "min": 60.0, "h": 3600.0}


class Run:
    """What a process took until its end: processor and wall seconds, bytes at most without those of mapped files."""

    def __init__(self, command, directory, kill_after=None):
        """Waits for its end; the process is killed so many seconds after its first checkpoint."""
        self.memory, begun = 0, time.perf_counter()
        self.output = directory / "output.json"
        with self.output.open("w") as output, (directory / "said.txt").open("w") as said:
            limits = common.limited_to(os.cpu_count())
            process = subprocess.Popen(command, cwd=directory, stdout=output, stderr=said, env=limits)
        watching = threading.Thread(target=self.watch, args=(process, directory / "search.safetensors", kill_after))
        watching.start()
        _, status, used = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        watching.join()
        self.code, self.wall = process.returncode, time.perf_counter() - begun
        self.cpu = used.ru_utime + used.ru_stime
        self.said = (directory / "said.txt").read_text().strip()

    def watch(self, process, checkpoint, kill_after):
        kept_since = None
        while process.returncode is None:
            try:
                status = Path(f"/proc/{process.pid}/status").read_text()
            except OSError:
                return
            own = re.findall(r"Rss(?:Anon|Shmem):\s+(\d+) kB", status)
            if not own:
                return
            self.memory = max(self.memory, 1024 * sum(map(int, own)))
            if kept_since is None and checkpoint.exists() and checkpoint.stat().st_size > 0:
                kept_since = time.perf_counter()
            if kill_after is not None and kept_since is not None and time.perf_counter() - kept_since > kill_after:
                os.kill(process.pid, signal.SIGKILL)
                return
            time.sleep(0.1)


def foreseen(command, directory):
    """What --estimate says: the line on memory, and processor seconds."""
    said = subprocess.run([*command, "--estimate"], cwd=directory, capture_output=True, text=True, check=True).stdout
    print(said, flush=True)
    number, unit = re.search(r"processor time\s+(?:about )?([\d.]+) (\w+)", said).groups()
    memory = re.search(r"memory beside the samples\s+(.+)", said).group(1)
    return float(number) * SECONDS[unit], memory


def operations_a_second():
    """Of numpy's products in single precision: the most of a few, on one thread."""
    import numpy as np

    rows, head = np.ones((20_000, FEATURES), np.float32), np.ones((FEATURES, CLASSES), np.float32)
    most = 0.0
    for _ in range(5):
        begun = time.process_time()
        rows @ head
        most = max(most, 2.0 * rows.size * CLASSES / (time.process_time() - begun))
    return most


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--program", type=Path, help="a release build of equipoise; built if it is not given")
    parser.add_argument("--samples", type=int, default=1_280_000)
    parser.add_argument("--seed", type=int, default=30, help="of the moment of the kill")
    parser.add_argument("--write", action="store_true", help="write the section of BENCHMARKS.md")
    options = parser.parse_args()
    python = common.environment(HERE / "requirements.txt")
    if os.path.realpath(sys.prefix) != os.path.realpath(ENVIRONMENT):
        # Of one thread, as far as numpy goes: what it computes here is measured per thread.
        os.execve(python, [python, *sys.argv], common.limited_to(1))
    import numpy as np

    program = str(options.program.resolve()) if options.program else common.binary()
    directory = ENVIRONMENT / "data" / "full"
    size = (options.samples, FEATURES, CLASSES)
    drawn = directory / "drawn.json"
    if not drawn.exists() or json.loads(drawn.read_text()) != list(size):
        probes.draw(directory, *size)
        drawn.write_text(json.dumps(size))
    checkpoint, head = directory / "search.safetensors", directory / "head.npz"
    for left in (checkpoint, head):
        left.unlink(missing_ok=True)
    solve = [program, "solve", "x.npy", "--label", "y.npy", "--class-weights", "balanced", "--l2", repr(probes.L2)]
    solve += ["--tolerance", repr(TOLERANCE)]
    seconds, memory = foreseen(solve, directory)
    solve += ["--checkpoint", checkpoint.name, "--save", head.name, "--format", "json"]
    # More than half of the time is that of the certificate, which comes after the search.
    moment = random.Random(options.seed).uniform(0.0, 0.25 * seconds / os.cpu_count())
    killed = Run(solve, directory, moment)
    if killed.code != -signal.SIGKILL:
        sys.exit(f"it ended by itself (code {killed.code}) before the moment of the kill: {killed.said}")
    print(f"killed after {killed.wall:.0f} s, {killed.cpu:.0f} s of processor", flush=True)
    resumed = Run(solve, directory)
    print(resumed.said, flush=True)
    if resumed.code != 0 or "the search resumes there" not in resumed.said:
        sys.exit(f"code {resumed.code}: {resumed.output.read_text()}")
    record = json.loads(resumed.output.read_text())
    with np.load(head) as saved:
        gradient = probes.gradient(directory, saved["weight"], saved["bias"])
    speed, cpu = operations_a_second(), killed.cpu + resumed.cpu
    # Two products, each with a multiplication and an addition for every sample, feature and class.
    of_gradient = 4.0 * options.samples * FEATURES * CLASSES / speed
    rows = [(f"until it was killed, {moment:.0f} s after its first checkpoint", killed), ("resumed", resumed)]
    lines = [
        "",
        FULL,
        "",
        "Written by `python3 benches/peers/full.py --write`; do not edit.",
        "",
        f"{datetime.date.today()}; {common.machine()}; {common.compiler()}.",
        "",
        f"N = {options.samples:,}, d = {FEATURES}, K = {CLASSES:,}: features of the linear probes above in single precision, mapped from a file of",
        f"{(directory / 'x.npy').stat().st_size / 1e9:.1f} GB; balanced class weights, L2 {probes.L2:g}, intercept free, all cores, to a gradient of {TOLERANCE:g}. Memory is without the",
        f"mapped file; foreseen were {memory} and {seconds:.0f} s of processor time.",
        "",
        "| run | processor s | wall min | most memory, MiB |",
        "| --- | ---: | ---: | ---: |",
    ]
    lines += [f"| {what} | {run.cpu:.0f} | {run.wall / 60:.1f} | {run.memory / 2**20:.0f} |" for what, run in rows]
    lines += [
        f"| together | {cpu:.0f} | {(killed.wall + resumed.wall) / 60:.1f} | {max(killed.memory, resumed.memory) / 2**20:.0f} |",
        "",
        f"Iterations: {record['iterations']}. Largest entry of the gradient, recomputed in double precision: {gradient:.1e}. The processor time is that of",
        f"{cpu / of_gradient:.0f} gradients (4 N d K operations each) at the {speed / 1e9:.0f} GF/s of one thread that numpy's products in single precision reach",
        "here; reading, checks, accuracy and the certificate in double-double arithmetic are included.",
    ]
    print("\n".join(lines))
    if not gradient <= 2.0 * TOLERANCE:
        sys.exit(f"a gradient of {gradient:.1e} is not {TOLERANCE:g}")
    if options.write:
        common.rewrite(lines)


if __name__ == "__main__":
    main()
