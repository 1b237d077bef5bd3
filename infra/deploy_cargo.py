#!/usr/bin/env python3
"""Stands in for cargo and cargo-lambda in the deploy test. `sam build` calls it as it calls them; it notes the call and hands out a
program that is built already."""

import json
import os
import pathlib
import shutil
import sys

FOLDER = pathlib.Path(os.environ["DEPLOY_TEST_BUILD"])


def main(words):
    with (FOLDER / "calls").open("a") as calls:
        print(*words, file=calls)
    if words[0] == "metadata":
        print(json.dumps({"target_directory": str(FOLDER / "target"), "packages": []}))
    elif words[:2] == ["lambda", "build"]:
        name = words[words.index("--bin") + 1]
        built = FOLDER / "target/lambda" / name / "bootstrap"
        built.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(FOLDER / "programs" / name, built)
    else:
        sys.exit(f"the deploy test does not know `cargo {' '.join(words)}`")


main(sys.argv[1:])
