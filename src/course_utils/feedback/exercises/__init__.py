"""One module an assignment: its exercises with cases, references and misconceptions."""
