"""OpenRouter's OpenAPI document, for the operations that the sandbox has."""

import json
from pathlib import Path

from jsonschema import Draft202012Validator

_DOCUMENT = json.loads(Path(__file__).parents[1].joinpath("schemas/openrouter.json").read_bytes())


def validate(body: object, schema: str) -> None:
    """Raise `jsonschema.ValidationError` if a body is not what the schema of this name allows."""
    Draft202012Validator({**_DOCUMENT, "$ref": f"#/$defs/{schema}"}).validate(body)
