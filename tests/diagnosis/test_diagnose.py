import normlayers as nl


def test_it_is_a_public_name():
    assert nl.diagnose.__doc__
