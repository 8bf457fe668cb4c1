"""Where derived tables are kept between runs."""

from __future__ import annotations

import os
from pathlib import Path

from picassso.core.errors import InputError

__all__ = ["cache_dir"]


def cache_dir() -> Path:
    """Folder of the user's cache, made if it does not exist.

    Returns
    -------
    Path
        The folder named by the environment variable ``PICASSSO_CACHE``, else the platform's own
        cache folder for ``picassso``.

    Raises
    ------
    InputError
        If the folder cannot be made.
    """
    named = os.environ.get("PICASSSO_CACHE")
    if named:
        folder = Path(named).expanduser()
    else:
        from platformdirs import user_cache_dir

        folder = Path(user_cache_dir("picassso", appauthor=False))
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError(
            f"cache folder {folder}: cannot be made ({error.strerror}); expected a folder that you "
            "may write to; set PICASSSO_CACHE to one"
        ) from None
    return folder
