"""JUDGE: what the observations mean for each claim of the vendor's Trust Center. Pure: no engine, no clock."""
