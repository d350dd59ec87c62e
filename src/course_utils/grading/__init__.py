"""The instructor's side: the student's form of an assignment, and the score of a notebook."""

import sys

# nbformat imports jsonschema, and that would build a parser of internationalised addresses: over a
# second in each process, for a format that no notebook holds. Where it is missing, none is checked.
sys.modules.setdefault("rfc3987_syntax", None)  # pyrefly: ignore[no-matching-overload]
