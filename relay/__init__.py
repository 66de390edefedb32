"""The relay forwards media from sources to slots; it knows neither HTTP nor roles.

Attributes:
    IS_COMPILED: `relay.core` is machine code.
"""

import sys

from relay.compiled import find_compiled

_folder = find_compiled()
IS_COMPILED = _folder is not None
if _folder is not None:
    __path__.insert(0, str(_folder / "relay"))
    sys.path.append(str(_folder))  # for the library that its modules share
