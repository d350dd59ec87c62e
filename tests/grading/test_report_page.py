"""The report on a class: counts that can be checked, names in one place, small at any size."""

import re
from dataclasses import replace

import pytest
from bs4 import BeautifulSoup
from nbgrader.api import Student

from course_utils.feedback import exercises_of
from course_utils.grading import page
from course_utils.grading.class_tally import bins, outcome, tally
from course_utils.grading.database import writing
from course_utils.grading.report_page import label, report, steps, write_report
from course_utils.grading.results import GRADED, MISSING, REFUSED, Message, Result, Verdict
from tests.grading.a_class import ADDRESS, COPIED, UTF16, class_of, course, named, verdict
from tests.grading.pages import assert_inert, assert_well_formed, text_of

MLP = exercises_of("mlp")
DENSE, SOFTMAX, CROSS_ENTROPY, FORWARD = list(MLP.values())[:4]
ENDED = Message("cell-ended", "The cell 'dense' was left out.")


def graded(number, *verdicts, messages=()):
    return Result(f"student {number:03}", "mlp", GRADED, str(number), verdicts, messages, 0.5)


def forty():
    """Return 40 results: 24 softmaxes without the maximum, of which 10 lack cross-entropy."""
    stub = verdict(CROSS_ENTROPY, "stub", "cross_entropy is not written yet.")
    return [
        graded(
            number,
            verdict(DENSE),
            named(SOFTMAX) if number < 24 else verdict(SOFTMAX),
            stub if number < 10 else verdict(CROSS_ENTROPY),
        )
        for number in range(40)
    ]


def counted(*results):
    return tally(results, ADDRESS)


def careless(exercise):
    return verdict(exercise, "validation", "bad input passes.", 0.8 * exercise.points)


def html_of(results, name="mlp"):
    return report(name, results, ADDRESS)


def table(html, heading):
    """Return the rows of the table in the section that a heading names."""
    section = BeautifulSoup(html, "html.parser").find("section", {"aria-labelledby": heading})
    return [text_of(str(row)) for row in section.select("tbody tr")]


def test_it_is_written_under_the_name_of_the_assignment(tmp_path):
    assert write_report(course(tmp_path), forty()) == tmp_path / "reports/mlp.html"
    assert [path.name for path in (tmp_path / "reports").iterdir()] == ["mlp.html"]


def test_without_results_it_needs_a_name(tmp_path):
    with pytest.raises(ValueError, match="results must be those of one assignment"):
        write_report(course(tmp_path), [])
    with pytest.raises(ValueError, match="results must be those of one assignment"):
        write_report(course(tmp_path), forty(), "sgd")
    with pytest.raises(ValueError, match="name must be a plain name"):
        write_report(course(tmp_path), [], "../x")
    path = write_report(course(tmp_path), [], "mlp")
    assert "No submission of this assignment has been graded yet." in path.read_text("utf-8")


def test_the_headlines_are_what_cost_the_class_most():
    soup = BeautifulSoup(html_of(forty()), "html.parser")
    first, second = map(str, soup.select("ol.steps > li"))
    assert text_of(first) == (
        "24 of 40 made the same mistake in softmax: no max subtraction. "
        f"They read: Softmax: {SOFTMAX.misconceptions[0].hint} Teach again: Losses and outputs"
    )
    assert text_of(second).startswith("10 of 40 did not write cross_entropy.")
    assert f'href="{ADDRESS}/blob/main/book/01_mlp/05_losses.ipynb"' in first


def test_a_mistake_of_one_student_is_no_headline():
    assert steps(counted(*forty()[23:])) == []
    assert len(steps(counted(*forty()[22:]))) == 1


def test_bad_input_is_one_headline_over_all_functions():
    everywhere = [careless(exercise) for exercise in MLP.values()]
    [step] = steps(counted(*(graded(number, *everywhere) for number in range(4))))
    assert (step.who, step.of) == (4, 4)
    assert step.what == "let bad input pass in dense, and others in 6 more functions"
    assert step.lost == pytest.approx(4 * 0.2 * 15)


