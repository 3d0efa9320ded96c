"""Measures how the package is cut: import chains and cycles, size, class names that are defined twice.

`make check` runs it: it prints a table and fails beyond a bar. Every import counts, also one inside a function or under
TYPE_CHECKING; "module level" leaves those two out. A chain is counted in modules; modules of one cycle count as one.
"""

from __future__ import annotations

import argparse
import ast
import sys
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

TABLES = {"domain/settings.py"}  # tables of declarations: each entry reads alone, so their length has no bar

Graph = dict[str, set[str]]  # module -> the modules of the package that it imports


@dataclass(frozen=True, kw_only=True)
class Structure:
    """What was measured of a package."""

    files: int
    lines: int
    longest_module: tuple[int, str]  # its lines and its path below the package; tables of declarations left out
    largest_folder: tuple[int, str]  # modules that stand in it, those of its folders not counted; its path
    chain: tuple[str, ...]  # longest chain over every import, the importer first
    module_level_chain: tuple[str, ...]
    cycles: tuple[tuple[str, ...], ...]
    doubled_classes: dict[str, list[str]]  # public class name -> the modules that define it, where they are several
    doubled_functions: dict[str, list[str]]
    one_importer: tuple[str, ...]  # modules that exactly one other module imports


def measure(package: Path) -> Structure:
    """Parse every source of a package and measure it."""
    trees = {path: ast.parse(path.read_text(encoding="utf-8")) for path in sorted(package.rglob("*.py"))}
    modules = {_module_name(path, package): tree for path, tree in trees.items()}
    packages = {_module_name(path, package) for path in trees if path.name == "__init__.py"}
    every = {name: _imports(name, tree, modules, packages, every=True) for name, tree in modules.items()}
    module_level = {name: _imports(name, tree, modules, packages, every=False) for name, tree in modules.items()}
    importers = Counter(imported for imports in every.values() for imported in imports)
    lines = {path.relative_to(package).as_posix(): _count_lines(path) for path in trees}
    return Structure(
        files=len(trees),
        lines=sum(lines.values()),
        longest_module=max((count, path) for path, count in lines.items() if path not in TABLES),
        largest_folder=_largest_folder(package, trees),
        chain=longest_chain(every),
        module_level_chain=longest_chain(module_level),
        cycles=find_cycles(every),
        doubled_classes=_doubled(modules, ast.ClassDef),
        doubled_functions=_doubled(modules, ast.FunctionDef),
        one_importer=tuple(name for name in modules if importers[name] == 1),
    )


def _count_lines(path: Path) -> int:
    return len(path.read_text(encoding="utf-8").splitlines())


def _largest_folder(package: Path, paths: Iterable[Path]) -> tuple[int, str]:
    folders = Counter(path.parent.relative_to(package.parent).as_posix() for path in paths)
    return max((count, folder) for folder, count in folders.items())


def find_cycles(graph: Graph) -> tuple[tuple[str, ...], ...]:
    """Groups of modules that import each other, directly or through others."""
    return tuple(sorted({group for group in _groups(graph).values() if len(group) > 1}))


def longest_chain(graph: Graph) -> tuple[str, ...]:
    """The longest path along imports, with one module for each group of modules that import each other."""
    groups = _groups(graph)

    @cache
    def from_group(group: tuple[str, ...]) -> tuple[str, ...]:
        below = {groups[imported] for name in group for imported in graph[name]} - {group}
        return (group[0], *max((from_group(one) for one in sorted(below)), key=len, default=()))

    return max((from_group(group) for group in sorted(set(groups.values()))), key=len, default=())


def _groups(graph: Graph) -> dict[str, tuple[str, ...]]:
    """Of each module the sorted modules that it reaches and that reach it, itself among them."""
    reached = {name: _reachable(graph, name) for name in graph}
    return {
        name: tuple(sorted({name} | {other for other in reached[name] if name in reached[other]})) for name in graph
    }


def _reachable(graph: Graph, start: str) -> set[str]:
    seen: set[str] = set()
    waiting = [start]
    while waiting:
        new = graph[waiting.pop()] - seen
        seen |= new
        waiting.extend(new)
    return seen


def _module_name(path: Path, package: Path) -> str:
    parts = path.relative_to(package.parent).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def _imports(
    name: str, tree: ast.Module, modules: dict[str, ast.Module], packages: set[str], *, every: bool
) -> set[str]:
    found: set[str] = set()
    for node in _walk(tree, every=every):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            base = _base_of(node, name, is_package=name in packages)
            names = {f"{base}.{alias.name}" for alias in node.names}
            found |= (names & modules.keys()) | ({base} if names - modules.keys() else set())
    return (found & modules.keys()) - {name}


