"""Tables for people, made from the tables of the code."""


def table(head: tuple[str, ...], *rows: tuple[str, ...]) -> str:
    """Return a table in Markdown, a line for each row and none behind the last."""
    lines = (head, ("---",) * len(head), *rows)
    return "\n".join("|" + "|".join(f" {cell} " if cell else " " for cell in line) + "|" for line in lines)