@pytest.mark.parametrize(
    ("kind", "words"),
    [
        ("value", "went wrong in dense, and the checks only see this: wrong values"),
        ("time", "got no answer from dense: no answer in time"),
        ("process-died", "got no answer from dense: Python itself ended"),
        ("undefined", "went wrong in dense, and the checks only see this: not defined, for a S"),
        ("bias-forgotten", "made the same mistake in dense: bias forgotten"),
    ],
)
def test_headlines_say_what_is_known_and_no_more(kind, words):
    [step] = steps(counted(*(graded(number, verdict(DENSE, kind)) for number in range(3))))
    assert step.what.startswith(words)


@pytest.mark.parametrize(
    ("kind", "earned", "expected"),
    [
        ("", 2.0, "full"),
        ("value", 0.0, "none"),
        ("value", 0.4, "part"),
        ("stub", 0.0, "stub"),
        ("undefined", 0.0, "none"),
        ("time", 0.0, "stopped"),
        ("process-threads", 0.0, "stopped"),
        ("time", 0.4, "part"),
    ],
)
def test_every_verdict_has_one_outcome(kind, earned, expected):
    assert outcome(Verdict("test_dense", "mlp/dense", 2, earned, kind)) == expected


def test_outcomes_are_counted_by_question():
    assert table(html_of(forty()), "outcomes") == [
        "dense 40 0 0 0 0 100 %",
        "softmax 16 0 24 0 0 40 %",
        "cross_entropy 30 0 0 10 0 75 %",
    ]


def test_the_shade_of_a_cell_grows_with_its_share():
    soup = BeautifulSoup(html_of(forty()), "html.parser")
    rows = soup.find("section", {"aria-labelledby": "outcomes"}).select("tbody tr")
    looks = [[" ".join(cell.get("class", [])) for cell in row.find_all("td")] for row in rows]
    assert looks[0] == ["good-5", "", "", "", "", ""]
    assert looks[1] == ["good-3", "", "bad-5", "", "", ""]
    assert looks[2] == ["good-4", "", "", "bad-3", "", ""]


@pytest.mark.parametrize(
    ("marks", "expected"),
    [
        ([], [0] * 11),
        ([0, 15, 15], [1, *[0] * 9, 2]),
        ([1.5 * tenth for tenth in range(11)], [1] * 11),
        ([1.49, 14.99], [1, *[0] * 8, 1, 0]),
        ([0.3 * fiftieth for fiftieth in range(50)], [*[5] * 10, 0]),
    ],
)
def test_marks_fall_into_tenths_of_the_points(marks, expected):
    assert bins(marks, 15) == expected


def test_the_picture_of_marks_and_its_table_tell_the_same():
    html = html_of(forty())
    expected = [0, 0, 10, 0, 0, 0, 0, 14, 0, 0, 16]  # 2, 5 and 7 of 7 points
    assert [int(row.split()[-1]) for row in table(html, "marks")] == expected
    picture = BeautifulSoup(html, "html.parser").find("svg", {"role": "img"})
    assert re.findall(r"\d+", picture.find("desc").get_text())[:11] == list(map(str, expected))
    heights = [float(bar["height"]) for bar in picture.find_all("rect")]
    assert heights == pytest.approx([130 * n / 16 for n in expected], abs=0.06)


def test_a_question_lists_its_mistakes_the_most_frequent_first():
    made = [named(SOFTMAX, number) for number in (0, 1, 1, 1, 2, 2, 3, 4, 5, 6)]
    soup = BeautifulSoup(html_of([graded(i, v) for i, v in enumerate(made)]), "html.parser")
    card = soup.find(id="m1")
    bars = [text_of(str(each)) for each in card.select("li .line")]
    names = [m.name.replace("-", " ") for m in SOFTMAX.misconceptions]
    assert bars[:2] == [f"{names[1]} 3 of 10", f"{names[2]} 2 of 10"]
    assert len(bars) == 5
    assert [each["width"] for each in card.select("rect.fault")][:2] == ["30%", "20%"]
    assert "Other mistakes: 2, made 2 times." in text_of(str(card))
    assert SOFTMAX.misconceptions[1].hint in text_of(str(card))
    assert "Teach again: Losses and outputs" in text_of(str(card))


