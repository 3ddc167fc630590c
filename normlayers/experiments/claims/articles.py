"""The five articles, and what each of them claims; the only place where a claim's text stands."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Article:
    """An article.

    Attributes:
        id: such as ``"A2"``.
        title: the article's title.
        claims: by id, what the article says, in short.
    """

    id: str
    title: str
    claims: Mapping[str, str]


def _article(name: str, title: str, *claims: str) -> Article:
    return Article(name, title, {f"{name}.{n}": text for n, text in enumerate(claims, start=1)})


ARTICLES = (
    _article(
        "A0",
        "Why normalizing inputs matters for dense neural networks",
        "Without normalization the loss falls unsteadily; with it, steadily.",
        "Normalization converges in fewer epochs.",
        "Validation accuracy is higher with normalization.",
        "Features of larger scale dominate without normalization.",
        "Normalization prevents vanishing and exploding gradients.",
        "Unnormalized inputs of large variance leave ReLU neurons always active or always "
        "inactive.",
        "Leaky ReLU and PReLU lessen the dying-ReLU problem.",
        "Sigmoid and tanh saturate on unnormalized inputs, gradients near zero; on normalized ones "
        "they do not.",
    ),
    _article(
        "A1",
        "Normalization in neural networks: a deep dive",
        "Features on one scale make gradients update all features at a similar rate.",
        "Min-max scaling suits distance-based models and bounded data.",
        "Batch normalization after each activation speeds convergence and improves generalization.",
        "Batch normalization prevents exploding and vanishing gradients in deep networks.",
        "Gamma and beta give back the freedom that the normalization takes.",
        "Input normalization and batch normalization together do better than either.",
    ),
    _article(
        "A2",
        "Tuning neural networks, part I: normalize your data",
        "Without a hidden activation the network is a logistic regression.",
        "After training, when h0 is active h1 mostly is not, and the other way round.",
        "A ReLU neuron that no point activates gets no gradient: its weights do not move.",
        "At initialization half of the neurons are active on average.",
        "On centred data each neuron is active on a random portion, about half.",
        "The share of the data on which two neurons overlap is U(0, 1/2).",
        "On shifted data a neuron is active on all of the data or on almost none.",
        "On shifted data half of the neurons are still active on average.",
        "Neurons that all of the data activate all learn the same thing.",
        "On shifted data more neurons or layers do not help.",
        "ReLU networks on shifted data are frozen: who is active does not change, nothing is "
        "learned.",
        "Sigmoid networks on shifted data change little and stay logistic regressions.",
        "Normalizing the data is what makes the network able to learn.",
    ),
    _article(
        "A3",
        "Normalizing your data: input and batch normalization",
        "Unequal input scales stretch the loss surface; a common scale makes it round.",
        "On a round loss surface gradient descent finds the optimum faster.",
        "Inputs far from [-1, 1] lose floating-point precision and fit default learning rates "
        "badly.",
        "Normalizing hidden layers makes training easier too; before or after the activation is "
        "debated.",
        "Unit-variance inputs serve a sigmoid badly unless gamma and beta may undo them.",
        "A batch-normalized layer needs no bias.",
        "Batch normalization makes weights robust against covariate shift.",
        "Batch normalization allows deeper networks without exponentially longer training.",
    ),
    _article(
        "A4",
        "Normalizing input in neural networks",
        "Inputs too large saturate sigmoid and tanh: gradients vanish.",
        "Inputs too small make learning hard.",
        "Scaling makes the loss landscape isotropic.",
        "Unscaled, gradient descent zigzags; scaled, it heads for the minimum in fewer steps.",
        "Scaling evens the variances of the features.",
    ),
)  # fmt: skip


def claim_text(claim: str) -> str:
    """What an article says in a claim.

    Raises:
        ValueError: no article has a claim of this id.

    Example:
        >>> claim_text("A0.2")
        'Normalization converges in fewer epochs.'
    """
    for article in ARTICLES:
        if claim in article.claims:
            return article.claims[claim]
    known = ", ".join(f"{article.id}.1 to {[*article.claims][-1]}" for article in ARTICLES)
    raise ValueError(f"no article has a claim {claim!r}; there are {known}.")


def unchecked_claims(article: Article, checked: Iterable[str]) -> dict[str, str]:
    """An article's claims without those that were checked: by id, what they say.

    Args:
        article: one of ``ARTICLES``.
        checked: ids of claims.

    Example:
        >>> list(unchecked_claims(ARTICLES[1], ["A1.1", "A1.2", "A1.3", "A1.6", "A2.1"]))
        ['A1.4', 'A1.5']
    """
    checked = set(checked)
    return {name: text for name, text in article.claims.items() if name not in checked}


def by_article_and_number(claim: str) -> tuple[str, int]:
    """The key by which to sort ids of claims.

    Example:
        >>> sorted(["A2.10", "A2.9", "A0.1"], key=by_article_and_number)
        ['A0.1', 'A2.9', 'A2.10']
    """
    article, number = claim.split(".")
    return article, int(number)
