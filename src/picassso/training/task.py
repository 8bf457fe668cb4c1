"""What the training loop asks of a task: a network, its data, and what is to be learnt of them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, Protocol

from torch import Tensor, nn

__all__ = ["Task"]


class Task(Protocol):
    """One thing to learn; see `picassso.training.maps` for one.

    A batch is a tuple of tensors, the first of which tells by its length how many items it holds.

    Attributes
    ----------
    parts : tuple of str
        Names of the parts of the loss: columns of ``metrics.csv``.
    """

    parts: tuple[str, ...]

    @property
    def network(self) -> nn.Module:
        """What is taught.

        `loss` may look at its parts, but calls the model that it is given, which on several
        devices is a wrapper of it.
        """
        ...

    def __len__(self) -> int:
        """Number of items to learn from: those of an epoch."""
        ...

    def batches(self, start: int, stop: int, *, rank: int, world: int) -> Iterator[Any]:
        """Batches of some steps, each a function of the config and its step alone.

        Parameters
        ----------
        start, stop : int
            First step, and the one behind the last.
        rank, world : int
            Number of this process, and how many share each batch.
        """
        ...

    def checks(self) -> Iterator[Any]:
        """Batches of the validation split, the same each time."""
        ...

    def loss(self, model: nn.Module, batch: Any) -> Tensor:
        """(P,) parts of the loss, each a mean over the items of a batch."""
        ...

    def total(self, parts: Tensor) -> Tensor:
        """What is minimised, of the (P,) parts."""
        ...

    def save(self, network: nn.Module, path: Path, *, about: dict[str, Any]) -> None:
        """Write the weights, whole or not at all, with a manifest that says more `about` them."""
        ...
