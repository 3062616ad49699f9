"""What all displays have: numbers, and axes on which they are drawn."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass, field
from typing import Self

import matplotlib as mpl
import matplotlib.pyplot as plt
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from pipeline.report import drawing


@dataclass
class Display(ABC):
    """Numbers of a figure, and the axes on which they were drawn last.

    Attributes
    ----------
    ax_ : Axes
        Set by `plot`.
    figure_ : Figure
        That of the axes.
    """

    ax_: Axes = field(init=False, repr=False)
    figure_: Figure = field(init=False, repr=False)

    def plot(self, ax: Axes | None = None) -> Self:
        """Draw on axes, or on those of a new figure.

        Parameters
        ----------
        ax : Axes, optional

        Returns
        -------
        Display
            This very one, with ``ax_`` and ``figure_``.
        """
        with mpl.rc_context(drawing.STYLE):
            if ax is None:
                _, ax = plt.subplots(figsize=(drawing.WIDE, self._height()), layout="constrained")
            self._draw(ax)
        self.ax_ = ax
        self.figure_ = ax.get_figure(root=True)  # pyright: ignore[reportAttributeAccessIssue] (axes have a figure)
        return self

    def _height(self) -> float:
        return 4.2

    @abstractmethod
    def _draw(self, ax: Axes) -> None: ...
