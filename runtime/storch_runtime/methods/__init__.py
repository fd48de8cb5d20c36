"""The gradient estimators, one file each."""

from storch_runtime.methods.arm import ARM as ARM
from storch_runtime.methods.arms import ARMS as ARMS
from storch_runtime.methods.arsm import ARSM as ARSM
from storch_runtime.methods.carms import CARMS as CARMS
from storch_runtime.methods.dis_arm import DisARM as DisARM
from storch_runtime.methods.double_cv import DoubleCV as DoubleCV
from storch_runtime.methods.dreg import DReG as DReG
from storch_runtime.methods.expect import Expect as Expect
from storch_runtime.methods.gapped_straight_through import (
    GappedStraightThrough as GappedStraightThrough,
)
from storch_runtime.methods.gumbel_entmax import GumbelEntmax as GumbelEntmax
from storch_runtime.methods.gumbel_rao import GumbelRao as GumbelRao
from storch_runtime.methods.gumbel_softmax import GumbelSoftmax as GumbelSoftmax
from storch_runtime.methods.gumbel_sparse_max import GumbelSparseMax as GumbelSparseMax
from storch_runtime.methods.lax import LAX as LAX
from storch_runtime.methods.local_expectation import LocalExpectation as LocalExpectation
from storch_runtime.methods.mapo import MAPO as MAPO
from storch_runtime.methods.measure_valued import MeasureValued as MeasureValued
from storch_runtime.methods.mu_prop import MuProp as MuProp
from storch_runtime.methods.rao_blackwell_sf import RaoBlackwellSF as RaoBlackwellSF
from storch_runtime.methods.rebar import REBAR as REBAR
from storch_runtime.methods.rein_max import ReinMax as ReinMax
from storch_runtime.methods.relax import RELAX as RELAX
from storch_runtime.methods.reparameterization import Reparameterization as Reparameterization
from storch_runtime.methods.rodeo import RODEO as RODEO
from storch_runtime.methods.score_function import ScoreFunction as ScoreFunction
from storch_runtime.methods.score_function_wor import ScoreFunctionWOR as ScoreFunctionWOR
from storch_runtime.methods.stl import STL as STL
from storch_runtime.methods.sum_and_sample import SumAndSample as SumAndSample
from storch_runtime.methods.unordered_set_estimator import (
    UnorderedSetEstimator as UnorderedSetEstimator,
)
from storch_runtime.methods.unordered_set_gumbel_softmax import (
    UnorderedSetGumbelSoftmax as UnorderedSetGumbelSoftmax,
)
from storch_runtime.methods.vimco import VIMCO as VIMCO
from storch_runtime.methods.zgr import ZGR as ZGR
