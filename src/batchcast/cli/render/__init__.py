"""What a person reads of an analysis, a result or an error; each function turns values into something rich prints."""
