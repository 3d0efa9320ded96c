"""What is to be forecast, and how it is cut: facts of a history and settings become a Plan.

Comes in: the facts and the series table of a checked history, the settings of the batch, the pace of this machine.
Goes out: a `Plan`: the resolved request, the partitions, what they will take, and what a person should know.
Pure: nothing is read or written here.
Open first: `planner.py`, which puts the steps together; `partitioner.py` holds the cutting itself.
"""
