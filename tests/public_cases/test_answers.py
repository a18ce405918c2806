"""Public cases about survey answers."""

from __future__ import annotations

import re

import pytest

from tests.public_cases.case import Case, approx

MARCH = "2026-03"


def test_05_half_points_of_nps(case: Case) -> None:
    case.imported()
    assert case.figure("nps", month=MARCH)[::3] == (0, 5)
    shares = [case.figure(name, month=MARCH)[0] for name in ("promoters", "passives", "detractors")]
    assert shares == pytest.approx([40, 20, 40])
    assert set(case.rows("nps", month=MARCH)) == {"1", "2", "3", "4", "5"}
    assert case.manifest()["notes"]["surveys"]["answer outside its scale"]["count"] == 2


def test_06_nps_of_four_points_is_none(case: Case) -> None:
    case.imported()
    said = case.run("figures", "b", "--month", MARCH, "--metric", "nps", "--metric", "promoters", status=None)
    assert "not known: nps" in said.err
    assert "-100" not in said.out
    assert "3 rows" in case.check()


def test_07_codes_for_no_answer(case: Case) -> None:
    case.imported()
    assert case.figure("csat", month=MARCH)[::3] == approx(200 / 3, 3)
    assert case.figure("csat_mean", month=MARCH)[::3] == approx((75 + 100 + 0) / 3, 3)
    assert case.figure("satisfied_customers", month=MARCH)[0] == 2
    assert case.manifest()["notes"]["surveys"]["answer outside its scale"]["count"] == 1


def test_08_labels_that_the_mapping_does_not_list(case: Case) -> None:
    said = case.imported()
    assert case.manifest()["notes"]["surveys"]["unreadable answer"]["count"] == 2
    assert "unreadable answer: 2" in said.out
    assert case.figure("csat", month=MARCH)[::3] == approx(100 / 3, 3)
    assert '# … = "a"' in case.draft()


def test_09_a_double_click_counts_once(case: Case) -> None:
    case.imported()
    assert case.values("csat") == pytest.approx({MARCH: 200 / 3, "2026-04": 0})
    assert case.figure("csat", month=MARCH)[3] == 3
    assert case.values("satisfied_customers") == {MARCH: 2, "2026-04": 0}
    assert case.values("dissatisfied_customers") == {MARCH: 1, "2026-04": 1}


def test_10_limits_at_nothing_and_everything(case: Case) -> None:
    case.imported()
    wilson = {"2026-01": (0, 17.59, 18), "2026-02": (90.82, 100, 38), MARCH: (0, 4.75, 77), "2026-04": (20.65, 100, 1)}
    for month, limits in wilson.items():
        assert case.figure("csat", month=month)[1:] == approx(*limits)
    for row in case.figures("csat", "csat_mean", month="all"):
        assert not re.search("nan|-0|inf", ",".join(row[name] for name in ("value", "low", "high")), re.IGNORECASE)


def test_20_three_header_rows(case: Case) -> None:
    case.imported()
    assert case.figure("nps", month=MARCH)[::3] == (0, 3)
    manifest = case.manifest()
    assert manifest["rows"]["surveys"] == 4
    assert manifest["left_out"]["surveys"] == {"row outside the mapping's filter": 2}
    assert "ResponseId" in case.draft()


def test_26_an_answer_that_cannot_be_read_is_an_answer(case: Case) -> None:
    case.imported()
    assert case.figure("response_rate", month=MARCH)[::3] == (60, 10)
    assert case.figure("csat", month=MARCH)[::3] == approx(200 / 3, 3)


def test_27_two_questions_of_one_kind(case: Case) -> None:
    case.imported()
    by_question = case.values("csat", month=MARCH, more=("--by", "question"))
    assert by_question == {"overall": 0, "courtesy": 100}
    assert case.figure("csat", month=MARCH, more=("--filter", "question=overall"))[::3] == (0, 2)
    satisfied, unsatisfied = (
        case.figure(name, month=MARCH)[0] for name in ("satisfied_customers", "dissatisfied_customers")
    )
    assert satisfied + unsatisfied <= 2
    assert case.figure("csat", month=MARCH)[0] in (0, 100)


@pytest.mark.parametrize("name", ["in.csv", "in2.csv"])
def test_27b_the_order_of_rows_and_ids_changes_nothing(case: Case, name: str) -> None:
    case.imported(name)
    assert case.values("csat", month=MARCH, more=("--by", "question")) == {"overall": 0, "courtesy": 100}
    satisfied = case.figure("satisfied_customers", month=MARCH)[0]
    assert (satisfied, case.figure("csat", month=MARCH)[0]) in ((0, 0), (2, 100))


def test_41_answers_before_the_ticket_was_solved(case: Case) -> None:
    case.imported("t.csv", "s.csv")
    csat = case.values("csat")
    assert (csat[MARCH], csat.get("2026-04", 0)) == approx(200 / 3, 0)
    assert case.figure("csat", month=MARCH)[3] == 3
    found = case.check()
    for words, example in (("after the end of the data", 5), ("before sent_at", 2), ("unknown in tickets", 4)):
        assert re.search(rf"{words}.*for example {example}", found)
    rates = case.run("figures", "b", "--month", "all", "--metric", "response_rate", "--format", "json").out
    assert all(float(value) <= 100 for value in re.findall(r'"value": ([\d.]+)', rates))


def test_46_answers_with_words(case: Case) -> None:
    case.imported()
    answers = case.column("nps", "answer", month=MARCH)
    assert answers["5"] == 8
    assert answers.items() <= {"1": 10, "2": 0, "3": 7, "4": 9, "5": 8}.items()
    assert case.manifest()["notes"]["surveys"]["unreadable answer"]["count"] == 5 - len(answers)
