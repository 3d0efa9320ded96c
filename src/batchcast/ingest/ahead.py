"""Work done ahead on threads, handed back in order; where a file is small, on the spot.

Whoever takes the results also draws the items, so that everything that depends on their order happens on one
thread; only `work` runs on others, and is worth it where it lets go of the interpreter's lock.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Generator, Iterable
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from concurrent.futures import Future

Item = TypeVar("Item")
Result = TypeVar("Result")

LARGE_FILE = 32 << 20  # bytes; below it, threads cost more than they bring


def ahead(
    items: Iterable[Item], work: Callable[[Item], Result], *, threads: int
) -> Generator[tuple[Item, Result], None, None]:
    """Each item with its result, in the order of the items; without threads, one after another.

    An error of `work` or of `items` is raised in its place, after every result before it. No thread outlives the
    generator: close it where it may not be exhausted.
    """
    if not threads:
        for item in items:
            yield item, work(item)
        return
    from concurrent.futures import ThreadPoolExecutor

    pool = ThreadPoolExecutor(threads, thread_name_prefix="ahead")
    try:
        waiting: deque[tuple[Item, Future[Result]]] = deque()
        failed: Exception | None = None
        source = iter(items)
        drained = False
        while True:
            while not drained and len(waiting) <= threads:
                try:
                    item = next(source)
                except StopIteration:
                    drained = True
                except Exception as error:  # noqa: BLE001 raised below, once its turn comes
                    failed, drained = error, True
                else:
                    waiting.append((item, pool.submit(work, item)))
            if not waiting:
                break
            item, result = waiting.popleft()
            yield item, result.result()
        if failed is not None:
            raise failed
    finally:
        pool.shutdown(cancel_futures=True)
