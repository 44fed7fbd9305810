"""Which lane a project's tests are on: the key, the option, and what is said where it cannot be had."""

from __future__ import annotations

import pytest

from runner_project import Project, down, make_project

pytest_plugins = ("pytester",)

TRUNCATE = """
@pytest.mark.parametrize("turn", range(2))
def test_it(seedbed, db, turn):
    assert seedbed.lane == "truncate" and count(db) == 0
    join(db)
    db.commit()
"""


def test_truncate_is_the_lane_of_a_project(bare: Project) -> None:
    make_project(bare.path)
    bare.tests(TRUNCATE)
    try:
        bare.run("-q", "--seedbed-lane=truncate").assert_outcomes(passed=2)
        bare.ini("seedbed_lane = truncate")
        bare.run("-q").assert_outcomes(passed=2)
    finally:
        down(bare.path)


def test_truncate_of_a_service_for_another_lane_is_told(project: Project) -> None:
    project.tests(TRUNCATE)
    result = project.run("-q", "--seedbed-lane=truncate")
    result.assert_outcomes(errors=2)
    result.stdout.fnmatch_lines(["*this service was started for another lane*", "*seedbed down*"])
    project.tests("@pytest.mark.seedbed(lane='truncate')" + TRUNCATE)
    project.run("-q").stdout.fnmatch_lines(["*it is the lane of all tests or of none*", "*seedbed_lane = truncate*"])


@pytest.mark.parametrize("key", ["--seedbed-lane=bogus", "seedbed_lane = bogus", "seedbed_keep = true"])
def test_what_cannot_be_meant_is_told_before_any_test(bare: Project, key: str) -> None:
    bare.tests("def test_it(): pass")
    option = key.startswith("--")
    bare.ini("" if option else key)
    result = bare.run("-q", *([key] if option else []))
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(['*there is no lane "bogus"*' if "lane" in key else "*seedbed_keep = failed*"])
