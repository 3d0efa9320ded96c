"""What returns with the calendar: the year, months, days of the week, occasions.

Comes in: a panel of series.
Goes out: levels over blocks of time, and factors by which a forecast follows the calendar.
Open first: `year.py`.
"""
