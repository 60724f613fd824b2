"""What a bench reports, and how it is printed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median

__all__ = ["Figure", "percentile", "show"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """Ours beside the peer's, in one unit; ``limit`` is on the ratio of the two.

    ``at_least`` tells which side of the limit is good.
    """

    name: str
    unit: str
    ours: float
    peer: float
    peer_name: str
    limit: float
    at_least: bool = False

    @property
    def ratio(self) -> float:
        """Ours over the peer's."""
        return self.ours / self.peer

    @property
    def is_good(self) -> bool:
        """Whether the budget is kept."""
        return self.ratio >= self.limit if self.at_least else self.ratio <= self.limit


def percentile(values: Sequence[float], share: float) -> float:
    """Return the value below which ``share`` of the values lie."""
    ranked = sorted(values)
    return (
        median(ranked) if share == 0.5 else ranked[min(int(len(ranked) * share), len(ranked) - 1)]
    )


def show(figure: Figure) -> None:
    """Print one line."""
    sign = ">=" if figure.at_least else "<="
    verdict = "kept" if figure.is_good else "MISSED"
    print(
        f"{figure.name:42} ours {figure.ours:10.3f} {figure.unit:8} "
        f"{figure.peer_name} {figure.peer:10.3f}  ratio {figure.ratio:6.3f} "
        f"({sign} {figure.limit}) {verdict}"
    )
