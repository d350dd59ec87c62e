"""The instructor's side: the student's form of an assignment, and the score of a notebook."""
