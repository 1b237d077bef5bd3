"""What the deploy test's parts share: waiting, calling, reporting, and processes that never outlive it."""

import contextlib
import ctypes
import os
import pathlib
import re
import signal
import socket
import subprocess
import time
import urllib.error
import urllib.parse
import urllib.request


class Failed(Exception):
    """The run cannot go on."""


def expect(condition, message):
    if not condition:
        raise AssertionError(message)


def until(what, probe, seconds=30):
    """Waits for a probe to give something true, and gives it back."""
    end = time.monotonic() + seconds
    while True:
        found = probe()
        if found:
            return found
        expect(time.monotonic() < end, f"not within {seconds} s: {what}")
        time.sleep(0.25)


def call(method, url, body=None, headers=None, timeout=15):
    """One HTTP request; gives status and body whatever the status."""
    request = urllib.request.Request(url, data=body, method=method, headers=headers or {})
    try:
        with urllib.request.urlopen(request, timeout=timeout) as answer:
            return answer.status, answer.read()
    except urllib.error.HTTPError as e:
        with e:
            return e.code, e.read()


def tail(path, lines):
    with contextlib.suppress(OSError):
        for line in path.read_text(errors="replace").splitlines()[-lines:]:
            print(f"    {line[:400]}")


class Report:
    """One line per check; a failed one does not stop the others."""

    def __init__(self):
        self.passed, self.failed = 0, []

    @contextlib.contextmanager
    def check(self, name):
        began = time.monotonic()
        try:
            yield
        except Failed:
            raise
        except Exception as e:
            self.failed.append(name)
            print(f"FAILED {name}: {e!r}", flush=True)
        else:
            self.passed += 1
            print(f"ok     {name} ({time.monotonic() - began:.1f} s)", flush=True)


def descendants(pid=None):
    """Every process below that one, or below this one, deepest last."""
    children = {}
    for stat in pathlib.Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            # The name in parentheses may hold anything, so count from its end.
            parent = int(stat.read_text().rpartition(")")[2].split()[1])
            children.setdefault(parent, []).append(int(stat.parent.name))
    found, todo = [], [pid or os.getpid()]
    while todo:
        below = children.get(todo.pop(), [])
        found += below
        todo += below
    return found


def end_descendants():
    for sign, patience in ((signal.SIGTERM, 5), (signal.SIGKILL, 5)):
        end = time.monotonic() + patience
        for pid in descendants():
            with contextlib.suppress(OSError):
                os.kill(pid, sign)
        while descendants() and time.monotonic() < end:
            with contextlib.suppress(ChildProcessError):
                while os.waitpid(-1, os.WNOHANG)[0]:
                    pass
            time.sleep(0.1)


def adopt_orphans():
    """Has the kernel hand orphaned grandchildren (the functions) to this process, so that none outlives it."""
    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL(None).prctl(36, 1, 0, 0, 0)  # PR_SET_CHILD_SUBREAPER


def sockets(pid):
    """The listening TCP sockets of a process and all below it: addresses as in /proc/net/tcp, and ports."""
    inodes = set()
    for member in [pid, *descendants(pid)]:
        for fd in pathlib.Path(f"/proc/{member}/fd").glob("*"):
            with contextlib.suppress(OSError):
                target = os.readlink(fd)
                if target.startswith("socket:["):
                    inodes.add(target[8:-1])
    for table in ("/proc/net/tcp", "/proc/net/tcp6"):
        with contextlib.suppress(OSError):
            for line in pathlib.Path(table).read_text().splitlines()[1:]:
                fields = line.split()
                address, port = fields[1].split(":")
                if fields[3] == "0A" and fields[9] in inodes:
                    yield address, int(port, 16)


def listening(pid):
    return {port for _, port in sockets(pid)}


def exposed_ports():
    """The ports of this process and all below it that are not on loopback."""
    loopback = {"0100007F", "00000000000000000000000001000000", "0000000000000000FFFF00000100007F"}
    return [port for address, port in sockets(os.getpid()) if address not in loopback]


def start(command, log, env, folder=None):
    with log.open("wb") as out:
        return subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=out, stderr=subprocess.STDOUT, env=env, cwd=folder)


def serve(command, log, env, health):
    """Starts a server that picks its port itself and prints its address first. Gives that address once it answers."""
    process = start(command, log, env)

    def address():
        if process.poll() is not None:
            tail(log, 30)
            raise Failed(f"{command[0]} ended at once")
        return re.search(r"http://127\.0\.0\.1:\d+", log.read_text(errors="replace"))

    url = until(f"an address in {log.name}", address, 60)[0]
    if not answers(process, url + health):
        tail(log, 30)
        raise Failed(f"{command[0]} does not answer at {url}")
    return url


def serve_at_free_port(command, log, env_of, health):
    """Starts a server that has to be told its port, by `env_of(port)`. Another process may take a port between the moment at which it is
    found free and the one at which the server binds it; the server ends then, and another port is tried. Gives process and port."""
    for _ in range(10):
        with socket.socket() as s:
            s.bind(("127.0.0.1", 0))
            port = s.getsockname()[1]
        process = start(command, log, env_of(port))
        if answers(process, f"http://127.0.0.1:{port}{health}"):
            return process, port
        tail(log, 30)
        if process.poll() is None:
            raise Failed(f"{command[0]} does not answer at port {port}")
    raise Failed(f"{command[0]} found no port")


def answers(process, url, seconds=60):
    """Whether the process, and no other at its port, answers within that time."""
    port, end = urllib.parse.urlsplit(url).port, time.monotonic() + seconds
    while time.monotonic() < end and process.poll() is None:
        with contextlib.suppress(OSError):
            if call("GET", url, timeout=2)[0] < 500 and port in listening(process.pid):
                return True
        time.sleep(0.2)
    return False
