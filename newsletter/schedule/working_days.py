"""When: which days count as working days.

In: a day and a number of working days. Out: a day. The holidays come from the `holidays` library; what is decided
here is which of them close an office, for the Netherlands:

- Monday to Friday count, minus the library's category "public".
- Good Friday is no working day. The Algemene termijnenwet (article 3, second paragraph) puts it on a par with the
  public holidays, and many offices are closed. A letter "2 working days before" then leaves a day earlier at worst.
- 5 May is a day off in the years that end in 0 or 5, as collective agreements have it; in other years people are at
  their desks, so it counts.
- King's Day is 27 April, or Saturday 26 April where the 27th is a Sunday (2025).
- Days that offices close of their own accord (between Christmas and New Year, the Friday after Ascension Day) count.
"""

from datetime import date
from functools import cached_property
from typing import TYPE_CHECKING, Final

from newsletter.errors import RuleError

if TYPE_CHECKING:
    import holidays


class Calendar:
    """The working days of a country, any year.

    The library takes longer to load than most commands, of which few ask for a holiday, so the first question loads it.
    """

    def __init__(self, country: str) -> None:
        """By its ISO 3166-1 alpha-2 code."""
        self.country = country

    def is_working_day(self, day: date) -> bool:
        return bool(self._days.is_working_day(day))

    def nth_working_day(self, day: date, amount: int) -> date:
        """ValueError where that is outside the years 1–9999."""
        found: date = self._days.get_nth_working_day(day, amount)
        return found

    @cached_property
    def _days(self) -> "holidays.HolidayBase":
        import holidays
        from holidays.constants import PUBLIC

        try:
            # The language is set because the library would otherwise ask the environment for it.
            return holidays.country_holidays(self.country, categories=(PUBLIC,), language="nl")
        except NotImplementedError as error:
            raise RuleError(
                f"no public holidays are known for country “{self.country}”; give a code of two letters such as NL"
            ) from error


NETHERLANDS: Final = Calendar("NL")


def shift_working_days(day: date, amount: int, calendar: Calendar = NETHERLANDS) -> date:
    """The working day that is `amount` working days after `day` (before it, if negative).

    `day` itself never counts, so it may be a Sunday or a holiday: one working day before Easter Monday is the last
    working day ahead of Good Friday. With amount 0 it is `day` itself, working day or not: "on the day" was asked.
    OverflowError where that is outside the years 1–9999, as with a timedelta.
    """
    if amount == 0:
        return day
    try:
        return calendar.nth_working_day(day, amount)
    except ValueError as error:
        raise OverflowError(f"{amount} working days from {day} is outside the years 1–9999") from error
