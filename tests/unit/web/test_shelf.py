"""What there is to preview: templates at once, mailings as soon as there is a store."""

from datetime import datetime
from pathlib import Path

import pytest

from newsletter.errors import DocumentError, NotFoundError, StoreError
from newsletter.schedule.state import MailingState
from newsletter.store import mailings
from newsletter.store.database import Database
from newsletter.web.items import Content, Item, Kind, Setting, Trouble
from newsletter.web.samples import Sample
from newsletter.web.shelf import Shelf
from tests.unit.web.letters import BROKEN, TEXT, write_template
from tests.world import EVENT_SLUG, NOW

REMINDER = f"{EVENT_SLUG}/reminder"
SAVE_THE_DATE = f"{EVENT_SLUG}/save-the-date"


async def _shown(shelf: Shelf, kind: Kind, name: str) -> Sample:
    shown = await shelf.show(await shelf.find(kind, name))
    assert isinstance(shown, Sample)
    return shown


async def _trouble(shelf: Shelf, kind: Kind, name: str) -> str:
    shown = await shelf.show(await shelf.find(kind, name))
    assert isinstance(shown, Trouble)
    return shown.sentence


async def test_a_template_is_called_what_it_says_itself_and_else_what_the_sample_plan_calls_it(
    shelf: Shelf, templates: Path
) -> None:
    says = '[label]\nnl = "Ter herinnering"\nen = "Reminder"\n[about]\nnl = "Vlak voor de dag."\n'
    (templates / "reminder" / "template.toml").write_text(says, encoding="utf-8")
    planned = {each.template: each.label for each in reversed(shelf.sources.event().series.plan)}
    announcement, reminder = shelf.sources.items()
    assert announcement == Item(kind=Kind.TEMPLATE, name="announcement", label=planned["announcement"])
    assert (reminder.label, reminder.about) == ("Ter herinnering", {"nl": "Vlak voor de dag."})
    assert (await shelf.find(Kind.TEMPLATE, "reminder", "en")).label == "Reminder"


async def test_a_template_that_says_nonsense_of_itself_is_listed_and_says_so_when_shown(
    shelf: Shelf, templates: Path
) -> None:
    (templates / "reminder" / "template.toml").write_text("label = ", encoding="utf-8")
    assert [item.name for item in shelf.sources.items()] == ["announcement", "reminder"]
    assert "reminder/template.toml" in await _trouble(shelf, Kind.TEMPLATE, "reminder")


async def test_a_glance_is_the_subject_or_what_is_wrong(shelf: Shelf, templates: Path) -> None:
    item = await shelf.find(Kind.TEMPLATE, "reminder")
    assert await shelf.glance(item) == f"reminder: {shelf.sources.title()}"
    write_template(templates, "reminder", text=BROKEN)
    glanced = await shelf.glance(item)
    assert isinstance(glanced, Trouble)
    assert "letter.txt:7" in glanced.sentence


@pytest.mark.usefixtures("database")
async def test_a_template_can_be_shown_with_a_stored_event_in_another_theme_and_language(shelf: Shelf) -> None:
    item = await shelf.find(Kind.TEMPLATE, "reminder")
    content = await shelf.content(item, Setting(event=EVENT_SLUG, theme="veen", language="en"))
    assert isinstance(content, Content)
    assert content.mailing.subject == "reminder: Kennisdag ‘Wonen & zorg’: één dag"
    assert content.mailing.language == "en"
    assert content.theme is not None
    assert content.theme["name"] == "veen"
    assert {"helder", "veen"} <= set(shelf.sources.themes())
    assert {"nl", "en"} <= set(shelf.sources.languages())


async def test_an_event_that_is_not_stored_is_a_sentence(shelf: Shelf) -> None:
    item = await shelf.find(Kind.TEMPLATE, "reminder")
    content = await shelf.content(item, Setting(event="weg"))
    assert isinstance(content, Trouble)
    assert "there is no event “weg”" in content.sentence


@pytest.mark.usefixtures("database")
async def test_the_last_that_was_sent_is_of_the_same_template_and_not_the_mailing_itself(shelf: Shelf) -> None:
    reminder, save_the_date = [await shelf.find(Kind.MAILING, name) for name in (REMINDER, SAVE_THE_DATE)]
    assert await shelf.before(reminder) is None
    assert await shelf.before(save_the_date) is None
    before = await shelf.before(await shelf.find(Kind.TEMPLATE, "reminder"))
    assert before is not None
    assert before.subject == "Wat is verstuurd"


async def test_where_there_is_no_store_nothing_was_sent(shelf: Shelf) -> None:
    assert await shelf.before(await shelf.find(Kind.TEMPLATE, "reminder")) is None


