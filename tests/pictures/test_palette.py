"""The palette: one word and one colour for each state of a neuron, in every picture."""

import numpy as np
import pytest
from matplotlib.colors import to_rgba

from normlayers.experiments.activation_odds.plots.odds import COLOURS, neuron_states
from normlayers.experiments.input_normalization.plots.state_bars import state_bars
from normlayers.experiments.two_neuron_ensemble.plots.sweep import sweep
from normlayers.pictures.palette import STATES_OF_NEURONS

SHARES = np.full((3, 2), 1 / 3)


def by_their_states():
    return dict(zip(STATES_OF_NEURONS, SHARES, strict=True))


PICTURES = {
    "neuron_states": lambda: neuron_states({"bias 0": by_their_states()}, {}, [0, 1], "two"),
    "state_bars": lambda: state_bars({"relu": {"wine": {"start": SHARES[:, 0]}}}, "two"),
    "sweep": lambda: sweep([0, 1], {"relu": np.ones((5, 2))}, {"relu": SHARES}, {}, "two"),
}


@pytest.mark.parametrize("name", PICTURES)
def test_a_state_has_one_word_and_one_colour_in_every_picture(name):
    (legend,) = PICTURES[name]().legends
    shown = {
        text.get_text(): tuple(handle.get_facecolor())
        for text, handle in zip(legend.get_texts(), legend.legend_handles, strict=True)
        if text.get_text() in STATES_OF_NEURONS
    }
    assert shown == {state: to_rgba(colour) for state, colour in STATES_OF_NEURONS.items()}
    assert list(shown) == list(STATES_OF_NEURONS)


def test_kinds_of_networks_have_none_of_the_states_colours():
    assert not set(COLOURS) & set(STATES_OF_NEURONS.values())
