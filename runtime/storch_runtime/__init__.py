"""What users import: estimates, what a method of their own stands on, and errors."""

from typing import TYPE_CHECKING

from storch_runtime import distributions as distributions
from storch_runtime import methods as methods
from storch_runtime import samplers as samplers
from storch_runtime.comparison.compare import compare as compare
from storch_runtime.comparison.result import Comparison as Comparison
from storch_runtime.downstream import Downstream as Downstream
from storch_runtime.downstream import Joined as Joined
from storch_runtime.draw import Draw as Draw
from storch_runtime.drawn import Drawn as Drawn
from storch_runtime.elsewhere import Elsewhere as Elsewhere
from storch_runtime.errors import MovedJump as MovedJump
from storch_runtime.errors import NonFiniteCost as NonFiniteCost
from storch_runtime.errors import NonFiniteGradient as NonFiniteGradient
from storch_runtime.errors import StoryShapeError as StoryShapeError
from storch_runtime.errors import StoryTypeError as StoryTypeError
from storch_runtime.errors import StoryValueError as StoryValueError
from storch_runtime.errors import StoryWarning as StoryWarning
from storch_runtime.estimate import Estimate as Estimate
from storch_runtime.method import Method as Method
from storch_runtime.mode import MODE as MODE
from storch_runtime.mode import Mode as Mode
from storch_runtime.monitor import Monitor as Monitor
from storch_runtime.plates import reduce_plates as reduce_plates
from storch_runtime.plates import variance as variance
from storch_runtime.samplers import Sampler as Sampler
from storch_runtime.statistics import GradientStatistics as GradientStatistics
from storch_runtime.statistics import gradient_statistics as gradient_statistics
from storch_runtime.story import StoryModule as StoryModule

if not TYPE_CHECKING:  # a type checker finds these by itself

    def __getattr__(name: str):
        """Of a method, sampler or family, say where it is exported."""
        for folder in (methods, samplers, distributions):
            if name[0] != "_" and name in vars(folder):  # `from` would hide an AttributeError
                words = f"`{name}` is exported by `{folder.__name__}`"
                raise ImportError(words, name=__name__)
        raise AttributeError(f"module `{__name__}` has no `{name}`", name=name)
