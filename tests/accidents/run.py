#!/usr/bin/env python3
"""Accidents: kills at random moments, full and read-only disks, rivals, a clock that jumps, little memory, limits of the system,
files that are cut short; and what is left then.

    tests/accidents/run.py PROGRAM [--kills 100] [--seed 1] [--write docs/reliability.md]

PROGRAM is a build of equipoise. Every command is run once undisturbed; then it is disturbed, run again as its user would, and what
it leaves is compared with the undisturbed run byte by byte. Ends with code 1 if anything differs. The disks that are full
or read-only are small file systems in memory, which take root; without it they are left out, and the table says so.
"""

import argparse
import json
import os
import pathlib
import random
import re
import shutil
import signal
import struct
import subprocess
import sys
import tempfile
import time

# The table in the document is between these lines.
BEGIN, END = "<!-- accidents -->\n", "<!-- end of accidents -->\n"
ANALYSIS = ["run", "averaging", "--format", "svg", "--set", "repetitions=60"]
TRAIN = ["train", "--epochs", "12", "--seed", "3", "--format", "json"]
# What names of files that are not whole yet begin with.
TEMPORARY = ".equipoise-"
# What lists the files of a directory.
MARK = ".equipoise"
# What a run says of when it was made.
KEY = re.compile(rb'"key":"([0-9a-f]+)"')
TIMES = re.compile(rb'"(?:seconds|wall_seconds|duration_seconds)": ?[0-9.e+-]+')


class Bench:
    """A directory to work in, and the program."""

    def __init__(self, program, place, seed):
        self.program, self.place, self.random = str(program), pathlib.Path(place), random.Random(seed)
        self.rows, self.faults = [], []

    def command(self, arguments, **more):
        return subprocess.run([self.program, *arguments], cwd=self.place, capture_output=True, text=True, **more)

    def start(self, arguments):
        return subprocess.Popen(
            [self.program, *arguments], cwd=self.place, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )

    def must(self, arguments):
        done = self.command(arguments)
        if done.returncode != 0:
            sys.exit(f"{' '.join(arguments)}: code {done.returncode}: {done.stderr.strip()}")
        return done

    def fresh(self, name):
        shutil.rmtree(self.place / name, ignore_errors=True)
        return name

    def note(self, accident, command, result, fault=None):
        self.rows.append((accident, command, result if fault is None else f"**{fault}**"))
        if fault is not None:
            self.faults.append(f"{accident}, {command}: {fault}")
        print(f"{accident} | {command} | {fault or result}", flush=True)


def contents(directory, skip=()):
    """Every file with its bytes, but for the mark, which lists what was written when."""
    files = {}
    for path in sorted(pathlib.Path(directory).rglob("*")):
        if path.is_file() and path.name not in (*skip, MARK):
            files[str(path.relative_to(directory))] = path.read_bytes()
    return files


def differing(ours, theirs):
    return sorted(name for name in ours.keys() | theirs.keys() if ours.get(name) != theirs.get(name))


def journal_lines(directory, names="records*.jsonl"):
    """Whole lines in the journals of a run that was killed."""
    return sum(path.read_bytes().count(b"\n") for path in pathlib.Path(directory).glob(names))


def problems_kept(directory):
    """Problems whose records are in journals or among finished records, in all directories below one."""
    files = [path for name in ("records*.jsonl", "records.json") for path in pathlib.Path(directory).rglob(name)]
    # F1's points are no problems of an analysis, and the last line of a journal may be half of one.
    return sum(len(set(KEY.findall(path.read_bytes().rpartition(b"\n")[0]))) for path in files)


def found_earlier(pattern, text):
    """The numbers that a run says it has found."""
    said = re.search(pattern, text)
    return [int(number.replace(",", "")) for number in said.groups()] if said else [0] * re.compile(pattern).groups