def test_questions_that_fail_together_are_found():
    def one(number):
        wrong = number % 2 == 0
        return graded(
            number,
            named(DENSE) if wrong else verdict(DENSE),
            named(FORWARD) if wrong else verdict(FORWARD),
            named(SOFTMAX) if number % 4 < 2 else verdict(SOFTMAX),
        )

    found = counted(*map(one, range(20)))
    [pair] = found.together
    assert (pair.first, pair.second, pair.both, pair.correlation) == (0, 1, 10, 1.0)
    text = text_of(html_of(list(map(one, range(20)))))
    assert "dense and mlp_forward: 10 of the 10 who lost points in the first" in text
    assert "lost some in the second, 0 of the other 10." in text
    assert table(html_of(list(map(one, range(20)))), "together") == [
        "the whole class 50% 50% 50%",
        "1 dense – 100% 50%",
        "2 mlp_forward 100% – 50%",
        "3 softmax 50% 50% –",
    ]


def test_few_submissions_say_nothing_of_pairs():
    assert "This needs five graded submissions" in html_of(forty()[:4])
    assert "This needs five graded submissions" not in html_of(forty()[:5])


def test_whoever_needs_an_eye_is_named_once_the_most_urgent_first():
    results = [
        graded(1, verdict(DENSE), messages=(UTF16,)),
        graded(2, verdict(DENSE), messages=(UTF16, COPIED)),
        graded(3, verdict(DENSE, "time", "stopped.")),
        graded(4, verdict(DENSE), messages=(ENDED,)),
        Result("student 005", "mlp", MISSING, ""),
        Result("student 006", "mlp", REFUSED, "", messages=(COPIED,)),
        graded(7, named(DENSE)),
    ]
    found = counted(*results)
    assert [(eye.reason, eye.student[-1]) for eye in found.eyes] == [
        ("refused", "6"),
        ("missing", "5"),
        ("stopped", "3"),
        ("stopped", "4"),
        ("noticed", "2"),
        ("repaired", "1"),
    ]
    html = html_of(results)
    assert "5 submissions need your eye." in text_of(html)
    before, _, listed = html.partition('<h2 id="eye">')
    assert "student 00" not in before
    assert sorted(re.findall(r"student 00\d", listed)) == [f"student 00{n}" for n in range(1, 7)]
    assert "student 006 " + COPIED.text in text_of(listed)


def test_numbers_of_the_class_are_told():
    text = text_of(html_of([*forty()[:38], Result("max", "mlp", MISSING, "")]))
    assert "The work of 38 of 39 students was graded." in text
    assert "Half of it has 5 of 7 points or more; the mean is 4.9." in text
    assert "Grading took 19 s of work, 0.5 s a submission, 0.5 s for the slowest." in text


def test_one_point_is_counted_as_one():
    one = Verdict("test_f", "x/f", 1, 0, "value")
    assert "It has 0 of 1 point." in text_of(html_of([graded(1, one)]))
    two = html_of([graded(1, one), graded(2, one)])
    assert "Half of it has 0 of 1 point or more" in text_of(two)
    assert "Each bar starts at this percentage of 1 point." in two


def test_the_list_has_the_name_and_the_folder_where_that_is_another():
    ada, max_ = Result("ada_m", "mlp", MISSING, ""), Result("Max", "mlp", MISSING, "")
    odd = Result("x1", "mlp", REFUSED, "", messages=(COPIED,))
    html = report("mlp", [ada, max_, odd], ADDRESS, {"ada_m": "Ada Müller", "Max": "Max"})
    people = BeautifulSoup(html, "html.parser").select("ul.names li")
    assert [text_of(str(each)) for each in people] == ["Max", "Ada Müller ada_m"]
    assert "x1 " + COPIED.text in text_of(html)
    assert_inert(html)


def test_the_report_of_a_course_takes_the_names_of_its_gradebook(tmp_path):
    made = course(tmp_path)
    with writing(made) as session:
        session.add(Student(id="am1", first_name="Ada", last_name="Müller"))
    path = write_report(made, [Result("am1", "mlp", MISSING, "")])
    assert "Ada Müller am1" in text_of(path.read_text("utf-8"))


