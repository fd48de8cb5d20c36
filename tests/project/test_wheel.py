"""The wheel holds both packages, the grammar and nothing that belongs to the checkout."""

import subprocess
import sys
from pathlib import Path
from zipfile import ZipFile

import pytest

pytest.importorskip("hatchling")
ROOT = Path(__file__).parents[2]

USE = """
import sys, pathlib
import storchc, storch_runtime
here = pathlib.Path(sys.argv[1])
assert here in pathlib.Path(storchc.__file__).parents, storchc.__file__
assert here in pathlib.Path(storch_runtime.__file__).parents, storch_runtime.__file__
story = "story Start\\nparam a = 1.0\\nsample z ~ Normal(a, 1)\\ncost c = z * z\\n"
Start = storchc.load(text=story)
Start()().backward()
"""


@pytest.fixture(scope="module")
def unpacked(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the wheel's files."""
    folder = tmp_path_factory.mktemp("wheel")
    pip = [sys.executable, "-m", "pip", "wheel", "--quiet", "--disable-pip-version-check"]
    build = [*pip, "--no-deps", "--no-build-isolation", "--wheel-dir", str(folder), str(ROOT)]
    subprocess.run(build, check=True, capture_output=True)
    (wheel,) = folder.glob("storchc-*.whl")
    ZipFile(wheel).extractall(folder / "site")
    return folder / "site"


def test_contents(unpacked: Path) -> None:
    tops = {path.name for path in unpacked.iterdir() if path.suffix != ".dist-info"}
    assert tops == {"storchc", "storch_runtime"}
    assert (unpacked / "storchc/_grammar/story.lark").is_file()
    assert (unpacked / "storchc/_docs/naming.md").is_file()
    assert (unpacked / "storchc/py.typed").is_file()
    assert (unpacked / "storch_runtime/py.typed").is_file()
    assert list((unpacked / "storchc/diagnostics/pages").glob("S*.md"))


def test_it_works_from_the_wheel(unpacked: Path, tmp_path: Path) -> None:
    env = {"PYTHONPATH": str(unpacked), "XDG_CACHE_HOME": str(tmp_path), "HOME": str(tmp_path)}
    command = [sys.executable, "-c", USE, str(unpacked)]
    done = subprocess.run(command, cwd=tmp_path, env=env, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