@pytest.mark.usefixtures("database")
async def test_people_of_the_lists_are_found_when_they_are_asked_for(shelf: Shelf) -> None:
    item = await shelf.find(Kind.MAILING, SAVE_THE_DATE)
    content = await shelf.content(item)
    assert isinstance(content, Content)
    assert all("Persoon" not in person.recipient.name for person in shelf.people(content))
    found = await shelf.worst_cases(item, content)
    assert found
    assert all(person.recipient.name.startswith("Persoon ") for person in found)
    assert await shelf.worst_cases(await shelf.find(Kind.TEMPLATE, "reminder"), content) == []


async def test_what_the_store_holds_is_read_again_only_when_its_file_has_changed(
    shelf: Shelf, database: Database
) -> None:
    first = await shelf.fingerprint(Kind.MAILING, REMINDER)
    assert await shelf.fingerprint(Kind.MAILING, REMINDER) == first
    async with database.write() as tx:
        await tx.exec_driver_sql("UPDATE mailings SET reason = 'anders'")
    assert await shelf.fingerprint(Kind.MAILING, REMINDER) != first


async def test_a_template_is_shown_with_the_sample_event(shelf: Shelf) -> None:
    sample = await _shown(shelf, Kind.TEMPLATE, "reminder")
    assert sample.subject == f"reminder: {shelf.sources.title()}"
    assert "van ‹organisation›" in sample.html


async def test_a_template_that_does_not_compose_is_a_sentence_with_its_place(shelf: Shelf, templates: Path) -> None:
    write_template(templates, "reminder", text=BROKEN)
    assert (await _trouble(shelf, Kind.TEMPLATE, "reminder")).startswith("templates/reminder/letter.txt:7: ")
    write_template(templates, "reminder", text=TEXT)
    assert (await _shown(shelf, Kind.TEMPLATE, "reminder")).text.startswith("Beste ")


async def test_a_template_that_fails_in_an_unforeseen_way_is_trouble_too(shelf: Shelf, templates: Path) -> None:
    write_template(templates, "reminder", text="{{ 1 / 0 }}")
    assert "division by zero" in await _trouble(shelf, Kind.TEMPLATE, "reminder")


async def test_a_letter_is_composed_again_only_after_a_save(shelf: Shelf, templates: Path) -> None:
    item = await shelf.find(Kind.TEMPLATE, "reminder")
    first = await shelf.content(item)
    assert await shelf.content(item) is first
    write_template(templates, "reminder", text="Anders\n")
    assert (await _shown(shelf, Kind.TEMPLATE, "reminder")).text == "Anders\n"


async def test_a_template_in_an_earlier_folder_takes_the_place_of_another(templates: Path, tmp_path: Path) -> None:
    own, event_file = tmp_path / "own", Path(__file__)
    shelf = Shelf((own, templates), event_file, clock=lambda: NOW)
    before = await shelf.fingerprint(Kind.TEMPLATE, "reminder")
    write_template(own, "reminder")
    assert await shelf.fingerprint(Kind.TEMPLATE, "reminder") != before


async def test_an_event_document_with_mistakes_is_named_by_every_template(templates: Path, tmp_path: Path) -> None:
    event_file = tmp_path / "event.md"
    event_file.write_text("geen document\n", encoding="utf-8")
    shelf = Shelf((templates,), event_file, clock=lambda: NOW)
    with pytest.raises(DocumentError):
        shelf.sources.event()
    assert shelf.sources.title() == ""
    assert [item.label for item in shelf.sources.items()] == ["", ""]
    assert str(event_file) in await _trouble(shelf, Kind.TEMPLATE, "reminder")


async def test_an_unknown_template_is_not_found(shelf: Shelf) -> None:
    with pytest.raises(NotFoundError, match="there are: announcement, reminder"):
        await shelf.find(Kind.TEMPLATE, "verslag")


async def test_without_a_store_there_are_no_mailings_and_none_is_made(shelf: Shelf, tmp_path: Path) -> None:
    assert (await shelf.stored()).events == ()
    with pytest.raises(NotFoundError):
        await shelf.find(Kind.MAILING, REMINDER)
    item = Item(kind=Kind.MAILING, name=REMINDER, label="")
    assert "there is no mailing" in str(await shelf.show(item))
    assert not (tmp_path / "store.sqlite").exists()


async def test_where_no_working_folder_is_set_up_no_store_is_looked_for(templates: Path, tmp_path: Path) -> None:
    (tmp_path / "store.sqlite").write_text("not a store")
    shelf = Shelf((templates,), Path(__file__), clock=lambda: NOW, working_folder=tmp_path)
    assert (await shelf.stored()).trouble is None


