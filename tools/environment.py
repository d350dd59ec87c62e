"""Make the course's environment in `.venv`, or leave it alone where nothing has changed.

Started by the system's own Python, so the standard library is all it uses. The one argument is
`student` (requirements.txt) or `dev` (requirements-dev.txt, which contains the former).
"""

from __future__ import annotations

import hashlib
import importlib.util
import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
STAMP = VENV / "course.json"
LOG = VENV / "pip.log"
OLDEST, NEWEST = (3, 11), (3, 13)
FILES = {"student": "requirements.txt", "dev": "requirements-dev.txt"}
CPU_INDEX = "https://download.pytorch.org/whl/cpu"
LARGE_MB = 50
GPU_NOTE = f"""\
No NVIDIA GPU was found here. The torch that Linux gets by default brings gigabytes of GPU
libraries. For the small CPU build, stop now (Ctrl-C) and put this variable before the command:

    PIP_EXTRA_INDEX_URL={CPU_INDEX}
"""


def fail(message: str) -> None:
    """Print one clear message and stop."""
    sys.exit("\n" + message)


def check_python() -> None:
    """Stop unless this Python can make the environment."""
    found = sys.version_info[:2]
    if not OLDEST <= found <= NEWEST:
        this = f"{found[0]}.{found[1]} ({sys.executable})"
        fail(f"Python 3.11, 3.12 or 3.13 is needed, this is {this}.")
    if importlib.util.find_spec("venv") is None or importlib.util.find_spec("ensurepip") is None:
        package = f"python{found[0]}.{found[1]}-venv"
        fail(
            "Python's venv module is missing. Install it, on Debian or Ubuntu with:"
            f"\n\n    sudo apt-get install -y {package}"
        )


def fingerprint(level: str) -> str:
    """Return the hash of everything that decides what `level` installs."""
    digest = hashlib.sha256(repr(sys.version_info[:2]).encode())
    for name in ("requirements.txt", FILES[level], "pyproject.toml"):
        digest.update((ROOT / name).read_bytes())
    return digest.hexdigest()


def requirements_hash() -> str:
    """Return the hash of the two lists of pins."""
    return hashlib.sha256(
        b"".join((ROOT / name).read_bytes() for name in FILES.values())
    ).hexdigest()


def venv_python() -> Path:
    """Return the path of the environment's interpreter."""
    return VENV / ("Scripts/python.exe" if os.name == "nt" else "bin/python")


def version_of(python: Path) -> tuple[int, ...]:
    """Return (major, minor) of an interpreter, or () where it does not run."""
    command = [str(python), "-c", "import pip, sys; print(*sys.version_info[:2])"]
    try:
        answer = subprocess.run(command, capture_output=True, text=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        return ()
    return tuple(int(part) for part in answer.stdout.split())


def read_stamp() -> dict[str, str]:
    """Return what is known of the environment: a fingerprint a level, its folder, its origin.

    `fresh` is the hash of the pins that were there when the environment was made from nothing.
    """
    try:
        return json.loads(STAMP.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}


def write_stamp(stamp: dict[str, str]) -> None:
    """Store the stamp in one step, so that an interrupted run leaves the old one."""
    scratch = STAMP.with_suffix(".part")
    scratch.write_text(json.dumps(stamp, indent=1), encoding="utf-8")
    os.replace(scratch, STAMP)


def make_venv() -> None:
    """Create `.venv` from nothing."""
    print(f"Making the environment in {VENV.name} with Python {sys.version.split()[0]}", flush=True)
    command = [sys.executable, "-m", "venv", "--clear", str(VENV)]
    if subprocess.run(command, check=False).returncode:
        fail(f"`{' '.join(command)}` failed, see above.")


def announce_gpu() -> None:
    """Tell a Linux user without a GPU how to avoid the GPU build, before anything is downloaded."""
    chosen = CPU_INDEX in os.environ.get("PIP_EXTRA_INDEX_URL", "")
    if sys.platform == "linux" and not shutil.which("nvidia-smi") and not chosen:
        print(GPU_NOTE, flush=True)


def show(line: str, number: int) -> None:
    """Show how far an installation is: one line that changes, or only what is large."""
    match = re.match(r"\s*(?:Downloading|Using cached) (\S+?)-[^-\s]+-\S+ \(([\d.]+) (\wB)", line)
    installing = line.startswith("Installing collected")
    if sys.stdout.isatty():
        text = "writing the packages" if installing else line.partition("(")[0].strip()
        print(f"\r\033[K  {number:3d}  {text[:66]}", end="", flush=True)
    elif installing and number:
        print("  writing the packages", flush=True)
    elif match and (match[3] == "GB" or (match[3] == "MB" and float(match[2]) > LARGE_MB)):
        print(f"  {match[1]} ({match[2]} {match[3]})", flush=True)


def pip(*arguments: str) -> None:
    """Run pip in the environment with its progress shortened; stop with the reason if it fails."""
    command = [str(venv_python()), "-m", "pip", "install", "--disable-pip-version-check"]
    command += ["--progress-bar", "off", "--log", str(LOG), *arguments]
    with subprocess.Popen(
        command, cwd=ROOT, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    ) as process:
        lines: list[str] = []
        for line in process.stdout or []:
            lines.append(line)
            if re.match(r"\s*(Collecting|Downloading|Using cached|Installing collected)", line):
                show(line, sum(text.startswith("Collecting") for text in lines))
    if sys.stdout.isatty():
        print("\r\033[K", end="", flush=True)
    if process.returncode:
        explain("".join(lines))


def explain(output: str) -> None:
    """Stop with the cause of a failed installation."""
    offline = re.search(r"NewConnectionError|NameResolution|Network is unreachable", output)
    if offline:
        fail("pip cannot reach the package index. Once this machine is online, try again.")
    if "No space left" in output:
        fail("The disk is full: the environment needs about 3 GB.")
    errors = [line for line in output.splitlines() if "ERROR" in line] or output.splitlines()[-5:]
    fail("\n".join(errors) + f"\nThe installation failed; {LOG} has the whole story.")


def main(level: str) -> None:
    """Bring the environment to `level`, doing nothing where it is there already."""
    stamp = read_stamp()
    done = any(stamp.get(name) == fingerprint(name) for name in (level, "dev"))
    if done and stamp.get("root") == str(ROOT) and version_of(venv_python()):
        return
    check_python()
    if version_of(venv_python()) != sys.version_info[:2] or stamp.get("root") != str(ROOT):
        make_venv()
        stamp = {"root": str(ROOT), "fresh": requirements_hash()}
    announce_gpu()
    print(f"Installing {FILES[level]}: minutes the first time", flush=True)
    pip("-r", FILES[level])
    pip("--no-deps", "--no-build-isolation", "-e", ".")
    stamp[level] = fingerprint(level)
    write_stamp(stamp)


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) > 1 else "student")
