"""Points that may mark thousands."""

import pytest


@pytest.mark.parametrize(
    "sheet, doubted",
    [
        ("AB/2;rhoa\n1;1.000\n2;12.037\n3;1.074\n", True),
        ("AB/2\tScheinbarer spezifischer Widerstand\n1\t1.000\n2\t2.037\n3\t3.074\n", True),
        ("AB/2;rhoa\n1;1.000\n2;12.037\n3;950\n", False),
        ("AB/2;rhoa\n1.5;1.000\n2;12.037\n3;1.074\n", False),
        ("AB/2;rhoa\n1;0.900\n2;1.037\n3;1.074\n", False),
        ("AB/2,rhoa\n1,1.000\n2,12.037\n3,1.074\n", False),
    ],
)
def test_points_that_may_mark_thousands_are_a_doubt(read, sheet, doubted):
    observed = read(sheet)
    assert observed["apparent_resistivity"].values[0, 0] in (1, 0.9)
    assert ("doubt" in observed) == doubted
    if doubted:
        assert observed["doubt"].item().startswith("Every apparent resistivity is written like 1.000, where the point")
