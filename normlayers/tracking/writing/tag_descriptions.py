"""What TensorBoard says of each tag: what is measured, in what range, what good and bad look like.

Markdown, which TensorBoard shows behind the sign beside a title (under Scalars, Histograms and
Images; Time Series has none).
"""

from __future__ import annotations

import re

# The group in TensorBoard of what sums up a model.
OVERVIEW_GROUP = "overview"
_A2 = "article A2, *Tuning neural networks, part I: normalize your data*"
_A0 = "article A0, *Why normalizing inputs matters for dense neural networks*"
_LECUN = "LeCun et al., *Efficient BackProp*, 1998, section 4.3"
_GLOROT = (
    "Glorot & Bengio, *Understanding the difficulty of training deep feedforward neural "
    "networks*, 2010"
)
_WATCHED = "on the tracker's points"

# Of the measures of a layer, by the last part of the tag.
_LAYER = {
    "dead": f"**Dead neurons**: share of the layer's neurons that are active on none of the "
    f"points. 0 to 1. Good: near 0. Bad: rising towards 1; such neurons pass nothing on and, with "
    f"ReLU, get no gradient either. Source: {_A2}; Lu et al., *Dying ReLU and initialization*, "
    "2019.",
    "always_on": f"**Always-on neurons**: share of the layer's neurons that are active on all of "
    f"the points. 0 to 1. Good: near 0. Bad: near 1; a ReLU that is always on is a linear unit, "
    f"and a network of them is a linear model. Usual cause: inputs far from 0. Source: {_A2}.",
    "selective": f"**Selective neurons**: share of the layer's neurons that are active on part of "
    f"the points, and so tell points apart. 0 to 1; with dead and always on it adds up to 1. Good: "
    f"near 1. Bad: near 0. Source: {_A2}.",
    "overlap": f"**Overlap**: mean over pairs of neurons of the share of the points that activates "
    f"both. 0 to 1. Good: well below 1; about 0.25 for two neurons that each take half of the "
    f"points independently. Bad: near 1, where all neurons are always on. Source: {_A2}.",
    "entropy": "**Entropy**: mean over neurons of the bits that being active or not tells of a "
    "point. 0 to 1. Good: towards 1, active on half of the points. Bad: 0, where every neuron is "
    "dead or always on. Source: Shannon, *A mathematical theory of communication*, 1948.",
    "duplicates": "**Duplicates**: share of the layer's neurons whose outputs only repeat those of "
    "an earlier neuron, up to a factor and an offset (correlation within 1e-6 of 1 or -1). 0 to 1. "
    "Good: 0. Bad: anything that stays, as the layer is narrower than it looks.",
    "saturation": "**Saturation**: share of the values at which the activation's derivative is "
    "below 0.01, for activations that saturate smoothly (sigmoid, tanh, softsign, softmax, "
    "exponential; rectifiers have `zero_gradient` instead). 0 to 1. In a hidden layer good: near "
    "0; bad: near 1, where hardly any gradient passes. In the output layer it is confidence, and "
    f"rises as a network learns. Source: {_GLOROT}.",
    "zero_gradient": "**Zero gradient**: share of the values at which the activation's derivative "
    "is exactly 0. 0 to 1. For rectifiers (ReLU, ReLU6, hard tanh) about 0.5 is usual in a network "
    "that learns well: half of the points are on the flat side of each neuron. Bad: near 1, where "
    "the layer is dead. For sigmoid, tanh and the like only rounding makes it 0: good is 0, and "
    f"more is `saturation` beyond return. Source: {_GLOROT}.",
}
_NEURON = (
    f"**One neuron**: share of the points that activates it. 0: dead; 1: always on; between: "
    f"selective. In a hidden layer good: well between. In an output layer it is the share of the "
    f"points for which the output is over its middle (1/2 for sigmoid, 0 for linear). Source: "
    f"{_A2}."
)
_OF_HIDDEN = "Over the watched hidden layers with an activation, each counted once."
_OVERVIEW = {
    "dead_worst": f"**Dead neurons, worst layer**: the largest share of dead neurons in a layer. "
    f"0 to 1. Good: near 0. Bad: 1, as nothing passes that layer. {_OF_HIDDEN} Details: "
    f"`activity/<layer>/dead`. Source: {_A2}.",
    "dead_mean": f"**Dead neurons, mean over layers**. 0 to 1. Good: near 0. {_OF_HIDDEN} Source: "
    f"{_A2}.",
    "always_on_worst": f"**Always-on neurons, worst layer**: the largest share of always-on "
    f"neurons in a layer. 0 to 1. Good: near 0. Bad: 1, as that layer is linear {_WATCHED} "
    f"(ReLU). {_OF_HIDDEN} Details: `activity/<layer>/always_on`. Source: {_A2}.",
    "always_on_mean": f"**Always-on neurons, mean over layers**. 0 to 1. Good: near 0. "
    f"{_OF_HIDDEN} Source: {_A2}.",
    "saturation_worst": f"**Saturation, worst layer**: the largest share of values in a layer at "
    f"which the activation's derivative is below 0.01. 0 to 1. Good: near 0. Bad: near 1. Over "
    f"the watched hidden layers that saturate smoothly (sigmoid, tanh and the like; not ReLU). "
    f"Source: {_GLOROT}.",
    "saturation_mean": f"**Saturation, mean over layers** that saturate smoothly. 0 to 1. Good: "
    f"near 0. Bad: near 1. Source: {_GLOROT}.",
    "gradient_norm": "**Gradient norm**: length of the gradient of the loss by all trainable "
    "weights, at inference, on up to 256 of the tracker's points, without regularizers. 0 and up. "
    "Good: falls slowly as the loss does. Bad: grows by powers of ten (exploding), or is all but "
    "0 while the loss is high (vanishing). Source: Pascanu et al., *On the difficulty of training "
    "recurrent neural networks*, 2013.",
    "gradient_norm_smallest": "**Smallest gradient norm**: that of the weight matrix with the "
    "shortest gradient. 0 and up. Good: within a few powers of ten of `gradient_norm`. Bad: "
    "1e-6 of it and less; that layer hardly learns (vanishing gradients, mostly the first layers "
    f"of deep sigmoid networks). Source: {_GLOROT}.",
    "update_norm": "**Update norm**: how far the trainable weights have moved since the last "
    "observation, relative to their size: |w - w'| / |w|. 0 and up. Good: falls as training "
    "settles. Bad: 0 (nothing moves), or near 1 and more all along (the learning rate is too "
    "high). It grows with the time between observations: compare runs that are observed equally "
    "often. Source: the ratio of updates to weights in Stanford's course notes CS231n, "
    "*Babysitting the learning process*.",
    "input_offset_worst": f"**Offset of the inputs, worst feature**: |mean| / standard deviation "
    f"of what the first layer with a kernel takes {_WATCHED}. 0 and up. Good: near 0. Bad: over 1; "
    f"the data lie beside 0, and neurons come to be dead or always on. Cure: "
    f"`normlayers.Standardize`. Features that do not vary are left aside. Source: {_A2}; {_LECUN}.",
    "input_offset_mean": f"**Offset of the inputs, mean over features**: |mean| / standard "
    f"deviation of what the first layer with a kernel takes. 0 and up. Good: near 0. Bad: over 1. "
    f"Source: {_A2}; {_LECUN}.",
    "input_scale_worst": f"**Scale of the inputs, worst feature**: the standard deviation furthest "
    f"from 1, by its ratio, among the features that the first layer with a kernel takes. Over 0. "
    f"Good: 0.1 to 10. Bad: powers of ten away from 1. Source: {_A0}; {_LECUN}.",
    "input_scale_mean": f"**Scale of the inputs, mean over features**: geometric mean of their "
    f"standard deviations. Over 0. Good: near 1. Bad: powers of ten away from 1. Source: {_A0}; "
    f"{_LECUN}.",
    "findings": "What `normlayers.diagnose` finds wrong with the model, and the cure; before "
    "training, and whenever it changes.",
    "notes": "What the tracker does not show of this model, and why.",
}
# The others, by what the tag begins with.
_OTHERS = {
    "linearity": f"**Linearity**: R² of the model's logit (its output before the last activation) "
    f"against its best linear fit {_WATCHED}. 0 to 1. 1: the model is a logistic or linear "
    f"regression {_WATCHED}, whatever its layers. Good: below 1 where the data are not linear. "
    f"Bad there: stays at 1. It takes more points than inputs plus one. Source: {_A2}.",
    "activations/": "**Activations**: histogram of the layer's outputs on all points, with a row "
    "for each observation. Good: spread out, and moving little. Bad: all at one value (a dead "
    "layer), or in two heaps at the ends of sigmoid or tanh (saturated). Source: "
    f"{_GLOROT}.",
    "boundary/input": "**Decision boundary**: where the model changes its answer, over its two "
    "inputs, with the points in the colours of their classes. Good: wraps around the classes. Bad: "
    f"stays a straight line where none tells them apart. Source: {_A2}, figures G3 and G17.",
    "boundary/plane": "**Decision boundary on a plane**: the model's answers on a plane through "
    "the space of its inputs; the points are projected on it, so that not all of them lie where "
    "they seem to. Good: regions that hold one class each. Bad: straight cuts through classes.",
    "boundary/": "**Decision boundary in a layer's space**: what the next Dense layer tells apart, "
    "over the outputs of this layer's two neurons. It is always a straight line; good is when the "
    "layer has moved the classes to different sides of it. Bad: points on the axes or in one spot "
    f"(dead neurons). Source: {_A2}, figure G4.",
    "normlayers/snapshots": "**Snapshots**: which points activate which neurons at each "
    "observation, which the tab *Neurons* shows. Good: neurons that some points activate and "
    "others do not. Bad: neurons that none does, or all do.",
    "network": "**Network**: its neurons, filled where one of a few of the points activates them. "
    "Good: different points light different neurons. Bad: neurons that no point lights (dead), or "
    f"that every point does (always on). Source: {_A2}, figures G9 to G16.",
    "heat_map/": "**Heat map**: the layer's outputs, a row for each point and a column for each "
    "neuron. Good: columns that vary. Bad: columns of one colour (dead or always-on neurons), and "
    "columns alike (duplicates).",
    "distribution/": "**Distribution**: quantiles of the layer's outputs over the course of "
    "training. Good: settles. Bad: drifts away, shrinks to a point, or sticks to the ends of "
    f"sigmoid or tanh. Source: {_GLOROT}.",
    "epoch_": "**Training log**: what Keras reports of this measure at the end of an epoch, means "
    "over its batches; of `val_` on the validation data. A loss is good when it falls; a "
    "validation loss that rises while the training loss falls is overfitting.",
}


def tag_description(tag: str) -> str:
    """The description of a tag of ``ActivationTracker``, as Markdown; empty for other tags.

    Example:
        >>> tag_description("activity/hidden/dead")[:16]
        '**Dead neurons**'
        >>> tag_description("mine")
        ''
    """
    group, _, rest = tag.partition("/")
    if group == OVERVIEW_GROUP:
        return _OVERVIEW.get(rest, "")
    if group == "activity":
        last = rest.rpartition("/")[2]
        return _NEURON if re.fullmatch(r"neuron_\d+", last) else _LAYER.get(last, "")
    return next((said for start, said in _OTHERS.items() if tag.startswith(start)), "")
