"""Whether a value is what a JSON Schema says: the part of 2020-12 that our OpenAPI document uses."""

KINDS = {"object": dict, "array": list, "string": str, "boolean": bool, "null": type(None)}


def is_kind(value, kind):
    if kind in ("number", "integer"):
        return isinstance(value, int if kind == "integer" else (int, float)) and not isinstance(value, bool)
    return isinstance(value, KINDS[kind])


def check_schema(schema, value, document, where="body"):
    """Fails naming the place. Objects of the document list all their members: one that is not there is a mistake."""
    if "$ref" in schema:
        return check_schema(document["components"]["schemas"][schema["$ref"].rsplit("/", 1)[1]], value, document, where)
    if "enum" in schema:
        assert value in schema["enum"], (where, value)
    kinds = schema.get("type", [])
    kinds = [kinds] if isinstance(kinds, str) else kinds
    assert not kinds or any(is_kind(value, kind) for kind in kinds), (where, kinds, value)
    if isinstance(value, dict) and "properties" in schema:
        for name in schema.get("required", ()):
            assert name in value, f"{where}: {name} is missing"
        for name, member in value.items():
            assert name in schema["properties"], f"{where}: {name} is not described"
            check_schema(schema["properties"][name], member, document, f"{where}.{name}")
    elif isinstance(value, dict) and "additionalProperties" in schema:
        for name, member in value.items():
            check_schema(schema["additionalProperties"], member, document, f"{where}.{name}")
    if isinstance(value, list) and "items" in schema:
        for i, item in enumerate(value):
            check_schema(schema["items"], item, document, f"{where}[{i}]")
