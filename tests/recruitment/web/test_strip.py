"""The strip plot: every scored applicant is one mark inside the frame, and the cut parts the two sides."""

from fractions import Fraction
from importlib.resources import files
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from recruitment.domain.ranking import Outcome, Sitting, rank_skd
from recruitment.domain.rulepack import parse_rule_pack
from recruitment.web.strip import WIDTH, listed, strip_of

PACK = parse_rule_pack(files("recruitment").joinpath("rulepacks/skd-2024.toml").read_bytes())
MAXIMA = {section.code: Fraction(section.max) for section in PACK.section}

_rankings = st.lists(
    st.tuples(st.integers(0, 30), st.integers(0, 35), st.integers(0, 225), st.sampled_from(["final", "final", None])),
    max_size=60,
).map(
    lambda rows: rank_skd(
        [
            Sitting(
                UUID(int=n),
                f"{n:06d}",
                "Name",
                "general",
                status,
                {"TWK": Fraction(5 * twk), "TIU": Fraction(5 * tiu), "TKP": Fraction(tkp)},
                MAXIMA,
            )
            for n, (twk, tiu, tkp, status) in enumerate(rows)
        ],
        1,
        PACK,
    )
)


@given(_rankings)
def test_strip(ranking):
    strip = strip_of(ranking, PACK.total_max)
    scored = [row for row in ranking.rows if row.thresholds is not None]
    if strip is None:
        assert scored == []
        return
    assert sorted(mark.outcome for mark in strip.marks) == sorted(row.outcome.value for row in scored)
    assert all(0 < mark.x < WIDTH and 0 < mark.y < strip.base for mark in strip.marks)
    if strip.cut_x is not None:
        assert all(mark.x > strip.cut_x for mark in strip.marks if mark.outcome == Outcome.GOES_ON)


@given(_rankings)
def test_every_row_is_in_one_list(ranking):
    ranked, below, rest = listed(ranking)
    assert [*ranked, *below, *rest] == list(ranking.rows)
