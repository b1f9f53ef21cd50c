"""The windows on the street, shell: the files that letters link to.

In: the folder of `Hosting`, and the path in a request. Out: a picture or a calendar file, or nothing. No path leads out
of the folder, by whatever name or link, and no folder is listed.
"""

import os
import re
import stat
from pathlib import Path
from typing import Final

from starlette.datastructures import Headers
from starlette.responses import FileResponse, Response
from starlette.staticfiles import NotModifiedResponse, StaticFiles

#: What `Hosting.put` is given: names in lower case, no dot but that of the ending, no folder that is called "..".
_PATH: Final = re.compile(r"(?:[a-z0-9][a-z0-9-]*/)+[a-z0-9][a-z0-9-]*\.[a-z]+", re.ASCII)
_LONGEST: Final = 1000
TYPES: Final = {
    ".png": "image/png",
    ".jpg": "image/jpeg",
    ".jpeg": "image/jpeg",
    ".gif": "image/gif",
    ".ics": "text/calendar; charset=utf-8",
}
#: A picture is named by its content; a calendar file follows its event, and programs ask for it again and again.
_CACHED: Final = {".ics": "public, max-age=300, must-revalidate"}
_FOR_EVER: Final = "public, max-age=31536000, immutable"
_HEADERS: Final = {
    # Web mail shows pictures on pages of its own.
    "Cross-Origin-Resource-Policy": "cross-origin",
    "Content-Security-Policy": "default-src 'none'; sandbox; frame-ancestors 'none'",
}


def hosted(folder: Path, path: str, asked: Headers) -> Response | None:
    """The answer to who asks for a file; None where there is none, or none that is meant to be seen."""
    if len(path) > _LONGEST or not _PATH.fullmatch(path):
        return None
    file = folder / path
    media_type = TYPES.get(file.suffix)
    if media_type is None:
        return None
    try:
        # A link may lead anywhere, and so may a folder on the way.
        real = file.resolve(strict=True)
        found = real.stat()
    except (OSError, RuntimeError):
        return None
    if not stat.S_ISREG(found.st_mode) or not real.is_relative_to(folder.resolve()) or not os.access(real, os.R_OK):
        return None
    headers = {**_HEADERS, "Cache-Control": _CACHED.get(file.suffix, _FOR_EVER)}
    answer = FileResponse(real, headers=headers, media_type=media_type, stat_result=found)
    if StaticFiles.is_not_modified(_STATIC, answer.headers, asked):
        return NotModifiedResponse(answer.headers)
    return answer


#: Only for its reading of If-None-Match and If-Modified-Since (RFC 9110 §13.1); it serves nothing.
_STATIC: Final = StaticFiles(check_dir=False)
