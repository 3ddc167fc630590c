"""The colours, the article's green and blue, told apart by lightness as well as by hue."""

GREEN = "#4DAF4A"
BLUE = "#1F5FA8"
INK = "#222222"
INACTIVE = "#FFFFFF"
INPUT = "#C8C8C8"

# The states of a neuron on given data: active on all, part and none of it. Every picture that shows
# them takes words, colours and order from here.
STATES_OF_NEURONS = {"always on": BLUE, "selective": GREEN, "dead": INPUT}

# Lines for values to compare with.
REFERENCE_DASHES = ("--", ":")

# From surely blue to surely green through white, one to an eighth of probability.
PROBABILITY_BANDS = (
    "#A9C4E2", "#C0D5EA", "#D7E4F2", "#EEF3F9", "#EFF8EE", "#DCF0DB", "#C6E6C4", "#AEDBAC",
)  # fmt: skip

# Ten classes told apart by most eyes: Paul Tol's "muted" scheme,
# https://personal.sron.nl/~pault/ (data visualization, 2021).
CLASSES = (
    "#332288", "#88CCEE", "#44AA99", "#117733", "#999933", "#DDCC77", "#CC6677", "#882255",
    "#AA4499", "#888888",
)  # fmt: skip

# Lines of several kinds: colour, marker, dashes. Okabe and Ito's (2008) colours, told apart by all
# common kinds of colour vision.
STYLES = (
    ("#000000", "o", "-"), ("#0072B2", "s", "-"), ("#56B4E9", "^", "--"), ("#D55E00", "D", "-"),
    ("#009E73", "v", "--"), ("#CC79A7", "P", "-"),
)  # fmt: skip
