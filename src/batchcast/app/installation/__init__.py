"""One installation: its configuration and folders, who may do what, its log, its compiled kernels, its backups.

Comes in: variables of the environment, and a home folder.
Goes out: a configuration, a workspace, tokens, measured timings.
Open first: `configuration.py`.
"""
