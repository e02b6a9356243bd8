"""What an operator is told."""


class OperatorError(Exception):
    """Something the operator must set right; the text is one line and says what to do. Never carries a secret."""
