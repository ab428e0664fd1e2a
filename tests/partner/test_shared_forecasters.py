"""The shared forecasters of a round as a company reads them: whole or their first trees, and never what was changed."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from members import grown, predicted
from parties import ROUND, Parties

from decai_forecast.errors import DecaiError, MalformedMessage, ModelTextError, StoreError
from decai_forecast.federation.model_text import parse
from decai_forecast.link import ModelFile, SharedModels, SharedRound, SharedStatus
from decai_forecast.partner.combine.shared import SharedForecasters
from decai_forecast.store import digest_bytes

OLD, SHIP = date(2025, 7, 28), date(2026, 6, 29)
TEXTS = {0.1: grown(1), 0.5: grown(2), 0.9: grown(3)}
SHARED = SharedRound(ROUND.id, ROUND.as_of, SharedStatus.TRAINED, ("a", "b", "c"), 3, ("a", "b", "c"), strategy="exact")


@pytest.fixture
def parties(tmp_path: Path) -> Parties:
    return Parties(tmp_path)


def published(parties: Parties, **changes: object) -> SharedForecasters:
    """Models of two cut-offs, of which the newer ships."""
    link = parties.coordinator.link
    models = {cutoff: link.publish_models(SharedModels(cutoff, TEXTS)) for cutoff in (OLD, SHIP)}
    assert link.publish_shared(replace(SHARED, models=models, ships=models[SHIP], **changes))
    return SharedForecasters.of(parties.company("a").link, ROUND.id)


def test_before_they_are_published_there_are_none(parties: Parties) -> None:
    """The message says what comes first."""
    with pytest.raises(DecaiError) as error:
        SharedForecasters.of(parties.company("a").link, ROUND.id)
    assert str(error.value) == "round 2026-06-29 has no shared forecaster yet; federate or close the round first"


def test_models_are_read_by_cut_off(parties: Parties) -> None:
    """One that was not trained has none; what ships is the model in use, whatever its cut-off."""
    shared = published(parties)
    assert shared.at(OLD) == shared.at(SHIP) == shared.shipped() == TEXTS
    assert shared.at(date(2026, 3, 30)) is None
    old = replace(shared, published=replace(shared.published, ships=None))
    assert old.shipped() is None
    assert old.files[1] is None


def test_files_identify_the_models(parties: Parties) -> None:
    """By digest: another model is another input of what is computed from it."""
    shared = published(parties)
    digests = {cutoff.isoformat(): file.sha256 for cutoff, file in shared.published.models.items()}
    assert shared.files == [digests, digests["2026-06-29"]]
    assert len(set(digests.values())) == 2  # a cut-off is a part of its file


@pytest.mark.parametrize("trees", [1, 3])
def test_the_first_trees_are_a_model_of_their_own(parties: Parties, trees: int) -> None:
    """Of each quantile; None means all of them again."""
    shared = published(parties).within(trees)
    texts = shared.shipped()
    assert texts is not None
    for quantile, text in texts.items():
        whole = parse(TEXTS[quantile])
        assert parse(text).trees == whole.trees[:trees]
        assert predicted(text) == pytest.approx(predicted(replace(whole, trees=whole.trees[:trees]).text()))
    assert shared.within(None).shipped() == TEXTS


def test_a_changed_file_is_not_read(parties: Parties) -> None:
    """Its digest is not the published one: nothing of it is loaded."""
    shared = published(parties)
    file = shared.published.models[OLD]
    parties.public.write_bytes(file.key, parties.public.read_bytes(file.key).replace(b"Tree=1", b"Tree=7"))
    with pytest.raises(StoreError, match=f"{file.key}") as error:
        shared.at(OLD)
    assert "trees" not in str(error.value)
    assert shared.at(SHIP) == TEXTS


def test_a_file_that_is_gone_is_told(parties: Parties) -> None:
    """By its place in the public folder."""
    shared = published(parties)
    parties.public.remove(shared.published.models[OLD].key)
    with pytest.raises(StoreError, match=shared.published.models[OLD].key):
        shared.at(OLD)


def test_what_is_no_model_is_not_cut(parties: Parties) -> None:
    """A text that the coordinator published as one, with the digest that it has."""
    link = parties.coordinator.link
    file = link.publish_models(SharedModels(SHIP, {0.5: "no model"}))
    assert link.publish_shared(replace(SHARED, models={SHIP: file}, ships=file))
    shared = SharedForecasters.of(parties.company("a").link, ROUND.id)
    assert shared.shipped() == {0.5: "no model"}  # validated by whoever loads it
    with pytest.raises(ModelTextError):
        shared.within(1).shipped()


def test_a_file_of_another_form_is_refused(parties: Parties) -> None:
    """Its digest is right and it holds no models."""
    data = b'{"cutoff": "2026-06-29"}'
    file = ModelFile("shared/2026-06-29/ab.json", digest_bytes(data))
    parties.public.write_bytes(file.key, data)
    assert parties.coordinator.link.publish_shared(replace(SHARED, models={SHIP: file}, ships=file))
    with pytest.raises(MalformedMessage, match="the message needs models"):
        SharedForecasters.of(parties.company("a").link, ROUND.id).shipped()
