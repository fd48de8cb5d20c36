"""Where constructs of the language are certified: the test of each in each situation."""

from __future__ import annotations

__all__ = ["CONSTRUCTS", "SITUATED"]

SITUATED = ("plates", "loops", "joint samples", "broken variant")

_ALL = "loss/test_constructs.py::test_exact"
_OTHER = "loss/test_constructs.py::test_another_story_fails"
_TOLD = "learned/test_in_loops.py"
_BOUND = "loops/test_multi_sample_bounds.py"
_CHAIN = "chains/test_likelihoods.py"
_SCALE = "learned/test_normalized.py"
_ALONE = "loss/test_without_credit.py"
_MODE = "../runtime/test_mode.py"

CONSTRUCTS: dict[str, tuple[str, str, str, str]] = {
    '`reduction="none"`': (
        "loss/test_kept_events.py::test_exact",
        "loss/test_kept_events.py::test_in_a_loop",
        _ALL,
        "loss/test_kept_events.py::test_a_sum_in_their_place_is_found",
    ),
    "`each`": (
        "plates/test_each.py::test_exact",
        "plates/test_each.py::test_in_a_loop",
        "plates/test_each.py::test_as_if_a_parameter_had_the_plate",
        "plates/test_each.py::test_every_joint_outcome_counts",
    ),
    "`frozen`": (_ALL, _ALL, _ALL, _OTHER),
    "`scatter`, `index_put`": (
        "loss/test_written_copies.py::test_exact",
        "loss/test_written_copies.py::test_a_copy_that_a_loop_fills",
        _ALL,
        "loss/test_written_copies.py::test_another_place_is_found",
    ),
    "casts, a bit as an index": (_ALL, _ALL, _ALL, _OTHER),
    "`without_credit`": (
        f"{_ALONE}::test_a_chain_with_leave_one_out_is_exact",
        f"{_ALONE}::test_a_bonus_credits_no_step_and_no_end",
        "",
        "",
    ),
    "`RELAX` in loops": (
        "",
        f"{_TOLD}::test_relax_is_exact",
        "",
        f"{_TOLD}::test_relax_without_the_way_of_the_second_noise_fails",
    ),
    "`LAX` in loops": (
        "",
        f"{_TOLD}::test_lax_is_exact",
        "",
        f"{_TOLD}::test_what_a_critic_is_told_is_detached",
    ),
    "`VIMCO` over sequences": (
        f"{_BOUND}::test_in_plates",
        f"{_BOUND}::test_whole_sequences_are_compared",
        "",
        f"{_BOUND}::test_a_baseline_of_every_step_fails",
    ),
    "`Expect` in the log domain": (
        f"{_CHAIN}::test_a_chain_for_all_data",
        f"{_CHAIN}::test_a_hidden_markov_model",
        "",
        f"{_CHAIN}::test_a_broken_one_fails",
    ),
    "`normalize=true`": (
        f"{_SCALE}::test_it_divides_by_the_deviation_over_the_draws",
        f"{_SCALE}::test_every_outcome_of_a_loop",
        "",
        f"{_SCALE}::test_another_scale_fails",
    ),
    "`given=MODE`": (
        f"{_MODE}::test_stories_of_every_shape",
        f"{_MODE}::test_a_loop_that_stops",
        f"{_MODE}::test_parts_of_one_joint_sample",
        f"{_MODE}::test_a_tree_whose_enumeration_is_not_at_its_mode_would_be_seen",
    ),
}
