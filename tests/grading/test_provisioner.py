"""Warm kernels: a fork of a process with the imports done, which behaves like any other kernel."""

import json
import logging
import os
import selectors
import signal
import subprocess
import sys

import nbformat
import psutil
import pytest
from jupyter_client.manager import KernelManager
from jupyter_core.utils import run_sync
from nbclient import NotebookClient
from typer.testing import CliRunner

from course_utils.cli import app
from course_utils.grading import provisioner

pytestmark = [
    pytest.mark.skipif(
        not hasattr(os, "pidfd_open"), reason="kernels are forked where the system has pidfd"
    ),
    pytest.mark.slow,
]
PATIENCE = 30  # seconds that anything here may take on a busy machine


def pid_is_gone(pid: int) -> bool:
    """Wait for the end of a process; return whether it came."""
    try:
        handle = os.pidfd_open(pid)
    except ProcessLookupError:
        return True
    with selectors.DefaultSelector() as selector:
        selector.register(handle, selectors.EVENT_READ)
        ended = bool(selector.select(PATIENCE))
    os.close(handle)
    return ended


@pytest.fixture(scope="module", autouse=True)
def kernelspecs(tmp_path_factory):
    """Install kernelspecs for this file: one for each way to interrupt, and one that is brief."""
    prefix = str(tmp_path_factory.mktemp("prefix"))
    install = provisioner.install_kernelspec
    for mode in ("signal", "message"):
        install(f"warm-{mode}", ["numpy"], 60, mode, prefix)
    install("warm-brief", ["numpy", "no_such_module"], 0.0, prefix=prefix)
    install("warm-torch", ["torch", "torch._dynamo"], 0.0, prefix=prefix)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("JUPYTER_PATH", f"{prefix}/share/jupyter")
        runtime = tmp_path_factory.mktemp("run")
        patch.setenv("XDG_RUNTIME_DIR", str(runtime))
        yield prefix
        addresses = [str(path) for path in runtime.glob("*/*")]
    for process in psutil.process_iter(["cmdline"]):
        if any(address in " ".join(process.info["cmdline"] or ()) for address in addresses):
            process.terminate()


class Session:
    """A kernel with a client, as a front end has them."""

    def __init__(self, name="warm-signal", **start):
        self.manager = KernelManager(kernel_name=name)
        self.manager.start_kernel(**start)
        self.connect()

    def connect(self):
        self.client = self.manager.client()
        self.client.start_channels()
        self.client.wait_for_ready(timeout=PATIENCE)

    def run(self, code):
        """Run code; return what it printed, or the name of its error."""
        said = []
        reply = self.client.execute_interactive(
            code,
            timeout=PATIENCE,
            output_hook=lambda message: said.append(message["content"]),
            stop_on_error=False,  # else a kernel drops what comes soon after an error
        )["content"]
        return reply.get("ename") or "".join(part.get("text", "") for part in said).strip()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.client.stop_channels()
        if self.manager.has_kernel:
            self.manager.shutdown_kernel(now=True)


def status_of(session):
    """Wait for the end of a kernel; return its exit status, also inside a running event loop."""
    return run_sync(session.manager.provisioner.wait)()


def notebook(*cells):
    return nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in cells])


def texts(node):
    return [output.get("text") for cell in node.cells for output in cell.outputs]


def test_a_notebook_runs_with_numpy_there_from_the_start():
    node = notebook(
        "import sys; print('numpy' in sys.modules, 'IPython' in sys.modules)",
        "import os; print(os.getcwd() == os.environ['PWD'], os.environ['OMP_NUM_THREADS'])",
    )
    NotebookClient(node, kernel_name="warm-signal", timeout=PATIENCE).execute(
        env={**os.environ, "PWD": os.getcwd()}
    )
    assert texts(node) == ["True True\n", "True 1\n"]


def test_a_figure_is_shown():
    node = notebook("import matplotlib.pyplot as plt", "plt.plot([1, 2]);")
    NotebookClient(node, kernel_name="warm-signal", timeout=PATIENCE).execute()
    assert [list(output.data) for output in node.cells[1].outputs] == [["text/plain", "image/png"]]


