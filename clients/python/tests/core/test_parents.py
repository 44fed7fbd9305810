"""Parents in a call: rows, builders, values of theirs; and which foreign key is meant."""

from __future__ import annotations

import pytest

import seedbed


@pytest.mark.parametrize("name", ["company", "company_id", "companies", "users_company_id_fkey"])
def test_a_parent_goes_by_several_names(anywhere: seedbed.Make, name: str) -> None:
    acme = anywhere.companies(name="Acme")
    assert anywhere.users(email="a@example.com", **{name: acme}).company_id == acme.id
    assert anywhere.users(email="b@example.com", **{name: anywhere.companies.set(name="Acme")}).company_id == acme.id
    if name != "company_id":
        assert anywhere.users(email="b@example.com", **{name: None}).company_id is None
    assert anywhere.users(email="c@example.com", **{f"{name}__name": "Bolt"}).company_id != acme.id


def test_parents_of_parents(anywhere: seedbed.Make) -> None:
    post = anywhere.posts(title="Hello", author__email="a@example.com", author__company__name="Acme")
    author = anywhere.users(email="a@example.com")
    assert (post.author_id, author.outcome) == (author.id, "matched")
    assert author.company_id == anywhere.companies(name="Acme").id
    comment = anywhere.comments(post=post, text="x")
    assert comment.post == post.id
    assert anywhere["sales.orders"](number="1", buyer=author).buyer_id == author.id


def test_a_parent_that_several_foreign_keys_may_mean_is_not_guessed(anywhere: seedbed.Make) -> None:
    alice = anywhere.users(email="a@example.com")
    with pytest.raises(seedbed.CannotMake, match="several foreign keys that user may mean") as several:
        anywhere.posts(user=alice)
    assert several.value.hints == ["make.posts(author=make.users())", "make.posts(editor=make.users())"]
    post = anywhere.posts(author=alice, editor=None, title="x")
    assert (post.author_id, post.editor_id) == (alice.id, None)


def test_a_parent_of_another_table_is_refused(anywhere: seedbed.Make) -> None:
    acme = anywhere.companies(name="Acme")
    with pytest.raises(seedbed.CannotMake, match="refers to users, and what was passed is of companies"):
        anywhere.posts(author=acme)
    with pytest.raises(seedbed.CannotMake, match="posts has no foreign key company") as none:
        anywhere.posts(company=acme)
    assert none.value.hints == ["make.posts(author=make.users())", "make.posts(editor=make.users())"]
    with pytest.raises(seedbed.CannotMake, match="as a whole and in parts"):
        anywhere.posts(author=anywhere.users(), author__email="x@example.com")