@pytest.mark.usefixtures("database")
async def test_stored_mailings_are_listed_by_event(shelf: Shelf) -> None:
    (event,) = (await shelf.stored()).events
    assert event.title == "Kennisdag ‘Wonen & zorg’: één dag"
    by_name = {item.name: item for item in event.items}
    assert by_name[REMINDER].state is MailingState.SENDING
    assert by_name[REMINDER].frozen
    assert by_name[SAVE_THE_DATE] == Item(
        kind=Kind.MAILING,
        name=SAVE_THE_DATE,
        label="Save the date",
        state=MailingState.DRAFT,
        due=datetime(2026, 3, 12, 9),
    )


@pytest.mark.usefixtures("database")
async def test_a_mailing_that_has_started_shows_what_was_sent(shelf: Shelf, templates: Path) -> None:
    write_template(templates, "reminder", text=BROKEN)
    sample = await _shown(shelf, Kind.MAILING, REMINDER)
    assert sample.subject == "Wat is verstuurd"


@pytest.mark.usefixtures("database")
async def test_a_mailing_that_has_not_started_is_composed_from_its_event_now(shelf: Shelf) -> None:
    sample = await _shown(shelf, Kind.MAILING, SAVE_THE_DATE)
    assert sample.subject == "announcement: Kennisdag ‘Wonen & zorg’: één dag"


@pytest.mark.usefixtures("database")
async def test_no_subscriber_is_shown_in_a_stored_mailing(shelf: Shelf) -> None:
    for name in (REMINDER, SAVE_THE_DATE):
        sample = await _shown(shelf, Kind.MAILING, name)
        assert b"person-" not in sample.letter
        assert "Persoon" not in sample.text + sample.html


async def test_a_change_in_the_store_changes_the_fingerprint_of_its_mailing(shelf: Shelf, database: Database) -> None:
    mailing, everything = await shelf.fingerprint(Kind.MAILING, SAVE_THE_DATE), await shelf.fingerprint(None)
    template = await shelf.fingerprint(Kind.TEMPLATE, "reminder")
    async with database.write() as tx:
        row = await mailings.get_mailing(tx, SAVE_THE_DATE)
        await mailings.set_state(tx, row.id, row.state, MailingState.CANCELLED)
    assert await shelf.fingerprint(Kind.MAILING, SAVE_THE_DATE) != mailing
    assert await shelf.fingerprint(None) != everything
    assert await shelf.fingerprint(Kind.TEMPLATE, "reminder") == template


@pytest.mark.usefixtures("database")
async def test_an_unknown_mailing_has_a_fingerprint_that_stays(shelf: Shelf) -> None:
    assert await shelf.fingerprint(Kind.MAILING, "x/y") == await shelf.fingerprint(Kind.MAILING, "x/y")
    with pytest.raises(NotFoundError):
        await shelf.find(Kind.MAILING, "x/y")


async def test_a_store_that_cannot_be_opened_is_trouble_and_leaves_the_templates(shelf: Shelf, tmp_path: Path) -> None:
    (tmp_path / "store.sqlite").write_text("this is not a database, and long enough to be seen as one that is broken")
    stored = await shelf.stored()
    assert stored.trouble is not None
    assert stored.trouble.sentence == f"the store {tmp_path}/store.sqlite cannot be opened: file is not a database"
    assert (await _shown(shelf, Kind.TEMPLATE, "reminder")).text


async def test_a_store_that_breaks_while_it_is_open_is_a_sentence(shelf: Shelf, database: Database) -> None:
    assert (await shelf.stored()).events
    async with database.write() as tx:
        await tx.exec_driver_sql("ALTER TABLE mailings RENAME TO lost")
    with pytest.raises(StoreError, match="the store cannot be used now: no such table"):
        await shelf.find(Kind.MAILING, REMINDER)
    trouble = (await shelf.stored()).trouble
    assert trouble is not None
    assert "no such table" in trouble.sentence


async def test_where_there_is_no_store_nothing_is_known_to_be_lacking(shelf: Shelf) -> None:
    sample = await _shown(shelf, Kind.TEMPLATE, "reminder")
    assert sample.needs == ("organisation",)
    assert await shelf.lacking(Item(kind=Kind.MAILING, name=REMINDER, label=""), sample) == ()


async def test_a_shelf_that_opened_nothing_is_closed_without_ado(templates: Path) -> None:
    await Shelf((templates,), Path(__file__), clock=lambda: NOW).close()