def kill_after(bench, arguments, seconds):
    process = bench.start(arguments)
    time.sleep(seconds)
    process.kill()
    process.wait()


def controls(bench):
    """What would be a fault is seen as one."""
    whole = bench.fresh("whole")
    bench.must([*ANALYSIS, "--out", whole])
    expected = contents(bench.place / whole)
    out = bench.fresh("out")
    bench.must([*ANALYSIS, "--out", out, "--shard", "1/2"])
    (journal,) = (bench.place / out).glob("records*.jsonl")
    lines = journal.read_bytes().splitlines(keepends=True)
    journal.write_bytes(b"".join([lines[0].replace(b'"repetition":', b'"repetition":1', 1), *lines[1:]]))
    done = bench.must([*ANALYSIS, "--out", out])
    (found,) = found_earlier(r"([\d,]+) of them earlier", done.stdout)
    fault = None if found == len(lines) - 1 and "is damaged" in done.stderr else f"found {found}"
    bench.note("control: one kept record is changed", "run", "it is named, and that problem alone is solved again", fault)
    figure = next(path for path in (bench.place / out).iterdir() if path.suffix == ".svg")
    figure.write_bytes(figure.read_bytes() + b" ")
    seen = differing(contents(bench.place / out), expected)
    fault = None if seen == [figure.name] else f"seen: {seen}"
    bench.note("control: a figure is one byte longer", "run", "the comparison sees it", fault)


def killed_runs(bench, kills):
    whole = bench.fresh("whole")
    begun = time.monotonic()
    bench.must([*ANALYSIS, "--out", whole])
    taken, expected = time.monotonic() - begun, contents(bench.place / whole)
    bad = again = 0
    for _ in range(kills):
        out = bench.fresh("out")
        kill_after(bench, [*ANALYSIS, "--out", out], bench.random.uniform(0.0, taken))
        kept = journal_lines(bench.place / out)
        finished = (bench.place / out / "records.json").exists()
        printed = bench.must([*ANALYSIS, "--out", out]).stdout
        (found,) = found_earlier(r"([\d,]+) of them earlier", printed)
        # A finished run has put its journal away.
        again += max(kept - found, 0) if not finished else 0
        bad += bool(differing(contents(bench.place / out), expected))
    fault = f"{bad} differ, {again} solved twice" if bad or again else None
    bench.note(
        f"kill -9 at {kills} random moments", "run", "the same bytes each time; no record that was kept is solved again", fault
    )


def killed_reproductions(bench, kills):
    arguments = ["reproduce", "--quick", "--format", "svg"]
    whole = bench.fresh("whole")
    begun = time.monotonic()
    bench.must([*arguments, "--out", whole])
    taken = time.monotonic() - begun
    # The page says when and how fast it was made.
    expected = contents(bench.place / whole, skip=("report.html",))
    bad = again = 0
    for _ in range(kills):
        out = bench.fresh("out")
        kill_after(bench, [*arguments, "--out", out], bench.random.uniform(0.0, taken))
        setups, problems = journal_lines(bench.place / out, "claims.jsonl"), problems_kept(bench.place / out)
        printed = bench.must([*arguments, "--out", out]).stdout
        found_setups, found_problems = found_earlier(r"found: ([\d,]+) set-ups? of claims, ([\d,]+) problem", printed)
        again += max(setups - found_setups, 0) + max(problems - found_problems, 0)
        bad += bool(differing(contents(bench.place / out, skip=("report.html",)), expected))
        bad += not (bench.place / out / "report.html").read_text().endswith("</html>\n")
    bench.note(
        f"kill -9 at {kills} random moments",
        "reproduce --quick",
        "the same bytes each time; no set-up of a claim and no problem that was kept is worked on again",
        f"{bad} differ, {again} worked on twice" if bad or again else None,
    )


