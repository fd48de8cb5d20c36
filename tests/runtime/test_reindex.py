"""Values re-indexed along a plate."""

import torch

from storch_runtime.generated import reindexed


def test_elements_follow_along_their_plate() -> None:
    value = torch.arange(12).reshape(3, 2, 2)  # [k, data, event]
    parents = torch.tensor([[2, 0], [2, 1], [0, 0], [1, 2]])  # [k', data]
    found = reindexed(value, parents, 0)
    assert found.shape == (4, 2, 2)
    for k in range(4):
        for i in range(2):
            assert torch.equal(found[k, i], value[parents[k, i], i])


def test_either_may_be_of_size_one_along_other_plates() -> None:
    parents = torch.tensor([[1, 0], [0, 0]])
    assert torch.equal(
        reindexed(torch.tensor([[3], [4]]), parents, 0), torch.tensor([[4, 3], [3, 3]])
    )
    value = torch.tensor([[3, 5], [4, 6]])
    assert torch.equal(reindexed(value, parents[:, :1], 0), torch.tensor([[4, 6], [3, 5]]))
    assert torch.equal(reindexed(value, torch.tensor([[1], [0]]), 1), torch.tensor([[5], [4]]))
