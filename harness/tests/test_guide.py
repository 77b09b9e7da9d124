"""The guide for authors: its small kata is whole, judged as an author would, from a pack of one's own."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

import harness.spec

GUIDE = Path(__file__).parents[2] / "katas" / "README.md"

pytestmark = pytest.mark.skipif(not GUIDE.is_file(), reason="the guide stands beside the katas")

_BLOCK = re.compile(
    r"^`(?P<path>(?:katas|solutions)/\S+)`[^\n]*:\n\n(?P<fence>`{3,4})\w+\n(?P<text>.*?)^(?P=fence)$", re.M | re.S
)

PLUGIN = """\
from pathlib import Path

from harness import hookimpl
from harness.model import Pack

HERE = Path(__file__).parent


@hookimpl
def kata_packs():
    return [Pack(name="guide", katas=HERE / "katas", solutions=HERE / "solutions")]
"""


def test_the_kata_of_the_guide_is_whole(tmp_path):
    """`kata sync` writes its stub, and `kata verify` has nothing to say: the spec fails each mistake and the stub."""
    blocks = {match["path"]: match["text"] for match in _BLOCK.finditer(GUIDE.read_text(encoding="utf-8"))}
    assert [Path(path).name for path in blocks] == [
        "kata.toml",
        "README.md",
        "shortcuts.py",
        "test_shortcuts.py",
        "mistakes.py",
    ]
    metadata = {
        "guide-1.dist-info/METADATA": "Metadata-Version: 2.1\nName: guide\nVersion: 1\n",
        "guide-1.dist-info/entry_points.txt": "[torch_katas]\nguide = guide_plugin\n",
        "guide_plugin.py": PLUGIN,
    }
    for name, text in {**blocks, **metadata}.items():
        file = tmp_path / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
    path = os.pathsep.join([str(tmp_path), str(GUIDE.parents[1])])
    for command in (["sync", "shortcuts"], ["verify", "shortcuts"]):
        run = subprocess.run(
            [sys.executable, "-m", "harness", *command],
            cwd=tmp_path,
            env={**os.environ, "PYTHONPATH": path},
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        assert run.returncode == 0, run.stdout + run.stderr
    assert "50_shortcuts" in run.stdout or "shortcuts" in run.stdout


def test_all_words_of_the_guide_are_there():
    """The table of words names nothing that `harness.spec` lacks, and the kata imports from it alone."""
    text = GUIDE.read_text(encoding="utf-8")
    table = text.split("### The words of specs\n")[1].split("\n\nParameters")[0]
    first = [line.split("|")[1] for line in table.splitlines() if line.startswith("| `")]
    words = {word for cell in first for word in re.findall(r"`(?:with )?(\w+)", cell)}
    assert {"assert_tensor", "showing", "unchanged", "layouts", "Net"} <= words <= set(harness.spec.__all__)
    assert set(re.findall(r"from (harness\.spec\S*) import", text)) == {"harness.spec"}