def killed_trainings(bench, kills):
    begun = time.monotonic()
    expected = TIMES.sub(b"", bench.must([*TRAIN, "--checkpoint", "whole.safetensors"]).stdout.encode())
    taken = time.monotonic() - begun
    network = (bench.place / "whole.safetensors").read_bytes()
    bad = 0
    for _ in range(kills):
        (bench.place / "out.safetensors").unlink(missing_ok=True)
        arguments = [*TRAIN, "--checkpoint", "out.safetensors"]
        kill_after(bench, arguments, bench.random.uniform(0.0, taken))
        printed = TIMES.sub(b"", bench.must(arguments).stdout.encode()).replace(b"out.safe", b"whole.safe")
        bad += printed != expected or (bench.place / "out.safetensors").read_bytes() != network
    bench.note(
        f"kill -9 at {kills} random moments",
        "train --checkpoint",
        "the same network and numbers, from the last checkpoint on",
        f"{bad} differ" if bad else None,
    )


def searches_cut_off(bench, times, how, accident):
    """`solve --checkpoint`, ended by a signal at random moments and given again: another iterate may lead to other last digits."""
    arguments = [*wide_problem(bench, 4000, 200, "1e-5"), "--format", "json", "--checkpoint", "search.safetensors", "--checkpoint-every", "0"]
    kept = bench.place / "search.safetensors"

    def solved():
        done = bench.must(arguments)
        return json.loads(done.stdout), "the search resumes there" in done.stderr

    kept.unlink(missing_ok=True)
    begun = time.monotonic()
    expected, _ = solved()
    taken, bad, resumed = time.monotonic() - begun, 0, 0
    for _ in range(times):
        kept.unlink(missing_ok=True)
        process = bench.start(arguments)
        time.sleep(bench.random.uniform(0.0, taken))
        process.send_signal(how)
        process.wait()
        was_saved = kept.exists() and kept.stat().st_size > 0
        record, goes_on = solved()
        resumed += goes_on
        is_same = abs(record["loss"] / expected["loss"] - 1.0) < 1e-13 and record["gradient_inf"] < 1e-13
        bad += not is_same or was_saved != goes_on
    fault = f"{bad} ended elsewhere or anew" if bad else None if resumed else "none was resumed"
    bench.note(f"{accident} at {times} random moments", "solve --checkpoint", "the same stationary point, from the last checkpoint on", fault)


def killed_merges(bench, kills):
    whole = bench.fresh("whole")
    bench.must([*ANALYSIS, "--out", whole])
    expected = contents(bench.place / whole)
    parts = bench.fresh("parts")
    for number in (1, 2, 3):
        bench.must([*ANALYSIS, "--out", parts, "--shard", f"{number}/3"])
    bad, taken = 0, None
    for kill in range(kills + 1):
        out = bench.fresh("out")
        shutil.copytree(bench.place / parts, bench.place / out)
        arguments = ["results", "merge", out, "--format", "svg"]
        begun = time.monotonic()
        if taken is not None:
            kill_after(bench, arguments, bench.random.uniform(0.0, taken))
        bench.must(arguments)
        taken = taken or time.monotonic() - begun
        bad += bool(differing(contents(bench.place / out), expected))
    bench.note(
        f"kill -9 at {kills} random moments", "results merge", "the same bytes each time", f"{bad} differ" if bad else None
    )


def interrupted_drawing(bench, times):
    whole = bench.fresh("whole")
    bench.must([*ANALYSIS, "--out", whole])
    expected = contents(bench.place / whole)
    begun = time.monotonic()
    bench.must(["draw", whole, "--format", "svg"])
    taken, bad = time.monotonic() - begun, 0
    for _ in range(times):
        process = bench.start(["draw", whole, "--format", "svg"])
        time.sleep(bench.random.uniform(0.0, taken))
        process.send_signal(signal.SIGINT)
        process.wait()
        found = contents(bench.place / whole)
        bad += bool(differing({name: found[name] for name in found if not name.startswith(TEMPORARY)}, expected))
    bench.must(["draw", whole, "--format", "svg"])
    bad += bool(differing(contents(bench.place / whole), expected))
    fault = f"{bad} left something half-written" if bad else None
    result = "every figure is the old one or the new one, and drawing again leaves nothing else"
    bench.note(f"Ctrl-C at {times} random moments", "draw", result, fault)


