# SPDX-License-Identifier: Apache-2.0
"""Text templates of generated files; a key the template names and nobody gives is an error."""

from __future__ import annotations

from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined

_ENVIRONMENT = Environment(
    loader=PackageLoader("flows.templates", "."),
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
    keep_trailing_newline=True,
    autoescape=False,
)


def render(template: str, **values: Any) -> str:
    """Fill `flows/templates/<template>`.

    Raises:
        jinja2.UndefinedError: the template names a value that was not given.
    """
    return _ENVIRONMENT.get_template(template).render(**values)
