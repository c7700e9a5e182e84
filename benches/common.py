"""What the benchmarks beside others have in common: their environment, our examples, and BENCHMARKS.md."""

import os
import platform
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
ENVIRONMENT = ROOT / "target" / "peers"
REPORT = ROOT / "BENCHMARKS.md"
# Headings of sections that are written apart.
GROWTH = "## As problems grow"
CONVOLUTIONAL = "## Convolutional networks"
ACCURACY = "## Accuracy after training alike"
PYTHON = "## The Python package"
PROBES = "## Linear probes of a thousand classes"
FULL = "## A head of ImageNet's size"


def environment(requirements):
    """The interpreter of our own environment, in which these packages are installed."""
    python = ENVIRONMENT / "bin" / "python"
    if not python.exists():
        subprocess.run([sys.executable, "-m", "venv", str(ENVIRONMENT)], check=True)
    subprocess.run([str(python), "-m", "pip", "install", "-q", "-r", str(requirements)], check=True)
    return str(python)


def example(name):
    """Builds one of our examples; returns its path."""
    subprocess.run(["cargo", "build", "--release", "--locked", "--example", name], cwd=ROOT, check=True)
    target = ROOT / os.environ.get("CARGO_TARGET_DIR", "target")
    return str(target / "release" / "examples" / name)


def binary():
    """Builds the program; returns its path."""
    subprocess.run(["cargo", "build", "--release", "--locked", "--bin", "equipoise"], cwd=ROOT, check=True)
    return str(ROOT / os.environ.get("CARGO_TARGET_DIR", "target") / "release" / "equipoise")


def limited_to(threads):
    """Our environment variables with so many threads for whatever library."""
    plain = {k: v for k, v in os.environ.items() if not k.startswith("OPENBLAS_")}
    return plain | dict.fromkeys(["OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "RAYON_NUM_THREADS"], str(threads))


def versions(requirements):
    """Names and versions of the packages in a file of requirements."""
    return ", ".join(requirements.read_text().split()).replace("==", " ")


def compiler():
    return subprocess.run(["rustc", "--version"], capture_output=True, text=True).stdout.strip()


def machine():
    model = next(
        (line.split(":")[1].strip() for line in open("/proc/cpuinfo") if line.startswith("model name")),
        platform.processor(),
    )
    flags = open("/proc/cpuinfo").read()
    vectors = "AVX-512" if "avx512f" in flags else "AVX2" if "avx2" in flags else "neither AVX2 nor AVX-512"
    return f"{model}, {os.cpu_count()} cores, {vectors}"


def written(heading):
    """The lines of a section of BENCHMARKS.md, heading and an empty line before it included; none if it has none."""
    _, found, rest = f"\n{REPORT.read_text()}".partition(f"\n{heading}\n")
    return ["", heading, *rest.split("\n## ")[0].rstrip("\n").split("\n")] if found else []


def rewrite(section):
    """Puts a section, whose lines begin with an empty one and the heading, where one of that heading is, or at the end."""
    text, last = REPORT.read_text().rstrip("\n"), "\n".join(written(section[1]))
    new = "\n".join(section)
    write((text.replace(last, new) if last else f"{text}\n{new}").split("\n"))


def write(lines):
    temporary = REPORT.with_suffix(".md.new")
    temporary.write_text("\n".join(lines) + "\n")
    temporary.replace(REPORT)