def one_line(done, code, *words):
    """Whether a command was refused with a code and one line that has these words."""
    text = done.stderr.strip()
    return done.returncode == code and "\n" not in text and all(word in text for word in words)


def disks(bench):
    disk = bench.place / "disk"
    disk.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=192k", "tmpfs", disk], capture_output=True)
    if mounted.returncode != 0:
        bench.note("full disk", "run", "not tried: it takes root to make a small file system")
        return
    try:
        arguments = [*ANALYSIS, "--out", "disk/out"]
        full = bench.command(arguments)
        fault = None if one_line(full, 2, "cannot write", "resumes there") else f"said {full.stderr.strip()!r}"
        kept = journal_lines(disk / "out")
        subprocess.run(["mount", "-o", "remount,size=64m", disk], check=True)
        printed = bench.must(arguments).stdout
        if kept and f"({kept} of them earlier)" not in printed:
            fault = fault or f"{kept} records were kept, but {printed!r}"
        bench.must([*ANALYSIS, "--out", bench.fresh("whole")])
        if differing(contents(disk / "out"), contents(bench.place / "whole")):
            fault = fault or "what is there in the end differs"
        bench.note("disk full, then room again", "run", f"one line, {kept} records kept, then the same bytes", fault)
        subprocess.run(["mount", "-o", "remount,ro", disk], check=True)
        refused = bench.command([*ANALYSIS, "--out", "disk/new"])
        fault = None if one_line(refused, 2, "cannot write") else f"said {refused.stderr.strip()!r}"
        bench.note("read-only disk", "run", "one line before any work", fault)
    finally:
        subprocess.run(["umount", disk], check=False)


def rivals(bench):
    out = bench.fresh("out")
    bench.must([*ANALYSIS, "--out", bench.fresh("whole")])
    first = bench.start([*ANALYSIS, "--out", out])
    while not (bench.place / out / "records.jsonl").exists():
        time.sleep(0.005)
    second = bench.command([*ANALYSIS, "--out", out])
    first.wait()
    fault = None if one_line(second, 2, "another run is running here") else f"said {second.stderr.strip()!r}"
    if differing(contents(bench.place / out), contents(bench.place / "whole")):
        fault = fault or "what is there in the end differs"
    bench.note("two processes on one directory", "run", "the second is refused; the first ends as ever", fault)
    out = bench.fresh("out")
    parts = [bench.start([*ANALYSIS, "--out", out, "--shard", f"{number}/4"]) for number in (1, 2, 3, 4)]
    codes = [part.wait() for part in parts]
    bench.must(["results", "merge", out, "--format", "svg"])
    fault = f"codes {codes}" if any(codes) else None
    if differing(contents(bench.place / out), contents(bench.place / "whole")):
        fault = fault or "what is there in the end differs"
    bench.note("four shards at once in one directory", "run --shard", "merged into the same bytes", fault)


