"""The families of distributions that generated modules build: every file names its own."""

from storch_runtime.distributions.base import *
from storch_runtime.distributions.bernoulli import *
from storch_runtime.distributions.categorical import *
from storch_runtime.distributions.continuous_bernoulli import *
from storch_runtime.distributions.counts import *
from storch_runtime.distributions.delta import *
from storch_runtime.distributions.divergence import *
from storch_runtime.distributions.generalized_pareto import *
from storch_runtime.distributions.matrices import *
from storch_runtime.distributions.mixture import *
from storch_runtime.distributions.normal import *
from storch_runtime.distributions.positive import *
from storch_runtime.distributions.real import *
from storch_runtime.distributions.relaxed import *
from storch_runtime.distributions.straight_through import *
from storch_runtime.distributions.transformed import *
from storch_runtime.distributions.transforms import *
from storch_runtime.distributions.truncated import *
from storch_runtime.distributions.unit import *
from storch_runtime.distributions.users import *
from storch_runtime.distributions.vectors import *
from storch_runtime.distributions.zero_inflated import *
