"""Versions that results name."""

import normlayers
from normlayers.experiments.running import versions as running_versions
from normlayers.experiments.running.source_digest import source_digest


def test_versions_name_the_backend_and_the_code():
    module = "normlayers.statistics.moments"
    found = running_versions.versions(module)
    assert found["backend"] in found
    assert found["normlayers"] == normlayers.__version__
    assert found["source"] == source_digest(module)
