"""Workers of many machines, on Ray (`pip install 'batchcast[ray]'`): it carries the work, and keeps no truth.

    RayPool (here) ── JSON lines ──► Bridge (a process) ── calls of actors ──► NodeAgent, one a machine ──► LocalPool

Comes in: jobs that name what they read and write as artifacts. Goes out: outcomes as those of a `LocalPool`, and where
what was written is kept. Open first: `pool.py`. Ray is imported by the bridge alone, for Ray ends a process that has
lost its head node; `agent.py` is what runs on each machine.
"""
