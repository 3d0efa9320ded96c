"""Modules that no process of ours needs, and that libraries load where they happen to be installed.

pyarrow and LightGBM look for pandas and scikit-learn: a quarter of a second of every start, and memory for good.
Imports nothing, because every worker pays for it.
"""


class LeftOut:
    """Says that these modules are not there."""

    @staticmethod
    def find_spec(name: str, path: object = None, target: object = None) -> None:
        """Nothing, or say so."""
        if name in {"pandas", "sklearn"}:
            raise ModuleNotFoundError(f"{name} is left out of the processes of batchcast", name=name)