@pytest.mark.parametrize("name", ["Ada-Maria Okafor", "Okafor_Ada-Maria"])
def test_a_name_is_not_broken_at_its_hyphen(name):
    html = html_of([Result(name, "mlp", REFUSED, "", messages=(COPIED,))])
    cell = BeautifulSoup(html, "html.parser").select_one("th[scope=row]")
    assert cell.get_text().strip() == name, "with the sign that is typed to look for it"
    assert [each.get_text() for each in cell.select("span.whole")] == ["Ada-Maria"]
    assert ".whole { display: inline-block; }" in html


def test_code_is_not_broken_at_its_hyphen_but_after_its_underscore():
    wrong = Verdict("focal-loss_mean", "focal-loss_mean", 2, 0, "value")
    html = html_of([graded(n, wrong) for n in range(6)])
    whole = '<code><span class="whole">focal-loss</span>_<wbr>mean</code>'
    assert html.count(whole) == html.count("<code>")


@pytest.mark.parametrize("size", [0, 1, 2, 40])
def test_any_class_makes_an_inert_and_well_formed_page(size):
    html = html_of(class_of(size))
    assert_inert(html)
    assert_well_formed(html)
    assert len(html.encode()) < 60_000


@pytest.mark.parametrize("status", [MISSING, REFUSED])
def test_a_class_of_which_nothing_was_graded_has_a_page(status):
    html = html_of([Result(f"s{n}", "mlp", status, "") for n in range(3)])
    assert_well_formed(html)
    assert "The work of 0 of 3 students was graded. 3 submissions need your eye." in text_of(html)


@pytest.mark.slow
def test_a_thousand_students_fit():
    results = class_of(1000)
    assert len(html_of(results).encode()) < 150_000
    worst = "&'" * 5000
    sick = [
        replace(each, student=f"{n}{worst}", messages=(Message(worst, worst),) * 9)
        for n, each in enumerate(results)
    ]
    html = html_of(sick)
    assert len(html.encode()) < 1_000_000
    assert BeautifulSoup(html, "html.parser").find(id="eye").parent.find_all("bdi")[999:]


def test_hostile_texts_cannot_act():
    evil = "<script>alert(1)</script>\"'\u202e\x1b\0" * 5000
    wrong = Verdict(evil, evil, 2, 0.5, evil, evil, evil, {evil: True, "b": False})
    html = html_of([graded(n, wrong, messages=(Message(evil, evil),)) for n in range(6)], evil)
    assert_inert(html)
    assert len(html.encode()) < 60_000


def test_kinds_read_as_words():
    assert label("no-max-subtraction") == "no max subtraction"
    assert label("validation") == "bad input is accepted"
    assert label("") == "points were taken off"


def luminance(colour):
    full = "".join(2 * c for c in colour) if len(colour) == 3 else colour
    parts = [int(full[i : i + 2], 16) / 255 for i in (0, 2, 4)]
    linear = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one, other):
    low, high = sorted(map(luminance, (one, other)))
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("scheme", [0, 1, 2], ids=["light", "dark", "print"])
def test_colours_are_readable(scheme):
    css = BeautifulSoup(
        page.render("report", **{"assignment": "mlp", "tally": counted()}), "html.parser"
    ).style.string
    blocks = re.findall(r":root \{(.*?)\}", css, re.DOTALL)
    assert len(blocks) == 3
    light, colours = (dict(re.findall(r"--([\w-]+): #(\w+)", blocks[n])) for n in (0, scheme))
    colours = light | colours
    for ground in ("page", "card"):
        for ink in ("text", "quiet", "link", "good", "bad"):
            assert contrast(colours[ink], colours[ground]) >= 4.5, (ink, ground)
        for drawn in ("good-fill", "bad-fill"):
            assert contrast(colours[drawn], colours[ground]) >= 3, (drawn, ground)
    for shade in [f"{hue}-{n}" for hue in ("good", "bad") for n in range(1, 6)]:
        assert contrast(colours["text"], colours[shade]) >= 4.5, shade
