"""The samplers: ways of drawing values, each written once."""

from storch_runtime.samplers.antithetic import Antithetic as Antithetic
from storch_runtime.samplers.beam_search import BeamSearch as BeamSearch
from storch_runtime.samplers.importance_sampling import ImportanceSampling as ImportanceSampling
from storch_runtime.samplers.monte_carlo import MonteCarlo as MonteCarlo
from storch_runtime.samplers.quasi_monte_carlo import QuasiMonteCarlo as QuasiMonteCarlo
from storch_runtime.samplers.sampler import Outcome as Outcome
from storch_runtime.samplers.sampler import Sampler as Sampler
from storch_runtime.samplers.stratified import Stratified as Stratified
from storch_runtime.samplers.sum_and_sample import SumAndSample as SumAndSample
from storch_runtime.samplers.without_replacement import WithoutReplacement as WithoutReplacement
