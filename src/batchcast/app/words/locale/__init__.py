"""What differs between the languages of the sentences: the Indonesian catalogue, and the numbers of English nouns.

Open first: `singular.py`.
"""