def _walk(node: ast.AST, *, every: bool) -> Iterator[ast.AST]:
    for child in ast.iter_child_nodes(node):
        late = isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef)
        of_types = isinstance(child, ast.If) and "TYPE_CHECKING" in ast.unparse(child.test)
        if every or not (late or of_types):
            yield child
            yield from _walk(child, every=every)


def _base_of(node: ast.ImportFrom, name: str, *, is_package: bool) -> str:
    """The full name of the module after `from`, also where it is written with leading points."""
    if not node.level:
        return node.module or ""
    up = node.level - is_package
    parents = name.split(".")[: len(name.split(".")) - up]
    return ".".join([*parents, *([node.module] if node.module else [])])


def _doubled(modules: dict[str, ast.Module], kind: type[ast.ClassDef | ast.FunctionDef]) -> dict[str, list[str]]:
    defined: defaultdict[str, list[str]] = defaultdict(list)
    for name, tree in modules.items():
        for node in tree.body:
            if isinstance(node, kind) and not node.name.startswith("_"):
                defined[node.name].append(name)
    return {name: places for name, places in sorted(defined.items()) if len(places) > 1}


def problems_of(
    structure: Structure, *, chain: int, module_level_chain: int, files: int, folder_files: int, module_lines: int
) -> list[str]:
    """One sentence for each bar that is exceeded, with what to change."""
    found = [
        f"{what}: {value:,}, allowed are {bar:,}"
        for what, value, bar in (
            ("longest import chain", len(structure.chain), chain),
            ("longest import chain at module level", len(structure.module_level_chain), module_level_chain),
            ("source files", structure.files, files),
            (f"modules in {structure.largest_folder[1]}", structure.largest_folder[0], folder_files),
            (f"lines of {structure.longest_module[1]}", structure.longest_module[0], module_lines),
        )
        if value > bar
    ]
    found += [f"modules import each other: {', '.join(cycle)}" for cycle in structure.cycles]
    found += [f"class {name} is defined in {', '.join(where)}" for name, where in structure.doubled_classes.items()]
    return found


def main() -> int:
    """Print the table; 1 where a bar is exceeded and `--report` is not given."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("package", type=Path, nargs="?", default=Path("src/batchcast"))
    parser.add_argument("--chain", type=int, default=24, help="modules in a chain of every import")
    parser.add_argument("--module-level-chain", type=int, default=20, help="modules in a chain at module level")
    parser.add_argument("--files", type=int, default=430)
    parser.add_argument("--folder-files", type=int, default=24, help="modules in one folder")
    parser.add_argument("--module-lines", type=int, default=510, help="lines of a module that is no table")
    parser.add_argument("--report", action="store_true", help="say what exceeds a bar, but do not fail")
    parser.add_argument("--chains", action="store_true", help="print the modules of the two longest chains")
    options = parser.parse_args()
    structure = measure(options.package)
    rows = (
        ("files", structure.files, options.files),
        ("modules of the largest folder", structure.largest_folder[0], options.folder_files),
        ("lines", structure.lines, "-"),
        ("lines of the longest module", structure.longest_module[0], options.module_lines),
        ("longest chain, every import", len(structure.chain), options.chain),
        ("longest chain, module level", len(structure.module_level_chain), options.module_level_chain),
        ("import cycles", len(structure.cycles), 0),
        ("class names twice", len(structure.doubled_classes), 0),
        ("function names twice", len(structure.doubled_functions), "-"),
        ("modules with one importer", len(structure.one_importer), "-"),
    )
    print(f"{'structure of ' + str(options.package):32}{'is':>8}{'bar':>8}")
    for what, value, bar in rows:
        print(f"{what:32}{value:>8}{bar:>8}")
    if options.chains:
        print("\nevery import:", *structure.chain, "\nmodule level:", *structure.module_level_chain, sep="\n  ")
    problems = problems_of(
        structure,
        chain=options.chain,
        module_level_chain=options.module_level_chain,
        files=options.files,
        folder_files=options.folder_files,
        module_lines=options.module_lines,
    )
    print(*problems, sep="\n", file=sys.stderr)
    return 1 if problems and not options.report else 0


if __name__ == "__main__":
    sys.exit(main())
