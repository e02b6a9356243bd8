"""No module needs one that needs it: arrows between modules go one way, also inside a folder."""

import grimp


def circles(graph: grimp.ImportGraph) -> list[list[str]]:
    """Return the groups of modules that need each other (Tarjan's strongly connected components)."""
    order: dict[str, int] = {}
    low: dict[str, int] = {}
    stack: list[str] = []
    found: list[list[str]] = []

    def visit(module: str) -> None:
        order[module] = low[module] = len(order)
        stack.append(module)
        for needed in graph.find_modules_directly_imported_by(module):
            if needed not in order:
                visit(needed)
                low[module] = min(low[module], low[needed])
            elif needed in stack:
                low[module] = min(low[module], order[needed])
        if low[module] == order[module]:
            group = [stack.pop()]
            while group[-1] != module:
                group.append(stack.pop())
            if len(group) > 1:
                found.append(sorted(group))

    for module in sorted(graph.modules):
        if module not in order:
            visit(module)
    return found


def test_no_module_needs_one_that_needs_it() -> None:
    graph = grimp.build_graph("seon", cache_dir=None)
    assert len(graph.modules) > 200
    assert circles(graph) == []


def test_the_search_finds_a_circle() -> None:
    graph = grimp.build_graph("seon", cache_dir=None)
    graph.add_import(importer="seon.addresses", imported="seon.net.dial")
    assert any("seon.addresses" in group for group in circles(graph))
