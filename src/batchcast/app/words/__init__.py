"""What people read: sentences, names, findings and guides, in two languages.

Comes in: a name, a count, a message of the domain, a setting.
Goes out: its words in English or Indonesian.
Open first: `translation.py`.
"""
