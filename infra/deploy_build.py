"""What the deploy test deploys: the built programs, a folder that SAM takes for a clone, and the configuration that a person edits.

`sam build` and `sam deploy` run there as docs/deploy.md says. Only the compiler is another, since the programs are those of
`cargo build`: a release build of each function takes minutes.
"""

import json
import os
import pathlib
import shutil
import subprocess

from deploy_tools import Failed, expect, start, tail

ROOT = pathlib.Path(__file__).resolve().parent.parent
FUNCTIONS = ["ingress", "event-worker", "command-worker", "delivery-worker", "scheduler", "api"]
STAND_INS = ["fake-slack", "fake-statuspage"]
CONFIG = "samconfig.local.toml"


def build():
    """Builds the functions and the stand-ins at once; gives the programs by name."""
    packages = [*FUNCTIONS, *(f"tidegate-{name}" for name in STAND_INS)]
    command = ["cargo", "build", "--locked", "--message-format=json-render-diagnostics"]
    command += [word for package in packages for word in ("-p", package)]
    built = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, timeout=40 * 60)
    if built.returncode:
        raise Failed("cargo build failed")
    messages = (json.loads(line) for line in built.stdout.splitlines() if line.startswith(b"{"))
    programs = {m["target"]["name"]: pathlib.Path(m["executable"]) for m in messages if m.get("executable")}
    lacking = [name for name in (*FUNCTIONS, *STAND_INS) if name not in programs]
    if lacking:
        raise Failed(f"cargo built no {', '.join(lacking)}")
    return programs


class Clone:
    """The template as it is, with what it names, and programs for `sam build` to find."""

    def __init__(self, programs, folder, sam):
        self.folder, self.sam = folder, sam
        self.made = folder / "made"
        (folder / "infra").mkdir(parents=True)
        (self.made / "bin").mkdir(parents=True)
        (self.made / "programs").mkdir()
        shutil.copy(ROOT / "template.yaml", folder)
        for name in ("alarms.yaml", "samconfig.example.toml"):
            shutil.copy(ROOT / "infra" / name, folder / "infra")
        strip = shutil.which("strip")
        for name in FUNCTIONS:
            (folder / "functions" / name).mkdir(parents=True)
            shutil.copy(ROOT / "functions" / name / "Cargo.toml", folder / "functions" / name)
            # Symbols make a dev build ten times as large, and every start of a function unpacks it.
            program = self.made / "programs" / name
            if not strip or subprocess.run([strip, "-o", program, programs[name]], capture_output=True).returncode:
                shutil.copy(programs[name], program)
            program.chmod(0o755)
        for name in ("cargo", "cargo-lambda"):
            (self.made / "bin" / name).symlink_to(ROOT / "infra/deploy_cargo.py")

    def configure(self, stack, parameters):
        """Makes samconfig.local.toml as a person does: a copy of the example with other values."""
        wanted = {"stack_name": stack, "confirm_changeset": False, **parameters}
        lines = (self.folder / "infra/samconfig.example.toml").read_text().splitlines()
        for n, line in enumerate(lines):
            name = line.partition(" = ")[0]
            if name in wanted:
                lines[n] = f"{name} = {json.dumps(wanted.pop(name))}"
        # The parameters for tests stand in no example. Those of the template are its last table.
        lines += [f"{name} = {json.dumps(value)}" for name, value in wanted.items()]
        (self.folder / CONFIG).write_text("\n".join(lines) + "\n")

    def run(self, command, env, log, *more):
        """`sam build` or `sam deploy` with that file. Tells whether it went well."""
        words = [self.sam, command, "--config-file", CONFIG, *more]
        path = f"{self.made / 'bin'}{os.pathsep}{env['PATH']}"
        process = start(words, log, {**env, "PATH": path, "DEPLOY_TEST_BUILD": str(self.made)}, self.folder)
        try:
            return process.wait(timeout=300) == 0
        except subprocess.TimeoutExpired:
            process.kill()
            return False

    def calls(self):
        """What SAM has called cargo-lambda with, by the program."""
        calls = [line.split() for line in (self.made / "calls").read_text().splitlines() if line.startswith("lambda ")]
        return {words[words.index("--bin") + 1]: words for words in calls}


def build_checks(report, clone, env, work):
    """Shows what the file does to a build. The programs that it hands out are always of this machine."""
    for architecture in ("x86_64", "arm64"):
        with report.check(f"`sam build` compiles for {architecture} when samconfig.local.toml says so"):
            clone.configure("unused", {"Architecture": architecture})
            (clone.made / "calls").unlink(missing_ok=True)
            log = work / f"build-{architecture}.log"
            built = clone.run("build", env, log, "--build-dir", work / f"build-{architecture}")
            expect(built, log.read_text()[-2000:])
            calls = clone.calls()
            expect(sorted(calls) == sorted(FUNCTIONS), f"built: {sorted(calls)}")
            arm = {name for name, words in calls.items() if "--arm64" in words}
            expect(arm == (set(FUNCTIONS) if architecture == "arm64" else set()), f"built for arm64: {arm}")


def refusal_check(report, clone, env, work):
    with report.check("a secret in place of the name of its SSM parameter is refused before anything is made"):
        clone.configure("tidegate-refused", {"SigningSecretParameter": "8f742231b10e8888abcd99yyyzzz85a5"})
        log = work / "refused.log"
        expect(not clone.run("deploy", env, log), "it was deployed")
        expect("SigningSecretParameter" in log.read_text() and "not the secret itself" in log.read_text(), log.read_text()[-2000:])


def build_with_sam(clone, env, work):
    log = work / "build.log"
    if not clone.run("build", env, log):
        tail(log, 20)
        raise Failed("sam build failed")
