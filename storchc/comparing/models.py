"""One model for each candidate, all of them at the same parameters."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from storchc.building import CannotBuild, Make, arguments_of, construct
from storchc.comparing.candidates import Candidate
from storchc.driver import compile_story
from storchc.loading import load_class

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from torch import Tensor

    from storchc.loading import LoadedStory

METHODS = "methods."
"""How the names of what methods keep begin."""


def make_models(
    name: str, data: bytes, candidates: list[Candidate], make: Make | None, seed: int
) -> dict[str, LoadedStory]:
    """The models by the names of their candidates; what ``make`` gives is shared by all.

    CannotBuild where a model cannot be made.
    """
    import torch

    with torch.random.fork_rng():
        torch.manual_seed(seed)
        models: dict[str, LoadedStory] = {}
        given: dict[str, Any] | None = None
        state: dict[str, Any] = {}
        for candidate in candidates:
            story = _story(name, data, candidate)
            given = arguments_of(story, make) if given is None else given
            model = models[candidate.name] = construct(story, given)
            state = state or _shared(model.state_dict())
            model.load_state_dict(state, strict=False)
    return models


def _story(name: str, data: bytes, candidate: Candidate) -> type[LoadedStory]:
    result = compile_story(name, data, candidate.methods)
    assert result.code is not None and result.graph is not None
    return load_class(result.code, result.graph.name, name)


def _shared(state: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """What is not the methods' own."""
    return {key: value for key, value in state.items() if not key.startswith(METHODS)}


def load_state(models: Mapping[str, LoadedStory], path: Path) -> None:
    """Put the weights of a checkpoint into all models; of methods into those that have them.

    CannotBuild where it is no checkpoint of this story.
    """
    import torch

    try:
        state = torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:
        said = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise CannotBuild(f"cannot read `{path}` as a state_dict: {said}") from None
    if not isinstance(state, Mapping) or not all(isinstance(key, str) for key in state):
        raise CannotBuild(f"`{path}` holds no state_dict of the model (`model.state_dict()`)")
    wanted = _shared(next(iter(models.values())).state_dict()).keys()
    missing, others = wanted - state.keys(), _shared(state).keys() - wanted
    if missing or others:
        what = f"lacks `{min(missing)}`" if missing else f"has `{min(others)}` besides"
        raise CannotBuild(f"`{path}` is no state_dict of this story's model: it {what}")
    for model in models.values():
        _load(model, state, path)


def _load(model: LoadedStory, state: Mapping[str, Tensor], path: Path) -> None:
    own = model.state_dict()
    fitting = {
        key: value
        for key, value in state.items()
        if key in own and (not key.startswith(METHODS) or own[key].shape == value.shape)
    }
    try:
        model.load_state_dict(fitting, strict=False)
    except RuntimeError as error:
        raise CannotBuild(f"`{path}` does not fit: {' '.join(str(error).split())}") from None
