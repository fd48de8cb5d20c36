"""Stories of the gallery mean the same in YAML."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.gallery.conftest import SPECS
from tests.published.twin import meaning, yaml_twin

STORIES = {path.stem: path for path in sorted(SPECS.glob("*/*.story"))}
WITH_USE = {name for name, path in STORIES.items() if re.search(r"^use ", path.read_text(), re.M)}


def test_few_stories_are_left_out() -> None:
    assert {"custom_method"} == WITH_USE  # what `use` names would have to lie beside the twin


@pytest.mark.parametrize("name", sorted(STORIES.keys() - WITH_USE))
def test_the_twin_is_the_same_module(name: str, tmp_path: Path) -> None:
    twin = tmp_path / f"{name}.yaml"
    twin.write_text(yaml_twin(STORIES[name].read_text()))
    assert meaning(twin) == meaning(STORIES[name])