def jumping_clock(bench):
    if shutil.which("faketime") is None:
        bench.note("clock that jumps", "run", "not tried: it takes faketime (Debian: faketime)")
        return
    bench.must([*ANALYSIS, "--out", bench.fresh("whole")])
    out, fault = bench.fresh("out"), None
    # Begun in the future and killed, then gone on with in the past, while the clock runs a hundred times too fast.
    future = subprocess.Popen(
        ["faketime", "-f", "+30y x100", bench.program, *ANALYSIS, "--out", out],
        cwd=bench.place,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    time.sleep(0.4)
    os.killpg(future.pid, signal.SIGKILL)
    future.wait()
    past = subprocess.run(
        ["faketime", "-f", "-40y", bench.program, *ANALYSIS, "--out", out], cwd=bench.place, capture_output=True, text=True
    )
    if past.returncode != 0 or differing(contents(bench.place / out), contents(bench.place / "whole")):
        fault = f"code {past.returncode}: {past.stderr.strip()!r}"
    bench.note("clock that jumps by decades", "run", "the same bytes", fault)


def limited(bench, limit, arguments):
    """Runs a command under a limit of the shell, such as `ulimit -v 300000`."""
    words = " ".join([bench.program, *map(str, arguments)])
    return subprocess.run(["sh", "-c", f"{limit}; exec {words}"], cwd=bench.place, capture_output=True, text=True)


def npy(path, kind, shape, numbers):
    """Writes an NPY file."""
    header = f"{{'descr': '{kind}', 'fortran_order': False, 'shape': {shape}, }}".encode()
    path.write_bytes(b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header)) + header + numbers)


def wide_problem(bench, rows=4000, columns=1500, l2="1e-2"):
    """Features and labels of many samples: as they are, they take some seconds and half a gigabyte to solve over."""
    draw = random.Random(0)
    numbers = struct.pack(f"<{rows * columns}f", *(draw.random() for _ in range(rows * columns)))
    npy(bench.place / "x.npy", "<f4", (rows, columns), numbers)
    npy(bench.place / "y.npy", "|u1", (rows,), bytes(row % 10 for row in range(rows)))
    return ["solve", "x.npy", "--label", "y.npy", "--l2", l2]


def little_memory(bench):
    arguments = wide_problem(bench)
    refused = limited(bench, "ulimit -v 300000", arguments)
    fault = None if one_line(refused, 2, "solving takes up to", "ulimit -v") else f"said {refused.stderr.strip()!r}"
    bench.note("little address space (ulimit -v)", "solve", "one line with both numbers, before any work", fault)
    group = pathlib.Path(f"/sys/fs/cgroup/memory/equipoise-{os.getpid()}")
    try:
        group.mkdir()
        (group / "memory.limit_in_bytes").write_text(str(200 << 20))
    except OSError:
        bench.note("a control group of 200 MiB", "solve", "not tried: it takes root and control groups of version 1")
        return
    try:
        refused = limited(bench, f"echo $$ > {group}/cgroup.procs", arguments)
        fault = None if one_line(refused, 2, "control group") else f"code {refused.returncode}: {refused.stderr.strip()!r}"
        bench.note("a control group of 200 MiB", "solve", "one line with both numbers, before any work", fault)
    finally:
        group.rmdir()


def files_that_may_not_grow(bench):
    out = bench.fresh("out")
    stopped = limited(bench, "ulimit -f 64", [*ANALYSIS, "--out", out])
    fault = None if one_line(stopped, 2, "cannot write", "resumes there") else f"said {stopped.stderr.strip()!r}"
    kept = journal_lines(bench.place / out)
    printed = bench.must([*ANALYSIS, "--out", out]).stdout
    if kept and f"({kept} of them earlier)" not in printed:
        fault = fault or f"{kept} records were kept, but {printed!r}"
    bench.must([*ANALYSIS, "--out", bench.fresh("whole")])
    if differing(contents(bench.place / out), contents(bench.place / "whole")):
        fault = fault or "what is there in the end differs"
    result = f"one line, {kept} records kept, then the same bytes"
    bench.note("files that may not grow (ulimit -f), then may", "run", result, fault)


