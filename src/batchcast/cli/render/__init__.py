"""What a person reads of an analysis, a result, the partitions at work or a batch of a server.

Comes in: values of the product, or the JSON of a server.
Goes out: what rich prints, safe to show.
Open first: `analysis.py`, which has the form of every card.
"""