@pytest.mark.parametrize("mode", ["signal", "message"])
def test_an_interrupt_stops_a_sleep_and_nothing_else(mode):
    with Session(f"warm-{mode}") as session:
        session.run("value = 5")
        sleep = "print('now', flush=True); import time; time.sleep(1000)"
        started = session.client.execute(sleep, stop_on_error=False)
        while session.client.get_iopub_msg(PATIENCE)["msg_type"] != "stream":
            pass
        session.manager.interrupt_kernel()
        reply = session.client.get_shell_msg(timeout=PATIENCE)
        assert reply["parent_header"]["msg_id"] == started
        assert reply["content"]["ename"] == "KeyboardInterrupt"
        assert session.run("print(value)") == "5"


def test_a_kill_is_noticed_with_its_signal():
    with Session() as session:
        pid = int(session.run("import os; print(os.getpid())"))
        assert session.manager.is_alive()
        os.kill(pid, signal.SIGKILL)
        assert pid_is_gone(pid)
        assert status_of(session) == -signal.SIGKILL
        assert not session.manager.is_alive()
        assert not session.manager.provisioner.has_process


def test_an_exit_gives_its_status_and_takes_its_children_along():
    with Session() as session:
        child = int(
            session.run("import os; p = os.spawnlp(os.P_NOWAIT, 'sleep', 'sleep', '999'); print(p)")
        )
        session.client.execute("os._exit(7)")
        assert status_of(session) == 7
        assert pid_is_gone(child)


def test_a_restart_gives_fresh_state():
    with Session() as session:
        first = session.run("value = 5; import os; print(os.getpid())")
        session.client.stop_channels()
        session.manager.restart_kernel()
        session.connect()
        assert session.run("print(value)") == "NameError"
        assert session.run("import os; print(os.getpid())") != first


def test_two_kernels_share_a_parent_and_no_state():
    ask = "import os, numpy; print(os.getppid(), len(os.listdir(f'/proc/{os.getppid()}/task')))"
    draw = "print(numpy.random.rand())"
    with Session() as one, Session() as other:
        assert one.run(ask) == other.run(ask)
        assert one.run(ask).split()[1] == "1"  # thread: a fork copies no other
        one.run("numpy.pi = 3; value = 1")
        assert other.run("print(numpy.pi > 3)") == "True"
        assert other.run("value") == "NameError"
        assert one.run(draw) != other.run(draw)


def test_the_environment_and_the_folder_are_those_of_the_order(tmp_path):
    env = {**os.environ, "MARK": "\udcff seven", "HOME": str(tmp_path / "missing")}
    with Session("warm-brief", env=env, cwd=str(tmp_path)) as session:
        assert session.run("import os; print(os.getcwd())") == str(tmp_path)
        assert session.run("print(os.environb[b'MARK'])") == repr(b"\xff seven")
        assert session.run("print(get_ipython().history_manager.enabled)") == "False"


def test_triton_interprets_although_the_parent_has_imported_it(tmp_path, monkeypatch):
    monkeypatch.delenv("TRITON_INTERPRET")
    (tmp_path / "double.py").write_text(
        "from course_utils.kernels.device import tl, triton\n"
        "@triton.jit\n"
        "def double(x, y):\n"
        "    tl.store(y, tl.max(tl.load(x + tl.arange(0, 4)), 0) * 2)\n"
    )
    code = "import sys; print('triton' in sys.modules); import torch; from double import double\n"
    code += "x, y = torch.arange(4.0), torch.zeros(1); double[(1,)](x, y); print(y.item())"
    with Session("warm-torch", cwd=str(tmp_path)) as session:
        assert session.run(code).split() == ["True", "6.0"]


@pytest.mark.parametrize(
    ("gpu", "asked", "early"), [(True, None, False), (True, "0", True), (False, None, True)]
)
def test_a_notebook_may_choose_what_triton_does_where_there_is_a_gpu(
    gpu, asked, early, monkeypatch
):
    monkeypatch.setattr(provisioner.shutil, "which", lambda _: "/usr/bin/nvidia-smi" * gpu)
    env, modules = provisioner._settled(
        {"TRITON_INTERPRET": asked} if asked else {}, provisioner.MODULES
    )
    assert env.get("TRITON_INTERPRET") == (asked or (None if gpu else "1"))
    assert ("torch._dynamo" in modules) == early