def files_cut_short(bench, times):
    fault, named = None, 0
    for _ in range(times):
        arguments = wide_problem(bench)
        running = subprocess.Popen(
            [bench.program, *arguments], cwd=bench.place, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
        )
        time.sleep(bench.random.uniform(0.02, 1.0))
        os.truncate(bench.place / "x.npy", 4096)
        said = running.communicate()[1].strip()
        # What was read is said before the search begins.
        of_error = [line for line in said.splitlines() if not line.startswith("read x.npy ")]
        if running.returncode == 2 and len(of_error) == 1 and of_error[0].startswith("error: x.npy: "):
            named += 1
        elif running.returncode not in (0, 1):
            fault = f"code {running.returncode}: {said!r}"
    accident = f"a mapped file that is cut short at {times} random moments"
    bench.note(accident, "solve", f"one line that names the file, {named} times; the others were done", fault)


def snapshot(directory):
    """Everything below a directory, links and pipes as such."""
    found = {}
    for path in sorted(pathlib.Path(directory).rglob("*")):
        status = path.lstat()
        whole = path.read_bytes() if path.is_file() and not path.is_symlink() else None
        found[str(path)] = (status.st_mode, status.st_ino, whole)
    return found


def in_the_way(path, kind, victim):
    """Puts something under the name of a file of ours."""
    path.unlink(missing_ok=True)
    if kind == "text":
        path.write_text("my own\n")
    elif kind == "pipe":
        os.mkfifo(path)
    elif kind == "link":
        path.symlink_to(victim)
    elif kind == "dangling link":
        path.symlink_to("nowhere")
    else:
        path.mkdir()


def files_of_others(bench):
    victim = bench.place / "victim"
    victim.write_text("precious")
    out = bench.place / bench.fresh("out")
    tried, fault = 0, None
    for marked in (False, True):
        for kind in ("text", "pipe", "link", "dangling link", "directory"):
            shutil.rmtree(out, ignore_errors=True)
            if marked:
                bench.must([*ANALYSIS, "--out", out.name])
            else:
                out.mkdir()
            names = ["analysis.toml", "records.json", "records.csv", "records.jsonl", "slurm-array.sh", MARK]
            for name in names:
                before = (out / name).read_bytes() if (out / name).is_file() else None
                in_the_way(out / name, kind, victim)
                there = snapshot(out)
                done = bench.command([*ANALYSIS, "--out", out.name], timeout=60)
                tried += 1
                if not one_line(done, 2, name) or snapshot(out) != there or victim.read_text() != "precious":
                    fault = fault or f"{kind} {name}: code {done.returncode}: {done.stderr.strip()!r}"
                (out / name).rmdir() if kind == "directory" else (out / name).unlink()
                if before is not None:
                    (out / name).write_bytes(before)
    result = "one line that names it, before any work, and nothing is changed"
    bench.note(f"{tried} files, pipes, links and directories of others under our names", "run", result, fault)


def other_runs(bench):
    whole = bench.place / bench.fresh("whole")
    bench.must([*ANALYSIS, "--out", whole.name])
    before, fault = snapshot(whole), None
    for change in ("seed=77", "penalty=0.5", "data.gaussian.means.hard_and_easy.easy_classes=6"):
        done = bench.command([*ANALYSIS, "--out", whole.name, "--set", change])
        if not one_line(done, 2, "finished records are none of this run's", "--force") or snapshot(whole) != before:
            fault = fault or f"{change}: code {done.returncode}: {done.stderr.strip()!r}"
    printed = bench.must([*ANALYSIS, "--out", whole.name, "--set", "repetitions=5"]).stdout
    solved = re.search(r"(\d+) problems solved \((\d+) of them earlier\)", printed)
    if not solved or solved[1] != solved[2]:
        fault = fault or f"fewer repetitions: {printed!r}"
    result = "another seed, penalty or design is refused; of fewer repetitions nothing is solved again"
    bench.note("finished results of another run", "run --set", result, fault)


