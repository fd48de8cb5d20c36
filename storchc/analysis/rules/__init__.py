"""What is refused or warned of: a file a rule, each with a function ``run``."""

from storchc.analysis.rules import (
    baselines as baselines,
)
from storchc.analysis.rules import (
    budgets as budgets,
)
from storchc.analysis.rules import (
    comparisons as comparisons,
)
from storchc.analysis.rules import (
    costs as costs,
)
from storchc.analysis.rules import (
    counted as counted,
)
from storchc.analysis.rules import (
    coupling as coupling,
)
from storchc.analysis.rules import (
    critics as critics,
)
from storchc.analysis.rules import (
    distinct as distinct,
)
from storchc.analysis.rules import (
    draws as draws,
)
from storchc.analysis.rules import (
    families as families,
)
from storchc.analysis.rules import (
    finite as finite,
)
from storchc.analysis.rules import (
    indices as indices,
)
from storchc.analysis.rules import (
    joining as joining,
)
from storchc.analysis.rules import (
    joins as joins,
)
from storchc.analysis.rules import (
    looping as looping,
)
from storchc.analysis.rules import (
    memory as memory,
)
from storchc.analysis.rules import (
    paths as paths,
)
from storchc.analysis.rules import (
    proposals as proposals,
)
from storchc.analysis.rules import (
    reductions as reductions,
)
from storchc.analysis.rules import (
    samplers as samplers,
)
from storchc.analysis.rules import (
    sequences as sequences,
)
from storchc.analysis.rules import (
    slopes as slopes,
)
from storchc.analysis.rules import (
    supports as supports,
)