def test_nothing_is_left_and_a_module_that_is_missing_is_named(caplog):
    before = set(provisioner._folder().glob("*[!k]"))  # sockets, without their locks
    with caplog.at_level(logging.WARNING), Session("warm-brief") as session:
        kernel, parent = map(
            int, session.run("import os; print(os.getpid(), os.getppid())").split()
        )
        assert psutil.pid_exists(parent)
    assert pid_is_gone(kernel)
    assert pid_is_gone(parent)
    assert set(provisioner._folder().glob("*[!k]")) == before
    assert "no_such_module (ModuleNotFoundError" in caplog.text


def test_a_parent_that_dies_takes_its_kernels_along_and_is_replaced():
    with Session("warm-brief") as session:
        kernel, parent = map(
            int, session.run("import os; print(os.getpid(), os.getppid())").split()
        )
        os.kill(parent, signal.SIGKILL)
        assert pid_is_gone(kernel)
        assert status_of(session) == -signal.SIGKILL
    with Session("warm-brief") as session:
        assert session.run("print(1)") == "1"


def test_a_user_that_dies_leaves_no_kernel():
    code = (
        "from jupyter_client.manager import KernelManager as M; import os\n"
        "m = M(kernel_name='warm-brief'); m.start_kernel()\n"
        "print(m.provisioner.pid, flush=True); os._exit(0)"
    )
    printed = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    ).stdout
    assert pid_is_gone(int(printed))


def test_a_kernel_that_cannot_be_forked_starts_cold():
    with Session(independent=True) as session:
        assert session.run("import os; print(os.getppid())") == str(os.getpid())


def test_a_folder_that_others_can_write_is_refused(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    provisioner._folder().chmod(0o777)
    with pytest.raises(RuntimeError, match="must be a folder of yours alone"):
        provisioner._folder()


def test_a_parent_that_breaks_off_is_an_error_with_its_reason(monkeypatch):
    monkeypatch.setattr(provisioner, "_asked", lambda *_: {"error": "no more processes"})
    with pytest.raises(RuntimeError, match="could not start a kernel: no more processes"):
        Session()


def test_the_kernelspec_says_what_was_asked_for(kernelspecs, tmp_path):
    folder = provisioner.install_kernelspec("mine", ["numpy"], 5.0, "message", str(tmp_path))
    spec = json.loads((folder / "kernel.json").read_text())
    assert spec["interrupt_mode"] == "message"
    assert spec["metadata"]["kernel_provisioner"] == {
        "provisioner_name": "warm-provisioner",
        "config": {"modules": ["numpy"], "idle_seconds": 5.0},
    }
    with pytest.raises(ValueError, match="interrupt_mode must be signal or message, got 'no'"):
        provisioner.install_kernelspec(interrupt_mode="no", prefix=str(tmp_path))


def test_the_command_installs_the_kernel_and_says_how_to_use_it(monkeypatch, tmp_path):
    monkeypatch.setattr(sys, "prefix", str(tmp_path))
    result = CliRunner().invoke(app, ["warm-kernel", "--name", "mine"])
    assert result.exit_code == 0, result.output
    assert (tmp_path / "share" / "jupyter" / "kernels" / "mine" / "kernel.json").is_file()
    assert "--Execute.kernel_name=mine" in result.output


ONE_NOTEBOOK = """
import nbformat, nbclient, time
cell = nbformat.v4.new_code_cell("import numpy, torch")
for _ in range(3):
    start = time.perf_counter()
    nbclient.NotebookClient(nbformat.v4.new_notebook(cells=[cell])).execute()
print(time.perf_counter() - start)
"""


def test_speed_beside_a_cold_kernel(capsys):
    """Print the time of a notebook that imports numpy and torch, warm and cold: no verdict."""
    for name, chosen in ("cold", "local-provisioner"), ("warm", provisioner.NAME):
        run = subprocess.run(
            [sys.executable, "-c", ONE_NOTEBOOK],
            env={**os.environ, "JUPYTER_DEFAULT_PROVISIONER_NAME": chosen},
            capture_output=True, text=True, check=True,
        )  # fmt: skip
        with capsys.disabled():
            print(
                f"\n{name}: {float(run.stdout):.2f} s for a notebook with numpy and torch", end=""
            )
