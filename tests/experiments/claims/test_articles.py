"""The articles' claims: one text and one measure each."""

import importlib
from itertools import chain

import pytest

from normlayers.experiments.claims.articles import ARTICLES, by_article_and_number, claim_text
from normlayers.experiments.report.reproduction import EXPERIMENTS


def every_claim():
    names = [name for name in EXPERIMENTS if name != "two_neuron_circle"]
    modules = [importlib.import_module(f"normlayers.experiments.{n}.claims") for n in names]
    found = chain(*(module.CLAIMS for module in modules))
    return sorted(found, key=lambda claim: by_article_and_number(claim.id))


def test_every_claim_of_every_article_has_its_measure():
    assert [claim.id for claim in every_claim()] == [
        name for article in ARTICLES for name in article.claims
    ]


def test_every_text_is_a_sentence_that_stands_once():
    texts = [claim_text(claim.id) for claim in every_claim()]
    assert len(set(texts)) == len(texts) == 40
    for text in texts:
        assert text[0].isupper()
        assert text.endswith(".")


def test_an_unknown_claim_is_refused():
    with pytest.raises(ValueError, match=r"no article has a claim 'A2\.14'; there are A0\.1 to"):
        claim_text("A2.14")
