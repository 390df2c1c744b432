"""How the notebooks' charts look: readable, in colours that the colour-blind tell apart."""

import io

import matplotlib.pyplot as plt
from IPython.display import Image, display
from matplotlib.axis import Axis
from matplotlib.figure import Figure
from matplotlib.ticker import PercentFormatter

# M. Okabe and K. Ito, Color Universal Design (2002); the order of series.
BLUE, ORANGE, GREEN, PINK, SKY, VERMILION = (
    *("#0072B2", "#E69F00", "#009E73", "#CC79A7", "#56B4E9", "#D55E00"),
)
GREY = "#767676"


def style() -> None:
    """Sets what all charts have alike; called once, on top of a notebook."""
    plt.rcParams.update(
        {
            "figure.figsize": (8, 4.2),
            "figure.constrained_layout.use": True,
            "savefig.dpi": 120,
            "font.size": 11,
            "axes.prop_cycle": plt.cycler(
                color=[BLUE, ORANGE, GREEN, PINK, SKY, VERMILION],
                marker=["o", "s", "^", "D", "v", "P"],
            ),
            "axes.spines.top": False,
            "axes.spines.right": False,
            "axes.grid": True,
            "axes.axisbelow": True,
            "axes.titlelocation": "left",
            "axes.titleweight": "bold",
            "grid.color": "#E5E5E5",
            "legend.frameon": False,
        }
    )


def percent(axis: Axis) -> None:
    """Labels an axis of shares, 0 to 1, in percent."""
    axis.set_major_formatter(PercentFormatter(1))


def show(figure: Figure, alt: str) -> None:
    """Shows a chart, with the words of it for whoever does not see it, and ends it."""
    png = io.BytesIO()
    figure.savefig(png, format="png")
    plt.close(figure)
    display(Image(png.getvalue(), width=round(figure.get_figwidth() * 96), alt=alt))
