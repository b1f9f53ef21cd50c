"""For all tests: properties are not judged by the clock."""

from hypothesis import settings

settings.register_profile("newsletter", deadline=None, print_blob=True)
settings.load_profile("newsletter")