def pruned_while_it_runs(bench, times):
    bench.must([*ANALYSIS, "--out", bench.fresh("whole")])
    out, fault = bench.fresh("out"), None
    for _ in range(times):
        running = bench.start([*ANALYSIS, "--out", out])
        time.sleep(bench.random.uniform(0.0, 0.3))
        pruned = bench.command(["results", "prune", out])
        if pruned.returncode not in (0, 2) or len(pruned.stderr.strip().splitlines()) > 1:
            fault = fault or f"said {pruned.stderr.strip()!r}"
        running.kill()
        running.wait()
    bench.must([*ANALYSIS, "--out", out])
    if differing(contents(bench.place / out), contents(bench.place / "whole")):
        fault = fault or "what is there in the end differs"
    bench.note(f"pruned at {times} moments of a run that is then killed", "results prune", "the same bytes in the end", fault)


def damaged_checkpoints(bench, times, command, name):
    arguments = [*command, "--checkpoint", "c.safetensors"]
    (bench.place / "c.safetensors").unlink(missing_ok=True)
    bench.must(arguments)
    sound, fault = (bench.place / "c.safetensors").read_bytes(), None
    for _ in range(times):
        damaged = bytearray(sound)
        damaged[bench.random.randrange(len(damaged))] ^= 1 << bench.random.randrange(8)
        (bench.place / "c.safetensors").write_bytes(damaged)
        done = bench.command(arguments)
        # What was read may be said first.
        done.stderr = "".join(line for line in done.stderr.splitlines(keepends=True) if not line.startswith("read "))
        if not one_line(done, 2, "c.safetensors") or (bench.place / "c.safetensors").read_bytes() != damaged:
            fault = fault or f"code {done.returncode}: {done.stderr.strip()!r}"
    bench.note(f"one bit flipped at {times} random places", f"{name} --checkpoint", "one line that names the file, which stays", fault)


def taken_away(bench):
    """What a command writes goes away under it, and somebody else's file comes in its place."""
    fault = None
    for comes in (False, True):
        out = bench.place / bench.fresh("out")
        journal = out / "records.jsonl"
        running = subprocess.Popen(
            [bench.program, *ANALYSIS, "--out", out.name], cwd=bench.place, text=True,
            stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
        )
        while running.poll() is None and not (journal.exists() and journal.stat().st_size > 0):
            time.sleep(0.001)
        shutil.rmtree(out)
        if comes:
            out.mkdir()
            journal.write_bytes(b"precious")
        said = running.communicate()[1]
        left = journal.read_bytes() if journal.exists() else None
        if running.returncode != 2 or said.count("\n") != 1 or "kept" in said or left != (b"precious" if comes else None):
            fault = fault or f"code {running.returncode}: {said.strip()!r}"
    result = "one line that promises nothing; what comes in its place stays"
    bench.note("a directory that is removed under its command", "run", result, fault)

    checkpoint, fault = bench.place / "taken.safetensors", None
    running = subprocess.Popen(
        [bench.program, *TRAIN[:2], "500", "--checkpoint", checkpoint.name, "--checkpoint-every", "0"], cwd=bench.place, text=True,
        stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
    )
    while running.poll() is None and not (checkpoint.exists() and checkpoint.stat().st_size > 0):
        time.sleep(0.001)
    (bench.place / "other").write_bytes(b"precious")
    (bench.place / "other").rename(checkpoint)
    said = running.communicate()[1]
    if running.returncode != 2 or said.count("\n") != 1 or checkpoint.read_bytes() != b"precious":
        fault = f"code {running.returncode}: {said.strip()!r}"
    bench.note("a checkpoint in whose place another file comes", "train --checkpoint", "one line that names it; the other file stays", fault)


