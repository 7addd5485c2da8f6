"""The wire's time stamps."""

from datetime import datetime, timedelta, timezone

EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)


def microseconds(text):
    """RFC 3339 with Z, as the hub prints it -> microseconds since 1970."""
    assert text.endswith("Z"), text
    return (datetime.fromisoformat(text[:-1] + "+00:00") - EPOCH) // timedelta(microseconds=1)


def rfc3339(micros):
    """Microseconds since 1970 -> RFC 3339 with Z, and 3 fraction digits, or 6 where needed."""
    moment = EPOCH + timedelta(microseconds=micros)
    digits = f"{moment.microsecond:06d}"
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{digits[:3] if digits.endswith('000') else digits}Z"
