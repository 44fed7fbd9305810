"""Fixtures for the tests of the runners, which are in `runner_project`."""

from runner_project import bare, home, project, service  # noqa: F401