def last_bytes(bench, times):
    """Less than a page is lost: no signal says so."""
    wide_problem(bench)
    features, fault, named = bench.place / "x.npy", None, 0
    whole = features.read_bytes()
    for _ in range(times):
        features.write_bytes(whole)
        running = subprocess.Popen(
            [bench.program, "solve", "x.npy", "--label", "y.npy", "--l2", "1e-2"], cwd=bench.place, text=True,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        )
        maps = pathlib.Path(f"/proc/{running.pid}/maps")
        while running.poll() is None and "x.npy" not in maps.read_text():
            time.sleep(0.001)
        os.truncate(features, len(whole) - 4)
        printed, said = running.communicate()
        named += running.returncode == 2 and "x.npy" in said and not printed
        if running.returncode not in (0, 2):
            fault = fault or f"code {running.returncode}: {said.strip()!r}"
    if named == 0:
        fault = fault or "it is never named"
    result = f"one line that names the file, {named} times; the others were done"
    bench.note(f"a mapped file that loses its last number {times} times", "solve", result, fault)


def pipe_of_nobody(bench):
    pipe, fault = bench.place / "pipe.csv", None
    pipe.unlink(missing_ok=True)
    os.mkfifo(pipe)
    for arguments in (["solve", pipe.name, "--label", "y"], ["audit", pipe.name], ["predict", pipe.name, "s.csv", "--out", "p.csv"]):
        done = bench.command(arguments, timeout=60)
        if not one_line(done, 2, "pipe"):
            fault = fault or f"{arguments[0]}: code {done.returncode}: {done.stderr.strip()!r}"
    bench.note("a named pipe that nobody writes to", "solve, audit, predict", "one line within seconds", fault)


def places_that_are_gone(bench):
    data = bench.place / "small.csv"
    data.write_text("x,y\n1,0\n2,1\n3,0\n4,1\n5,0\n")
    solve, fault = ["solve", data, "--label", "y", "--l2", "1", "--save", "head.json"], None
    for arguments in (solve, ANALYSIS, ["reproduce", "--quick"], ["train", "--epochs", "1", "--checkpoint", "c.safetensors"]):
        (bench.place / "gone").mkdir(exist_ok=True)
        done = limited(bench, "cd gone; rmdir ../gone", arguments)
        if not one_line(done, 2, "the working directory is gone"):
            fault = fault or f"{arguments[0]}: code {done.returncode}: {done.stderr.strip()!r}"
    bench.note("a working directory that is removed", "solve, run, reproduce, train", "one line with the cause", fault)


def table(rows):
    lines = ["| accident | command | what is left |", "| --- | --- | --- |"]
    return "\n".join([*lines, *(f"| {' | '.join(row)} |" for row in rows)]) + "\n"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("program", type=pathlib.Path)
    parser.add_argument("--kills", type=int, default=100, help="of each command; of reproduce a quarter")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--write", type=pathlib.Path, metavar="FILE", help="put the table into this document")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="equipoise-accidents-") as place:
        bench = Bench(options.program.resolve(), place, options.seed)
        controls(bench)
        killed_runs(bench, options.kills)
        # Each of them takes as long as many of the others.
        killed_reproductions(bench, options.kills // 4)
        killed_trainings(bench, options.kills)
        searches_cut_off(bench, options.kills, signal.SIGKILL, "kill -9")
        searches_cut_off(bench, 20, signal.SIGINT, "Ctrl-C")
        killed_merges(bench, options.kills)
        interrupted_drawing(bench, 20)
        disks(bench)
        rivals(bench)
        jumping_clock(bench)
        little_memory(bench)
        files_that_may_not_grow(bench)
        files_cut_short(bench, 10)
        last_bytes(bench, 10)
        pipe_of_nobody(bench)
        taken_away(bench)
        files_of_others(bench)
        other_runs(bench)
        pruned_while_it_runs(bench, 20)
        damaged_checkpoints(bench, 20, TRAIN, "train")
        damaged_checkpoints(bench, 20, wide_problem(bench, 500, 20), "solve")
        places_that_are_gone(bench)
    if options.write:
        before, rest = options.write.read_text().split(BEGIN)
        after = rest.split(END)[1]
        options.write.write_text(before + BEGIN + table(bench.rows) + END + after)
    if bench.faults:
        sys.exit("\n".join(bench.faults))


if __name__ == "__main__":
    main()
